"""Questions to a person, and answers. A turn waits for them as long as it takes."""

from dataclasses import dataclass
from typing import Literal

QuestionKind = Literal["permission", "question"]

_YES = frozenset({"yes", "y", "ok", "allow", "approve", "approved"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a tool, the model or a permission rule wants to know from a person."""

    text: str
    question_kind: QuestionKind = "question"
    """`permission`: whether a call may run. `question`: anything else."""
    options: tuple[str, ...] = ()
    """Answers to choose from; empty: any text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person said."""

    text: str
    """yes, no, one of the options or free text."""
    feedback: str = ""
    """For the model, beside the answer: why not, or what to do instead."""

    @property
    def grants(self) -> bool:
        """Whether it allows what was asked; anything but a clear yes does not."""
        return self.text.strip().casefold().rstrip(".!") in _YES
