"""The peers that need no package of others, the line to those that do, and the fuzzing of both."""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import pytest

from enplace_bench.context.payload import Block, Payload, Replay, Strategy, fixed_prefix
from enplace_bench.context.peers.extractive import extractive_summary
from enplace_bench.context.peers.fuzz import PREFIX_TOKENS, WINDOW, made_session, violations
from enplace_bench.context.peers.identifiers import identifiers, needed
from enplace_bench.context.peers.recorded import recorded
from enplace_bench.context.peers.registry import PEERS, remote_peers
from enplace_bench.context.peers.remote import Remote
from enplace_bench.context.peers.rendering import (
    block_of,
    calls_in,
    made,
    pending,
    result_in,
    whole_before,
    whole_from,
)
from enplace_bench.context.peers.summaries import KEPT, Corrected, Extractive
from enplace_bench.context.sessions import Recorded, RecordedCall, Session

PYTHONS = ("LANGCHAIN", "DEEPAGENTS", "GOOGLE_ADK", "OPENHANDS", "PYDANTIC_AI")
REMOTE = list(remote_peers({f"ENPLACE_PEER_{name}": sys.executable for name in PYTHONS}))
LOCAL = [name for name in PEERS if name not in {peer.name for peer in REMOTE}]

MAY_OVERFLOW = ("full history", "observation masking", "clear_tool_uses", "ADK-like")
"""They do not look at the window, or only at what results take of it."""
MAY_LOSE_THE_REQUEST = ("LangChain-like",)
"""Its model sees the last 4,000 tokens of what it summarises, whatever was asked before."""
MAY_BREAK_SILENTLY = ("sliding window", "observation masking")
MAY_GROW = ("observation masking",)
"""A placeholder is longer than an empty result."""
MAY_BEGIN_WITH_A_SUMMARY_OF_THE_MODEL = ("ADK-like",)
EXPECTED = {
    "over the window": MAY_OVERFLOW,
    "pending user message lost": MAY_LOSE_THE_REQUEST,
    "prefix broken silently": MAY_BREAK_SILENTLY,
    "larger after it shrank": MAY_GROW,
    "begins with no user message": MAY_BEGIN_WITH_A_SUMMARY_OF_THE_MODEL,
}


def event(
    index: int,
    role: Literal["user", "assistant", "tool", "meta"],
    text: str = "",
    *,
    calls: tuple[RecordedCall, ...] = (),
    call_id: str = "",
    kind: str = "",
) -> Recorded:
    return Recorded(
        index=index,
        role=role,
        at_s=float(index),
        text=text,
        calls=calls,
        call_id=call_id,
        kind=kind,
    )


def call(number: int, tool: str = "Read", arguments: str = '{"file_path":"a.py"}') -> RecordedCall:
    return RecordedCall(id=f"c{number}", tool=tool, arguments=arguments)


def session(*events: Recorded) -> Session:
    return Session(
        id="s",
        source="made",
        agent="made",
        models=("claude",),
        cwd="/made",
        chars_per_token=2.0,
        events=tuple(replace(one, index=place) for place, one in enumerate(events)),
    )


def reads(results: list[str]) -> Session:
    """One request, then a file read in every step."""
    events = [event(0, "user", "Read them all.")]
    for number, result in enumerate(results):
        given = f'{{"file_path":"f{number}.py"}}'
        events.append(event(0, "assistant", calls=(call(number, arguments=given),)))
        events.append(event(0, "tool", result, call_id=f"c{number}"))
    return session(*events, event(0, "assistant", "Done."))


def last_request(strategy: Strategy, of: Session, window: int) -> Payload:
    """What is sent for the last recorded call."""
    replay = strategy.replay(of, window, 100)
    requests = [replay.call(index) for index in of.calls]
    assert isinstance(requests[-1], Payload)
    return requests[-1]


@pytest.mark.parametrize("name", LOCAL)
def test_a_peer_breaks_only_what_it_is_known_to_break(name: str) -> None:
    broken = {kind for kind, logs in violations(PEERS[name](), made_session, 2).items() if logs}
    known = {kind for kind, peers in EXPECTED.items() if name.startswith(peers)}
    assert broken <= known


