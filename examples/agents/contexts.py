"""What each agent held in its context, beside what one agent holds that does it all."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from enplace import Context, Event
from enplace.records.agent_event import SubAgentEnded, SubAgentStarted
from enplace.records.block import TextBlock, ToolCallBlock, ToolResultBlock
from enplace.records.event import Compacted, UsageReported


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A sub-agent's work."""

    agent: str
    outcome: str
    steps: int
    context_tokens: int
    """Input of its largest call."""
    read_tokens: int
    """Input of all its calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """What the planner held at its last call, behind the person's message. In counted tokens."""

    context_tokens: int
    """All of it, with its head."""
    briefs: int
    results: int
    words: int
    """Its own, beside the calls."""
    rest: int
    """Everything else that came since: must be nothing."""
    steps: int
    read_tokens: int
    """Input of all its calls."""

    @property
    def growth(self) -> int:
        """All that came behind the message."""
        return self.briefs + self.results + self.words + self.rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """One agent that makes the same calls of tools in one task."""

    steps: int
    context_tokens: int
    repeated: int
    """Tokens of lines of files that stand there a second time."""
    read_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Both, side by side."""

    children: tuple[Child, ...]
    parent: Parent
    alone: Alone
    compactions: int
    """In all of it. None, or the sizes could not be compared."""

    @property
    def largest(self) -> int:
        """The largest context of a child."""
        return max((child.context_tokens for child in self.children), default=0)

    @property
    def share(self) -> float:
        """Of the largest child in what one agent holds."""
        return self.largest / self.alone.context_tokens

    @property
    def share_without_repeats(self) -> float:
        """The same, if the one agent looked at nothing twice."""
        return self.largest / (self.alone.context_tokens - self.alone.repeated)

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "largest_child_share": round(self.share, 4),
            "largest_child_share_without_repeats": round(self.share_without_repeats, 4),
            "largest_child_tokens": self.largest,
            "one_agent_tokens": self.alone.context_tokens,
            "parent_growth_tokens": self.parent.growth,
            "parent": asdict(self.parent),
            "one_agent": asdict(self.alone),
            "children": [asdict(child) for child in self.children],
            "compactions": self.compactions,
        }

    def print(self) -> None:
        """As a table, for people."""
        print(f"{'':14}{'steps':>6}{'largest context':>17}{'of one agent':>14}{'read in all':>13}")
        whole = self.alone.context_tokens
        for child in self.children:
            share = child.context_tokens / whole
            print(
                f"  {child.agent:12}{child.steps:6}{child.context_tokens:17,}{share:14.0%}"
                f"{child.read_tokens:13,}  {child.outcome if child.outcome != 'answered' else ''}".rstrip()
            )
        parent, alone = self.parent, self.alone
        share = parent.context_tokens / whole
        print(
            f"{'planner':14}{parent.steps:6}{parent.context_tokens:17,}{share:14.0%}{parent.read_tokens:13,}"
        )
        print(f"{'one agent':14}{alone.steps:6}{whole:17,}{1:14.0%}{alone.read_tokens:13,}")
        print()
        print(
            f"The planner's history grew by {parent.growth:,} tokens: {parent.briefs:,} of briefs,"
            f" {parent.results:,} of results, {parent.words:,} of its own words,"
            f" {parent.rest:,} of anything else."
        )
        read = sum(child.read_tokens for child in self.children) + parent.read_tokens
        print(
            f"The largest child holds {self.share:.1%} of what one agent holds, or"
            f" {self.share_without_repeats:.1%} of it without the {alone.repeated:,} tokens of lines"
            f" of files that the one agent sees twice.\nAll agents together read {read:,} tokens, the one agent"
            f" {alone.read_tokens:,}. Compactions in either: {self.compactions}."
        )


def children(events: Sequence[Event]) -> tuple[Child, ...]:
    """The sub-agents of a turn, in the order they were started."""
    started = [event.child for event in events if isinstance(event, SubAgentStarted)]
    ended = {event.child: event for event in events if isinstance(event, SubAgentEnded)}
    return tuple(
        Child(
            agent=end.agent,
            outcome=end.outcome,
            steps=end.steps,
            context_tokens=end.context_tokens,
            read_tokens=end.usage.input_tokens,
        )
        for end in (ended[child] for child in started if child in ended)
    )


def parent(last: Context, events: Sequence[Event]) -> Parent:
    """What stands in the planner's last context behind the first message."""
    added = [block for message in last.messages[1:] for block in message.blocks]
    of_call = {
        block.block.id: block.tokens for block in added if isinstance(block.block, ToolCallBlock)
    }
    results = [
        block.tokens
        for block in added
        if isinstance(block.block, ToolResultBlock) and block.block.tool.startswith("delegate_to_")
    ]
    words = [block.tokens for block in added if isinstance(block.block, TextBlock)]
    total = sum(block.tokens for block in added)
    used = _used(events, "turn")
    return Parent(
        context_tokens=max(used),
        briefs=sum(of_call.values()),
        results=sum(results),
        words=sum(words),
        rest=total - sum(of_call.values()) - sum(results) - sum(words),
        steps=len(used),
        read_tokens=sum(used),
    )


def alone(last: Context, events: Sequence[Event]) -> Alone:
    """One agent's task."""
    seen: set[tuple[str, str]] = set()
    repeated = 0.0
    asked: dict[str, str] = {}
    for block in (block for message in last.messages for block in message.blocks):
        if isinstance(block.block, ToolCallBlock):
            asked[block.block.id] = str(json.loads(block.block.arguments).get("path"))
        elif isinstance(block.block, ToolResultBlock) and block.block.tool == "read_file":
            path, text = asked[block.block.call_id], block.block.text
            lines = [(path, line.partition("\t")[2]) for line in text.splitlines()]
            again = sum(len(line) + 4 for at, line in lines if line and (at, line) in seen)
            repeated += block.tokens * min(again / len(text), 1.0)
            seen.update(lines)
    used = _used(events, "turn")
    return Alone(
        steps=len(used), context_tokens=max(used), repeated=round(repeated), read_tokens=sum(used)
    )


def compactions(*turns: Sequence[Event]) -> int:
    """How many there were."""
    return sum(isinstance(event, Compacted) for turn in turns for event in turn)


def _used(events: Sequence[Event], purpose: str) -> list[int]:
    """Input tokens of the calls that were made for a purpose, in order."""
    return [
        event.usage.input_tokens
        for event in events
        if isinstance(event, UsageReported) and event.purpose == purpose
    ]
