"""Models behind HTTP, together, so that one late import brings their client."""

from enplace.providers.anthropic_messages import ANTHROPIC_URL, AnthropicModel
from enplace.providers.openai_chat import OPENAI_URL, OpenAIChatModel

__all__ = ["ANTHROPIC_URL", "OPENAI_URL", "AnthropicModel", "OpenAIChatModel"]
