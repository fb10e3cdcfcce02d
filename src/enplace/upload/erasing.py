"""What would go, worked out from all that is kept. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from enplace.records.erasure import Chosen, Cutout, Doomed, ErasurePlan, Needles
from enplace.records.event import (
    AssistantSpoke,
    Compacted,
    Event,
    MessageHeard,
    NoteWritten,
    TurnStarted,
    UserSpoke,
)
from enplace.records.laid import said_in
from enplace.records.memory import Document, Episode, Fact, Memory, Person, SoulLine, Span
from enplace.records.standing import kind_of
from enplace.records.words import content_terms, fold, words

LEAST_SENTENCE_WORDS = 4
"""A shorter sentence is looked for in its own place alone: others say the same by chance."""
COMMON_SENTENCE_WORDS = 6
"""A sentence below it that is said in another task as well is nobody's own."""
LEAST_VALUE_CHARACTERS = 3
"""Of a fact's object that is looked for by itself."""
LEAST_STEM_CHARACTERS = 4
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
Place = tuple[str, int]
"""Task and ordinal of an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """All that is kept, as it stands."""

    memories: Mapping[str, Memory]
    """By id, in whatever state."""
    evidence: Mapping[str, Sequence[Span]]
    """By memory: everything that it was written or confirmed by."""
    events: Mapping[Place, Event]
    soul: Sequence[SoulLine]
    """Every version."""
    notes: Sequence[tuple[str, str, str]] = ()
    """Task, key and value."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """A plan that is being made."""

    kept: Kept
    doomed: dict[str, Doomed] = field(default_factory=dict[str, Doomed])
    cutouts: dict[tuple[str, int, int, int | None], Cutout] = field(
        default_factory=dict[tuple[str, int, int, int | None], Cutout]
    )
    notes: dict[tuple[str, str], None] = field(default_factory=dict[tuple[str, str], None])
    words: dict[str, None] = field(default_factory=dict[str, None])
    names: dict[str, None] = field(default_factory=dict[str, None])

    def doom(self, memory: Memory, why: str) -> None:
        """Let a memory go."""
        told = Doomed(id=memory.id, kind=kind_of(memory), text=told_by(memory), why=why)
        self.doomed.setdefault(memory.id, told)

    def cut(self, span: Span) -> None:
        """Let a place in the log go."""
        event = self.kept.events.get((span.task_id, span.ordinal))
        if event is None:
            return
        text = said_in(event)[span.start : span.end]
        key = (span.task_id, span.ordinal, span.start, span.end)
        self.cutouts.setdefault(key, Cutout(span=span, text=text))

    def cut_whole(self, place: Place) -> None:
        """Let all text of an event go."""
        self.cut(Span(task_id=place[0], ordinal=place[1]))

    def plan(self, by: Chosen) -> ErasurePlan:
        """All of it, with the lines of the soul that say it."""
        needles = Needles(self.words, self.names)
        soul = {
            (line.section, line.key): None
            for line in self.kept.soul
            if (line.text and needles.found(line.text)) or self._is_cut(line.evidence)
        }
        return ErasurePlan(
            by=by,
            memories=tuple(self.doomed.values()),
            cutouts=tuple(self.cutouts[key] for key in sorted(self.cutouts, key=_order)),
            notes=tuple(self.notes),
            soul=tuple(soul),
            words=tuple(self.words),
            names=tuple(self.names),
        )

    # Steps

    def with_evidence(self) -> None:
        """What the memories were learned from goes with them."""
        for id_ in list(self.doomed):
            for span in self.kept.evidence.get(id_, ()):
                self.cut(span)

    def with_derived(self) -> None:
        """What was learned from nothing else goes as well, and what says the same."""
        said = {tuple(words(m.sentence)) for m in self._memories() if isinstance(m, Fact)}
        for memory in self.kept.memories.values():
            if memory.id in self.doomed:
                continue
            if self._is_cut(self.kept.evidence.get(memory.id, ())):
                self.doom(memory, "derived")
            elif isinstance(memory, Fact) and tuple(words(memory.sentence)) in said:
                self.doom(memory, "says the same")

    def with_words(self) -> None:
        """What else says it is to be found by its sentences, and by values that nobody shares."""
        for memory in self._memories():
            self.look_for(_sentences_of(memory))
        for each in self.cutouts.values():
            self.look_for(self._own(each))
        rest = [m for m in self.kept.memories.values() if m.id not in self.doomed]
        shared = {fold(text) for memory in rest for text in _values(memory)}
        shared_text = "\n".join(fold(told_by(memory)) for memory in rest)
        for memory in self._memories():
            if isinstance(memory, Fact) and memory.object and _is_telling(memory):
                value = fold(memory.object)
                if value not in shared and not Needles([value]).found(shared_text):
                    self.words.setdefault(memory.object.strip(), None)

    def with_handoffs(self) -> None:
        """A handoff tells of all that stood before it in pieces; it goes where that goes whole."""
        first: dict[str, int] = {}
        for each in self.cutouts.values():
            if each.is_whole:
                at = each.span
                first[at.task_id] = min(at.ordinal, first.get(at.task_id, at.ordinal))
        for place, event in self.kept.events.items():
            if isinstance(event, Compacted) and place[1] > first.get(place[0], 1 << 62):
                self.cut_whole(place)

    def _memories(self) -> list[Memory]:
        return [self.kept.memories[id_] for id_ in self.doomed]

    def look_for(self, sentences: Iterable[str]) -> None:
        """Let sentences go wherever they stand."""
        for sentence in sentences:
            plain = sentence.strip().rstrip(".!?…").strip()
            if plain:
                self.words.setdefault(plain, None)

    def _own(self, cutout: Cutout) -> Iterator[str]:
        """The sentences of a place in the log that are not said by chance elsewhere."""
        for sentence in _sentences(cutout.text):
            count = len(words(sentence))
            if count >= COMMON_SENTENCE_WORDS or (
                count >= LEAST_SENTENCE_WORDS and not self._is_common(sentence, cutout.span.task_id)
            ):
                yield sentence

    def _is_common(self, sentence: str, task_id: str) -> bool:
        flat = fold(sentence)
        return any(
            place[0] != task_id and flat in fold(said_in(event))
            for place, event in self.kept.events.items()
            if isinstance(event, UserSpoke | MessageHeard | AssistantSpoke)
        )

    def _is_cut(self, evidence: Sequence[Span]) -> bool:
        """Whether there is evidence, and nothing of it stays."""
        return bool(evidence) and all(map(self._covers, evidence))

    def _covers(self, span: Span) -> bool:
        ends = span.end if span.end is not None else 1 << 62
        return any(
            task == span.task_id
            and ordinal == span.ordinal
            and start <= span.start
            and (end is None or ends <= end)
            for task, ordinal, start, end in self.cutouts
        )


def of_ids(kept: Kept, ids: Sequence[str]) -> Draft:
    """The plan for memories and for messages; somebody's own id means the person."""
    draft = Draft(kept=kept)
    for id_ in ids:
        if id_.startswith("said:"):
            task, _, ordinal = id_.removeprefix("said:").rpartition(":")
            draft.cut_whole((task, int(ordinal)))
            continue
        draft.doom(kept.memories[document_of(id_)], "chosen")
    draft.with_evidence()
    draft.with_derived()
    draft.with_handoffs()
    draft.with_words()
    return draft


