"""What a sub-agent gives back to somebody who asked it himself."""

from dataclasses import dataclass

from enplace.records.agent_event import SubAgentEnded
from enplace.records.question import Question
from enplace.records.tool import ToolOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """A brief that a sub-agent worked on."""

    name: str
    """Of the sub-agent within its parent's task; with it the sub-agent can go on."""
    outcome: ToolOutcome
    ended: SubAgentEnded | None
    """How it ended; None where it waits for a person."""

    @property
    def text(self) -> str:
        """Its summary, with references."""
        return self.outcome.text

    @property
    def answer(self) -> str:
        """What it said last, without the references; empty where it asks."""
        return self.outcome.blocks[0].text if self.outcome.blocks else ""

    @property
    def question(self) -> Question | None:
        """What it asks; delegate again under the same key, with the answer."""
        return self.outcome.asks