@pytest.mark.parametrize("name", LOCAL)
def test_a_short_session_is_shown_whole(name: str) -> None:
    short = session(
        event(0, "user", "Hello."),
        event(0, "assistant", "Hello to you.", calls=(call(1),)),
        event(0, "tool", "1", call_id="c1"),
        event(0, "assistant"),
    )
    shown = last_request(PEERS[name](), short, 10_000).blocks
    assert shown == (fixed_prefix(100), *(block_of(one, short) for one in short.events[:3]))


def test_calls_and_results_can_be_told_from_the_text() -> None:
    made_calls = (call(1), call(2, "Bash", "not json\nat all]"))
    said = event(0, "assistant", "I look.\n[call me]", calls=made_calls)
    result = event(1, "tool", "[result c9]\n4", call_id="c2")
    here = session(said, result)
    assert calls_in(block_of(said, here)) == ["c1", "c2"]
    assert result_in(block_of(result, here)) == "c2"
    assert result_in(made("[result c2]\n", "user", here)) == ""


def test_a_cut_goes_around_a_step() -> None:
    here = session(
        event(0, "user", "Go."),
        event(0, "assistant", calls=(call(1), call(2))),
        event(0, "tool", "1", call_id="c1"),
        event(0, "tool", "2", call_id="c2"),
        event(0, "user", "On."),
    )
    blocks = [block_of(one, here) for one in here.events]
    assert [whole_before(blocks, cut) for cut in range(6)] == [0, 1, 1, 1, 4, 5]
    assert [whole_from(blocks, cut) for cut in range(6)] == [0, 1, 4, 4, 4, 5]


def test_pending_is_what_no_model_saw_yet_or_else_was_said_last() -> None:
    here = session(
        event(0, "user", "first"),
        event(0, "assistant", "ok"),
        event(0, "user", "second"),
        event(0, "user", "third"),
        event(0, "assistant", calls=(call(1),)),
        event(0, "tool", "1", call_id="c1"),
        event(0, "assistant", "end"),
    )
    assert pending(here, 1) == ["first"]
    assert pending(here, 4) == ["second", "third"]
    assert pending(here, 6) == ["third"]


def test_a_sliding_window_keeps_its_share_and_the_message_it_answers() -> None:
    sliding = PEERS["sliding window, trim to 50 %"]()
    payload = last_request(sliding, reads(["x" * 500] * 30), 4_000)
    assert payload.blocks[1].text == "Read them all."
    assert 1_500 < payload.tokens <= 4_000


def test_masking_keeps_the_last_results_and_all_calls() -> None:
    masking = PEERS["observation masking, last 10"]()
    payload = last_request(masking, reads(["x" * 500] * 15), 40_000)
    results = [block for block in payload.blocks if block.role == "tool"]
    assert ["x" in block.text for block in results] == [False] * 5 + [True] * 10
    assert sum(len(calls_in(block)) for block in payload.blocks) == 15


def test_clearing_waits_for_its_trigger_and_for_enough() -> None:
    small, large = reads(["x" * 200] * 8), reads(["x" * 2_000] * 8)
    clearing = PEERS["clear_tool_uses, keep 3"]()
    assert "cleared" not in str(last_request(clearing, small, 10_000).blocks)
    cleared = last_request(clearing, large, 10_000).blocks
    assert ["x" in block.text for block in cleared if block.role == "tool"][-3:] == [True] * 3
    assert "cleared" in str(cleared)
    at_least = PEERS["clear_tool_uses, keep 3, clear_at_least .2W"]()
    replay = at_least.replay(large, 10_000, 100)
    freed = [one.announced for i in large.calls if isinstance(one := replay.call(i), Payload)]
    assert any(freed)
    assert all(int(text.split()[-2]) >= 2_000 for text in freed if text)


def test_claude_code_attaches_files_again_and_names_those_too_large() -> None:
    many = reads([f"contents of {n} " * (200 if n != 27 else 2_000) for n in range(30)])
    replay = PEERS["Claude Code-like"]().replay(many, 60_000, 100)
    requests = [one for i in many.calls if isinstance(one := replay.call(i), Payload)]
    compacted = next(one for one in requests if one.announced)
    texts = [block.text for block in compacted.blocks]
    assert texts[1].startswith("This session is being continued")
    assert "Read them all." in texts[1]
    assert texts[2] == "f27.py was read before; it is too large to include."
    assert texts[3].startswith("Contents of f26.py:\ncontents of 26")
    assert len(texts) == 7
    (aux,) = compacted.aux
    before = requests[requests.index(compacted) - 1]
    assert aux.blocks[: len(before.blocks)] == before.blocks  # reads the cache


