"""Models behind HTTP, together, so that one late import brings their client."""

from enplace.providers.anthropic_messages import ANTHROPIC_URL, AnthropicModel
from enplace.providers.gemini import GEMINI_URL, GeminiModel
from enplace.providers.openai_chat import OPENAI_URL, OpenAIChatModel
from enplace.providers.openai_responses import OpenAIResponsesModel

__all__ = [
    "ANTHROPIC_URL",
    "GEMINI_URL",
    "OPENAI_URL",
    "AnthropicModel",
    "GeminiModel",
    "OpenAIChatModel",
    "OpenAIResponsesModel",
]
