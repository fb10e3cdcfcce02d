"""google-adk's event compaction: `turns` as its documentation shows it, or by `tokens`.

By tokens it has no defaults; the threshold and the events kept are ours.
"""

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

CONFIGS = {"turns": {"compaction_interval": 3, "overlap_size": 1}}
THRESHOLD, RETAINED = 0.85, 20

_types = load("google.genai.types")
_events = load("google.adk.events.event")
_compaction = load("google.adk.apps.compaction")
_contents = load("google.adk.flows.llm_flows.context._contents")
_responses = load("google.adk.models.llm_response")
AGENT = "agent"


class Scripted(load("google.adk.models.base_llm").BaseLlm):
    """A model whose answers come over the line."""

    ask: Any

    async def generate_content_async(self, llm_request: Any, stream: bool = False) -> Any:
        """See `BaseLlm`."""
        said = self.ask(*(part.text for one in llm_request.contents for part in one.parts))
        content = _types.Content(role="model", parts=[_types.Part(text=said)])
        yield _responses.LlmResponse(content=content)


class Adk:
    """A session of it."""

    def __init__(self, given: Given, ask: Ask) -> None:
        tokens = {
            "token_threshold": int(THRESHOLD * given.window),
            "event_retention_size": RETAINED,
        }
        agent = load("google.adk.agents").LlmAgent(
            name=AGENT, model=Scripted(model="scripted", ask=ask)
        )
        self._by_tokens = sys.argv[1:] == ["tokens"]
        config = load("google.adk.apps.app").EventsCompactionConfig(
            **(tokens if self._by_tokens else CONFIGS["turns"])
        )
        self._app = load("google.adk.apps.app").App(
            name="bench", root_agent=agent, events_compaction_config=config
        )
        self._session = load("google.adk.sessions.session").Session(
            id="s", app_name="bench", user_id="u"
        )
        self._originals = Originals()
        self._turn = 0

    async def append_event(self, session: Any, event: Any) -> None:
        """See `BaseSessionService`, of which compaction asks for no more."""
        event.timestamp = float(len(session.events) + 1)
        session.events.append(event)

    def call(self, new: Sequence[Message]) -> Shown:
        """See `wire.Call`."""
        before = self._compactions()
        for message in new:
            said = message.role in ("user", "system")
            if said and self._session.events and self._session.events[-1].author != "user":
                self._turn += 1
                asyncio.run(self._after_turn())
            self._originals.add(message)
            asyncio.run(self.append_event(self._session, self._event(message)))
        if self._by_tokens:
            asyncio.run(self._before_call())
        contents = _contents._get_contents(
            None, self._session.events, AGENT, preserve_function_call_ids=True
        )
        shown = [one for content in contents for one in self._messages(content)]
        return Shown(
            messages=self._originals.found(shown),
            announced="summarised" if self._compactions() > before else "",
        )

    async def _after_turn(self) -> None:
        found = _compaction._run_compaction_for_sliding_window(self._app, self._session, self)
        async for event in found:
            await self.append_event(self._session, event)

    async def _before_call(self) -> None:
        await _compaction._run_compaction_for_token_threshold_config(
            config=self._app.events_compaction_config,
            session=self._session,
            session_service=self,
            agent=self._app.root_agent,
            agent_name=AGENT,
        )

    def _compactions(self) -> int:
        return sum(bool(event.actions.compaction) for event in self._session.events)

    def _event(self, message: Message) -> Any:
        parts = [_types.Part(text=message.text)] if message.role != "tool" else []
        for call in message.calls:
            made = _types.FunctionCall(
                id=call.id,
                name=call.tool,
                args=object_of(call),
            )
            parts.append(_types.Part(function_call=made))
        if message.role == "tool":
            result = _types.FunctionResponse(
                id=message.call_id, name=message.tool or "tool", response={"result": message.text}
            )
            parts.append(_types.Part(function_response=result))
        usage = _types.GenerateContentResponseUsageMetadata(prompt_token_count=message.input_tokens)
        return _events.Event(
            author="user" if message.role in ("user", "system") else AGENT,
            invocation_id=str(self._turn),
            content=_types.Content(
                role="model" if message.role == "assistant" else "user", parts=parts
            ),
            usage_metadata=usage if message.input_tokens else None,
        )

    def _messages(self, content: Any) -> list[Message]:
        results = [part.function_response for part in content.parts if part.function_response]
        text = "".join(part.text for part in content.parts if part.text)
        calls = tuple(
            call_of(one.id, one.name, one.args)
            for one in (part.function_call for part in content.parts)
            if one
        )
        found = [
            Message(role="tool", call_id=one.id, text=one.response["result"]) for one in results
        ]
        if text or calls or not results:
            role = "assistant" if content.role == "model" else "user"
            found.append(Message(role=role, text=text, calls=calls))
        return found


def start(given: Given, ask: Ask) -> Call:
    """On a session."""
    return Adk(given, ask).call


if __name__ == "__main__":
    serve(start, "google-adk")
