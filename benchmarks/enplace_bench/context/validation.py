"""The simulated cache against what providers reported: whole histories, at their recorded times.

The fixed prefix is not in the recordings: its size is what the first reported input leaves for it.
At a recorded compaction the history starts again from the recorded summary.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import fmean, median

from enplace_bench.context.history import block_of
from enplace_bench.context.payload import Block, breakpoints_of, fixed_prefix, tokens_of
from enplace_bench.context.sessions import Session
from enplace_bench.context.simulator import HOUR_1, MINUTES_5, Anthropic, Cache, OpenAI, Prefixes

HEADINGS = (
    "", "sessions", "calls", "recorded", "simulated", "mean error, points", "largest", "tokens",
)  # fmt: skip
CLAUDE = "Claude Code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One session: hit rates, 0..1, as reported and as simulated."""

    session: str
    agent: str
    group: str
    calls: int
    compactions: int
    recorded: float
    simulated: float
    tokens_ratio: float
    """Simulated over reported input, the median of its calls."""

    @property
    def error(self) -> float:
        """In points."""
        return 100 * abs(self.recorded - self.simulated)


def compare(session: Session) -> Compared | None:
    """One session; None where the provider's counters are missing."""
    written = sum(u.write_tokens for u in _usages(session))
    of_1h = sum(u.write_1h_tokens for u in _usages(session))
    if session.agent == CLAUDE:
        hour = 2 * of_1h > written
        cache: Cache = Anthropic(ttl_s=HOUR_1 if hour else MINUTES_5)
        group = f"{session.source}, {'1 h' if hour else '5 min'}"
    elif written:
        cache, group = Anthropic(), f"{session.source}, {session.agent}"
    else:
        cache, group = OpenAI(), f"{session.source}, {session.agent}"
    prefixes, before = Prefixes(), tuple[Block, ...]()
    head: Block | None = None
    hits = total = recorded_hits = recorded_total = 0
    ratios: list[float] = []
    for index, history in _histories(session):
        usage = session.events[index].usage
        if usage is None or not usage.input_tokens:
            continue
        if head is None:
            head = fixed_prefix(max(0, usage.input_tokens - sum(b.tokens for b in history)))
        blocks = (head, *history)
        at_s = session.events[index].at_s
        request = prefixes.request(at_s, blocks, breakpoints_of(blocks, before))
        counted = cache.send(request)
        before = blocks
        hits, total = hits + counted.hit, total + counted.tokens
        recorded_hits += usage.hit_tokens
        recorded_total += usage.input_tokens
        ratios.append(counted.tokens / usage.input_tokens)
    if not ratios:
        return None
    return Compared(
        session=session.id,
        agent=session.agent,
        group=group,
        calls=len(ratios),
        compactions=sum(event.kind == "compact_boundary" for event in session.events),
        recorded=recorded_hits / recorded_total,
        simulated=hits / total,
        tokens_ratio=median(ratios),
    )


def _usages(session: Session):
    return [event.usage for event in session.events if event.usage is not None]


def _histories(session: Session) -> Iterator[tuple[int, list[Block]]]:
    """What the recorded agent had before each of its calls, without the fixed prefix."""
    history: list[Block] = []
    for event in session.events:
        if event.role == "assistant":
            yield event.index, history
        if event.kind == "compact_boundary":
            history = []
        elif event.kind == "compact_summary":
            history = [Block(event.text, tokens_of(event.text, session), "user")]
        elif event.role != "meta":
            history = [*history, block_of(event, session)]


def mean_error(compared: Iterable[Compared]) -> float:
    """Over the sessions of Claude Code, in points; what the other providers did is not modelled."""
    return fmean(one.error for one in compared if one.agent == CLAUDE)


def rows(compared: Iterable[Compared]) -> list[list[str]]:
    """A line for each group, and one for Claude Code."""
    groups: dict[str, list[Compared]] = {}
    for one in compared:
        groups.setdefault(one.group, []).append(one)
        if one.agent == CLAUDE:
            groups.setdefault(f"all of {CLAUDE}", []).append(one)
            if not one.compactions:
                groups.setdefault(f"all of {CLAUDE}, never compacted", []).append(one)
    return [
        [
            name,
            str(len(them)),
            str(sum(one.calls for one in them)),
            f"{median(one.recorded for one in them):.3f}",
            f"{median(one.simulated for one in them):.3f}",
            f"{fmean(one.error for one in them):.2f}",
            f"{max(one.error for one in them):.1f}",
            f"{median(one.tokens_ratio for one in them):.2f}",
        ]
        for name, them in sorted(groups.items())
    ]
