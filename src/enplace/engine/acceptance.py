"""What is let in. Everything else is refused before anything is stored."""

from collections.abc import Sequence
from datetime import datetime

from enplace.errors import BadInput

MOST_NAME_CHARACTERS = 256


def accept_text(text: str, what: str, *, most: int | None = None) -> str:
    """Check a text that will be stored and sent.

    Raises:
        BadInput: Empty, too long, or with characters that no store and no model can carry.
    """
    if not text.strip():
        raise BadInput(f"{what} is empty", field=what)
    if most is not None and len(text) > most:
        raise BadInput(
            f"{what} has {len(text)} characters; at most {most} are accepted", field=what, most=most
        )
    if "\x00" in text:
        raise BadInput(f"{what} has a NUL character", field=what)
    if not _is_unicode(text):
        raise BadInput(f"{what} has a lone surrogate: it is no valid Unicode text", field=what)
    return text


def accept_name(name: str, what: str) -> str:
    """Check the name of an owner, a task, a key.

    Raises:
        BadInput: Empty, longer than 256 characters, or not printable.
    """
    accept_text(name, what, most=MOST_NAME_CHARACTERS)
    if not name.isprintable():
        raise BadInput(f"{what} has characters that cannot be printed", field=what)
    return name


def accept_moment(moment: datetime | None, what: str) -> datetime | None:
    """Check a time.

    Raises:
        BadInput: It does not say in which time zone it is.
    """
    if moment is not None and moment.tzinfo is None:
        raise BadInput(f"{what} needs a time zone", field=what)
    return moment


def accept_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Check tags; each counts once.

    Raises:
        BadInput: One is no usable name.
    """
    return tuple(dict.fromkeys(accept_name(tag, "tag") for tag in tags))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
