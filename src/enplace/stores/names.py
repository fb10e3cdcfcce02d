"""File names for owners."""

import re

from enplace.errors import BadInput
from enplace.records.canonical import digest

_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_RESERVED = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]")
"""Names that mean devices on Windows."""
MOST_CHARACTERS = 512


def file_name(owner: str) -> str:
    """A name that is safe on every file system, and different for different owners.

    Raises:
        BadInput: Empty, too long, or with characters that are no text.
    """
    usable = 0 < len(owner) <= MOST_CHARACTERS and owner.isprintable()
    if not usable:
        raise BadInput("an owner's name has 1 to 512 printable characters")
    if _PLAIN.fullmatch(owner) and not _RESERVED.fullmatch(owner):
        return owner
    readable = re.sub(r"[^a-z0-9]+", "-", owner.lower()).strip("-")[:32]
    return f"owner-{readable}.{digest(owner)[:24]}"
