"""LangChain's `ContextEditingMiddleware`: its defaults, its 100,000 tokens as half of the window."""

from collections.abc import Sequence
from typing import Any

from enplace_bench.context.peers.adapters import langchain_messages
from enplace_bench.context.peers.adapters.messages import Given, Message, Shown
from enplace_bench.context.peers.adapters.wire import Ask, Call, load, serve


def start(given: Given, ask: Ask) -> Call:
    """On a session."""
    module: Any = load("langchain.agents.middleware")
    edit = module.ClearToolUsesEdit(trigger=given.window // 2)
    middleware = module.ContextEditingMiddleware(edits=[edit])
    model = langchain_messages.scripted(given, ask)
    conversation = langchain_messages.Conversation(given)
    messages: list[Any] = []

    def call(new: Sequence[Message]) -> Shown:
        messages.extend(conversation.add(message) for message in new)
        request: Any = load("langchain.agents.middleware.types").ModelRequest(
            model=model, messages=messages, state={"messages": messages}
        )
        sent: list[Any] = middleware.wrap_model_call(request, _messages_of)
        return Shown(messages=conversation.shown(sent))

    return call


def _messages_of(request: Any) -> list[Any]:
    return list(request.messages)


if __name__ == "__main__":
    serve(start, "langchain", "langchain-core")
