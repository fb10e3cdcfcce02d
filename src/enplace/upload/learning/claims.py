"""What is claimed in a sentence: of whom, since when, and whether it holds."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from enplace.records.memory import FactKind
from enplace.upload.learning.language.when import Times

Holding = Literal["holds", "held", "over", "denied", "never"]
"""`held`: it was so once, and this is how it is heard of. `over`: it was so until now. `denied`: it
is not so. `never`: it was said by mistake."""

KIND_OF: dict[str, FactKind] = {
    **dict.fromkeys(("likes", "dislikes", "prefers", "interested_in"), "preference"),
    **dict.fromkeys(
        ("plans", "goal", "travelling_to", "appointment", "deadline", "needs_to", "waiting_for"),
        "plan",
    ),
    **dict.fromkeys(
        (
            "married_to", "engaged_to", "partner_of", "ex_partner_of", "has_child", "child_of",
            "sibling_of", "friend_of", "colleague_of", "neighbour_of", "relative_of", "manager",
            "doctor", "landlord", "has_pet", "works_with",
        ),
        "relation",
    ),
    "visited": "event",
    "event": "event",
    "decided": "decision",
    "instruction": "instruction",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing that is said."""

    subject: str
    predicate: str
    """Empty for a sentence that is kept as it is."""
    object: str
    start: int
    end: int
    """In the utterance."""
    rule: str
    holding: Holding = "holds"
    times: Times = field(default_factory=Times)
    kin: str = ""
    """What the object is to the subject, in one word."""
    sentence: str = ""
    """In words, where the predicate does not give them."""
    instead_of: str | None = None
    """See `records.learning.Assert`."""

    def shares_place(self, other: "Claim") -> bool:
        """Whether both say the same thing of the same one, of whatever object."""
        return (self.subject, self.predicate) == (other.subject, other.predicate)

    @property
    def fact_kind(self) -> FactKind:
        """What sort of thing it says."""
        if self.predicate.startswith("favourite_"):
            return "preference"
        return KIND_OF.get(self.predicate, "statement")


def is_dated(predicate: str) -> bool:
    """Whether it is about a day to come rather than about a stretch of time."""
    return predicate in {
        "appointment",
        "deadline",
        "travelling_to",
        "plans",
        "goal",
        "waiting_for",
        "event",
    }


def day_of(at: datetime | None) -> str:
    """A date as it stands in a sentence."""
    return at.date().isoformat() if at else ""
