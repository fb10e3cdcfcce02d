"""Patterns that are compiled when they are first used.

Hundreds of long patterns tell what may be learned from a text. Compiling them takes longer than
all else that is done when a process starts, and most processes learn nothing.
"""

import re
from typing import cast


def lazy_pattern(text: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """`re.compile(text, flags)`, at first use: there, and not here, a wrong pattern is an error."""
    return cast("re.Pattern[str]", LazyPattern(text, flags))


class LazyPattern:
    """Stands for a pattern, and has all that it has."""

    def __init__(self, text: str, flags: re.RegexFlag) -> None:
        self._text = text
        self._flags = flags
        self._compiled: re.Pattern[str] | None = None

    def __getattr__(self, name: str) -> object:
        if self._compiled is None:
            self._compiled = re.compile(self._text, self._flags)
        found = getattr(self._compiled, name)
        setattr(self, name, found)  # from now on it is found without coming here
        return found
