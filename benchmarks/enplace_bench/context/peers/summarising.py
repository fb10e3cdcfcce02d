"""What peers have in common that replace old messages by a summary."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from enplace_bench.context.payload import AuxCall, Block, Replay, Role, tokens_of
from enplace_bench.context.peers.rendering import History, made
from enplace_bench.context.peers.summaries import Summariser
from enplace_bench.context.sessions import Session

SUMMARY_TOKENS = 3_000
"""Of a stand-in; recorded summaries of Claude Code have 3.0k to 6.3k."""
INSTRUCTIONS = (
    "Summarise the conversation so far for yourself, so that the work can go on without it: what "
    "the user asked for, what was done and decided, files, errors and what is left to do."
)


@dataclass(frozen=True, slots=True)
class Summarised:
    """A peer with its own way to cut and a stand-in for its model."""

    peer: str
    start: "Callable[[Summariser, Session, int, int], Replay]"
    summariser: Summariser

    @property
    def name(self) -> str:
        """See `Strategy`."""
        return self.peer + self.summariser.edge

    def replay(self, session: Session, window: int, prefix_tokens: int) -> Replay:
        """See `Strategy`."""
        return self.start(self.summariser, session, window, prefix_tokens)


class Summarising(History):
    """What they have in common."""

    def __init__(
        self, summariser: Summariser, session: Session, window: int, prefix_tokens: int
    ) -> None:
        super().__init__(session, window, prefix_tokens)
        self.summariser = summariser
        self.summary_tokens = min(SUMMARY_TOKENS, window // 10)

    def summary_of(
        self,
        old: Sequence[Block],
        index: int,
        intro: str,
        *,
        role: Role = "user",
        since: int = 0,
        extends_prefix: bool = False,
    ) -> Block:
        """Have some blocks summarised, and note what that cost.

        Args:
            old: In order.
            index: The call that waits for it.
            intro: Stands before the summary.
            role: Of the summary's block.
            since: The first event it speaks of, directly or through an earlier summary.
            extends_prefix: Asked for as a continuation of the request before, whose cache it reads;
                else by a request of its own.
        """
        texts = [block.text for block in old]
        text = self.summariser.write(texts, self.summary_tokens, self.session, index, since)
        ask = made(INSTRUCTIONS, "user" if extends_prefix else "system", self.session)
        room = self.window - ask.tokens - (self.head.tokens if extends_prefix else 0)
        shown = newest(old, room - self.summary_tokens)
        blocks = (self.head, *shown, ask) if extends_prefix else (ask, *shown)
        self.aux.append(AuxCall(blocks=blocks, output_tokens=tokens_of(text, self.session)))
        self.announced = f"summarised {len(old)} blocks"
        return made(f"{intro}\n\n{text}", role, self.session)


def newest(blocks: Sequence[Block], room: int) -> Sequence[Block]:
    """All of them, or where the summariser has no room for that the newest."""
    cut, tokens = 0, sum(block.tokens for block in blocks)
    while tokens > room and cut < len(blocks) - 1:
        tokens -= blocks[cut].tokens
        cut += 1
    return blocks[cut:]
