"""The compaction of pydantic-ai-harness as its guide shows it: `summarizing`, or in `tiers`."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Any

from enplace_bench.context.peers.adapters.messages import (
    Given,
    Message,
    Originals,
    Shown,
    call_of,
    object_of,
)
from enplace_bench.context.peers.adapters.wire import Ask, Call, load, serve

_parts = load("pydantic_ai.messages")
_models = load("pydantic_ai.models")
_usage = load("pydantic_ai.usage")
_harness = load("pydantic_ai_harness.compaction")


def _strategy(given: Given) -> Any:
    if sys.argv[1:] == ["tiers"]:
        tiers = [
            _harness.ClearToolResults(max_tokens=1, keep_pairs=3),
            _harness.SummarizingCompaction(max_messages=1, keep_messages=20),
        ]
        return _harness.TieredCompaction(
            tiers=tiers, target_fraction=0.8, context_window=given.window
        )
    return _harness.SummarizingCompaction(
        max_fraction=0.9, keep_messages=20, context_window=given.window
    )


class PydanticAi:
    """A run of it."""

    def __init__(self, given: Given, ask: Ask) -> None:
        self._given = given
        self._strategy = _strategy(given)
        self._messages: list[Any] = []
        self._originals = Originals()

        def answer(messages: Any, info: Any) -> Any:
            said = [str(part.content) for message in messages for part in message.parts]
            text = ask(*([info.instructions] if info.instructions else []), *said)
            return _parts.ModelResponse(parts=[_parts.TextPart(text)])

        self._model = load("pydantic_ai.models.function").FunctionModel(answer)

    def call(self, new: Sequence[Message]) -> Shown:
        """See `wire.Call`."""
        for message in new:
            self._originals.add(message)
            self._add(message)
        before = list(self._messages)
        context = load("pydantic_ai.tools").RunContext(
            deps=None, model=self._model, usage=_usage.RunUsage(), messages=self._messages
        )
        request = _models.ModelRequestContext(
            model=self._model,
            messages=list(self._messages),
            model_settings=None,
            model_request_parameters=_models.ModelRequestParameters(),
        )
        found = asyncio.run(self._strategy.before_model_request(context, request))
        self._messages = list(found.messages)
        shown = [one for message in self._messages for one in _shown(message)]
        return Shown(
            messages=self._originals.found(shown),
            announced="" if self._messages == before else "compacted",
        )

    def _add(self, message: Message) -> None:
        match message.role:
            case "assistant":
                texts = [_parts.TextPart(message.text)] if message.text else []
                calls = [
                    _parts.ToolCallPart(
                        tool_name=call.tool,
                        args=object_of(call),
                        tool_call_id=call.id,
                    )
                    for call in message.calls
                ]
                output = self._given.tokens([message]) - self._given.prefix_tokens
                usage = _usage.RequestUsage(input_tokens=message.input_tokens, output_tokens=output)
                self._messages.append(
                    _parts.ModelResponse(
                        parts=[*texts, *calls],
                        usage=usage if message.input_tokens else _usage.RequestUsage(),
                    )
                )
                return
            case "tool":
                part = _parts.ToolReturnPart(
                    tool_name=message.tool, content=message.text, tool_call_id=message.call_id
                )
            case "user" | "system":
                part = _parts.UserPromptPart(content=message.text)
        if self._messages and isinstance(self._messages[-1], _parts.ModelRequest):
            last = self._messages[-1]
            self._messages[-1] = _parts.ModelRequest(parts=[*last.parts, part])
        else:
            self._messages.append(_parts.ModelRequest(parts=[part]))


def _shown(message: Any) -> list[Message]:
    if isinstance(message, _parts.ModelResponse):
        texts = [part.content for part in message.parts if hasattr(part, "content")]
        calls = tuple(
            call_of(part.tool_call_id, part.tool_name, part.args)
            for part in message.parts
            if isinstance(part, _parts.ToolCallPart)
        )
        return [Message(role="assistant", text="\n".join(texts), calls=calls)]
    return [
        Message(role="tool", text=str(part.content), call_id=part.tool_call_id)
        if isinstance(part, _parts.ToolReturnPart)
        else Message(role="user", text=_text(part.content))
        for part in message.parts
    ]


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(one if isinstance(one, str) else one.content for one in content)


def start(given: Given, ask: Ask) -> Call:
    """On a session."""
    return PydanticAi(given, ask).call


if __name__ == "__main__":
    serve(start, "pydantic-ai-harness", "pydantic-ai-slim")
