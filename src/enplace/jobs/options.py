"""How jobs are kept, found and tried again."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """Pauses that double up to a longest one."""

    first_s: float = 5.0
    most_s: float = 1_800.0

    def after(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row, at least one."""
        return min(self.most_s, self.first_s * 2.0 ** min(failures - 1, 60))


@dataclass(frozen=True, slots=True, kw_only=True)
class DurableOptions:
    """How jobs are kept and found."""

    at_once: int = 4
    """Most owners whose work this process does at the same time."""
    poll_s: float = 0.5
    """How often it looks for jobs."""
    settle_s: float = 0.0
    """How long a job waits for more to be said before it begins."""
    beat_s: float = 5.0
    """Between heartbeats."""
    dead_after_s: float = 30.0
    """Without a heartbeat for so long a process counts as dead. One that is not does no harm: what
    is done twice has an effect once."""
    keep_s: float = 7 * 86_400.0
    """How long finished jobs are kept for those who look into them."""
    pauses: Pauses = field(default_factory=Pauses)
    """Between a run that failed and the next one."""
