"""Whether recall stays silent where nothing fits, and speaks where something does.

Each message is judged as in a turn, for a brain that holds one conversation: the policy `inject`,
without a deadline. Two things are told of a class of messages: how many the gate lets through with
the product's thresholds, and how many at the threshold that accepts exactly 95 % of the questions
that can be answered, so that gates with different thresholds can be compared.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from enplace.fetch.gate import Verdict, judge
from enplace.fetch.query import make_query
from enplace.fetch.rank import RecallOptions
from enplace.fetch.score import score
from enplace.ports import Brain, Embedder
from enplace.records.encoding import Encoding
from enplace.records.gather import Gather
from enplace_bench.recall.conversations import Conversation
from enplace_bench.recall.silence_sets import (
    Foreign,
    answerable,
    gibberish,
    never_said,
    small_talk,
    specific,
    swapped,
)

ANSWERABLE = "answerable"
GIBBERISH, SMALL_TALK, NEVER_SAID = "gibberish", "small talk", "never said"
SWAPPED, SPECIFIC = "swapped", "swapped, specific"
QUIET = (GIBBERISH, SMALL_TALK, SWAPPED, SPECIFIC, NEVER_SAID)
"""Classes of messages for which nothing should be shown."""
POOLED = "pooled"
OF_EACH = 50
"""Messages of each class, spread over the conversations."""
ACCEPTED = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A brain that holds one conversation."""

    brain: Brain
    embedder: Embedder | None
    now: datetime
    """After all that was said."""


