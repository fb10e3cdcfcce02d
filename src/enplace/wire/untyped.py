"""Values of a provider's JSON, whose shape nobody promises."""

from collections.abc import Mapping, Sequence
from typing import Any

from enplace.records.block import ThinkingBlock
from enplace.records.canonical import well_formed


def an_object(value: Any) -> Mapping[str, Any]:
    """The object that should stand there; an empty one for null and for nothing."""
    return value or {}


def objects(value: Any) -> Sequence[Mapping[str, Any]]:
    """The list of objects that should stand there; an empty one for null and for nothing."""
    return value or ()


def a_thought(text: str, seal: str = "") -> ThinkingBlock:
    """A thought with the seal that stands for its exact bytes.

    One that no store can carry as it is loses its seal, and so is sent to nobody.
    """
    carried = well_formed(text)
    return ThinkingBlock(text=carried, signature=seal if carried == text else "")
