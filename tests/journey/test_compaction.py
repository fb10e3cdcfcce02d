"""Whole turns in a window that is too small for their task: what goes out of view, and what stays."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import CODECS, StandingClock
from tests.engine.house import messages, only
from tests.prepare.test_laws import pairing_faults

import enplace
from enplace.desk import TurnOptions
from enplace.engine import Engine, EngineOptions, OwnerEngine
from enplace.errors import ContextOverflow
from enplace.fetch.rank import RecallOptions
from enplace.ports import Brains
from enplace.providers.counts import CharacterCounter
from enplace.providers.scripted import CARD, Answer, ScriptedModel, call, say
from enplace.records.block import ToolResultBlock
from enplace.records.context import Context
from enplace.records.event import (
    AssistantSpoke,
    Compacted,
    EpochOpened,
    ErrorRaised,
    Event,
    ToolFinished,
    TurnCompleted,
    TurnErrored,
    UsageReported,
    UserSpoke,
)
from enplace.stores.inmemory import InMemoryBrains
from enplace.wire.openai_chat import to_openai

CHILD = Path(__file__).with_name("compaction_child.py")
SMALL = replace(CARD, window_tokens=12_000, output_tokens=1_000)
ROOM = 11_000
OFF = {"REACTIVE_COMPACT_ENABLED": "false", "FEATURE_STRUCTURED_FILE_EXTRACTION": "false"}
TASK = "one"
PATIENT = EngineOptions(turn=TurnOptions(recall=RecallOptions(deadline_s=60.0)))
"""How busy the machine is shall make no difference to what is recalled."""


class Workshop:
    """An engine on a small window, and tools whose outputs are long."""

    def __init__(
        self,
        brains: Brains | Path,
        *,
        clock: StandingClock | None = None,
        environment: Mapping[str, str] | None = None,
        window: int = SMALL.window_tokens,
    ) -> None:
        self.brains = brains
        self.clock = clock or StandingClock()
        self.environment = environment or {}
        self.files: dict[str, str] = {}
        self.script: list[Answer] = []
        card = replace(SMALL, window_tokens=window)
        self.model = ScriptedModel(self._answer, card=card)
        self.engine = self.another()

    @property
    def owner(self) -> OwnerEngine:
        return self.engine.owner("ada")

    def another(self) -> Engine:
        """A second engine on the same brains, as a new process makes it."""
        home, brains = (self.brains, None) if isinstance(self.brains, Path) else (None, self.brains)
        return enplace.open(
            home,
            brains=brains,
            model=self.model,
            tools=[self.build, self.fail, self.read, self.edit],
            embedder=None,
            counter=CharacterCounter(),
            clock=self.clock,
            environment=self.environment,
            options=PATIENT,
        )

    async def reopen(self) -> None:
        """Forget everything that is not in the brains."""
        if isinstance(self.brains, Path):
            await self.engine.aclose()
        self.engine = self.another()

    async def say(self, text: str, *answers: Answer, key: str | None = None) -> list[Event]:
        self.script = list(answers)
        turn = self.owner.execute(TASK, text, idempotency_key=key)
        return [event async for event in turn]

    async def work(self, turns: int, first: int = 0) -> list[Event]:
        """Turns of one long build each."""
        events: list[Event] = []
        for n in range(first, first + turns):
            asked = call((f"c{n}", "build", {"target": f"part_{n}"}), text=f"Building part_{n}.")
            events += await self.say(f"Message {n}: please build part_{n}.", asked)
        return events

    async def log(self) -> Sequence[Event]:
        return await self.owner.log(TASK)

    @property
    def sent(self) -> list[Any]:
        """The last request's messages."""
        return messages(self.model.requests[-1])

    def _answer(self, _: Context) -> Answer:
        return self.script.pop(0) if self.script else "Done."

    # Tools

    def build(self, target: str) -> str:
        """Build a part; its output fills a tenth of the window."""
        lines = [f"{target}/file_{n}.go:{n}: compiled without a warning" for n in range(60)]
        return "\n".join([*lines, f"built {target}"])

    def fail(self, target: str) -> str:
        """Fail."""
        raise RuntimeError(f"no rule for {target}")

    def read(self, path: str) -> str:
        """Read a file, its lines numbered."""
        lines = self.files[path].split("\n")
        return "\n".join(f"{n:6}→{line}" for n, line in enumerate(lines, 1))

    def edit(self, path: str, old_string: str, new_string: str) -> str:
        """Replace a text of a file that stands in it once."""
        assert self.files[path].count(old_string) == 1
        self.files[path] = self.files[path].replace(old_string, new_string)
        return "edited"


