"""How much of each request the model's prefix cache holds, with the embedded model.

The same task with a growing memory (a new fact before each turn, which the message asks about, and
a note now and then) is carried twice: in the layout of epochs, which only adds, and in the literal
layout, which lays the seven segments in order anew on each turn. The share of a task is the sum of
cached tokens over the sum of what the cache could hold: the tokens of the request before and of
its answer. The first call is left out, and the share is at most 1.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import enplace
from enplace import EmbeddedModel, EngineOptions, Settings, TurnOptions
from enplace.prepare.layout import Layout
from enplace.records.event import AssistantSpoke, UsageReported
from enplace.wiring import embedded_model
from enplace_bench.report import Bar, Report, print_table

TURNS = 10
SHARE = 0.95
TASK = "move"
NOTE_EVERY = 3

FACTS = (
    ("Ada's sister Marta lives in Lisbon.", "Where does my sister Marta live?"),
    ("Ada's dentist is Dr. Okafor on Elm Street.", "Who is my dentist?"),
    ("Ada's violin teacher is called Piet.", "What is my violin teacher called?"),
    ("Ada's bicycle is a green Gazelle.", "Which bicycle do I have?"),
    ("Ada's favourite tea is Lapsang.", "What is my favourite tea?"),
    ("Ada's flight to Oslo leaves on Friday at noon.", "When does my flight to Oslo leave?"),
    ("Ada's cat Biscuit eats only salmon.", "What does my cat Biscuit eat?"),
    ("Ada's landlord is Mr. Brandt.", "Who is my landlord?"),
    ("Ada's library card number is 4471.", "What is my library card number?"),
    ("Ada's mother was born in Tromso.", "Where was my mother born?"),
    ("Ada's boat is moored in Gothenburg.", "Where is my boat moored?"),
    ("Ada's camera is a Rolleiflex.", "Which camera do I use?"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One model call as the log tells it."""

    usage: UsageReported
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """One task in one layout."""

    calls: tuple[Call, ...]
    cpu_s: float

    @property
    def share(self) -> float:
        """Cached tokens over what the cache could hold, first call left out, at most 1."""
        usages = [call.usage.usage for call in self.calls]
        held = sum(usage.input_tokens + usage.output_tokens for usage in usages[:-1])
        return min(1.0, sum(usage.cache_hit_tokens for usage in usages[1:]) / held)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    most = len(FACTS)
    parser.add_argument("--turns", type=int, choices=range(2, most + 1), default=TURNS, metavar="N")


def run(options: argparse.Namespace) -> Report:
    """Carry the task in both layouts."""
    settings = Settings.from_env()
    model = embedded_model(settings, settings.home)
    epochs = asyncio.run(_carry(model, "epochs", options.turns))
    literal = asyncio.run(_carry(model, "literal", options.turns))
    for name, carried in (("epochs", epochs), ("literal", literal)):
        print(f"layout {name}: share {carried.share:.3f}, {carried.cpu_s:.1f} CPU s")
        print_table(["turn", "prompt", "cached", "expected", "break", "answer"], _rows(carried))
    return Report(
        figures={
            "turns": options.turns,
            "cached_share": epochs.share,
            "literal_cached_share": literal.share,
            "cpu_s": epochs.cpu_s,
            "literal_cpu_s": literal.cpu_s,
            "cached_tokens": [call.usage.usage.cache_hit_tokens for call in epochs.calls],
            "prompt_tokens": [call.usage.usage.input_tokens for call in epochs.calls],
        },
        bars=(Bar(name="cached share", figure=epochs.share, at_least=SHARE),),
    )


def _rows(carried: Carried) -> Sequence[list[str]]:
    return [
        [
            str(turn),
            str(call.usage.usage.input_tokens),
            str(call.usage.usage.cache_hit_tokens),
            str(call.usage.expected_hit_tokens),
            call.usage.break_reason or "-",
            call.answer[:48],
        ]
        for turn, call in enumerate(carried.calls, start=1)
    ]


async def _carry(model: EmbeddedModel, layout: Layout, turns: int) -> Carried:
    """A task of its own home. Closing the engine lets the weights go, so each starts cold."""
    start = process_time()
    calls: list[Call] = []
    with tempfile.TemporaryDirectory() as home:
        options = EngineOptions(turn=TurnOptions(layout=layout))
        async with enplace.open(Path(home), model=model, options=options, embedder=None) as engine:
            owner = engine.owner("ada")
            for number, (fact, question) in enumerate(FACTS[:turns]):
                await owner.remember(fact)
                if number % NOTE_EVERY == NOTE_EVERY - 1:
                    await owner.note(TASK, f"answered {number}", f"{number} questions so far")
                answer = ""
                async for event in owner.execute(TASK, question):
                    if isinstance(event, AssistantSpoke):
                        answer = event.text
                    elif isinstance(event, UsageReported):
                        calls.append(Call(usage=event, answer=answer))
    return Carried(calls=tuple(calls), cpu_s=process_time() - start)