def test_codex_keeps_the_messages_of_the_user_word_for_word() -> None:
    events: list[Recorded] = []
    for number in range(20):
        events.append(event(0, "user", f"Request number {number}."))
        events.append(event(0, "assistant", f"{number} " * 200))
    long = session(*events, event(0, "user", "More."), event(0, "assistant"))
    payload = last_request(PEERS["Codex-like"](), long, 4_000)
    users = [block.text for block in payload.blocks if block.role == "user"]
    assert {f"Request number {number}." for number in range(20)} <= set(users)


def test_a_summary_is_made_of_the_text_in_its_order_and_fits() -> None:
    texts = [
        f"The parser of part {n} fails on line {n}. Module_{n} was run." for n in range(10, 99)
    ]
    summary = extractive_summary(texts, 50, 3.0, "You asked for it.")
    lines = summary.splitlines()
    assert len(summary) <= 150
    assert lines[0] == "You asked for it."
    assert all(any(line in text for text in texts) for line in lines[1:])
    assert lines[1:] == sorted(
        lines[1:], key=lambda line: next(place for place, text in enumerate(texts) if line in text)
    )
    assert summary == extractive_summary(texts, 50, 3.0, "You asked for it.")


def test_a_call_in_a_summary_is_told_and_not_made() -> None:
    summary = extractive_summary(['[call c1 Read {"file_path":"parser.py"}]'], 50, 3.0)
    assert summary == 'Read {"file_path":"parser.py"}'


def test_identifiers_have_kinds() -> None:
    text = "See src/app/main.py, parse_line and LineParser at 3f2a91c; ENT-241: https://a.b/c?d."
    assert list(identifiers(text)) == [
        ("src/app/main.py", "path"),
        ("parse_line", "symbol"),
        ("LineParser", "symbol"),
        ("3f2a91c", "sha"),
        ("ENT-241", "other"),
        ("https://a.b/c?d", "other"),
    ]


def needing(count: int) -> Session:
    """Paths that are seen once among much else, and used at the end."""
    paths = [f"lib/deep/module_{n}.py" for n in range(count)]
    noise = "The tests were run and the tests have failed in this place again. " * 3
    shown = [event(0, "assistant", f"{noise}\nlook: {path}") for path in paths]
    return session(event(0, "user", "Go."), *shown, event(0, "assistant", "\n".join(paths)))


def test_the_upper_edge_keeps_the_recorded_share_of_what_is_needed_again() -> None:
    here = needing(40)
    assert len(needed(here)) == 40
    texts = [one.text for one in here.events[:-1]]
    kept = Counter[str]()
    for summariser in (Extractive(), Corrected()):
        text = summariser.write(texts, 900, here, len(here.events) - 1)
        assert len(text) <= 900 * here.chars_per_token
        kept[summariser.edge] = sum(one.name in text for one in needed(here))
    assert kept[", corrected"] >= max(KEPT["path"] * 40, kept[""])


def test_what_recorded_summaries_kept_is_counted() -> None:
    here = session(
        event(0, "user", "Look into it."),
        event(0, "assistant", "lib/one.py, lib/two.py and lib/three.py"),
        event(0, "meta", "We looked at lib/one.py. Look into it.", kind="compact_summary"),
        event(0, "assistant", "lib/one.py and lib/two.py, and lib/new.py"),
    )
    counts = recorded([here])
    assert counts.summaries == 1
    assert counts.named == {"path": 2}
    assert counts.kept["recorded"] == {"path": 1}
    assert (counts.messages, counts.messages_kept) == (1, 1)


@dataclass(frozen=True, slots=True)
class Broken:
    """Shows what a list says: events by index, or texts as the model's."""

    shown: tuple[tuple[int | str, ...], ...]
    name: str = "broken"

    def replay(self, session: Session, window: int, prefix_tokens: int) -> Replay:
        del window
        return _Broken(session, prefix_tokens, iter(self.shown))


