"""Made logs through a strategy: which invariants of a correct compactor its requests break.

`python -m enplace_bench.context.peers.fuzz [--logs N] [NAME ...]` prints how many of 10,000 logs
break each. Calls and results are told by `rendering`.
"""

import argparse
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from enplace_bench.context.payload import Block, Payload, Refused, Strategy
from enplace_bench.context.peers.rendering import block_of, calls_in, pending, result_in
from enplace_bench.context.sessions import Recorded, RecordedCall, Session
from enplace_bench.report import print_table

WINDOW, PREFIX_TOKENS = 20_000, 2_000
CHARS_PER_TOKEN = 3.0
LARGEST_STEP = 0.3
"""Of the window: what one step adds, so that it always fits beside the prefix."""
KINDS = (
    "result without its call",
    "call without its result",
    "parallel calls split",
    "pending user message lost",
    "nothing left",
    "over the window",
    "another request when run again",
    "larger after it shrank",
    "prefix broken silently",
    "begins with no user message",
    "ends with an assistant",
    "crashed",
)


def violations(
    strategy: Strategy,
    make: Callable[[int], Session],
    n: int,
    *,
    window: int = WINDOW,
    prefix_tokens: int = PREFIX_TOKENS,
) -> dict[str, int]:
    """How many of n logs break each invariant at least once.

    Args:
        strategy: What builds the requests.
        make: A log by its seed; `made_session`.
        n: Seeds are 0 to n - 1.
        window: Most tokens of a request.
        prefix_tokens: Of them, those of the fixed prefix.
    """
    found: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
    for seed in range(n):
        session = make(seed)
        try:
            first = list(_requests(strategy, session, window, prefix_tokens))
            again = list(_requests(strategy, session, window, prefix_tokens))
        except RuntimeError:  # an adapter ended
            found["crashed"] += 1
            continue
        broken = set(_broken(session, window, first))
        if [_ids(request) for _, request in first] != [_ids(request) for _, request in again]:
            broken.add("another request when run again")
        found.update(broken)
    return dict(found)


_Requests = Sequence[tuple[int, Payload | Refused]]


def _requests(
    strategy: Strategy, session: Session, window: int, prefix_tokens: int
) -> Iterator[tuple[int, Payload | Refused]]:
    replay = strategy.replay(session, window, prefix_tokens)
    for index in session.calls:
        yield index, replay.call(index)


def _ids(request: Payload | Refused) -> tuple[str, ...]:
    return () if isinstance(request, Refused) else tuple(block.id for block in request.blocks)


def _broken(session: Session, window: int, requests: _Requests) -> Iterator[str]:
    together = {
        call.id: frozenset(one.id for one in event.calls)
        for event in session.events
        for call in event.calls
    }
    before: Payload | None = None
    since = 0
    for index, request in requests:
        if isinstance(request, Refused):
            continue
        yield from _structure(request.blocks[1:], together)
        users = "\n".join(block.text for block in request.blocks if block.role == "user")
        if any(text not in users for text in pending(session, index)):
            yield "pending user message lost"
        if request.tokens > window:
            yield "over the window"
        if before and _ids(request)[: len(before.blocks)] != _ids(before):
            new = sum(
                block_of(event, session).tokens
                for event in session.events[since:index]
                if event.role != "meta"
            )
            if not request.announced:
                yield "prefix broken silently"
            if request.tokens > before.tokens + new:
                yield "larger after it shrank"
        before, since = request, index


def _structure(blocks: Sequence[Block], together: dict[str, frozenset[str]]) -> Iterator[str]:
    roles = [block.role for block in blocks if block.role != "system"]
    if "user" not in roles:
        yield "nothing left"
    elif roles[0] != "user":
        yield "begins with no user message"
    if roles and roles[-1] == "assistant":
        yield "ends with an assistant"
    open_calls: set[str] = set()
    for block in blocks:
        if block.role == "tool":
            if result_in(block) not in open_calls:
                yield "result without its call"
            open_calls.discard(result_in(block))
            continue
        if open_calls:
            yield "call without its result"
        calls = calls_in(block)
        open_calls = set(calls)
        if any(together.get(call, frozenset(calls)) != frozenset(calls) for call in calls):
            yield "parallel calls split"
    if open_calls:
        yield "call without its result"


