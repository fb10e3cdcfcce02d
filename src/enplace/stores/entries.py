"""What recall can find of each memory: the same entries in every store."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from enplace.records.erasure import MARK
from enplace.records.event import AssistantSpoke, Event, MessageHeard, UserSpoke
from enplace.records.memory import Chunk, Document, Episode, Fact, Memory, Person
from enplace.records.recollection import MemoryKind
from enplace.records.traits import traits_of
from enplace.records.words import content_terms, fold, terms
from enplace.stores.moments import to_text


class Entry(NamedTuple):
    """One thing to be found, as the index takes it."""

    kind: MemoryKind
    ref: str
    at: str
    """When it was said, happened or was recorded, as `moments.to_text` writes it."""
    text: str
    context: str
    """Words that stand around it: who, where, under which heading."""
    speaker: str = ""
    role: str = ""
    people: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    spot: int | None = None
    """Place among its neighbours."""
    heading: str = ""
    """Of a piece of a document, where its text does not begin with it."""

    @property
    def to_encode(self) -> str:
        """What an embedder is given: a piece says little without what it is about."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text

    @property
    def traits(self) -> int:
        """Of what was said; other memories are told in the third person."""
        return traits_of(self.text) if self.kind == "said" else 0

    @property
    def stems(self) -> str:
        """The text as the index gets it."""
        return index_terms(self.text)

    @property
    def context_stems(self) -> str:
        """The context as the index gets it."""
        return index_terms(self.context)


def entries_of(memory: Memory, at: str) -> Iterator[Entry]:
    """The entries of a memory; none of one that is not to be found.

    Args:
        memory: As it stands.
        at: When it happened or was recorded.
    """
    if memory.state in {"forgotten", "retired", "quarantined"}:
        return
    tags = memory.tags
    match memory:
        case Fact():
            about = (memory.subject or "", memory.object or "")
            context = spoken((*about, memory.predicate or ""))
            people = tuple(name for name in about if name)
            yield Entry("fact", memory.id, at, memory.sentence, context, people=people, tags=tags)
        case Episode():
            context = spoken((memory.key, *memory.participants))
            text = episode_text(memory)
            yield Entry(
                "episode", memory.id, at, text, context, people=memory.participants, tags=tags
            )
        case Person():
            text = person_text(memory)
            yield Entry("person", memory.id, at, text, "", people=memory.names, tags=tags)
        case Document():
            for spot, chunk in enumerate(memory.chunks, start=1):
                context = spoken((memory.name, *chunk.heading))
                ref = chunk_ref(memory.id, spot)
                above = _above(chunk)
                yield Entry(
                    "chunk", ref, at, chunk.text, context, tags=tags, spot=spot, heading=above
                )


def _above(chunk: Chunk) -> str:
    """The headings of a piece that does not say them itself."""
    own = chunk.heading[-1] if chunk.heading else ""
    begins = own in chunk.text.partition("\n")[0]
    return ": ".join(chunk.heading[:-1] if begins else chunk.heading)


def index_terms(text: str) -> str:
    """A text as the index gets it: terms without stop words; all of them where it has no other."""
    text = text.replace(MARK, " ")  # nobody asks for it
    return " ".join(content_terms(text) or terms(text))


def said_entry(event: Event, task_id: str, ordinal: int, at: str) -> Entry | None:
    """The entry of something that was said; None for other events and where nothing was."""
    text = said_text(event)
    if not text.replace(MARK, "").strip():
        return None
    ref, role, speaker = f"{task_id} {ordinal}", "user", ""
    if isinstance(event, AssistantSpoke):
        role = "assistant"
    elif isinstance(event, MessageHeard):
        role, speaker, at = event.role, event.speaker, to_text(event.said_at)
    return Entry("said", ref, at, text, speaker, speaker=speaker, role=role)


def said_text(event: Event) -> str:
    """What somebody said to or for the owner; nothing for other events, and within sub-agents."""
    match event:
        case UserSpoke() | AssistantSpoke():
            return "" if event.agent else event.text
        case MessageHeard():
            return event.text
        case _:
            return ""


def spoken(names: Iterable[str]) -> str:
    """Names as words: `works_at` is found by "works"."""
    return " ".join(name.replace("_", " ") for name in names if name)


def episode_text(episode: Episode) -> str:
    """An episode in one text."""
    told = (episode.description, episode.value, episode.outcome)
    return " ".join(part.strip() for part in told if part.strip())


def person_text(person: Person) -> str:
    """A person in one text."""
    also = f", also known as {', '.join(person.aliases)}" if person.aliases else ""
    kind = "" if person.person_kind in {"person", "other"} else f", a {person.person_kind}"
    return f"{person.name}{also}{kind}."


def chunk_ref(document_id: str, spot: int) -> str:
    """The name of a piece of a document; pieces count from 1."""
    return f"{document_id} {spot}"


def chunk_of(document: Document, ref: str) -> Chunk:
    """The piece that a name stands for."""
    return document.chunks[int(ref.rpartition(" ")[2]) - 1]


def barred(names: Sequence[str]) -> str:
    """Names folded and between bars, so that a whole one can be looked for: `|ana|bo|`."""
    folded = dict.fromkeys(fold(name).replace("|", " ") for name in names if name.strip())
    return f"|{'|'.join(folded)}|" if folded else ""
