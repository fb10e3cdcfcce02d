"""LangChain's `SummarizationMiddleware`: its defaults, and the trigger its documentation shows."""

from collections.abc import Sequence
from typing import Any

from enplace_bench.context.peers.adapters import langchain_messages
from enplace_bench.context.peers.adapters.messages import Given, Message, Shown
from enplace_bench.context.peers.adapters.wire import Ask, Call, load, serve

TRIGGER = 0.85


def start(given: Given, ask: Ask) -> Call:
    """On a session."""
    middleware: Any = load("langchain.agents.middleware").SummarizationMiddleware(
        model=langchain_messages.scripted(given, ask), trigger=("fraction", TRIGGER)
    )
    conversation = langchain_messages.Conversation(given)
    state: dict[str, list[Any]] = {"messages": []}

    def call(new: Sequence[Message]) -> Shown:
        state["messages"].extend(conversation.add(message) for message in new)
        update = middleware.before_model(state, None)
        if update:
            state["messages"] = update["messages"][1:]  # the first removes all there were
        return Shown(
            messages=conversation.shown(state["messages"]),
            announced="summarised" if update else "",
        )

    return call


if __name__ == "__main__":
    serve(start, "langchain", "langchain-core")
