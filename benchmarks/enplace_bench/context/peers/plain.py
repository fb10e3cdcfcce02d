"""Peers that need no summary: everything, the newest, or everything without old results."""

from dataclasses import dataclass

from enplace_bench.context.payload import Block, Replay
from enplace_bench.context.peers.rendering import (
    History,
    made,
    result_in,
    result_text,
    torn_places,
)
from enplace_bench.context.sessions import Session


@dataclass(frozen=True, slots=True)
class FullHistory:
    """Everything, as it happened."""

    name: str = "full history"

    def replay(self, session: Session, window: int, prefix_tokens: int) -> Replay:
        """See `Strategy`."""
        return History(session, window, prefix_tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sliding:
    """The newest messages, and in front of steps the user's message that they answer."""

    name: str
    keep: float
    """Share of the window that is left when it is full."""

    def replay(self, session: Session, window: int, prefix_tokens: int) -> Replay:
        """See `Strategy`."""
        return _Sliding(self.keep, session, window, prefix_tokens)


class _Sliding(History):
    def __init__(self, keep: float, session: Session, window: int, prefix_tokens: int) -> None:
        super().__init__(session, window, prefix_tokens)
        self._target = int(keep * window)

    def fit(self, index: int) -> None:
        if self.tokens <= self.window:
            return
        torn = torn_places(self.blocks)
        left = self.blocks
        for cut in range(1, len(self.blocks)):
            if cut not in torn:
                left = self._from(cut)
                if self.head.tokens + sum(block.tokens for block in left) <= self._target:
                    break
        self.blocks = left

    def _from(self, cut: int) -> list[Block]:
        """The blocks from there on; in front of steps, the message of the user they answer."""
        asked = cut
        while asked >= 0 and self.blocks[asked].role != "user":
            asked -= 1
        pinned = self.blocks[asked : asked + 1] if 0 <= asked < cut else []
        return [*pinned, *self.blocks[cut:]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Masking:
    """Results older than the last few are left out; the calls stay."""

    name: str
    last: int = 10
    batch: int = 1
    """So many results at once."""

    def replay(self, session: Session, window: int, prefix_tokens: int) -> Replay:
        """See `Strategy`."""
        return _Masking(self, session, window, prefix_tokens)


class _Masking(History):
    def __init__(self, rule: Masking, session: Session, window: int, prefix_tokens: int) -> None:
        super().__init__(session, window, prefix_tokens)
        self._rule = rule
        self._masked = 0
        """So many results, the first ones, are left out already."""

    def fit(self, index: int) -> None:
        results = [place for place, block in enumerate(self.blocks) if block.role == "tool"]
        frontier = max(0, len(results) - self._rule.last)
        frontier -= frontier % self._rule.batch
        for place in results[self._masked : frontier]:
            lines = self.blocks[place].text.count("\n")
            text = f"[old output: {lines} lines omitted]"
            self.blocks[place] = without(self.blocks[place], text, self.session)
        self._masked = max(self._masked, frontier)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearToolUses:
    """Anthropic's context editing `clear_tool_uses_20250919`.

    Over the trigger, all results but the last few are cleared, if that frees enough; what is
    cleared stays so. The response says what was cleared.

    Source: platform.claude.com/docs/en/build-with-claude/context-editing. Its trigger of 100,000
    tokens is half of a window of 200,000.
    """

    name: str
    trigger: float = 0.5
    keep: int = 3
    clear_at_least: float = 0.0
    """Both of the window."""

    def replay(self, session: Session, window: int, prefix_tokens: int) -> Replay:
        """See `Strategy`."""
        return _Clearing(self, session, window, prefix_tokens)


class _Clearing(History):
    def __init__(
        self, rule: ClearToolUses, session: Session, window: int, prefix_tokens: int
    ) -> None:
        super().__init__(session, window, prefix_tokens)
        self._rule = rule
        self._cleared: set[int] = set()

    def fit(self, index: int) -> None:
        if self.tokens <= self._rule.trigger * self.window:
            return
        results = [place for place, block in enumerate(self.blocks) if block.role == "tool"]
        old = [place for place in results[: -self._rule.keep] if place not in self._cleared]
        cleared = {
            place: without(self.blocks[place], "[cleared to save context]", self.session)
            for place in old
        }
        freed = sum(self.blocks[place].tokens - block.tokens for place, block in cleared.items())
        if not cleared or freed < self._rule.clear_at_least * self.window:
            return
        for place, block in cleared.items():
            self.blocks[place] = block
        self._cleared.update(cleared)
        self.announced = f"cleared {len(cleared)} tool results, {freed} tokens"


def without(block: Block, text: str, session: Session) -> Block:
    """A result's block with another text in the place of what the tool said."""
    return made(result_text(result_in(block), text), "tool", session)
