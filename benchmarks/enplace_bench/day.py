"""A made-up day to forget in: facts told early, noise that follows, and a model that can be told.

Everything comes from seeded generators, so that two runs say and ask the same.
"""

import random
import re
from collections.abc import AsyncGenerator, Iterable, Iterator
from dataclasses import dataclass, replace

from enplace import Context, EmbeddedModel, OwnerEngine, Reply, Settings
from enplace.providers import weights
from enplace.providers.embedded import default_card
from enplace.providers.scripted import say
from enplace.records.canonical import JsonObject
from enplace.records.event import AssistantSpoke, Event, UsageReported, UserSpoke
from enplace.records.message import TextPiece
from enplace.records.usage import Usage


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that the owner tells, what is asked about it later, and the answer."""

    fact: str
    question: str
    words: tuple[str, ...]
    """The answer holds one of them, or a word that begins so."""

    @property
    def heard(self) -> str:
        """What an assistant says to the fact."""
        return self.fact.replace("My", "Your", 1)

    def is_in(self, text: str) -> bool:
        """Whether a text holds the answer."""
        return any(re.search(rf"\b{re.escape(word)}", text, re.IGNORECASE) for word in self.words)


FACTS = (
    Told("My sister Marta lives in Lisbon.", "Where does my sister Marta live?", ("Lisbon",)),
    Told("My dentist is Dr. Okafor on Elm Street.", "Who is my dentist?", ("Okafor",)),
    Told("My violin teacher is called Piet.", "What is my violin teacher called?", ("Piet",)),
    Told("My bicycle is a green Gazelle.", "What colour is my bicycle?", ("green",)),
    Told("My favourite tea is Lapsang.", "What is my favourite tea?", ("Lapsang",)),
    Told("My flight to Oslo leaves on Friday.", "When does my flight to Oslo leave?", ("Friday",)),
    Told("My library card number is 4471.", "What is my library card number?", ("4471",)),
    Told("My mother was born in Tromso.", "Where was my mother born?", ("Tromso",)),
    Told("My boat is moored in Gothenburg.", "Where is my boat moored?", ("Gothenburg",)),
    Told("My brother Jonas works as a baker.", "What does my brother Jonas work as?", ("baker",)),
    Told("My neighbour Ruth plays the cello.", "What does my neighbour Ruth play?", ("cello",)),
    Told("My son Hugo is seven years old.", "How old is my son Hugo?", ("seven", "7 year")),
    Told("My wedding was in Bruges.", "Where was my wedding?", ("Bruges",)),
    Told("My doctor is called Dr. Selma Haas.", "Who is my doctor?", ("Haas", "Selma")),
    Told("My car is parked on Canal Street.", "Where is my car parked?", ("Canal",)),
    Told("My garden gate is painted blue.", "What colour is my garden gate?", ("blue",)),
    Told("My office is on the ninth floor.", "On which floor is my office?", ("ninth", "9th")),
    Told("My locker code is 8820.", "What is my locker code?", ("8820",)),
    Told("My daughter Lena studies chemistry.", "What does my daughter Lena study?", ("chemist",)),
    Told("My watch was made by Junghans.", "Who made my watch?", ("Junghans",)),
    Told("My tent is in the cellar.", "Where is my tent?", ("cellar",)),
    Told("My father grew up in Graz.", "Where did my father grow up?", ("Graz",)),
    Told("My allergy is to walnuts.", "What is my allergy to?", ("walnut",)),
    Told("My gym is called Iron Yard.", "What is my gym called?", ("Iron Yard",)),
    Told("My uncle Viktor repairs clocks.", "What does my uncle Viktor repair?", ("clock",)),
    Told("My bank is Nordea.", "What is my bank?", ("Nordea",)),
    Told("My dog Bruno is afraid of thunder.", "What is my dog Bruno afraid of?", ("thunder",)),
    Told("My first school was in Leeds.", "Where was my first school?", ("Leeds",)),
    Told("My holiday house is in Cork.", "Where is my holiday house?", ("Cork",)),
    Told("My oven is a Bosch.", "Which oven do I have?", ("Bosch",)),
    Told("My cousin Tomas drives a tram.", "What does my cousin Tomas drive?", ("tram",)),
    Told("My garage is on Harbour Road.", "Where is my garage?", ("Harbour",)),
    Told("My hotel in Vienna is the Astoria.", "What is my hotel in Vienna?", ("Astoria",)),
    Told("My team meets on Thursday at ten.", "When does my team meet?", ("Thursday",)),
    Told("My desk was built by Anders.", "Who built my desk?", ("Anders",)),
    Told("My swimming lesson is on Wednesday.", "When is my swimming lesson?", ("Wednesday",)),
    Told("My room number is 317.", "What is my room number?", ("317",)),
    Told("My grandmother kept bees.", "What did my grandmother keep?", ("bee",)),
    Told("My spare key is under the flowerpot.", "Where is my spare key?", ("flowerpot",)),
    Told("My meeting with Carlo is on Tuesday.", "When is my meeting with Carlo?", ("Tuesday",)),
)
"""Chosen among sixty: the embedded model answers each where it was told just before."""


LOG_TOKENS, PROSE_TOKENS, MESSAGE_TOKENS, HEAD_TOKENS = 0.62, 0.265, 5.5, 40
"""Of the default model: for each character of a log and of prose, for each message, and for the
system prompt with the template around it."""

_CHATTER = (
    ("It rained on the way to the {place}, and the bus was late.", "That was a slow start."),
    ("The soup at the {place} was too salty today.", "A glass of water will help."),
    ("The {thing} on the stairs makes a strange noise.", "It may need to be cleaned."),
    ("We moved the {thing} closer to the window.", "It will get more light there."),
    ("The queue at the {place} took {number} minutes.", "That is a long time to wait."),
    ("Somebody left the {thing} outside all night.", "I hope that it is still dry."),
    ("The old {place} burned down in 18{number}.", "What a pity."),
    ("The {place} is {number} metres long.", "That is longer than most."),
    ("The red team won the quiz at the {place} with {number} points.", "Well done to them."),
    ("There are {number} people in line for the {thing}.", "It seems to be popular."),
    ("The {place} sells a {thing} for {number} euros.", "That is a fair price."),
)
_PLACES = "museum harbourside bridge station mill theatre market library square canteen".split()
_THINGS = "printer plant ladder heater bucket chair projector carpet kettle fan".split()
_LOG = "{hour}:{minute} {service} request {number} {state} after {more} ms"
_SERVICES = "web mail backup billing search storage".split()
_STATES = "finished started failed waited".split()
_CLOSED = ("The run is complete.", "The log shows what was done.", "All of it is in the log.")


def noise(seed: int) -> Iterator[tuple[str, str]]:
    """Messages and answers without end that have nothing to do with the facts: chatter and logs."""
    luck = random.Random(seed)
    while True:
        if luck.random() < 0.35:
            lines = "\n".join(_log_line(luck) for _ in range(luck.randint(2, 6)))
            yield f"Here is the log of the last run:\n{lines}", luck.choice(_CLOSED)
        else:
            said, answer = luck.choice(_CHATTER)
            place, thing = luck.choice(_PLACES), luck.choice(_THINGS)
            yield said.format(place=place, thing=thing, number=luck.randrange(20, 80, 2)), answer


def _log_line(luck: random.Random) -> str:
    return _LOG.format(
        hour=luck.randint(13, 23),
        minute=luck.randrange(10, 60, 2),
        service=luck.choice(_SERVICES),
        number=luck.randrange(100, 1_000, 2),
        state=luck.choice(_STATES),
        more=luck.randrange(100, 1_000, 2),
    )


def tokens_of(texts: Iterable[str]) -> float:
    """About what messages add to a request of the default model, within a tenth of its report."""
    total = 0.0
    for text in texts:
        prose, _, log = text.partition("\n")
        total += MESSAGE_TOKENS + PROSE_TOKENS * len(prose) + LOG_TOKENS * len(log)
    return total


class Narrator(EmbeddedModel):
    """The embedded model, which can be told what to answer, so that a history costs no model call.

    For what it was told it reports about the tokens that the model would have reported.
    """

    told: str | None = None
    """The next answer; None: the model's own."""
    caches: bool = True
    """Whether a request may find the beginning of the one before in the cache."""
    asked: Context | None = None
    """What the model itself was asked last."""

    def encode(self, context: Context) -> JsonObject:
        """See `ports.Model`."""
        return {**super().encode(context), "cache_prompt": self.caches}

    async def stream(self, context: Context) -> AsyncGenerator[TextPiece | Reply, None]:
        """See `ports.Model`."""
        if self.told is None:
            self.asked = context
            async for piece in super().stream(context):
                yield piece
            return
        reply, self.told = say(self.told), None
        tokens = round(tokens_of(message.text for message in context.messages)) + HEAD_TOKENS
        usage = Usage(
            input_tokens=tokens,
            output_tokens=round(tokens_of([reply.text])),
            cache_hit_tokens=min(context.expected_hit_tokens, tokens),
        )
        yield replace(reply, usage=usage)


