"""What a conversation teaches, as the tests write it."""

from collections.abc import Iterator
from datetime import UTC, datetime

from enplace.records.learning import Adopt, Assert, End, Lesson, Utterance
from enplace.upload.learning.lesson import lesson
from enplace.upload.learning.scene import Known

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def heard(*texts: str, known: Known | None = None) -> Lesson:
    """A lesson out of turns of the owner's; those that begin with `a:` are the assistant's."""
    said = [
        Utterance(
            task_id="t",
            ordinal=number,
            at=AT,
            text=text.removeprefix("a:").strip(),
            role="assistant" if text.startswith("a:") else "user",
        )
        for number, text in enumerate(texts, start=1)
    ]
    return lesson(said, known)


def told(found: Lesson) -> set[str]:
    """What a lesson says, in short: `user lives_in Ghent`, `end user drives Golf`."""
    return set(_told(found))


def _told(found: Lesson) -> Iterator[str]:
    for proposal in found.proposals:
        match proposal:
            case Assert(fact=fact):
                yield f"{fact.subject} {fact.predicate} {fact.object}"
            case End(about=fact):
                yield f"end {fact.subject} {fact.predicate} {fact.object}"
            case Adopt(line=line):
                yield f"adopt {line.text}"
            case _:
                pass
