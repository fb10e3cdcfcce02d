"""Makes the golden brain of this release: `python tests/golden/make_brain.py`.

A golden brain is made once per release and never again: every later release must open it as it is.
"""

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import enplace
from enplace.providers.scripted import ScriptedModel, call, say

HERE = Path(__file__).parent
VERSION = version("enplace")


class TickingClock:
    """Every look at it is a second later."""

    def __init__(self) -> None:
        self._times = self._ticks()

    def now(self) -> datetime:
        return next(self._times)

    @staticmethod
    def _ticks() -> Iterator[datetime]:
        time = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
        while True:
            yield time
            time += timedelta(seconds=1)


def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"{city}: rain, 7 °C"


def broken() -> str:
    """Fail."""
    raise ValueError("it is broken")


async def fill(home: Path) -> None:
    """A life in small: a soul, facts, notes, two tasks with tools, an error, a closed session."""
    model = ScriptedModel(
        [
            call(
                ("c1", "weather", {"city": "Kiel"}),
                ("c2", "remember", {"sentence": "Ada plans a trip to Kiel."}),
                text="Let me look.",
            ),
            call(("c3", "note", {"key": "packing", "value": "umbrella", "ttl_s": 86_400})),
            say("It rains in Kiel; take an umbrella. \N{UMBRELLA WITH RAIN DROPS}"),
            call(("c1", "broken", {}), ("c2", "recall", {"query": "cello"})),
            say("Ada plays the cello."),
            enplace.errors.ModelUnavailable("the model is away"),
        ]
    )
    engine = enplace.open(
        home, model=model, tools=[weather, broken], clock=TickingClock(), environment={}
    )
    async with engine:
        ada = engine.owner("ada")
        await ada.describe("identity", "name", "She is called Ada.")
        await ada.describe("style", "length", "Long answers.")
        await ada.describe("style", "length", "Short answers.")
        lives = await ada.remember("Ada lives in Oslo.", subject="Ada", predicate="lives in")
        await ada.remember("Ada lives in Bergen.", supersedes=lives.memory.id)
        await ada.remember("Ada plays the cello.")
        await ada.note("trip", "budget", "300 euros", priority=2)
        async for _ in ada.execute("trip", "What is the weather in Kiel?", idempotency_key="k1"):
            pass
        async for _ in ada.execute("music", "Where does Ada live, what does she play?"):
            pass
        await ada.close_session()
        try:
            async for _ in ada.execute("music", "And now?"):
                pass
        except enplace.errors.ModelUnavailable:
            pass


def main() -> None:
    """Write the brain beside this script, as a single file."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(fill(Path(folder)))
        made = Path(folder) / "brains" / "ada.db"
        with closing(sqlite3.connect(made)) as connection:
            connection.execute("pragma wal_checkpoint(truncate)")
            connection.execute("vacuum")
        shutil.copyfile(made, HERE / f"brain-{VERSION}.db")


if __name__ == "__main__":
    main()
