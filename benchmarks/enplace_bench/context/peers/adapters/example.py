"""An adapter of no package: everything, and a summary of everything when the window is full."""

from collections.abc import Sequence

from enplace_bench.context.peers.adapters.messages import Given, Message, Shown
from enplace_bench.context.peers.adapters.wire import Ask, Call, serve


def start(given: Given, ask: Ask) -> Call:
    """On a session."""
    shown: list[Message] = []

    def call(new: Sequence[Message]) -> Shown:
        shown.extend(new)
        if given.tokens(shown) <= given.window:
            return Shown(messages=shown)
        text = ask("Summarise.", "\n\n".join(message.text for message in shown))
        shown[:] = [Message(role="user", text=text)]
        return Shown(messages=shown, announced="summarised")

    return call


if __name__ == "__main__":
    serve(start)
