"""Lints: what is seldom meant so in how somebody uses the engine, and what to do instead."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

LintCode = Literal[
    "static_text", "varying_prefix", "prefix_changes", "pasted_history", "memory_every_turn"
]
"""`docs/guide/lints.md` explains each. Codes are never renamed."""

ADVICE: Mapping[LintCode, str] = {
    "static_text": (
        "Keep instructions here and knowledge in memory: store the text as a document, and only "
        "what a message asks for is recalled."
    ),
    "varying_prefix": (
        "Take out what is another one each time: a cached prefix ends where it begins. Put it into "
        "the message, or let a tool tell it."
    ),
    "prefix_changes": (
        "Keep system prompt, tools and model as they are while a task goes on: a change sends the "
        "whole context uncached, or waits for the next epoch. What is new belongs into the message "
        "or into a note."
    ),
    "pasted_history": (
        "Send the new message alone under the same task: the engine keeps the history, and what is "
        "pasted stands there twice."
    ),
    "memory_every_turn": (
        "Write to memory deliberately: conversations are learned from in the background, and what "
        "is written but never recalled is overhead."
    ),
}
"""What to do about each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lint:
    """One thing that deserves advice."""

    code: LintCode
    where: str
    """`system prompt`, `tool NAME`, `message`, or `task`."""
    excerpt: str = ""
    """What gave rise to it, in a few words; of a message never the words themselves."""

    @property
    def advice(self) -> str:
        """What to do about it."""
        return ADVICE[self.code]
