"""Erasing: what is to go and what became of it, and where words stand in a text. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from enplace.records.canonical import Json, canonical, digest
from enplace.records.memory import Span

MARK = "[forgotten]"
"""Stands where something was erased."""

Chosen: TypeAlias = Literal["ids", "person", "session", "task", "query"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doomed:
    """A memory that would go."""

    id: str
    kind: str
    """fact, episode, person or document."""
    text: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutout:
    """A place in the log that would be replaced by `[forgotten]`."""

    span: Span
    """Of a whole event where it begins at 0 and has no end."""
    text: str
    """What stands there. A place that says something else meanwhile is left alone."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the event's text stays."""
        return self.span.start == 0 and self.span.end is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasurePlan:
    """What would go. Making one changes nothing."""

    by: Chosen
    memories: tuple[Doomed, ...] = ()
    cutouts: tuple[Cutout, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    """Task and key of notes."""
    soul: tuple[tuple[str, str], ...] = ()
    """Section and key of lines of the soul."""
    words: tuple[str, ...] = ()
    """Words and sentences that are replaced wherever else they stand, and are not to be found
    afterwards; letter case aside, and only where they are no part of a longer word."""
    names: tuple[str, ...] = ()
    """Of these words those that are somebody's names: found with an `s` at their end as well."""

    @property
    def digest(self) -> str:
        """Names the plan, so that nothing is erased but what was shown."""
        told: list[Json] = [
            self.by,
            [each.id for each in self.memories],
            [
                [c.span.task_id, c.span.ordinal, c.span.start, c.span.end, digest(c.text)]
                for c in self.cutouts
            ],
            [[*note] for note in self.notes],
            [[*line] for line in self.soul],
            [*self.words],
            [*self.names],
        ]
        return digest(canonical(told))

    @property
    def is_empty(self) -> bool:
        """Whether nothing would go."""
        what = (self.memories, self.cutouts, self.notes, self.soul, self.words, self.names)
        return not any(what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A search for the words of a plan in all that is kept. Never tells the words."""

    words: int = 0
    """How many were looked for."""
    texts: int = 0
    """Values that were read."""
    file_bytes: int = 0
    """Bytes of the brain's files that were read; 0 where there is no file."""
    found: int = 0
    """Places where one still stands."""
    inside: int = 0
    """Places where the same letters are part of a longer word, or of a name of the machinery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureReceipt:
    """What an erasure did, in numbers.

    Exports and backups kept elsewhere, and what a provider logged, are out of its reach.
    """

    plan: str
    """Digest of the plan."""
    deleted: Mapping[str, int] = field(default_factory=dict[str, int])
    """Rows that are gone, by table."""
    rewritten: Mapping[str, int] = field(default_factory=dict[str, int])
    """Rows in which `[forgotten]` stands now, by table."""
    derived: Mapping[str, int] = field(default_factory=dict[str, int])
    """Of all those the rows that were made out of what went: index, vectors, texts of contexts,
    confirmations, facts."""
    scan: Scan = field(default_factory=Scan)
    packed: bool = True
    """Whether the file was written anew, so that no free page holds anything of it. False: others
    held it, and the next opening does it."""

    @property
    def clean(self) -> bool:
        """Whether nothing is to be found any more."""
        return self.packed and not self.scan.found


# Where words stand


@dataclass(frozen=True, slots=True)
class Edited:
    """A text in which places were replaced by `[forgotten]`."""

    text: str
    cuts: tuple[tuple[int, int], ...]
    """Of the text before, in order, apart from each other."""

    def place(self, offset: int, *, ends: bool = False) -> int:
        """Where a place of the text before is now; one inside a cut is at an edge of the mark."""
        shift = 0
        for start, end in self.cuts:
            if end <= offset:
                shift += len(MARK) - (end - start)
            elif start < offset < end:
                return start + shift + (len(MARK) if ends else 0)
            else:
                break
        return offset + shift


def edited(text: str, cuts: Iterable[tuple[int, int]]) -> Edited:
    """A text with `[forgotten]` in these places."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(cuts):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif end > start:
            merged.append((start, end))
    parts: list[str] = []
    at = 0
    for start, end in merged:
        parts += [text[at:start], MARK]
        at = end
    return Edited("".join([*parts, text[at:]]), tuple(merged))


_RUN = re.compile(r"[0-9A-Za-z]+")
_ESCAPED = re.compile(r"[nrtbf]|u[0-9a-fA-F]{4}")
_CLIP = re.compile(r"…|\.\.\.")
LEAST_CLIPPED = 8
"""Characters of a sentence that was cut short, by which it is still recognised."""


class Needles:
    """Words and sentences to be found in texts, as they are or inside of JSON, at any depth of it.

    White space, letter case, the form of accents and of apostrophes do not matter.
    """

    def __init__(self, words: Iterable[str], names: Iterable[str] = ()) -> None:
        self._by_run: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
        self._others: list[re.Pattern[str]] = []
        self._names = frozenset(names)
        for word in dict.fromkeys((*words, *self._names)):
            self._add(unicodedata.normalize("NFC", word))

    def _add(self, word: str) -> None:
        if not word.strip():
            return
        pattern = re.compile(_pattern(word, inflected=word in self._names), re.IGNORECASE)
        run = _RUN.match(word)
        after = word[run.end() : run.end() + 1] if run else ""
        if run is None or (after and not after.isascii()):
            self._others.append(pattern)
        else:
            self._by_run.setdefault(run[0].lower(), []).append((word, pattern))

    def cuts(self, text: str, *, clipped: bool = False) -> list[tuple[int, int]]:
        """Where they stand in a text.

        Args:
            text: Any.
            clipped: Sentences that were cut short with an ellipsis count as well.
        """
        found = [place for other in self._others for place in _places(other, text)]
        for start, run in _runs(text) if self._by_run else ():
            for name in {run, run.removesuffix("s")}:
                for word, pattern in self._by_run.get(name, ()):
                    match = pattern.match(text, start)
                    if match is not None:
                        found.append(match.span())
                    elif clipped and (end := _clipped(text, start, word)):
                        found.append((start, end))
        return found

    def found(self, text: str) -> bool:
        """Whether any of them stands in a text."""
        return bool(self.cuts(text))


def _places(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in pattern.finditer(text))


def _runs(text: str) -> Iterator[tuple[int, str]]:
    """Every run of ASCII letters and digits, in lower case; one behind an escape twice."""
    for found in _RUN.finditer(text):
        start, run = found.start(), found[0]
        yield start, run.lower()
        if start and text[start - 1] == "\\" and (escaped := _ESCAPED.match(run)):
            yield start + escaped.end(), run[escaped.end() :].lower()


def _pattern(word: str, *, inflected: bool) -> str:
    body = "".join(_character(each) for each in _characters(word))
    begins = r"(?:(?<![^\W_])|(?<=\\[nrtbf])|(?<=\\u[0-9a-fA-F]{4}))" if word[0].isalnum() else ""
    ends = r"(?![^\W_])" if word[-1].isalnum() else ""
    return f"{begins}{body}{'s?' if inflected else ''}{ends}"


def _characters(word: str) -> Iterator[str]:
    """The characters of a word, any run of white space as one."""
    return iter(" ".join(word.split()))


def _character(character: str) -> str:
    match character:
        case " ":
            return r"(?:\s|\\+[nrt])+"
        case '"':
            return r"\\*[\"\u201c\u201d]"
        case "'" | "\u2018" | "\u2019":
            return r"(?:['\u2018\u2019]|\\+u(?:0027|201[89]))"
        case "\\":
            return r"\\+"
        case "/":
            return r"\\*/"
        case _ if character.isascii():
            return re.escape(character)
        case _:
            forms = {character, character.lower(), character.upper()}
            forms |= {unicodedata.normalize("NFD", form) for form in forms}
            escaped = {"".join(rf"\\+u{unit:04x}" for unit in _units(form)) for form in forms}
            return f"(?:{'|'.join([*map(re.escape, sorted(forms)), *sorted(escaped)])})"


def _units(text: str) -> Iterator[int]:
    encoded = text.encode("utf-16-be", "surrogatepass")
    return (int.from_bytes(encoded[at : at + 2], "big") for at in range(0, len(encoded), 2))


def _clipped(text: str, start: int, word: str) -> int:
    """Where the beginning of a sentence that stands at `start`, cut short, ends; 0 where not."""
    clip = _CLIP.search(text, start, start + 2 * len(word) + 3)
    if clip is None:
        return 0
    told = _flat(text[start : clip.start()])
    return clip.end() if len(told) >= LEAST_CLIPPED and _flat(word).startswith(told) else 0


def _flat(text: str) -> str:
    return " ".join(text.replace("\\n", " ").replace('\\"', '"').casefold().split())


def forms(word: str) -> Sequence[str]:
    """How a word may be written in a file: as it is, and in JSON inside of JSON; lower case."""
    found: dict[str, None] = {}
    for form in ("NFC", "NFD"):
        plain = unicodedata.normalize(form, word)
        for once in (plain, _quoted(plain), _ascii(plain)):
            found |= dict.fromkeys(each.lower() for each in (once, _quoted(once)))
    return [form for form in found if form.strip()]


def _quoted(text: str) -> str:
    return canonical(text)[1:-1]


def _ascii(text: str) -> str:
    return "".join(
        character if character.isascii() else "".join(f"\\u{u:04x}" for u in _units(character))
        for character in _quoted(text)
    )
