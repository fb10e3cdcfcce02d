"""A made-up life to measure with: facts about a person, messages, answers, tool results.

Everything comes from a seeded generator, so that two runs store and ask the same.
"""

import random
from collections.abc import Iterator

from enplace import Context, FunctionTool, OwnerEngine, Reply
from enplace.providers.scripted import call, say

PEOPLE = [
    "Marta",
    "Jonas",
    "Lena",
    "Piet",
    "Amira",
    "Tomas",
    "Ruth",
    "Carlo",
    "Ines",
    "Viktor",
    "Noor",
    "Hugo",
    "Selma",
    "Bruno",
]
PLACES = [
    "Lisbon",
    "Bremen",
    "Oslo",
    "Turin",
    "Graz",
    "Porto",
    "Ghent",
    "Malmo",
    "Basel",
    "Leeds",
    "Cork",
    "Brno",
]
THINGS = [
    "garden",
    "kitchen",
    "boat",
    "invoice",
    "bicycle",
    "violin",
    "passport",
    "camera",
    "tent",
    "oven",
    "ladder",
    "map",
]
DEEDS = [
    "repairs",
    "paints",
    "sells",
    "borrows",
    "keeps",
    "plans",
    "cleans",
    "studies",
    "designs",
    "collects",
]
TIMES = [
    "in spring",
    "every Sunday",
    "since last year",
    "for her work",
    "after work",
    "at home",
    "on holiday",
]

ASKS = (
    "What do you know about {person} and the {thing}?",
    "Can you remind me where {person} goes when the work in {place} is done?",
    "Please write a short note to {person}: we meet in {place} next week about the {thing}.",
    "I think {person} has the {thing} at home now. Who else do we know in {place}?",
    "And the other one?",
    "Thanks! One more thing: the plan for the {thing} after the year in {place}.",
    "How long does it take from {place} to the place where {person} lives?",
    "Look at the file again, please; the {thing} list seems to be out of date since spring.",
)
"""Messages of several kinds: names, common words such as work, home and year, and small talk."""


def facts(count: int, seed: int) -> Iterator[str]:
    """So many different sentences; the common words stand in a good part of them."""
    luck = random.Random(seed)
    for number in range(count):
        person, place = luck.choice(PEOPLE), luck.choice(PLACES)
        deed, thing, when = luck.choice(DEEDS), luck.choice(THINGS), luck.choice(TIMES)
        yield f"{person} {deed} the {thing} number {number} in {place} {when}."


def messages(seed: int) -> Iterator[str]:
    """Messages without end."""
    luck = random.Random(seed)
    while True:
        yield luck.choice(ASKS).format(
            person=luck.choice(PEOPLE), place=luck.choice(PLACES), thing=luck.choice(THINGS)
        )


def read_file(path: str) -> str:
    """Read a file of the project."""
    luck = random.Random(path)
    lines = (
        f"{number:4} {luck.choice(THINGS)} = {luck.choice(DEEDS)}({luck.choice(PLACES)!r})"
        for number in range(luck.randint(8, 60))
    )
    return "\n".join(lines)


TOOLS = (FunctionTool(read_file, idempotent=True),)


class Replies:
    """Answers each context: half of the turns read one to three files before they speak."""

    def __init__(self, seed: int) -> None:
        self._luck = random.Random(seed)
        self._calls = 0
        self._left: int | None = None

    def __call__(self, context: Context) -> Reply:
        """The next reply; a new turn is known by its last message."""
        if context.messages[-1].role == "user" or self._left is None:
            self._left = self._luck.choice((0, 0, 1, 1, 2, 3))
        if self._left:
            self._left -= 1
            self._calls += 1
            path = f"src/{self._luck.choice(THINGS)}_{self._calls}.py"
            return call((f"call_{self._calls}", "read_file", {"path": path}))
        words = (self._luck.choice((*PEOPLE, *PLACES, *THINGS, *DEEDS)) for _ in range(60))
        return say(f"Here is what I found: {' '.join(words)}.")


async def grow(owner: OwnerEngine, task_id: str, events: int, said: Iterator[str]) -> None:
    """Carry turns until the task has so many stored events; the last turn ends."""
    stored = 0
    while stored < events:
        async for event in owner.execute(task_id, next(said)):
            stored += bool(event.place and not event.place.part)