OpenBrain = Callable[[Conversation, bool], AbstractAsyncContextManager[Opened]]
"""Opens the brain of a conversation, with an embedder or without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """A message, and to which of the conversations it is put."""

    kind: str
    target: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the gate said of a message."""

    set_name: str
    kind: str
    text: str
    covered: float
    """Share of what it asks that the best evidence covers."""
    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many of a class of messages."""

    value: float
    count: int

    def __str__(self) -> str:
        """In percent, as in a table."""
        return f"{100 * self.value:.1f} ({self.count})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """What was measured with an embedder, or without one."""

    acceptance: Mapping[str, Share]
    """Of answerable questions, by set and pooled."""
    silence: Mapping[str, Mapping[str, Share]]
    """By set and pooled, then by class."""
    threshold_at_95: float
    """The coverage that accepts 95 % of all answerable questions."""
    at_95: Mapping[str, Mapping[str, Share]]
    """Silence at that threshold."""
    judged: tuple[Judged, ...]


async def measure(
    conversations: Sequence[Conversation],
    open_brain: OpenBrain,
    *,
    of_each: int = OF_EACH,
    with_embedder: Iterable[bool] = (True, False),
) -> dict[bool, Silence]:
    """Acceptance and silence, with an embedder and without one.

    Args:
        conversations: Of any sets; questions are swapped within a set.
        open_brain: Opens the brain of one of them. The same conversation is opened once for each
            of `with_embedder`.
        of_each: Messages of each class; there are never more than 50 of `never said`.
        with_embedder: Which of the two are measured.
    """
    messages = messages_for(conversations, of_each)
    found: dict[bool, Silence] = {}
    for has_embedder in with_embedder:
        judged: list[Judged] = []
        for target, conversation in enumerate(conversations):
            async with open_brain(conversation, has_embedder) as opened:
                judged += [
                    await _judged(opened, conversation, put)
                    for put in messages
                    if put.target == target
                ]
        found[has_embedder] = summary(judged)
    return found


def messages_for(conversations: Sequence[Conversation], of_each: int = OF_EACH) -> list[Put]:
    """Every answerable question, and so many messages of each other class."""
    around = len(conversations)
    foreign = swapped(conversations, 4 * of_each)
    strange = [one for one in foreign if specific(one.text, conversations[one.target])]
    classes: Mapping[str, Sequence[Foreign]] = {
        GIBBERISH: _spread(gibberish(of_each), around),
        SMALL_TALK: _spread(small_talk(of_each), around),
        SWAPPED: foreign[:of_each],
        SPECIFIC: strange[:of_each],
        NEVER_SAID: never_said(conversations)[:of_each],
    }
    asked = [
        Put(kind=ANSWERABLE, target=target, text=question.text)
        for target, conversation in enumerate(conversations)
        for question in answerable(conversation)
    ]
    put = [
        Put(kind=kind, target=one.target, text=one.text)
        for kind, ones in classes.items()
        for one in ones
    ]
    return asked + put


def _spread(texts: Sequence[str], around: int) -> list[Foreign]:
    return [Foreign(target=index % around, text=text) for index, text in enumerate(texts)]


async def verdict_of(opened: Opened, message: str) -> Verdict:
    """What the gate says of a message, as when nothing was said before it."""
    options, index = RecallOptions(), opened.brain.index
    query = make_query(message, now=opened.now, speakers=await index.speakers())
    if query.reason:
        return Verdict(silence=query.reason, covered=0.0)
    encoding: Encoding | None = None
    name = ""
    if opened.embedder is not None:
        (encoding,) = await opened.embedder.encode([query.text])
        name = opened.embedder.card.name
    gather = Gather(
        query=query, at=opened.now, encoding=encoding, embedder=name, limit=options.candidates
    )
    found = await index.gather(gather)
    scored = score(query, found, now=opened.now, encoding=encoding, weights=options.weights)
    return judge(query, found, scored, encoding)


async def _judged(opened: Opened, conversation: Conversation, put: Put) -> Judged:
    verdict = await verdict_of(opened, put.text)
    return Judged(
        set_name=conversation.set_name,
        kind=put.kind,
        text=put.text,
        covered=verdict.covered,
        accepted=not verdict.silence,
    )


def summary(judged: Sequence[Judged]) -> Silence:
    """The shares of what was judged.

    Raises:
        ValueError: There is no answerable question.
    """
    least = threshold([one.covered for one in judged if one.kind == ANSWERABLE])
    return Silence(
        acceptance={
            name: accepted
            for name, ones in _by_set(judged).items()
            if (accepted := _share([one.accepted for one in ones if one.kind == ANSWERABLE]))
        },
        silence=_silence(judged, lambda one: not one.accepted),
        threshold_at_95=least,
        at_95=_silence(judged, lambda one: one.covered < least),
        judged=tuple(judged),
    )


def threshold(covered: Sequence[float], share: float = ACCEPTED) -> float:
    """The highest value that so many are not below.

    Raises:
        ValueError: There are none.
    """
    if not covered:
        raise ValueError("no values to choose a threshold from")
    return sorted(covered, reverse=True)[ceil(share * len(covered)) - 1]


def _by_set(judged: Iterable[Judged]) -> dict[str, list[Judged]]:
    groups: dict[str, list[Judged]] = {}
    for one in judged:
        groups.setdefault(one.set_name, []).append(one)
    groups[POOLED] = [one for ones in groups.values() for one in ones]
    return groups


def _silence(
    judged: Sequence[Judged], is_silent: Callable[[Judged], bool]
) -> dict[str, dict[str, Share]]:
    return {
        name: {
            kind: share
            for kind in QUIET
            if (share := _share([is_silent(one) for one in ones if one.kind == kind]))
        }
        for name, ones in _by_set(judged).items()
    }


def _share(values: Sequence[bool]) -> Share | None:
    return Share(value=sum(values) / len(values), count=len(values)) if values else None


def rows(measured: Silence) -> list[list[str]]:
    """The table of a measurement: a line for each set, and what is silent at 95 % below it."""
    table: list[list[str]] = []
    for name, accepted in measured.acceptance.items():
        for share, shares in ((str(accepted), measured.silence), ("95", measured.at_95)):
            cells = [str(shares[name].get(kind, "-")) for kind in QUIET]
            table.append([name, share if name == POOLED or share != "95" else "95 pooled", *cells])
    return table


HEADINGS = ("set", "accepted", *QUIET)
