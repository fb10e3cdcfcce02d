"""What a capable model finds beyond the rules: how it is asked, and what of its answer may stand.

An answer is never believed: a triple counts only where the words it quotes stand in one sentence
that somebody said outright, and hold every name, number and date that it claims. Pure.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from enplace.records.block import TextBlock
from enplace.records.canonical import canonical, digest
from enplace.records.context import SEGMENTS, Context, ContextBlock, ContextMessage, SegmentSize
from enplace.records.event import EpochOpened
from enplace.records.lazy_pattern import lazy_pattern
from enplace.records.learning import Assert, Dropped, Lesson, Utterance
from enplace.records.memory import Fact, Span
from enplace.records.model import ModelCard
from enplace.records.stop_words import STOP_WORDS
from enplace.records.words import fold, words
from enplace.upload.learning.claims import KIND_OF
from enplace.upload.learning.language.mask import mask
from enplace.upload.learning.language.sentences import (
    asks,
    conditional,
    sentences,
    supposes,
    tells_fiction,
)
from enplace.upload.learning.phrases.rules import rule_in
from enplace.upload.learning.wording import OWNER, sentence_of

ASK = (
    "Below are numbered messages of one person. List the lasting facts that the person states about"
    " themselves, their people, pets and things. Leave out questions, wishes, suppositions, jokes,"
    " quotations, one-off requests and whatever concerns only the moment. Answer with a JSON array"
    ' only; each element: {"message": its number, "quote": the words of the message that state'
    ' it, copied exactly, "subject": "user" or a name that stands in the quote, "predicate":'
    ' snake_case such as lives_in, works_at, likes, has_child, "object": copied from the quote}.'
    " Answer [] where there is none."
)
CONFIDENCE = 0.6
MOST_CHARACTERS = 12_000
"""Of the messages in one question."""
_OBJECT = lazy_pattern(r"\{[^{}]*\}")
_NAME = lazy_pattern(r"^[a-z][a-z0-9_]{1,40}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Triple:
    """One element of an answer, as it was given."""

    message: int
    quote: str
    subject: str
    predicate: str
    object: str


def question(
    said: Sequence[Utterance], card: ModelCard, count: Callable[[str], int]
) -> Context | None:
    """The context that asks a model; None where nothing was said that it could be asked about.

    What is not the speaker's own word is blanked before.

    Args:
        said: In order.
        card: The model's.
        count: Counts tokens.
    """
    lines: list[str] = []
    length = 0
    for number, each in enumerate(said, start=1):
        own = mask(each.text).text.replace("\x00", "").strip()
        if each.role != "user" or not own:
            continue
        length += len(own)
        if length > MOST_CHARACTERS:
            break
        lines.append(f"{number}. {' '.join(own.split())}")
    if not lines:
        return None
    system, text = (TextBlock(text=ASK), TextBlock(text="\n".join(lines)))
    head = ContextBlock(block=system, segment="system", tokens=count(ASK), why="asks for facts")
    body = ContextBlock(block=text, segment="message", tokens=count(text.text), why="what was said")
    name = digest(canonical([card.name, ASK]))
    sizes = {"system": head.tokens, "message": body.tokens}
    return Context(
        task_id="",
        turn_id="",
        model=card.name,
        epoch=EpochOpened(reason="task_start", model=card.name, system=digest(ASK), tools=""),
        tools=(),
        system=(head,),
        messages=(
            ContextMessage(role="user", blocks=(body,), chain=digest(canonical([name, text.text]))),
        ),
        manifest=tuple(
            SegmentSize(segment=each, tokens=sizes.get(each, 0), blocks=int(each in sizes))
            for each in SEGMENTS
        ),
        counted_tokens=head.tokens + body.tokens,
        estimated_tokens=head.tokens + body.tokens,
        expected_hit_tokens=0,
        unbroken_tokens=0,
        break_reason=None,
        branch=0,
        head=name,
        max_output_tokens=card.output_tokens,
    )


def triples(answer: str) -> Iterator[Triple]:
    """The elements of an answer, whatever stands around or between them; broken ones are left out."""
    for found in _OBJECT.finditer(answer):
        try:
            value: object = json.loads(found.group())
        except ValueError:
            continue
        fields = cast(dict[str, object], value) if isinstance(value, dict) else {}
        texts = {key: fields.get(key) for key in ("quote", "subject", "predicate", "object")}
        number = fields.get("message")
        if isinstance(number, int) and all(isinstance(text, str) for text in texts.values()):
            yield Triple(message=number, **cast(dict[str, str], texts))


def believed(answer: str, said: Sequence[Utterance]) -> Lesson:
    """What of an answer may be kept, and why the rest may not."""
    asserts: list[Assert] = []
    dropped: list[Dropped] = []
    for triple in triples(answer):
        each = said[triple.message - 1] if 0 < triple.message <= len(said) else None
        if each is None:
            continue
        place = {"task_id": each.task_id, "ordinal": each.ordinal}
        span, why = _grounded(triple, each)
        if span is None:
            nowhere = Span(task_id=each.task_id, ordinal=each.ordinal)
            dropped.append(Dropped(span=nowhere, reason=f"ungrounded: {why}"))
            continue
        subject = each.speaker or OWNER if fold(triple.subject) == OWNER else triple.subject
        told = sentence_of(subject, triple.predicate, triple.object)
        asserts.append(
            Assert(
                fact=Fact(
                    id=f"f{digest(f'{place} {subject} {triple.predicate} {triple.object}')[:16]}",
                    sentence=told,
                    recorded_at=each.at,
                    subject=subject,
                    predicate=triple.predicate,
                    object=triple.object,
                    fact_kind=KIND_OF.get(triple.predicate, "statement"),
                    confidence=CONFIDENCE,
                    trust="user" if not each.speaker else "inference",
                    evidence=(span,),
                ),
                rule="model",
            )
        )
    return Lesson(proposals=tuple(asserts), dropped=tuple(dropped))


def _grounded(triple: Triple, said: Utterance) -> tuple[Span | None, str]:
    """Where the words of a triple stand; None with the reason where they may not be kept."""
    if said.role != "user":
        return None, "not said by a person"
    if not _NAME.match(triple.predicate) or triple.predicate == "instruction":
        return None, "no predicate"
    own = mask(said.text).text
    at = fold(own).find(fold(triple.quote)) if triple.quote.strip() else -1
    if at < 0 or len(fold(own)) != len(own):
        at = own.lower().find(triple.quote.lower().strip()) if triple.quote.strip() else -1
    if at < 0:
        return None, "quote"
    end = at + len(triple.quote.strip())
    around = next((s for s in sentences(own) if s.start <= at and end <= s.end + 1), None)
    if around is None:
        return None, "quote"
    if asks(around) or around.asks:
        return None, "question"
    if supposes(around.text) or conditional(around.text) or tells_fiction(around.text):
        return None, "hypothetical"
    if rule_in(around.text) is not None:
        return None, "instruction"
    quoted = set(words(triple.quote))
    if not _stands(triple.object, quoted):
        return None, "object"
    if fold(triple.subject) != OWNER and not _stands(triple.subject, set(words(own))):
        return None, "subject"
    return Span(task_id=said.task_id, ordinal=said.ordinal, start=at, end=end), ""


def _stands(claimed: str, said: set[str]) -> bool:
    telling = [word for word in words(claimed) if word not in STOP_WORDS]
    return bool(telling) and all(word in said for word in telling)
