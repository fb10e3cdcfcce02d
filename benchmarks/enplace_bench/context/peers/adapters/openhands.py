"""The condenser of openhands-sdk: its defaults, or those of OpenHands' own preset (`80`).

`openhands.tools.preset.default.get_default_condenser` sets `max_size=80, keep_first=4`.
"""

import os
import sys
from collections.abc import Sequence
from typing import Any

from enplace_bench.context.peers.adapters.messages import Given, Message, Originals, Shown
from enplace_bench.context.peers.adapters.wire import Ask, Call, load, serve
from enplace_bench.context.sessions import RecordedCall

PRESET = {"max_size": 80, "keep_first": 4}
MOST_CONDENSATIONS = 5
"""Before one call."""

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it is fetched when it is imported
os.environ["OPENHANDS_SUPPRESS_BANNER"] = "1"
_llm = load("openhands.sdk.llm")
_event = load("openhands.sdk.event")
_condenser = load("openhands.sdk.context.condenser")
_base = load("openhands.sdk.context.condenser.base")
_schema = load("openhands.sdk.tool.schema")


class Scripted(_llm.LLM):
    """A model whose answers come over the line, and which counts tokens as the benchmark does."""

    given: Any = None
    ask: Any = None

    def generate(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        """See `LLM`."""
        text = self.ask(*(content.text for one in messages for content in one.content))
        return _Answer(_llm.Message(role="assistant", content=[_llm.TextContent(text=text)]))

    def get_token_count(self, messages: Any, *args: Any, **kwargs: Any) -> int:
        """See `LLM`."""
        return self.given.tokens([one for message in messages for one in _shown(message)])


class _Answer:
    def __init__(self, message: Any) -> None:
        self.message, self.id = message, "answer"


class Result(_schema.Observation):
    """Of any tool."""


class OpenHands:
    """A conversation of it."""

    def __init__(self, given: Given, ask: Ask) -> None:
        self._llm = Scripted(
            model="openai/scripted",
            api_key="none",
            usage_id="bench",
            max_input_tokens=given.window,
            given=given,
            ask=ask,
        )
        preset = PRESET if sys.argv[1:] == ["80"] else {}
        self._condenser = _condenser.LLMSummarizingCondenser(llm=self._llm, **preset)
        self._view = load("openhands.sdk.context.view").View()
        prompt = _llm.TextContent(text="the prefix")
        self._view.append_event(_event.SystemPromptEvent(system_prompt=prompt, tools=[]))
        self._originals = Originals()

    def call(self, new: Sequence[Message]) -> Shown:
        """See `wire.Call`."""
        for message in new:
            self._originals.add(message)
            for event in _events(message):
                self._view.append_event(event)
        announced = ""
        for _ in range(MOST_CONDENSATIONS):
            try:
                found = self._condenser.condense(self._view, agent_llm=self._llm)
            except _base.NoCondensationAvailableException:
                break
            if found is self._view:
                break
            self._view.append_event(found)
            announced = "condensed"
        messages = _event.LLMConvertibleEvent.events_to_messages(self._view.events)
        shown = [one for message in messages[1:] for one in _shown(message)]
        return Shown(messages=self._originals.found(shown), announced=announced)


def _events(message: Message) -> list[Any]:
    text = [_llm.TextContent(text=message.text)]
    if message.role == "tool":
        result = Result(content=text)
        return [
            _event.ObservationEvent(
                observation=result,
                action_id=message.call_id,
                tool_name=message.tool,
                tool_call_id=message.call_id,
            )
        ]
    if not message.calls:
        role = "assistant" if message.role == "assistant" else "user"
        source = "agent" if role == "assistant" else "user"
        said = _llm.Message(role=role, content=text)
        return [_event.MessageEvent(source=source, llm_message=said)]
    return [
        _event.ActionEvent(
            thought=text if place == 0 and message.text else [],
            tool_name=call.tool,
            tool_call_id=call.id,
            tool_call=_llm.MessageToolCall(
                id=call.id, name=call.tool, arguments=call.arguments, origin="completion"
            ),
            llm_response_id=str(message.key),
        )
        for place, call in enumerate(message.calls)
    ]


def _shown(message: Any) -> list[Message]:
    texts = [content.text for content in message.content]
    if message.role == "user":
        return [Message(role="user", text=text) for text in texts]
    calls = tuple(
        RecordedCall(id=call.id, tool=call.name, arguments=call.arguments)
        for call in message.tool_calls or ()
    )
    call_id = message.tool_call_id or ""
    return [Message(role=message.role, text="".join(texts), calls=calls, call_id=call_id)]


def start(given: Given, ask: Ask) -> Call:
    """On a session."""
    return OpenHands(given, ask).call


if __name__ == "__main__":
    serve(start, "openhands-sdk")
