"""Looks for words that were erased: in every value of a brain, and in the raw bytes of its files.

The two know nothing of the erasure itself: whatever it left out, they find.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from enplace.records.erasure import ErasurePlan, Needles, Scan, forms
from enplace.stores.sqlite.file import BrainFile

AROUND = 8
"""Characters on each side by which a place in a file is told to be one of a known value."""
NO_WORDS = frozenset({
    "kind", "op", "phase", "trust", "state", "fact_kind", "note_kind", "person_kind", "media",
    "action", "outcome", "role", "stop", "strategy", "trigger", "purpose", "segment", "section",
    "error", "model", "extractor", "media_type", "data", "signature", "system", "tools",
})  # fmt: skip
"""Fields and columns that hold names of the machinery."""


class _Place(NamedTuple):
    """Where the letters of a word stand in a text, with what is around them."""

    before: str
    after: str


def scan(file: BrainFile, plan: ErasurePlan) -> Scan:
    """Search a brain. Runs on the brain's thread, with no transaction open."""
    words = tuple(dict.fromkeys((*plan.words, *plan.names)))
    needles = Needles(words, plan.names)
    texts = found = 0
    for column, value in file.read(lambda: list(file.values())):
        texts += 1
        if isinstance(value, str) and not column.startswith("sqlite_schema."):
            found += _left(needles, column.rpartition(".")[2], value)
    size, places = _in_files(file, words)
    inside = 0
    if places:
        known = _in_values(file, places)
        for form, each in places.items():
            explained = sum(_is_known(place, known.get(form, ())) for place in each)
            inside += explained
            found += len(each) - explained
    return Scan(words=len(words), texts=texts, file_bytes=size, found=found, inside=inside)


def _left(needles: Needles, name: str, value: str) -> int:
    """How many words stand in a value, in JSON at its leaves."""
    if name in NO_WORDS or not needles.found(value):
        return 0
    try:
        inner: object = json.loads(value) if value[:1] in {"{", "["} else value
    except (ValueError, RecursionError):
        inner = value
    return sum(needles.found(leaf) for leaf in _leaves(inner))


def _leaves(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, each in cast(Mapping[str, Any], value).items():
                if key not in NO_WORDS or isinstance(each, dict | list):
                    yield from _leaves(cast(object, each))
        case list():
            for each in cast(Sequence[object], value):
                yield from _leaves(each)
        case None | bool():
            pass
        case _:
            yield str(value)


def _in_files(file: BrainFile, words: Iterable[str]) -> tuple[int, dict[str, list[_Place]]]:
    """How many bytes the files have, and all places where the letters of a word stand in them."""
    size = 0
    places: dict[str, list[_Place]] = {}
    written = {form for word in words for form in forms(word)}
    for path in file.paths():
        raw = path.read_bytes()
        size += len(raw)
        text = raw.decode("utf-8", "replace").lower()
        for form in written:
            if standing := list(_standing(form, text)):
                places.setdefault(form, []).extend(standing)
    return size, places


def _in_values(file: BrainFile, wanted: Iterable[str]) -> dict[str, set[_Place]]:
    """Places in values that are there by right: parts of longer words, names of the machinery."""
    known: dict[str, set[_Place]] = {}
    for _, value in file.read(lambda: list(file.values())):
        told = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        if isinstance(told, str):
            text = told.lower()
            for form in wanted:
                known.setdefault(form, set()).update(_standing(form, text))
    return known


def _standing(form: str, text: str) -> Iterator[_Place]:
    at = text.find(form)
    while at >= 0:
        end = at + len(form)
        yield _Place(text[max(0, at - AROUND) : at], text[end : end + AROUND])
        at = text.find(form, at + 1)


def _is_known(place: _Place, known: Iterable[_Place]) -> bool:
    """Whether a place of a file is one of a value; a page may end in the middle of either."""
    return any(
        (bool(each.before) and place.before.endswith(each.before))
        or (bool(each.after) and place.after.startswith(each.after))
        or not (each.before or each.after)
        for each in known
    )
