"""Enplace: the context engine for LLM agents.

`enplace.open()` gives an engine; `engine.owner("ada").execute(task_id, message)` carries a message
to its answer with everything the engine remembers of Ada.

Importing this package loads no third-party code: names are looked up when they are first used.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enplace import errors as errors
    from enplace.config import Settings as Settings
    from enplace.desk import TurnOptions as TurnOptions
    from enplace.engine import Engine as Engine
    from enplace.engine import EngineOptions as EngineOptions
    from enplace.engine import LearningOptions as LearningOptions
    from enplace.engine import MemoryOptions as MemoryOptions
    from enplace.engine import OpenTurn as OpenTurn
    from enplace.engine import OwnerEngine as OwnerEngine
    from enplace.fetch.rank import RecallOptions as RecallOptions
    from enplace.prepare.compact.policy import CompactionOptions as CompactionOptions
    from enplace.prepare.lints.setup import lint_setup as lint_setup
    from enplace.providers.anthropic_messages import AnthropicModel as AnthropicModel
    from enplace.providers.embedded import EmbeddedModel as EmbeddedModel
    from enplace.providers.gemini import GeminiModel as GeminiModel
    from enplace.providers.openai_chat import OpenAIChatModel as OpenAIChatModel
    from enplace.providers.openai_responses import OpenAIResponsesModel as OpenAIResponsesModel
    from enplace.providers.prices import FixedPrices as FixedPrices
    from enplace.providers.prices import GenaiPrices as GenaiPrices
    from enplace.providers.scripted import ScriptedModel as ScriptedModel
    from enplace.records.agent import AgentDefinition as AgentDefinition
    from enplace.records.agent import Budget as Budget
    from enplace.records.context import Context as Context
    from enplace.records.delegation import Delegation as Delegation
    from enplace.records.event import Event as Event
    from enplace.records.lint import Lint as Lint
    from enplace.records.message import Reply as Reply
    from enplace.records.model import ModelCard as ModelCard
    from enplace.records.permission import PermissionRule as PermissionRule
    from enplace.records.price import Price as Price
    from enplace.records.question import Answer as Answer
    from enplace.records.question import Question as Question
    from enplace.records.tool import ToolCall as ToolCall
    from enplace.records.tool import ToolOutcome as ToolOutcome
    from enplace.records.tool import ToolSpec as ToolSpec
    from enplace.stores.inmemory import InMemoryBrains as InMemoryBrains
    from enplace.tools.function import FunctionTool as FunctionTool
    from enplace.tools.roots import Roots as Roots
    from enplace.tools.shell import ShellOptions as ShellOptions
    from enplace.tools.workspace import workspace_tools as workspace_tools
    from enplace.wire.anthropic_messages import from_anthropic as from_anthropic
    from enplace.wire.anthropic_messages import to_anthropic as to_anthropic
    from enplace.wire.gemini import from_gemini as from_gemini
    from enplace.wire.gemini import to_gemini as to_gemini
    from enplace.wire.openai_chat import from_openai as from_openai
    from enplace.wire.openai_chat import to_openai as to_openai
    from enplace.wire.openai_responses import from_openai_responses as from_openai_responses
    from enplace.wire.openai_responses import to_openai_responses as to_openai_responses
    from enplace.wiring import open as open

_HOMES = {
    "AgentDefinition": "records.agent",
    "Answer": "records.question",
    "AnthropicModel": "providers.anthropic_messages",
    "Budget": "records.agent",
    "CompactionOptions": "prepare.compact.policy",
    "Context": "records.context",
    "Delegation": "records.delegation",
    "EmbeddedModel": "providers.embedded",
    "Engine": "engine",
    "EngineOptions": "engine",
    "Event": "records.event",
    "FixedPrices": "providers.prices",
    "FunctionTool": "tools.function",
    "GeminiModel": "providers.gemini",
    "GenaiPrices": "providers.prices",
    "InMemoryBrains": "stores.inmemory",
    "LearningOptions": "engine",
    "Lint": "records.lint",
    "MemoryOptions": "engine",
    "ModelCard": "records.model",
    "OpenAIChatModel": "providers.openai_chat",
    "OpenAIResponsesModel": "providers.openai_responses",
    "OpenTurn": "engine",
    "OwnerEngine": "engine",
    "PermissionRule": "records.permission",
    "Price": "records.price",
    "Question": "records.question",
    "RecallOptions": "fetch.rank",
    "Reply": "records.message",
    "Roots": "tools.roots",
    "ScriptedModel": "providers.scripted",
    "Settings": "config",
    "ShellOptions": "tools.shell",
    "ToolCall": "records.tool",
    "ToolOutcome": "records.tool",
    "ToolSpec": "records.tool",
    "TurnOptions": "desk",
    "from_anthropic": "wire.anthropic_messages",
    "from_gemini": "wire.gemini",
    "from_openai": "wire.openai_chat",
    "from_openai_responses": "wire.openai_responses",
    "lint_setup": "prepare.lints.setup",
    "open": "wiring",
    "to_anthropic": "wire.anthropic_messages",
    "to_gemini": "wire.gemini",
    "to_openai": "wire.openai_chat",
    "to_openai_responses": "wire.openai_responses",
    "workspace_tools": "tools.workspace",
}

__all__ = [
    "AgentDefinition",
    "Answer",
    "AnthropicModel",
    "Budget",
    "CompactionOptions",
    "Context",
    "Delegation",
    "EmbeddedModel",
    "Engine",
    "EngineOptions",
    "Event",
    "FixedPrices",
    "FunctionTool",
    "GeminiModel",
    "GenaiPrices",
    "InMemoryBrains",
    "LearningOptions",
    "Lint",
    "MemoryOptions",
    "ModelCard",
    "OpenAIChatModel",
    "OpenAIResponsesModel",
    "OpenTurn",
    "OwnerEngine",
    "PermissionRule",
    "Price",
    "Question",
    "RecallOptions",
    "Reply",
    "Roots",
    "ScriptedModel",
    "Settings",
    "ShellOptions",
    "ToolCall",
    "ToolOutcome",
    "ToolSpec",
    "TurnOptions",
    "errors",
    "from_anthropic",
    "from_gemini",
    "from_openai",
    "from_openai_responses",
    "lint_setup",
    "open",
    "to_anthropic",
    "to_gemini",
    "to_openai",
    "to_openai_responses",
    "workspace_tools",
]


def __getattr__(name: str) -> object:
    if name == "errors":
        return importlib.import_module("enplace.errors")
    if name not in _HOMES:
        raise AttributeError(f"module 'enplace' has no attribute {name!r}")
    return getattr(importlib.import_module(f"enplace.{_HOMES[name]}"), name)
