"""JSON as a type, and the one text and hash of a JSON value."""

import hashlib
import json
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
else:
    Json = Any  # a recursive alias cannot be evaluated by those who read annotations at run time
JsonObject: TypeAlias = dict[str, Json]


def canonical(value: Json) -> str:
    """The one text of a JSON value: keys sorted, no spaces, non-ASCII kept as it is."""
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    """The name of a text by its content: SHA-256 over UTF-8, 64 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def well_formed(text: str) -> str:
    """A text that every store and codec can carry: lone surrogates become U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


DEEPEST = 100
"""Lists and objects inside each other: deeper ones can be written to a brain but not read back."""


def json_object(text: str) -> JsonObject | None:
    """The object that a text from a model holds; None where it is none that can be carried."""
    try:
        value: object = json.loads(text or "{}")
        if "\\u" in text or not (text.isascii() or well_formed(text) == text):
            value = json.loads(well_formed(json.dumps(value, ensure_ascii=False)))
    except (ValueError, RecursionError):
        return None
    usable = isinstance(value, dict) and not _deeper_than(DEEPEST, cast(JsonObject, value))
    return cast(JsonObject, value) if usable else None


def _deeper_than(depth: int, value: object) -> bool:
    level = [value]
    for _ in range(depth + 1):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: object) -> list[object]:
    match value:
        case dict():
            return list(cast(dict[str, object], value).values())
        case list():
            return list(cast(list[object], value))
        case _:
            return []
