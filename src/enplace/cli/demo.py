"""`enplace demo`: tell, kill, restart, ask.

One process tells the engine six things about a person and is killed with SIGKILL. Another one
starts on the same brain, opens a new task and asks. Everything is real: the model, the file, the
kill; what the model gets wrong is shown as well.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from enplace.cli.show import context_lines
from enplace.config import Settings
from enplace.desk import TurnOptions
from enplace.engine import EngineOptions
from enplace.errors import EnplaceError
from enplace.fetch.rank import RecallOptions
from enplace.ports import Model
from enplace.prepare.layout import Layout
from enplace.records.event import AssistantSpoke, UsageReported
from enplace.records.usage import Usage
from enplace.wiring import model_of
from enplace.wiring import open as open_engine

OWNER = "Ada"
TOLD = (
    "Ada's dog is called Biscuit.",
    "Ada lives in Lisbon.",
    "Ada is allergic to walnuts.",
    "Ada's sister is called Ruth.",
    "Ada plays the cello.",
    "Ada works as a marine biologist.",
)
ASKED = (
    ("What is my dog called?", "Biscuit"),
    ("Which city do I live in?", "Lisbon"),
    ("What am I allergic to?", "walnut"),
    ("What is the name of my sister?", "Ruth"),
    ("Which instrument do I play?", "cello"),
    ("What do I work as?", "marine biologist"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question and what came of it."""

    question: str
    expected: str
    answer: str
    usage: Usage

    @property
    def right(self) -> bool:
        """Whether the answer contains what was told."""
        return self.expected.casefold() in self.answer.casefold()


async def run(asked: argparse.Namespace) -> int:
    """Run the whole demo in `--home`, or in a temporary folder."""
    if asked.home:
        return await _run(Path(asked.home), asked.json)
    with tempfile.TemporaryDirectory(prefix="enplace-demo-") as folder:
        return await _run(Path(folder), asked.json)


async def _run(home: Path, as_json: bool) -> int:
    print(f"1. A process tells the engine six things about {OWNER}, and is killed with SIGKILL.")
    pid = await _tell_and_kill(home)
    print(f"   process {pid} is dead; the brain is {home / 'brains'}\n")
    print("2. Another process opens a new task and asks.")
    answers = await _ask_elsewhere(home, "epochs")
    for one in answers:
        mark = "right" if one.right else "WRONG"
        print(f"   {one.question}\n      {one.answer}   [{mark}]")
        print(f"      {one.usage.input_tokens} tokens in, {one.usage.cache_hit_tokens} from cache")
    print("\n3. What the model saw last, as it was assembled:")
    async with open_engine(home) as engine:
        for line in context_lines(await engine.owner(OWNER).context(task_name("epochs"))):
            print(f"   {line}")
    print("\n4. The same task with all segments rewritten every turn, for comparison.")
    literal = cache_hit_share([one.usage for one in await _ask_elsewhere(home, "literal")])
    share = cache_hit_share([one.usage for one in answers])
    right = sum(one.right for one in answers)
    print(f"   cache hits the model reported: {share:.1%} with epochs, {literal:.1%} without\n")
    print(f"{right} of {len(answers)} answers contain what was told before the kill.")
    if as_json:
        figures = {
            "asked": len(answers),
            "right": right,
            "cache_hit_share": round(share, 4),
            "literal_layout_hit_share": round(literal, 4),
        }
        print(json.dumps(figures))
    return 0 if right >= 0.8 * len(answers) else 1


def task_name(layout: Layout) -> str:
    """Each layout has a task of its own."""
    return f"asking-{layout}"


def cache_hit_share(calls: Sequence[Usage]) -> float:
    """Of the tokens that a cache could hold, the share it held: 0..1, 0 for fewer than two calls.

    A cache could hold the request before and its answer; the first call is left out.
    """
    held = sum(call.cache_hit_tokens for call in calls[1:])
    could = sum(call.input_tokens + call.output_tokens for call in calls[:-1])
    return min(held / could, 1.0) if could else 0.0


async def _tell_and_kill(home: Path) -> int:
    process = await asyncio.create_subprocess_exec(
        *_child(home, "tell"), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None  # asked for above
    for _ in TOLD:
        line = (await process.stdout.readline()).decode().strip()
        if not line:
            raise EnplaceError("the first process ended before it had told everything")
        print(f"   {line}")
    process.kill()
    await process.wait()
    return process.pid


async def _ask_elsewhere(home: Path, layout: Layout) -> list[Asked]:
    process = await asyncio.create_subprocess_exec(
        *_child(home, layout), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise EnplaceError("the second process failed; its message stands above")
    rows: list[dict[str, Any]] = json.loads(out)
    for row in rows:
        row["usage"] = Usage(**row["usage"])
    return [Asked(**row) for row in rows]


def _child(home: Path, part: str) -> list[str]:
    return [sys.executable, "-m", "enplace.cli.demo", part, str(home)]


async def tell(home: Path) -> None:
    """The first process: remembers, says so, and waits to be killed."""
    async with open_engine(home) as engine:
        for sentence in TOLD:
            done = await engine.owner(OWNER).remember(sentence)
            print(f"{done.outcome} {done.memory.id}: {sentence}", flush=True)
        await asyncio.Event().wait()


async def ask(home: Path, layout: Layout) -> None:
    """The second process: asks everything in one new task, and prints the answers as JSON."""
    settings = Settings.from_env()
    model: Model = model_of(settings, settings.home)  # the weights are shared with other brains
    patient = RecallOptions(deadline_s=5.0)  # a demo may run on a machine that is busy installing
    options = EngineOptions(turn=TurnOptions(layout=layout, recall=patient))
    answers: list[Asked] = []
    async with open_engine(home, model=model, options=options) as engine:
        for question, expected in ASKED:
            answer, usage = "", Usage()
            async for event in engine.owner(OWNER).execute(task_name(layout), question):
                if isinstance(event, AssistantSpoke):
                    answer = event.text.strip()
                elif isinstance(event, UsageReported):
                    usage = event.usage
            answers.append(Asked(question=question, expected=expected, answer=answer, usage=usage))
    print(json.dumps([asdict(one) for one in answers]))


if __name__ == "__main__":
    part, folder = sys.argv[1], Path(sys.argv[2])
    asyncio.run(tell(folder) if part == "tell" else ask(folder, cast(Layout, part)))
