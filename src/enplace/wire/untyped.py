"""Values of a provider's JSON, whose shape nobody promises."""

from collections.abc import Mapping, Sequence
from typing import Any


def an_object(value: Any) -> Mapping[str, Any]:
    """The object that should stand there; an empty one for null and for nothing."""
    return value or {}


def objects(value: Any) -> Sequence[Mapping[str, Any]]:
    """The list of objects that should stand there; an empty one for null and for nothing."""
    return value or ()
