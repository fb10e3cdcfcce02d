"""The summarization middleware of deepagents as its factory makes it, on a folder of its own."""

import tempfile
from collections.abc import Sequence
from typing import Any

from enplace_bench.context.peers.adapters import langchain_messages
from enplace_bench.context.peers.adapters.messages import Given, Message, Shown
from enplace_bench.context.peers.adapters.wire import Ask, Call, load, serve

_summarization = load("deepagents.middleware.summarization")
_types = load("langchain.agents.middleware.types")
_overflow: Any = load("langchain_core.exceptions").ContextOverflowError


class DeepAgents:
    """A session of it."""

    def __init__(self, given: Given, ask: Ask) -> None:
        self._given = given
        self._folder = tempfile.TemporaryDirectory()
        backend = load("deepagents.backends").FilesystemBackend(
            root_dir=self._folder.name, virtual_mode=True
        )
        self._model = langchain_messages.scripted(given, ask)
        self._middleware = _summarization.create_summarization_middleware(self._model, backend)
        self._conversation = langchain_messages.Conversation(given)
        system: Any = load("langchain_core.messages").SystemMessage
        self._prefix = system("x" * 4 * given.prefix_tokens)  # so that its tokens count
        # An id of its own would be another one in every run, and stands in the summary.
        self._state: dict[str, Any] = {_summarization.SUMMARIZATION_SESSION_ID_KEY: "session_0"}
        self._messages: list[Any] = []
        self._sent: list[Message] = []

    def call(self, new: Sequence[Message]) -> Shown:
        """See `wire.Call`."""
        self._messages.extend(self._conversation.add(message) for message in new)
        request = _types.ModelRequest(
            model=self._model,
            messages=self._messages,
            system_message=self._prefix,
            state={**self._state, "messages": self._messages},
        )
        try:
            response = self._middleware.wrap_model_call(request, self._send)
        except _overflow:
            return Shown(messages=self._sent)
        update: dict[str, Any] = dict(response.command.update) if _has_update(response) else {}
        changed: dict[str, Any] = {one.id: one for one in update.pop("messages", ())}
        self._messages = [changed.get(one.id, one) for one in self._messages]
        self._state.update(update)
        return Shown(messages=self._sent, announced="summarised" if update else "")

    def _send(self, request: Any) -> Any:
        """What a provider would do."""
        self._sent = self._conversation.shown(request.messages)
        if self._given.tokens(self._sent) > self._given.window:
            raise _overflow("prompt is too long")
        return _types.ModelResponse(result=[])


def _has_update(response: Any) -> bool:
    return bool(getattr(response, "command", None) and response.command.update)


def start(given: Given, ask: Ask) -> Call:
    """On a session."""
    return DeepAgents(given, ask).call


if __name__ == "__main__":
    serve(start, "deepagents", "langchain", "langchain-core")
