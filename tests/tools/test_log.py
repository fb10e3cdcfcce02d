"""The engine's own tools on a task's log: reopen, search_log, compact."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.house import House, only

from enplace.providers.scripted import CARD, call
from enplace.records.event import AssistantSpoke, ToolFinished, UserSpoke
from enplace.records.tool import ToolCall
from enplace.tools.log import MOST_FOUND, Compact, Reopen, SearchLog, log_tools

LONG = "\n".join(f"line {n} of the listing" for n in range(1, 41))


def listing(name: str) -> str:
    """A long listing."""
    return f"{LONG}\nthe end of {name}"


async def a_task() -> House:
    """Two turns: a message, a call of two tools, its results, an answer; then small talk."""
    house = House(card=CARD, tools=[listing])
    asked = call(
        ("c1", "listing", {"name": "one"}), ("c2", "listing", {"name": "two"}), text="Looking."
    )
    await house.say("List both, please.\nAnd be quick.", asked, "Both are listed.")
    await house.say("Thanks!", "Gladly.")
    return house


async def use(house: House, tool: str, **given: Any) -> tuple[str, bool]:
    """What a tool answers, called as the engine calls it."""
    brain = await house.brains.open("ada")
    tools = {tool.spec.name: tool for tool in log_tools(brain.log)}
    asked = ToolCall(id="r", tool=tool, input=dict(given), task_id="t", turn_id="x")
    outcome = await tools[tool].run(asked)
    return outcome.text, outcome.is_error


async def ordinals(house: House, kind: type[Any]) -> list[int]:
    log = await house.owner.log("t")
    return [event.place.ordinal for event in only(kind, log)]


def test_they_may_run_again() -> None:
    assert [tool.spec.name for tool in (Reopen, SearchLog, Compact)] == [
        "reopen",
        "search_log",
        "compact",
    ]
    assert all(tool.spec.idempotent for tool in (Reopen, SearchLog, Compact))
    assert not any(tool.spec.asks for tool in (Reopen, SearchLog, Compact))


@pytest.mark.parametrize("form", ["[e{}]", "e{}", "{}", " [e{}] ", "[{}]"])
async def test_a_reference_may_be_written_as_it_stands_or_plainly(form: str) -> None:
    house = await a_task()
    (said, _) = await ordinals(house, UserSpoke)
    assert await use(house, "reopen", ref=form.format(said)) == (
        "List both, please.\nAnd be quick.",
        False,
    )


async def test_a_result_is_given_letter_by_letter() -> None:
    house = await a_task()
    first, second = await ordinals(house, ToolFinished)
    assert await use(house, "reopen", ref=f"e{first}") == (f"{LONG}\nthe end of one", False)
    assert await use(house, "reopen", ref=f"e{second}") == (f"{LONG}\nthe end of two", False)


async def test_an_answer_is_given_with_what_it_asked_for() -> None:
    house = await a_task()
    first, second, _ = await ordinals(house, AssistantSpoke)
    assert await use(house, "reopen", ref=f"e{first}") == (
        'Looking.\nlisting {"name": "one"}\nlisting {"name": "two"}',
        False,
    )
    assert await use(house, "reopen", ref=f"e{second}") == ("Both are listed.", False)


async def test_a_range_names_each_event_that_it_gives() -> None:
    house = await a_task()
    said, answered = (
        (await ordinals(house, UserSpoke))[1],
        (await ordinals(house, AssistantSpoke))[-1],
    )
    text, is_error = await use(house, "reopen", ref=f"[e{said}-e{answered}]")
    assert (text, is_error) == (f"[e{said}] Thanks!\n\n[e{answered}] Gladly.", False)


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        ("1-2", "line 1 of the listing\nline 2 of the listing"),
        ("40-41", "line 40 of the listing\nthe end of one"),
        ("41", "the end of one"),
        (" 41-99 ", "the end of one"),
        (41, "the end of one"),
    ],
)
async def test_some_lines_of_an_event(lines: object, shown: str) -> None:
    house = await a_task()
    first, _ = await ordinals(house, ToolFinished)
    assert await use(house, "reopen", ref=f"e{first}", lines=lines) == (shown, False)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "ref is a reference"),
        ({"ref": "the first message"}, "ref is a reference"),
        ({"ref": "e"}, "ref is a reference"),
        ({"ref": "e0"}, "nothing was said"),
        ({"ref": "e1"}, "nothing was said"),
        ({"ref": "e9999"}, "nothing was said"),
        ({"ref": "e9-e2"}, "nothing was said"),
        ({"ref": "e2", "lines": "the last"}, "lines are a range"),
        ({"ref": "e2", "lines": "0-1"}, "it has 2 lines"),
        ({"ref": "e2", "lines": "3"}, "it has 2 lines"),
        ({"ref": "e2", "lines": "2-1"}, "it has 2 lines"),
    ],
)
async def test_a_wrong_reference_is_told_in_words(given: dict[str, object], why: str) -> None:
    text, is_error = await use(await a_task(), "reopen", **given)
    assert is_error
    assert why in text


async def test_what_is_reopened_is_another_task_s_for_nobody() -> None:
    house = await a_task()
    await house.say("A secret of the other task.", task="other")
    text, _ = await use(house, "reopen", ref="e1-e99")
    assert "secret" not in text
    text, _ = await use(house, "search_log", query="secret")
    assert "No line holds" in text


async def test_a_long_output_is_reopened_in_pieces_that_fit() -> None:
    """What reopens a capped output is capped itself; its lines are not."""
    house = House(card=CARD, tools=[flood])
    await house.say("flood", call(("c1", "flood", {})), "done")
    (shown,) = only(ToolFinished, await house.owner.log("t"))
    assert shown.excerpt is not None
    assert shown.place is not None
    ref = f"e{shown.place.ordinal}"
    turn = await house.say("again", call(("c2", "reopen", {"ref": ref})), "done")
    (again,) = only(ToolFinished, turn)
    assert again.output == shown.output
    assert again.excerpt is not None
    given = {"ref": ref, "lines": "9000-9002"}
    turn = await house.say("only some", call(("c3", "reopen", given)), "done")
    (some,) = only(ToolFinished, turn)
    assert (some.output, some.excerpt) == ("row 9000\nrow 9001\nrow 9002", None)


def flood() -> str:
    """A flood."""
    return "\n".join(f"row {n}" for n in range(1, 20_001))


# Search


async def test_the_lines_that_hold_all_words_are_found_with_their_references() -> None:
    house = await a_task()
    first, second = await ordinals(house, ToolFinished)
    assert await use(house, "search_log", query="END two") == (
        f"[e{second}] line 41: the end of two",
        False,
    )
    text, _ = await use(house, "search_log", query="the end of")
    assert text.split("\n") == [
        f"[e{first}] line 41: the end of one",
        f"[e{second}] line 41: the end of two",
    ]


async def test_messages_and_answers_are_searched_as_well() -> None:
    house = await a_task()
    said, _ = await ordinals(house, UserSpoke)
    answered = (await ordinals(house, AssistantSpoke))[1]
    text, _ = await use(house, "search_log", query="both")
    assert text.split("\n") == [
        f"[e{said}] line 1: List both, please.",
        f"[e{answered}] line 1: Both are listed.",
    ]


async def test_of_many_lines_the_newest_are_told_and_the_others_counted() -> None:
    house = await a_task()
    text, _ = await use(house, "search_log", query="listing line")
    head, *found = text.split("\n")
    assert head == f"({2 * 40 - MOST_FOUND} older lines are left out)"
    assert len(found) == MOST_FOUND
    assert found[-1].endswith("line 40: line 40 of the listing")


async def test_what_nobody_said_is_not_found() -> None:
    assert await use(await a_task(), "search_log", query="a zebra") == (
        "No line holds 'a zebra'.",
        False,
    )


@pytest.mark.parametrize("query", ["", "  ", None])
async def test_an_empty_search_is_told_in_words(query: object) -> None:
    given = {} if query is None else {"query": query}
    assert await use(await a_task(), "search_log", **given) == ("query is empty", True)


async def test_a_long_line_is_cut_in_what_is_found() -> None:
    house = House(card=CARD)
    await house.say("word " * 100)
    text, _ = await use(house, "search_log", query="word")
    assert len(text) < 300


# Compact


@pytest.mark.parametrize(
    ("label", "answered"),
    [("the set-up", "the set-up"), (" two\n lines ", "two lines"), ("", "a part of the task")],
)
async def test_compact_answers_with_the_label(label: str, answered: str) -> None:
    assert await use(await a_task(), "compact", label=label) == (answered, False)


# Laws


SAYABLE = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=200
).filter(str.strip)


@given(texts=st.lists(SAYABLE, min_size=1, max_size=4))
async def test_whatever_was_said_is_given_back_letter_by_letter(texts: list[str]) -> None:
    house = House(card=CARD)
    for text in texts:
        await house.say(text)
    spoken = only(UserSpoke, await house.owner.log("t"))
    assert [event.text for event in spoken] == texts
    for event in spoken:
        assert event.place is not None
        assert await use(house, "reopen", ref=f"e{event.place.ordinal}") == (event.text, False)
