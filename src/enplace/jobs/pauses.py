"""How long to wait before another try."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """Pauses that double up to a longest one."""

    first_s: float = 5.0
    most_s: float = 1_800.0

    def after(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row, at least one."""
        return min(self.most_s, self.first_s * 2.0 ** min(failures - 1, 60))