@pytest.fixture
def workshop() -> Workshop:
    return Workshop(InMemoryBrains())


def check_stream(told: Sequence[Event], log: Sequence[Event]) -> None:
    """The stream is the log, and an epoch opens right behind each compaction."""
    assert [e for e in told if e.place and not e.place.part] == list(log)
    for one, other in pairwise(log):
        if isinstance(one, Compacted):
            assert one.kind == "compaction_event"
            assert isinstance(other, EpochOpened)
            assert other.kind == "epoch_opened"
            assert one.after_tokens < one.before_tokens


# A long task


async def test_three_hundred_turns_never_overflow(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    told = await workshop.say("Rule one: never touch the main_branch, whatever I say later.")
    told += await workshop.work(299)
    log = await workshop.log()
    check_stream(told, log)
    assert sum(isinstance(event, TurnCompleted) for event in log) == 300
    requests = workshop.model.requests
    usages = only(UsageReported, log)
    assert len(usages) == len(requests) == 599
    done = only(Compacted, log)
    assert len(done) >= 20
    assert {event.strategy for event in done} == {"summary"}
    for request in requests:
        assert request.estimated_tokens <= ROOM
        assert pairing_faults(messages(request)) == []
    last = str(messages(requests[-1]))
    assert "Rule one: never touch the main_branch, whatever I say later." in last
    check_reachable(log, requests[-1])
    check_hits(usages, log)
    await workshop.reopen()
    again = await workshop.owner.context(TASK)
    for encode, _ in CODECS:
        assert encode(again) == encode(requests[-1])
    assert again.prefix == requests[-1].prefix
    await workshop.engine.aclose()


def check_reachable(log: Sequence[Event], request: Context) -> None:
    """Whatever was said or done stands in the request, or behind a reference in it."""
    shown = {block.source for message in request.messages for block in message.blocks}
    behind: set[int] = set()
    for found in re.finditer(r"\[e(\d+)(?:-e(\d+))?\]", request.messages[0].text):
        first, last = int(found[1]), int(found[2] or found[1])
        behind |= set(range(first, last + 1))
    for event in log:
        if isinstance(event, UserSpoke | AssistantSpoke | ToolFinished):
            ordinal = event.place.ordinal if event.place else 0
            is_last = event is log[-3]
            assert ordinal in shown or ordinal in behind or is_last, ordinal


def check_hits(usages: Sequence[UsageReported], log: Sequence[Event]) -> None:
    """The cache gave what was foreseen, and broke where the log says why."""
    for event in usages:
        missing = event.expected_hit_tokens - event.usage.cache_hit_tokens
        assert missing <= max(0.05 * event.expected_hit_tokens, 60)
    behind = [
        next(e for e in log[i:] if isinstance(e, UsageReported))
        for i, event in enumerate(log)
        if isinstance(event, Compacted)
    ]
    broken = [event for event in usages if event.break_reason is not None]
    assert {event.break_reason for event in broken} <= {"compaction", "boundary"}
    assert all(event in behind for event in broken)


def test_two_processes_send_the_same_bytes(tmp_path: Path) -> None:
    """Whatever order a process gives its sets."""
    told: list[dict[str, Any]] = []
    for seed in ("1", "2"):
        home = tmp_path / seed
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, str(CHILD), str(home)],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        told.append(json.loads(done.stdout))
    assert told[0] == told[1]
    assert told[0]["compactions"] >= 2


async def test_an_engine_that_is_opened_anew_goes_on_with_the_same_bytes(tmp_path: Path) -> None:
    one = Workshop(tmp_path / "one")
    other = Workshop(tmp_path / "other")
    for n in range(24):
        await one.work(1, n)
        await other.work(1, n)
        await other.reopen()
        assert to_openai(other.model.requests[-1]) == to_openai(one.model.requests[-1])
    assert len(only(Compacted, await one.log())) >= 2
    assert [type(e) for e in await one.log()] == [type(e) for e in await other.log()]
    await one.engine.aclose()
    await other.engine.aclose()


