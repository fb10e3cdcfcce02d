"""JSON as a type, and the one text and hash of a JSON value."""

import hashlib
import json
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
else:
    Json = Any  # a recursive alias cannot be evaluated by those who read annotations at run time
JsonObject: TypeAlias = dict[str, Json]


def canonical(value: Json) -> str:
    """The one text of a JSON value: keys sorted, no spaces, non-ASCII kept as it is."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    """The name of a text by its content: SHA-256 over UTF-8, 64 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def well_formed(text: str) -> str:
    """A text that every store and codec can carry: lone surrogates become U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
