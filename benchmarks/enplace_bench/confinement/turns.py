"""What 50 MB of output cost a turn: through a real engine, with the scripted model."""

import resource
from dataclasses import dataclass
from pathlib import Path

import enplace
from enplace import Context, FunctionTool, InMemoryBrains, ScriptedModel
from enplace.desk import TurnOptions
from enplace.prepare.budget import room_tokens
from enplace.prepare.compact.policy import CompactionOptions
from enplace.providers.counts import CharacterCounter
from enplace.providers.scripted import CARD, call
from enplace.records.event import ToolFinished
from enplace.records.tool import ToolOutcome
from enplace.tools.roots import Roots
from enplace.tools.sandbox import Sandbox
from enplace.tools.shell import ShellOptions, run_command

PRINTED_BYTES = 50_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one tool call cost its turn."""

    context_tokens: int
    """Of its result, as the next model call sees it."""
    cap_tokens: int
    """Most that any result may have."""
    kept_characters: int
    """Of it in the log."""
    grown_bytes: int
    """By which the memory of this process rose at most, while the turn ran."""


async def cost_of_printing(root: Path, sandbox: Sandbox | None) -> Cost:
    """A turn whose one tool call prints 50 MB."""
    roots, options = Roots([root]), ShellOptions()

    async def shell(command: str) -> ToolOutcome:
        """Run a command."""
        return await run_command(command, roots, options, sandbox=sandbox)

    printing = f"head -c {PRINTED_BYTES} /dev/zero | tr '\\0' x"
    model = ScriptedModel([call(("c1", "shell", {"command": printing})), "Done."])
    before = _peak_bytes()
    async with enplace.open(
        "unused",
        model=model,
        tools=[FunctionTool(shell)],
        brains=InMemoryBrains(),
        embedder=None,
        counter=CharacterCounter(),
        environment={},
    ) as engine:
        turn = engine.owner("ada").execute("print", "Print a lot.")
        (finished,) = [event async for event in turn if isinstance(event, ToolFinished)]
    ratio = (TurnOptions().compaction or CompactionOptions()).ingest_ratio
    return Cost(
        context_tokens=_result_tokens(model.requests[-1]),
        cap_tokens=round(ratio * room_tokens(CARD)),
        kept_characters=len(finished.output),
        grown_bytes=_peak_bytes() - before,
    )


def _result_tokens(context: Context) -> int:
    results = (message for message in context.messages if message.role == "tool")
    return sum(block.tokens for message in results for block in message.blocks)


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024
