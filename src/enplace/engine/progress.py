"""How far learning has come."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from enplace.ports import Brain
from enplace.records.learning import Attempt
from enplace.records.task import Due

_ALL = 1 << 53


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningStatus:
    """How far an owner's log was learned from."""

    in_background: bool
    """False: switched off, it learns only when it is asked to."""
    due: tuple[Due, ...]
    """What waits."""
    lag_events: int
    """Events behind the cursors."""
    lag_s: float
    """Age of the oldest of them, in seconds; 0 where nothing waits."""
    failing: tuple[Attempt, ...]
    """Stretches whose last try failed."""
    batches: int
    """That count: neither rolled back nor set aside."""
    rolled_back: int
    set_aside: int
    """Of one utterance each, which nothing could be learned from."""
    heard: int
    """Utterances, over all batches that count; as what follows."""
    outcomes: dict[str, int]
    dropped: dict[str, int]
    """What gave nothing, by reason."""
    asked_tokens: int
    """In and out, of the model that was asked beside the rules."""

    @property
    def confirmed_ratio(self) -> float | None:
        """Confirmations to memories added; None where none was added."""
        added = self.outcomes.get("added", 0) + self.outcomes.get("superseded", 0)
        return self.outcomes.get("confirmed", 0) / added if added else None


async def progress(brain: Brain, now: datetime, *, in_background: bool) -> LearningStatus:
    """How far an owner's log was learned from, from what is stored."""
    due = tuple(await brain.lessons.due())
    waiting: list[datetime] = []
    for each in due:
        cursor = await brain.lessons.cursor(each.task_id)
        waiting += [
            event.place.at
            for event in await brain.log.read(each.task_id)
            if event.place and cursor < event.place.position <= each.position
        ]
    batches = await brain.lessons.batches(limit=_ALL)
    states = Counter(batch.state for batch in batches)
    reports = [batch.report for batch in batches if batch.state == "done"]
    outcomes, dropped = Counter[str](), Counter[str]()
    for report in reports:
        outcomes.update(report.outcomes)
        dropped.update(report.dropped)
    return LearningStatus(
        in_background=in_background,
        due=due,
        lag_events=len(waiting),
        lag_s=(now - min(waiting, default=now)).total_seconds(),
        failing=tuple(each for each in await brain.lessons.attempts() if each.trouble),
        batches=states["done"],
        rolled_back=states["rolled_back"],
        set_aside=states["set_aside"],
        heard=sum(report.heard for report in reports),
        outcomes=dict(sorted(outcomes.items())),
        dropped=dict(dropped.most_common()),
        asked_tokens=sum(report.asked_tokens for report in reports),
    )
