"""Token counts: by characters, which needs no package, or by a real tokenizer."""

import importlib
import importlib.util
from collections.abc import Callable
from functools import cached_property
from math import ceil
from typing import Any

from enplace.ports import TextKind, TokenCounter

CHARACTERS_PER_TOKEN: dict[TextKind, float] = {"prose": 3.6, "code": 3.0, "json": 2.8}
"""Medians over recorded sessions of several providers; the engine corrects them per model."""


class CharacterCounter:
    """Counts by length. Off by up to half for some models until it is calibrated."""

    def count(self, text: str, kind: TextKind = "prose") -> int:
        """See `ports.TokenCounter`."""
        return ceil(len(text) / CHARACTERS_PER_TOKEN[kind])


class QuicktokCounter:
    """Counts with the o200k vocabulary: exact for recent OpenAI models, close for others.

    Needs the extra `tokens`.
    """

    @cached_property
    def _count(self) -> Callable[[str], int]:
        """Loads the vocabulary, half a CPU-second, when the first text is counted."""
        quicktok: Any = importlib.import_module("quicktok")  # the extra `tokens`, without types
        return quicktok.get_encoding("o200k_base").count

    def count(self, text: str, kind: TextKind = "prose") -> int:
        """See `ports.TokenCounter`. The kind makes no difference."""
        return self._count(text)


def best_counter() -> TokenCounter:
    """The tokenizer where its package is installed, else characters."""
    return QuicktokCounter() if importlib.util.find_spec("quicktok") else CharacterCounter()