# What went out of view is read again


async def test_reopen_and_search_find_what_was_removed(workshop: Workshop) -> None:
    await workshop.work(3)
    done = await workshop.owner.compact(TASK, "the first parts")
    assert done is not None
    turn = await workshop.say(
        "What did part_0 say?",
        call(("s1", "search_log", {"query": "built part_0"})),
    )
    (found,) = only(ToolFinished, turn)
    reference = re.search(r"\[e\d+\]", found.output)
    assert reference is not None
    turn = await workshop.say(
        "And all of it?", call(("s2", "reopen", {"ref": reference[0], "lines": "1-61"}))
    )
    (read,) = only(ToolFinished, turn)
    assert read.output == workshop.build("part_0")


async def test_the_references_of_a_block_can_be_reopened_as_they_stand(workshop: Workshop) -> None:
    await workshop.work(12)
    log = await workshop.log()
    block = next(m.text for m in workshop.model.requests[-1].messages if "<handoff>" in m.text)
    references = list(dict.fromkeys(re.findall(r"\[e\d+(?:-e\d+)?\]", block)))
    assert references
    outputs = {event.output for event in only(ToolFinished, log)}
    given: list[str] = []
    for n, reference in enumerate(references):
        turn = await workshop.say("Look.", call((f"r{n}", "reopen", {"ref": reference})))
        (read,) = only(ToolFinished, turn)
        assert not read.is_error, read.output
        given.append(read.output)
    upto = only(Compacted, log)[-1].upto
    for event in only(ToolFinished, log):
        if event.place and event.place.ordinal <= upto:
            assert any(event.output in text for text in given)
    assert outputs


# Files


async def test_what_is_known_of_a_file_stands_behind_the_block_as_it_is_now(
    workshop: Workshop,
) -> None:
    path = "/srv/pkg/store.py"
    workshop.files[path] = "\n".join(f"row_{n} = {n}" for n in range(1, 5))
    change = {"path": path, "old_string": "row_3 = 3", "new_string": "row_3 = 33\nrow_x = 0"}
    await workshop.say("Read it.", call(("f1", "read", {"path": path})))
    await workshop.say("Change it.", call(("f2", "edit", change)))
    await workshop.work(8, first=10)
    assert only(Compacted, await workshop.log())
    text = "\n".join(m.text for m in workshop.model.requests[-1].messages)
    lines = "\n".join(f"{n}→{line}" for n, line in enumerate(workshop.files[path].split("\n"), 1))
    assert re.search(rf'<file path="{path}"[^>]*>\n{re.escape(lines)}\n</file>', text)


async def test_without_the_feature_no_file_stands_behind_the_block() -> None:
    workshop = Workshop(
        InMemoryBrains(), environment={"FEATURE_STRUCTURED_FILE_EXTRACTION": "false"}
    )
    workshop.files["/srv/a.py"] = "one\ntwo\nthree\nfour"
    await workshop.say("Read it.", call(("f1", "read", {"path": "/srv/a.py"})))
    await workshop.work(8, first=10)
    assert only(Compacted, await workshop.log())
    assert all("<file" not in str(messages(request)) for request in workshop.model.requests)


# Switched off


async def test_both_flags_off_a_context_over_the_window_is_refused_with_numbers() -> None:
    workshop = Workshop(InMemoryBrains(), environment=OFF)
    workshop.files["/srv/a.py"] = "one\ntwo\nthree\nfour"
    await workshop.say("Read it.", call(("f1", "read", {"path": "/srv/a.py"})))
    with pytest.raises(ContextOverflow) as refused:
        await workshop.work(40)
    details = refused.value.details
    assert (details["room_tokens"], details["window_tokens"]) == (ROOM, SMALL.window_tokens)
    assert isinstance(details["tokens"], int)
    assert details["tokens"] > ROOM
    log = await workshop.log()
    assert only(Compacted, log) == []
    assert [event.reason for event in only(EpochOpened, log)] == ["task_start"]
    for request in workshop.model.requests:
        assert "<handoff>" not in str(messages(request))
        assert "<file" not in str(messages(request))
        assert request.estimated_tokens <= ROOM
    assert await workshop.owner.compact(TASK) is None
    assert "switched off" in workshop.engine.compaction
    with pytest.raises(ContextOverflow):
        await workshop.say("And now?" * 10)