class _Broken:
    def __init__(
        self, session: Session, prefix_tokens: int, shown: Iterator[tuple[int | str, ...]]
    ) -> None:
        self._session, self._head, self._shown = session, fixed_prefix(prefix_tokens), shown

    def call(self, index: int) -> Payload:
        blocks = (self._block(one) for one in next(self._shown))
        return Payload(blocks=(self._head, *blocks))

    def _block(self, one: int | str) -> Block:
        if isinstance(one, str):
            return made(one, "assistant", self._session)
        return block_of(self._session.events[one], self._session)


STEPS = session(
    event(0, "user", "Go."),
    event(0, "assistant", calls=(call(1), call(2))),
    event(0, "tool", "1", call_id="c1"),
    event(0, "tool", "2", call_id="c2"),
    event(0, "assistant"),
)


@pytest.mark.parametrize(
    ("shown", "broken"),
    [
        (((0,), (0, 1, 2, 3)), set[str]()),
        (((0,), (0, 2, 3)), {"result without its call"}),
        (((0,), (0, 1, 2)), {"call without its result"}),
        (((0,), (0, "[call c1 Read {}]", 2)), {"parallel calls split"}),
        (((0,), ()), {"nothing left", "pending user message lost", "prefix broken silently"}),
        (((0,), (1, 2, 3, 0)), {"begins with no user message", "prefix broken silently"}),
        (((0,), (0, 1, 2, 3, "x")), {"ends with an assistant"}),
        (
            (("y" * 9_000, 0), (0, 1, 2, 3)),
            {"over the window", "begins with no user message", "prefix broken silently"},
        ),
        (
            ((0,), ("y" * 900, 0)),
            {"larger after it shrank", "begins with no user message", "prefix broken silently"},
        ),
    ],
)
def test_a_violation_is_seen(shown: tuple[tuple[int | str, ...], ...], broken: set[str]) -> None:
    counts = violations(Broken(shown), lambda _: STEPS, 1, window=1_000, prefix_tokens=100)
    assert {kind for kind, logs in counts.items() if logs} == broken


def test_made_logs_are_the_same_for_a_seed_and_well_formed() -> None:
    assert made_session(7) == made_session(7)
    assert made_session(7) != made_session(8)
    whole = violations(PEERS["full history"](), made_session, 20)
    assert {kind for kind, logs in whole.items() if logs} == {"over the window"}


@pytest.fixture
def beside() -> Iterator[Remote]:
    peer = Remote(peer="beside", adapter="example", python=sys.executable)
    yield peer
    peer.close()


def test_an_adapter_answers_over_the_line(beside: Remote) -> None:
    assert beside.versions == {}
    long = made_session(3)
    here, there = (
        PEERS["full history"]().replay(long, WINDOW, PREFIX_TOKENS),
        beside.replay(long, WINDOW, PREFIX_TOKENS),
    )
    asked = 0
    for index in long.calls:
        theirs, ours = there.call(index), here.call(index)
        assert isinstance(theirs, Payload)
        assert isinstance(ours, Payload)
        if not asked and ours.tokens <= WINDOW:
            assert theirs.blocks == ours.blocks
        else:
            asked += len(theirs.aux)
            assert bool(theirs.aux) == bool(theirs.announced)
    assert asked


def test_an_adapter_is_of_one_replay_at_a_time(beside: Remote) -> None:
    first = beside.replay(STEPS, WINDOW, PREFIX_TOKENS)
    beside.replay(STEPS, WINDOW, PREFIX_TOKENS)
    with pytest.raises(RuntimeError, match="another replay"):
        first.call(1)


def test_an_adapter_that_ends_says_why() -> None:
    missing = Remote(peer="missing", adapter="no_such_adapter", python=sys.executable)
    with pytest.raises(RuntimeError, match="no_such_adapter"):
        missing.replay(STEPS, WINDOW, PREFIX_TOKENS)


def test_a_peer_without_its_python_is_not_listed() -> None:
    assert list(remote_peers({})) == []
    only = list(remote_peers({"ENPLACE_PEER_LANGCHAIN": "/x/python"}))
    assert [peer.name for peer in only] == [
        "LangChain SummarizationMiddleware",
        "LangChain SummarizationMiddleware, corrected",
        "LangChain ContextEditing",
    ]
