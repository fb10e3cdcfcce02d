"""A question that a model is asked beside the turns of a task, and what came of it."""

from dataclasses import dataclass

from enplace.records.context import Context
from enplace.records.event import UsageReported
from enplace.records.message import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """An answer that stands in no dialogue."""

    asked: Context
    reply: Reply | None = None
    usage: UsageReported | None = None
    """What the call consumed, not stored yet; None where no answer came."""
    trouble: str = ""
    """Why there is no usable answer; empty where there is one."""