async def test_a_task_that_overflowed_goes_on_when_compaction_is_switched_on() -> None:
    brains = InMemoryBrains()
    off = Workshop(brains, environment=OFF)
    with pytest.raises(ContextOverflow):
        await off.work(40)
    on = Workshop(brains)
    turn = await on.say("And now?")
    assert isinstance(turn[-1], TurnCompleted)
    assert only(Compacted, turn)


# A provider that refuses


async def test_a_refused_context_is_collapsed_and_sent_once_more(workshop: Workshop) -> None:
    await workshop.work(3)
    seen = len(workshop.model.requests)
    turn = await workshop.say("Go on.", ContextOverflow("too long"), "It worked.")
    assert isinstance(turn[-1], TurnCompleted)
    (done,) = only(Compacted, turn)
    assert done.trigger == "provider"
    refused, sent = workshop.model.requests[seen:]
    assert sent.counted_tokens < refused.counted_tokens
    assert "Go on." in str(messages(sent))
    (usage,) = only(UsageReported, turn)
    assert usage.break_reason == "compaction"
    assert usage.expected_hit_tokens <= usage.usage.cache_hit_tokens + 60
    check_stream(
        turn, (await workshop.log())[-len([e for e in turn if e.place and not e.place.part]) :]
    )
    assert to_openai(await workshop.another().owner("ada").context(TASK)) == to_openai(sent)


async def test_what_is_refused_twice_is_refused_with_numbers(workshop: Workshop) -> None:
    await workshop.work(3)
    seen = len(workshop.model.requests)
    with pytest.raises(ContextOverflow) as refused:
        await workshop.say("Go on.", *[ContextOverflow("too long")] * 9)
    assert len(workshop.model.requests) == seen + 2
    log = await workshop.log()
    assert isinstance(log[-1], TurnErrored)
    (error,) = only(ErrorRaised, log)
    assert error.error == "CONTEXT_OVERFLOW"
    for details in (refused.value.details, error.details):
        assert isinstance(details.get("tokens"), int)
        assert details.get("room_tokens") == ROOM
    turn = await workshop.say("And now?", "It works again.")
    assert isinstance(turn[-1], TurnCompleted)


async def test_a_refusal_with_nothing_to_remove_is_told_at_once(workshop: Workshop) -> None:
    with pytest.raises(ContextOverflow):
        await workshop.say("Hello.", *[ContextOverflow("too long")] * 9)
    assert len(workshop.model.requests) == 1
    assert only(Compacted, await workshop.log()) == []


async def test_a_refusal_in_mid_turn_keeps_the_step_that_it_is_about(workshop: Workshop) -> None:
    await workshop.work(3)
    asked = call(("m1", "build", {"target": "part_m"}))
    turn = await workshop.say("Go on.", asked, ContextOverflow("too long"), "It worked.")
    assert isinstance(turn[-1], TurnCompleted)
    assert pairing_faults(workshop.sent) == []
    assert "built part_m" in str(workshop.sent)
    assert "Go on." in str(workshop.sent)


# Time


async def test_behind_a_long_silence_a_collapse_costs_nothing(workshop: Workshop) -> None:
    await workshop.work(5)
    assert only(Compacted, await workshop.log()) == []
    workshop.clock.move(CARD.cache.ttl_s + 1)
    turn = await workshop.say("Good morning.")
    (done,) = only(Compacted, turn)
    assert (done.trigger, done.price_tokens) == ("cold_cache", 0.0)


# Edits and branches


async def test_an_edit_before_a_compaction_brings_the_originals_back(workshop: Workshop) -> None:
    await workshop.work(2)
    before = workshop.sent
    said = only(UserSpoke, await workshop.log())
    await workshop.work(10, first=2)
    assert "<handoff>" in str(workshop.sent)
    second = only(UserSpoke, await workshop.log())[2]
    assert second.place is not None
    edited = workshop.owner.execute(TASK, "Rather not.", replaces=second.place.ordinal)
    _ = [event async for event in edited]
    assert "<handoff>" not in str(workshop.sent)
    assert workshop.sent[: len(before)] == before
    assert workshop.sent[-1]["content"] == "Rather not."
    assert only(Compacted, await workshop.log()) == []
    assert only(Compacted, await workshop.owner.dead_branches(TASK))
    assert only(UserSpoke, await workshop.log())[:2] == said
    assert messages(await workshop.another().owner("ada").context(TASK)) == workshop.sent


