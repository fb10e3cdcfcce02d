"""How many tokens a context has, and whether they fit."""

from enplace.errors import ContextOverflow
from enplace.prepare.prefix import Sent
from enplace.records.model import ModelCard

MEMORY_RATIO = 0.1
"""Share of the window that one frame of memories may fill."""
CALIBRATION_WEIGHT = 0.5
"""Weight of the newest call in the ratio of reported to counted tokens."""


def calibrated(factor: float | None, reported: int, counted: int) -> float | None:
    """The ratio of reported to counted tokens after one more call; None before the first."""
    if reported <= 0 or counted <= 0:
        return factor
    ratio = reported / counted
    if factor is None:
        return ratio
    return CALIBRATION_WEIGHT * ratio + (1 - CALIBRATION_WEIGHT) * factor


def estimate(counted: int, factor: float | None, sent: Sent | None) -> int:
    """Input tokens of a context.

    Args:
        counted: Sum over its blocks, as the counter sees them.
        factor: Ratio of reported to counted tokens of this model; None where none was reported.
        sent: The request that this one extends: its reported tokens are exact, and only what
            was added since is estimated. None in a new epoch.
    """
    ratio = 1.0 if factor is None else factor
    if sent is None or sent.usage.input_tokens <= 0:
        return round(counted * ratio)
    return sent.usage.input_tokens + round((counted - sent.counted_tokens) * ratio)


def room_tokens(card: ModelCard) -> int:
    """Most input tokens: the window without what is held back for the answer."""
    return card.window_tokens - card.output_tokens


def require_room(tokens: int, card: ModelCard) -> None:
    """Check that a context fits.

    Raises:
        ContextOverflow: It does not; the error has the numbers.
    """
    if tokens > room_tokens(card):
        raise ContextOverflow(
            f"the context has about {tokens} tokens; {card.name} takes {room_tokens(card)}"
            f" ({card.window_tokens} less {card.output_tokens} held back for the answer)",
            tokens=tokens,
            room_tokens=room_tokens(card),
            window_tokens=card.window_tokens,
            output_tokens=card.output_tokens,
            model=card.name,
        )