def document_of(id_: str) -> str:
    """The id of the document that a piece is of; any other id is itself."""
    return id_.removeprefix("chunk:").rpartition(":")[0] if id_.startswith("chunk:") else id_


def of_person(kept: Kept, name: str) -> Draft:
    """The plan for somebody: all names, and all memories about or naming them."""
    draft = Draft(kept=kept)
    people, names = _known_as(kept, name)
    draft.names.update(dict.fromkeys(names))
    needles = Needles((), names)
    folded = {fold(each) for each in names}
    for memory in kept.memories.values():
        if memory.id in people:
            draft.doom(memory, "chosen")
        elif isinstance(memory, Fact | Episode):
            about = {fold(value) for value in _values(memory)}
            if about & folded or needles.found(told_by(memory)):
                draft.doom(memory, "about them" if about & folded else "names them")
    draft.with_evidence()
    for each in names:
        stems = content_terms(each)
        if len(stems) == 1 and len(stems[0]) >= LEAST_STEM_CHARACTERS and stems[0] != fold(each):
            draft.words.setdefault(stems[0], None)
    return draft


def _known_as(kept: Kept, name: str) -> tuple[set[str], list[str]]:
    """Everybody whom a name means, by id, merged ones among them; and all of their names."""
    people = [memory for memory in kept.memories.values() if isinstance(memory, Person)]
    names = {fold(name): name.strip()}
    found: set[str] = set()
    while True:
        more = {
            person.id
            for person in people
            if person.id not in found
            and (
                any(fold(each) in names for each in person.names)
                or person.merged_into in found
                or any(p.merged_into == person.id for p in people if p.id in found)
            )
        }
        if not more:
            return found, list(names.values())
        found |= more
        for person in people:
            if person.id in more:
                for each in person.names:
                    names[fold(each)] = each