async def test_an_edit_behind_a_compaction_keeps_it(workshop: Workshop) -> None:
    await workshop.work(3)
    await workshop.owner.compact(TASK, "the first parts")
    await workshop.say("One more.", "First answer.")
    last = only(UserSpoke, await workshop.log())[-1]
    assert last.place is not None
    edited = workshop.owner.execute(TASK, "Another one.", replaces=last.place.ordinal)
    _ = [event async for event in edited]
    assert "(the first parts)" in str(workshop.sent)
    assert "One more." not in str(workshop.sent)
    assert messages(await workshop.another().owner("ada").context(TASK)) == workshop.sent


async def test_a_retried_message_is_answered_with_what_it_had_before_it(workshop: Workshop) -> None:
    await workshop.work(12)
    first = only(UserSpoke, await workshop.log())[0]
    assert first.place is not None
    _ = [event async for event in workshop.owner.retry(TASK, first.place.ordinal)]
    assert [m["role"] for m in workshop.sent] == ["system", "user"]
    assert workshop.sent[1]["content"] == "Message 0: please build part_0."


# Crashes


async def break_off(ada: OwnerEngine, message: str, when: Callable[[Event], bool]) -> bool:
    """Carry a message until an event, and no further; whether it came that far."""
    async with aclosing(ada.execute(TASK, message, idempotency_key="k")) as events:
        async for event in events:
            if when(event):
                return True
    return False


def nth(number: int) -> Callable[[Event], bool]:
    seen = count(1)
    return lambda _: next(seen) == number


async def test_wherever_a_turn_with_a_compaction_breaks_off_it_comes_to_its_end() -> None:
    """With the same words in front of its model, whether it broke before or behind it."""
    next_after = {
        "": call(("k1", "build", {"target": "part_k"})),
        "k1": call(("k2", "compact", {"label": "x"})),
        "k2": say("Done."),
    }

    async def carried(stop: int | None) -> list[Any]:
        workshop = Workshop(InMemoryBrains())
        await workshop.work(3)

        def script(context: Context) -> Answer:
            last = context.messages[-1].blocks[-1].block
            return next_after[last.call_id if isinstance(last, ToolResultBlock) else ""]

        workshop.model = ScriptedModel(script, card=workshop.model.card)
        workshop.engine = workshop.another()
        if stop is not None and not await break_off(workshop.owner, "go", nth(stop)):
            return []
        workshop.engine = workshop.another()
        turn = await workshop.say("go", key="k")
        assert isinstance(turn[-1], TurnCompleted), stop
        log = await workshop.log()
        for one, other in pairwise(log):
            assert not isinstance(one, Compacted) or isinstance(other, EpochOpened), stop
        for request in workshop.model.requests:
            assert pairing_faults(messages(request)) == [], stop
        return [event.text for event in only(AssistantSpoke, log)] + [
            event.output for event in only(ToolFinished, log)
        ]

    whole = await carried(None)
    assert whole
    for stop in count(1):
        told = await carried(stop)
        if not told:
            assert stop > 10
            return
        unknown = [one for one, other in zip(told, whole, strict=True) if one != other]
        assert all("outcome of this call is unknown" in text for text in unknown), stop


async def test_an_output_that_is_too_long_never_reaches_the_model_whole(workshop: Workshop) -> None:
    workshop.files["/srv/long.txt"] = "\n".join(f"line number {n}" for n in range(9_000))
    turn = await workshop.say("Read it.", call(("f1", "read", {"path": "/srv/long.txt"})))
    (read,) = only(ToolFinished, turn)
    assert read.excerpt is not None
    assert read.output.count("\n") == 8_999
    shown = str(workshop.sent[-1]["content"])
    assert CharacterCounter().count(shown, "code") <= 0.15 * ROOM
    assert read.place is not None
    assert f"[e{read.place.ordinal}] holds all of it" in shown
    assert messages(await workshop.another().owner("ada").context(TASK)) == workshop.sent
