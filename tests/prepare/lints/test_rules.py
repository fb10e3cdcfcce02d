"""What the rules see, and what they let pass."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from enplace.prepare.lints.message import lint_message
from enplace.prepare.lints.setup import MOST_EXCERPT, lint_setup
from enplace.prepare.lints.turns import LEAST_TURNS, lint_turns
from enplace.records.agent_event import CatalogueReloaded
from enplace.records.block import TextBlock
from enplace.records.canonical import JsonObject
from enplace.records.event import (
    AssistantSpoke,
    EpochOpened,
    EpochReason,
    Event,
    NoteWritten,
    Place,
    ToolFinished,
    UserSpoke,
)
from enplace.records.memory import Note
from enplace.records.tool import ToolSpec

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PRICES = "\n".join(
    f"Bolt M{i}, zinc, {i * 7} pieces, {i}.{i:02d} EUR, shelf B{i}" for i in range(40)
)


def placed(*events: Event) -> list[Event]:
    """The events as a log has them."""
    places = (Place(task_id="t", turn_id="", ordinal=i, at=AT) for i in range(1, 1 + len(events)))
    return [replace(event, place=place) for event, place in zip(events, places, strict=True)]


def asked(text: str, answer: str, *between: Event) -> list[Event]:
    """A turn."""
    spoke = AssistantSpoke(blocks=(TextBlock(text=answer),), stop="end", model="m")
    return [UserSpoke(text=text), *between, spoke]


def codes(system: str, *tools: ToolSpec) -> list[str]:
    return [lint.code for lint in lint_setup(system, tools)]


# The head


@pytest.mark.parametrize(
    "line",
    [
        "Today is 2026-11-22.",
        "The current date is November 22nd, 2026.",
        "Current time: 14:05",
        "It is now 9:30 pm in Lima.",
        "now = 1795341247",
        "Aujourd'hui, nous sommes le 22 novembre 2026.",
        "今天是2026年11月22日。",
        "The conversation started at 14:02.",
        "conversation_id: 3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "You are talking to Femi Okoye.",
        "The user's name is Ana.",
        "Logged in as ana@example.org",
        "Username: ana_92",
        "You answer user #48213.",
        "IP address: 10.2.3.4",
    ],
)
def test_a_value_that_was_put_in_is_found(line: str) -> None:
    assert codes(f"You are kind.\n{line}\nBe brief.") == ["varying_prefix"]


@pytest.mark.parametrize(
    "line",
    [
        "If today is Monday, greet with a joke.",
        "When it is 9:00 or later, say good morning.",
        "Write dates such as 2026-11-22.",
        "Session ids look like 3f2504e0-4f89-11d3-9a0c-0305e82c3301.",
        "A user id is, for example, user_id: 5520193.",
        "Orders placed today before 12:00 are shipped at once.",
        "Ask for the session id. Session: one hour.",
        "You are talking to German customers.",
        "The user's name is known to the tool whoami.",
        "User name: whatever they like to be called.",
        "Prices hold from 1 January 2026.",
        "Prompt 7, reviewed 2026-02-10 by the press office.",
        "Date: 2026-02-10, version 4, author: press office.",
        "The event took place on 22 November 2026 at 14:05.",
        "Run at most 10000 iterations.",
        "Today we live in a world full of numbers.",
        "```\nToday is 2026-11-22.\n```",
        "<example>\nCurrent user: Ana Duarte\n</example>",
        "Examples:\n\nCurrent user: Ana Duarte\nCurrent time: 14:05",
    ],
)
def test_what_stands_still_or_is_an_example_passes(line: str) -> None:
    assert codes(f"You are kind.\n\n{line}") == []


def test_knowledge_is_found_however_it_is_introduced() -> None:
    assert codes(f"You sell bolts.\n\n{PRICES}") == ["static_text"]
    assert codes(f"You sell bolts. Prices:\n{PRICES}\nBe brief.") == ["static_text"]


def test_a_little_knowledge_may_be_carried() -> None:
    assert codes("You sell bolts.\n\n" + "\n".join(PRICES.splitlines()[:15])) == []


def test_examples_are_no_knowledge() -> None:
    assert codes(f"You sell bolts.\n\n<examples>\n{PRICES}\n</examples>\nBe brief.") == []
    assert codes(f"You sell bolts.\n\n```csv\n{PRICES}\n```\nBe brief.") == []


def test_tools_are_looked_at_with_the_descriptions_of_their_inputs() -> None:
    described: JsonObject = {"description": "Today is 2026-11-22."}
    schema: JsonObject = {"type": "object", "properties": {"day": described}}
    tools = [
        ToolSpec(name="sell", description=PRICES, schema={}),
        ToolSpec(name="plan", description="Plan a day.", schema=schema),
    ]
    found = lint_setup("You sell bolts.", tools)
    assert [(lint.code, lint.where) for lint in found] == [
        ("static_text", "tool sell"),
        ("varying_prefix", "tool plan"),
    ]
    assert all(lint.advice and 0 < len(lint.excerpt) <= MOST_EXCERPT for lint in found)


VERBS = st.sampled_from(["Answer", "Ask", "Avoid", "Never use", "Prefer", "Check", "Repeat"])
THINGS = st.sampled_from(["jargon", "one question", "plain words", "the tool", "what you know"])
ENDS = st.sampled_from(["", " first", " when in doubt", " in English", " twice", ", then stop"])
ORDERS = st.lists(st.tuples(VERBS, THINGS, ENDS).map(lambda w: f"{w[0]} {w[1]}{w[2]}."))


@given(ORDERS, st.sampled_from([" ", "\n", "\n\n", "\n- "]))
def test_instructions_are_never_linted(sentences: list[str], joint: str) -> None:
    assert codes(joint.join(["You are a helpful assistant.", *sentences])) == []


@given(st.text(), st.text())
def test_any_text_can_be_linted(system: str, message: str) -> None:
    lint_setup(system)
    lint_message(message, placed(*asked(system, message)))


# Messages


@pytest.mark.parametrize(
    "message",
    [
        "User: hi\nAssistant: hello\nUser: how are you?",
        "You said:\nhi\nChatGPT said:\nhello\nYou said:\nhow are you?",
        "Human: hi AI: hello Human: how are you?",
        "[INST] hi [/INST] hello [INST] how are you? [/INST]",
        '{"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"},'
        ' {"role": "user", "content": "how are you?"}]}',
        "Chat history:\nMe: hi\nAI: hello\n\nHow are you?",
    ],
)
def test_a_conversation_with_an_assistant_is_found(message: str) -> None:
    (lint,) = lint_message(message, [])
    assert lint.code == "pasted_history"
    assert "hello" not in lint.excerpt, "the words themselves are nobody's business"


@pytest.mark.parametrize(
    "message",
    [
        "Me: hi\nTom: hello\nMe: how are you?",
        "Translate:\nUser: hi\nAssistant: hello\nUser: how are you?",
        "```\nUser: hi\nAssistant: hello\nUser: how are you?\n```",
        "Assistant: to the manager. User: of the kitchen. Which title is better?",
        '[{"role": "user", "name": "Ana"}, {"role": "admin", "name": "Bo"}]',
        '{"role": ["user"], "turns": [{"role": {}}, {"role": null}, 7]}',
        "Is the <user> tag allowed in XML, or is it <User>?",
    ],
)
def test_words_about_people_and_programs_pass(message: str) -> None:
    assert lint_message(message, []) == ()


SAID = st.text("abcdefghij", min_size=8, max_size=12).map(lambda word: f"{word} " * 6)


@given(SAID, SAID)
def test_a_question_with_its_answer_is_found_again(question: str, answer: str) -> None:
    log = placed(*asked(question, answer))
    (lint,) = lint_message(f"Before:\n{question}\n{answer}\nAnd now?", log)
    assert lint.excerpt.endswith("e1, e2")


@given(SAID, SAID)
def test_a_message_sent_again_or_an_answer_quoted_passes(question: str, answer: str) -> None:
    assume(question != answer)
    log = placed(*asked(question, answer))
    assert lint_message(question, log) == ()
    assert lint_message(f"{question}\nPlease, once more!", log) == ()
    assert lint_message(f"What do you mean by this?\n{answer}", log) == ()


# Turns


def noted() -> NoteWritten:
    note = Note(task_id="t", key="k", value="v", written_at=AT)
    return NoteWritten(note=note, by="caller")


def wrote(tool: str = "remember", *, is_error: bool = False) -> ToolFinished:
    return ToolFinished(tool_call_id="c", tool=tool, blocks=(), is_error=is_error)


def written(*turns: list[Event]) -> list[str]:
    """Lints of turns, of which the newest is still going on."""
    events = [event for turn in (*turns, [UserSpoke(text="and?")]) for event in turn]
    return [lint.code for lint in lint_turns(placed(*events), {})]


@pytest.mark.parametrize(
    "tool", ["remember", "note", "save_memory", "memory.add", "mem0_add_memory", "store_fact"]
)
def test_a_habit_of_writing_is_found_whatever_the_tool_is_called(tool: str) -> None:
    assert written(*[asked("go on", "ok", wrote(tool))] * LEAST_TURNS) == ["memory_every_turn"]


@pytest.mark.parametrize("tool", ["recall", "notebook", "search_memory", "remember_me_later"])
def test_other_tools_may_be_called_on_every_turn(tool: str) -> None:
    assert written(*[asked("go on", "ok", wrote(tool))] * 12) == []


def test_a_few_turns_are_no_habit() -> None:
    assert written(*[asked("go on", "ok", noted())] * (LEAST_TURNS - 1)) == []


def test_a_write_that_failed_is_none() -> None:
    assert written(*[asked("go on", "ok", wrote(is_error=True))] * 12) == []


def test_what_somebody_asks_for_is_no_reflex() -> None:
    assert written(*[asked("Remember my shoe size: 41.", "ok", wrote())] * 12) == []


def test_two_turns_without_break_the_habit() -> None:
    habit, without = asked("go on", "ok", noted()), asked("go on", "ok")
    assert written(*[habit] * 8, without, habit) == ["memory_every_turn"]
    assert written(*[habit] * 8, without, habit, without) == []
    assert written(without, without, *[habit] * 10) == ["memory_every_turn"]


def epoch(reason: EpochReason, system: str = "d") -> EpochOpened:
    return EpochOpened(reason=reason, model="m", system=system, tools="")


def changed(*reasons: EpochReason | None) -> list[str]:
    """Lints of turns that opened epochs, the first of them the task."""
    opened = [epoch("task_start"), *(reason and epoch(reason) for reason in reasons)]
    turns = [asked("go on", "ok", *([each] if each else [])) for each in opened]
    events = [event for turn in turns for event in turn]
    return [lint.code for lint in lint_turns(placed(*events), {})]


@pytest.mark.parametrize("reason", ["system", "tools", "model"])
def test_a_head_that_never_stands_still_is_found(reason: EpochReason) -> None:
    assert changed(reason, reason, reason) == ["prefix_changes"]
    assert changed(reason, None, reason, None, reason) == ["prefix_changes"]


def test_a_head_that_is_changed_now_and_then_passes() -> None:
    assert changed("system", "tools") == []
    assert changed("system", "tools", "system", None) == [], "told when it happens"
    assert changed(None, None, "system", None, None, "system", None, None, "system") == []


def test_a_head_that_waits_in_vain_is_found_too() -> None:
    reloaded = CatalogueReloaded(catalogue="d", changed=("look",))
    events = [event for _ in range(3) for event in asked("go on", "ok", reloaded)]
    (lint,) = lint_turns(placed(*events), {})
    assert (lint.code, lint.excerpt) == (
        "prefix_changes",
        "3 of the last 3 turns changed tools",
    )


def test_epochs_that_the_engine_opens_by_itself_pass() -> None:
    own: tuple[EpochReason, ...] = ("compaction", "snip", "cold_cache", "boundary")
    assert changed(*own, *own, *own) == []


def test_what_differs_between_two_prompts_is_told() -> None:
    epochs = [epoch("system", f"d{i}") for i in range(4)]
    events = [event for each in epochs for event in asked("go on", "ok", each)]
    texts = {f"d{i}": f"You run a shop. Open orders: {i}7 today. Be brief." for i in range(4)}
    (lint,) = lint_turns(placed(*events), texts)
    assert lint.excerpt.startswith("4 of the last 4 turns changed system: ")
    assert lint.excerpt.endswith("Open orders: 2… became …a shop. Open orders: 3…")