def of_places(kept: Kept, places: Iterable[Place], notes: Iterable[tuple[str, str]]) -> Draft:
    """The plan for a task or a session: all text of its events."""
    draft = Draft(kept=kept)
    for place in places:
        draft.cut_whole(place)
    for task_id, key, value in kept.notes:
        if (task_id, key) in set(notes):
            draft.notes[task_id, key] = None
            draft.look_for(s for s in _sentences(value) if len(words(s)) >= LEAST_SENTENCE_WORDS)
    draft.with_derived()
    draft.with_handoffs()
    draft.with_words()
    return draft


def of_session(kept: Kept, session: str) -> tuple[list[Place], list[tuple[str, str]]]:
    """The events of a visit, and the notes that were written in it."""
    turns = {
        (place[0], event.turn_id)
        for place, event in kept.events.items()
        if isinstance(event, TurnStarted) and event.session_id == session
    }
    places = [
        place
        for place, event in kept.events.items()
        if (event.place is not None and (place[0], event.place.turn_id) in turns)
        or (isinstance(event, MessageHeard) and event.session == session)
    ]
    there = {(task, key): value for task, key, value in kept.notes}
    written = (kept.events[place] for place in places)
    notes = {
        (event.note.task_id, event.note.key): None
        for event in written
        if isinstance(event, NoteWritten)
        and there.get((event.note.task_id, event.note.key)) == event.note.value
    }
    return places, list(notes)


def told_by(memory: Memory) -> str:
    """A memory in one text; of a document its name."""
    match memory:
        case Fact():
            return memory.sentence
        case Episode():
            told = (memory.key, memory.description, memory.value, memory.outcome)
            return " ".join(part for part in told if part)
        case Person():
            return ", ".join(memory.names)
        case Document():
            return memory.name


def _values(memory: Memory) -> tuple[str, ...]:
    match memory:
        case Fact():
            return tuple(value for value in (memory.subject, memory.object) if value)
        case Episode():
            return memory.participants
        case Person():
            return memory.names
        case Document():
            return ()


def _sentences_of(memory: Memory) -> Iterator[str]:
    match memory:
        case Fact():
            yield memory.sentence
        case Episode():
            for text in (memory.key, memory.description, memory.value, memory.outcome):
                yield from (s for s in _sentences(text) if len(words(s)) >= LEAST_SENTENCE_WORDS)
        case Document():
            long = Counter(_sentences(memory.text))
            yield from (s for s in long if len(words(s)) >= COMMON_SENTENCE_WORDS)
        case Person():
            pass


def _sentences(text: str) -> Iterator[str]:
    return (part.strip() for part in _SENTENCE.split(text) if part.strip())


def _is_telling(fact: Fact) -> bool:
    """Whether a fact's object says something by itself."""
    value = (fact.object or "").strip()
    if fold(value) == fold(fact.subject or "") or value.casefold() in {"yes", "no", "user"}:
        return False
    return len(value) >= LEAST_VALUE_CHARACTERS and bool(content_terms(value))


def _order(key: tuple[str, int, int, int | None]) -> tuple[str, int, int, int]:
    task, ordinal, start, end = key
    return task, ordinal, start, 1 << 62 if end is None else end
