"""What a recall showed and left out, kept with its turn so that anyone can ask why later."""

import json
from dataclasses import dataclass
from typing import Any

from enplace.records.canonical import canonical
from enplace.records.recollection import DropStage, Recollection


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a memory was shown for a message, or was not."""

    id: str
    looked_for: tuple[str, ...]
    """Index terms of the message."""
    stage: DropStage | None = None
    """What dropped it; None where it was shown, or was not among the candidates."""
    found: bool = True
    """Whether it was among the candidates at all."""
    score: float = 0.0
    signals: tuple[tuple[str, float], ...] = ()
    """What the score is made of."""
    why: str = ""
    """In words."""
    turn_id: str = ""

    @property
    def shown(self) -> bool:
        """Whether the model saw it."""
        return self.found and self.stage is None


def receipt_of(found: Recollection) -> str:
    """A recall as a text to keep: what was looked for, shown and dropped."""
    return canonical(
        {
            "looked_for": list(found.query.terms),
            "silence": found.silence,
            "shown": [
                [memory.id, memory.score, memory.why, [[*signal] for signal in memory.signals]]
                for memory in found.memories
            ],
            "dropped": [[d.id, d.stage, round(d.score, 4)] for d in found.dropped],
        }
    )


def reason_in(receipt: str, memory_id: str, turn_id: str = "") -> Reason:
    """What a receipt says of a memory."""
    kept: dict[str, Any] = json.loads(receipt)
    looked_for = tuple(kept["looked_for"])
    for id_, score, why, signals in kept["shown"]:
        if id_ == memory_id:
            return Reason(
                id=id_,
                looked_for=looked_for,
                score=score,
                why=why,
                signals=tuple((name, value) for name, value in signals),
                turn_id=turn_id,
            )
    for id_, stage, score in kept["dropped"]:
        if id_ == memory_id:
            told = kept["silence"] if stage == "gate" and kept["silence"] else f"dropped: {stage}"
            return Reason(
                id=id_, looked_for=looked_for, stage=stage, score=score, why=told, turn_id=turn_id
            )
    return Reason(
        id=memory_id,
        looked_for=looked_for,
        found=False,
        why="it was not among the best candidates",
        turn_id=turn_id,
    )