def made_session(seed: int) -> Session:
    """A log of an agent that calls tools side by side, fails, reads much and is interrupted."""
    maker = _Maker(random.Random(seed))
    maker.user()
    for _ in range(maker.draw.randint(4, 90)):
        maker.step()
    maker.user()
    maker.add("assistant", maker.words(20))
    return Session(
        id=f"made-{seed}",
        source="made",
        agent="made",
        models=("claude-made",),
        cwd="/made",
        chars_per_token=CHARS_PER_TOKEN,
        events=tuple(maker.events),
    )


@dataclass(slots=True)
class _Maker:
    draw: random.Random
    events: list[Recorded] = field(default_factory=list[Recorded])
    _calls: int = 0

    def step(self) -> None:
        """One call of the model, its tools, and perhaps the user again."""
        draw = self.draw
        count = draw.choice([0, 1, 1, 1, 1, 2, 2, 3, 5])
        said = self.words(draw.choice([0, 0, 5, 20, 60]))
        if not count:
            self.add("assistant", said or "Done.")
            self.user()
            return
        calls = tuple(self._call() for _ in range(count))
        self.add("assistant", said, calls=calls)
        room = int(LARGEST_STEP * WINDOW * CHARS_PER_TOKEN) // 6
        for call in calls if draw.random() < 0.7 else draw.sample(calls, count):
            failed = draw.random() < 0.1
            length = draw.choice([0, 3, 30, 100, 300, room])
            text = "Error: no such file" if failed else self.words(length)[:room]
            self.add("tool", text, call_id=call.id, tool=call.tool, is_error=failed)
        if draw.random() < 0.1:
            self.user()

    def user(self) -> None:
        """One message, or two that came before an answer."""
        for _ in range(self.draw.choice([1, 1, 1, 2])):
            number = len(self.events)
            self.add("user", f"Request {number}: {self.words(self.draw.choice([3, 20, 80]))}")

    def words(self, count: int) -> str:
        """Some of a small vocabulary, in lines."""
        draw = self.draw
        found = [draw.choice(_VOCABULARY) for _ in range(count)]
        return "\n".join(" ".join(found[at : at + 9]) for at in range(0, count, 9))

    def add(
        self,
        role: str,
        text: str,
        *,
        calls: tuple[RecordedCall, ...] = (),
        call_id: str = "",
        tool: str = "",
        is_error: bool = False,
    ) -> None:
        """The next event, a second after the one before."""
        assert role in ("user", "assistant", "tool")
        index = len(self.events)
        self.events.append(
            Recorded(
                index=index,
                role=role,
                at_s=1.7e9 + index,
                text=text,
                calls=calls,
                call_id=call_id,
                tool=tool,
                is_error=is_error,
            )
        )

    def _call(self) -> RecordedCall:
        self._calls += 1
        path = f"src/part_{self.draw.randint(1, 30)}.py"
        tool = self.draw.choice(["Read", "Bash", "Edit"])
        return RecordedCall(
            id=f"call_{self._calls}", tool=tool, arguments=f'{{"file_path":"{path}"}}'
        )


_VOCABULARY = (
    *(f"src/part_{number}.py" for number in range(30)),
    *(f"handle_{word}" for word in ("login", "upload", "retry", "cache", "index", "parse")),
    *[
        "the",
        "a",
        "of",
        "to",
        "in",
        "is",
        "was",
        "we",
        "must",
        "not",
        "then",
        "file",
        "test",
        "fails",
        "passes",
        "where",
        "because",
        "line",
    ],
    "äöü",
    "<summary>",
    "naïve",
    "3f2a91c",
)


def main() -> None:
    """Print the table."""
    from enplace_bench.context.peers.registry import PEERS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--logs", type=int, default=200)
    options = parser.parse_args()
    rows: list[list[str]] = []
    for name in options.names or PEERS:
        counts = violations(PEERS[name](), made_session, options.logs)
        rows.append([name, *(f"{counts[kind] * 10_000 // options.logs}" for kind in KINDS)])
        print(name, {kind: count for kind, count in counts.items() if count}, flush=True)
    print_table(["logs of 10,000", *KINDS], rows)


if __name__ == "__main__":
    main()
