"""How confidence fades while nothing confirms it."""

from enplace.errors import UsageError

FLOOR_RATIO = 0.2
"""Share of the stored confidence that never fades: decay changes rank, and forgets nothing."""


def decayed(confidence: float, age_s: float, half_life_s: float) -> float:
    """Confidence left after a fact has gone unconfirmed for a while.

    Halves its distance to a floor every `half_life_s`; never rises with age;
    floor <= result <= confidence.

    Args:
        confidence: Stored confidence, 0..1.
        age_s: Seconds since the fact was last confirmed; a time in the future counts as 0.
        half_life_s: Seconds, > 0.

    Raises:
        UsageError: `half_life_s` <= 0.

    Source: exponential forgetting with a floor.
    """
    if half_life_s <= 0:
        raise UsageError("half_life_s must be positive", half_life_s=half_life_s)
    floor = FLOOR_RATIO * confidence
    faded = floor + (confidence - floor) * 2.0 ** (-max(age_s, 0.0) / half_life_s)
    return min(confidence, faded)
