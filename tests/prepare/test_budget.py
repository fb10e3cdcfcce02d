"""Budgets, the prefix law's arithmetic, and how texts are fenced. Pure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace.errors import ContextOverflow
from enplace.prepare.budget import calibrated, estimate, require_room, room_tokens
from enplace.prepare.frames import correction_text, memory_text, notes_text, soul_text
from enplace.prepare.prefix import Sent, chain, expect, head_digest
from enplace.providers.scripted import CARD
from enplace.records.block import TextBlock, ToolCallBlock, ToolResultBlock
from enplace.records.context import ContextBlock
from enplace.records.memory import Note, SoulLine
from enplace.records.model import CacheProfile
from enplace.records.recollection import Correction, RecalledMemory
from enplace.records.usage import Usage

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SENT = Sent(
    epoch=3,
    prefix="p",
    usage=Usage(input_tokens=1_000, output_tokens=50),
    counted_tokens=800,
    at=NOW,
)
NASTY = st.text(st.sampled_from("<>/\\ \n\tmemorynots\u00a0\u2028"), max_size=40)


@pytest.mark.parametrize(
    ("factor", "reported", "counted", "expected"),
    [
        (None, 0, 100, None),
        (None, 100, 0, None),
        (1.5, 0, 0, 1.5),
        (None, 120, 100, 1.2),
        (1.0, 120, 100, 1.1),
        (1.2, 120, 100, 1.2),
    ],
)
def test_a_report_moves_the_factor_halfway(
    factor: float | None, reported: int, counted: int, expected: float | None
) -> None:
    assert calibrated(factor, reported, counted) == pytest.approx(expected)


@given(
    st.floats(0.1, 10.0),
    st.lists(st.tuples(st.integers(1, 10_000), st.integers(1, 10_000)), min_size=1),
)
def test_a_factor_lies_between_the_ratios_that_made_it(
    start: float, calls: list[tuple[int, int]]
) -> None:
    factor: float | None = start
    for reported, counted in calls:
        factor = calibrated(factor, reported, counted)
    ratios = [start, *(reported / counted for reported, counted in calls)]
    assert factor is not None
    assert min(ratios) * 0.999 <= factor <= max(ratios) * 1.001


@pytest.mark.parametrize(
    ("counted", "factor", "sent", "expected"),
    [
        (900, None, None, 900),
        (900, 1.5, None, 1_350),
        (900, None, SENT, 1_100),
        (900, 1.5, SENT, 1_150),
        (800, 9.0, SENT, 1_000),
        (900, 1.5, replace(SENT, usage=Usage()), 1_350),
    ],
)
def test_an_estimate_stands_on_the_last_reported_usage(
    counted: int, factor: float | None, sent: Sent | None, expected: int
) -> None:
    assert estimate(counted, factor, sent) == expected


def test_a_context_may_fill_the_room_and_not_a_token_more() -> None:
    room = room_tokens(CARD)
    assert room == CARD.window_tokens - CARD.output_tokens
    require_room(room, CARD)
    with pytest.raises(ContextOverflow) as refused:
        require_room(room + 1, CARD)
    assert refused.value.details == {
        "tokens": room + 1,
        "room_tokens": room,
        "window_tokens": CARD.window_tokens,
        "output_tokens": CARD.output_tokens,
        "model": CARD.name,
    }


@pytest.mark.parametrize(
    ("sent", "epoch", "holds", "later_s", "at", "hit_tokens", "reason"),
    [
        (None, 3, True, 0, CacheProfile(), 0, None),
        (SENT, 3, True, 10, CacheProfile(), 1_050, None),
        (SENT, 3, True, 300, CacheProfile(), 1_050, None),
        (SENT, 4, True, 10, CacheProfile(), 0, "system"),
        (SENT, 4, False, 999, CacheProfile(), 0, "system"),
        (SENT, 3, False, 10, CacheProfile(), 0, "messages"),
        (SENT, 3, True, 301, CacheProfile(), 0, "ttl"),
        (SENT, 3, True, 10**9, CacheProfile(ttl_s=float("inf")), 1_050, None),
        (SENT, 3, True, 10, CacheProfile(min_tokens=1_001), 0, "minimum"),
        (SENT, 3, True, 10, CacheProfile(min_tokens=1_000), 1_050, None),
    ],
)
def test_what_a_cache_should_hold_has_its_reason(
    *,
    sent: Sent | None,
    epoch: int,
    holds: bool,
    later_s: float,
    at: CacheProfile,
    hit_tokens: int,
    reason: str | None,
) -> None:
    now = NOW + timedelta(seconds=later_s)
    found = expect(sent, epoch, "system", kept_tokens=0, holds=holds, now=now, at=at)
    assert (found.hit_tokens, found.break_reason) == (hit_tokens, reason)


def block(text: str) -> ContextBlock:
    return ContextBlock(block=TextBlock(text=text), segment="history", tokens=1)


def test_equal_chains_mean_equal_messages_and_nothing_else() -> None:
    call = ToolCallBlock(id="a", tool="t", arguments="{}")
    result = ToolResultBlock(call_id="a", tool="t", text="x")
    heads = [
        head_digest("m", "t", "s", None),
        head_digest("m", "t", "s", "soul"),
        head_digest("m2", "t", "s", None),
        head_digest("m", "t2", "s", None),
        head_digest("m", "t", "s2", None),
    ]
    chains = [
        *heads,
        chain(heads[0], "user", [block("x")], None),
        chain(heads[1], "user", [block("x")], None),
        chain(heads[0], "assistant", [block("x")], None),
        chain(heads[0], "assistant", [block("x")], "raw"),
        chain(heads[0], "user", [block("x"), block("y")], None),
        chain(heads[0], "user", [block("xy")], None),
        chain(heads[0], "assistant", [replace(block(""), block=call)], None),
        chain(heads[0], "tool", [replace(block(""), block=result)], None),
        chain(heads[0], "tool", [replace(block(""), block=replace(result, is_error=True))], None),
    ]
    assert len(set(chains)) == len(chains)
    why = replace(block("x"), why="because", tokens=9, source=7)
    assert chain(heads[0], "user", [why], None) == chain(heads[0], "user", [block("x")], None)


@given(NASTY, NASTY)
def test_no_text_can_close_its_fence_or_start_a_line(text: str, other: str) -> None:
    memory = RecalledMemory(id="f", kind="fact", text=text, at=NOW, score=1.0, why="")
    said = replace(memory, kind="said", text=other)
    note = Note(task_id="t", key=text, value=other, written_at=NOW)
    corrections = (Correction(id="f", text=text, successor=other),)
    for fenced, tag, lines in (
        (memory_text([memory, said], "fenced"), "memory", 2),
        (correction_text(corrections, "fenced"), "memory", 1),
        (notes_text([note, note], "fenced"), "notes", 2),
    ):
        assert fenced.count("</") == 1
        assert fenced.endswith(f"\n</{tag}>")
        assert len(fenced.split("\n")) == lines + 2


def test_the_soul_lists_its_sections_in_one_order() -> None:
    lines = [
        SoulLine(section="patterns", key="a", text="Works at night.", recorded_at=NOW),
        SoulLine(section="identity", key="a", text="Ada.", recorded_at=NOW),
        SoulLine(section="identity", key="b", text="A\npainter.", recorded_at=NOW),
    ]
    assert soul_text(lines) == (
        "About the user:\nWho they are: Ada. A painter.\nLearned patterns: Works at night."
    )
    assert soul_text([]) == ""


def test_a_correction_without_a_successor_names_none() -> None:
    gone = Correction(id="f", text="Ada has a cat.", successor=None)
    assert correction_text([gone], "plain") == (
        "Background about the user:\n- No longer true: Ada has a cat."
    )