def narrator(*, window_tokens: int, output_tokens: int, caches: bool = True) -> Narrator:
    """The default model with a window of one's own choice."""
    settings = Settings.from_env()
    made = Narrator(
        lambda: weights.SMOLLM2.find_or_pull(settings.home),
        replace(default_card(output_tokens=output_tokens), window_tokens=window_tokens),
        threads=settings.local_threads,
    )
    made.caches = caches
    return made


async def tell(
    owner: OwnerEngine,
    model: Narrator,
    task: str,
    exchanges: Iterable[tuple[str, str]],
    *,
    replaces: int | None = None,
) -> None:
    """Carry messages with their answers; the first one may take the place of an earlier message."""
    for said, answer in exchanges:
        model.told = answer
        async for _ in owner.execute(task, said, replaces=replaces):
            pass
        replaces = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the model said to a question."""

    text: str
    ordinal: int
    """Of the question: the next message may take its place."""
    usage: UsageReported


async def ask(
    owner: OwnerEngine, task: str, question: str, *, replaces: int | None = None
) -> Answered:
    """Ask the model itself, in the place of an earlier question where there is one."""
    events: list[Event] = [e async for e in owner.execute(task, question, replaces=replaces)]
    asked = next(e for e in reversed(events) if isinstance(e, UserSpoke))
    answer = next(e for e in reversed(events) if isinstance(e, AssistantSpoke))
    usage = next(e for e in reversed(events) if isinstance(e, UsageReported))
    return Answered(
        text=answer.text, ordinal=asked.place.ordinal if asked.place else 0, usage=usage
    )
