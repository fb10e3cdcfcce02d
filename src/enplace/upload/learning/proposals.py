"""From claims and wishes to what is proposed of them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from enplace.records.canonical import digest
from enplace.records.learning import Adopt, Assert, End, Meet, Proposal, Utterance
from enplace.records.memory import Fact, Person, SoulLine, Span
from enplace.upload.learning.claims import Claim, day_of, is_dated
from enplace.upload.learning.language.sentences import Sentence
from enplace.upload.learning.phrases.rules import Rule
from enplace.upload.learning.wording import OWNER, sentence_of

CONFIDENCE = 0.8
"""Of what somebody says once."""


def of_claim(claim: Claim, said: Utterance) -> Iterator[Proposal]:
    """What a claim proposes: a fact, the end of one, and whoever has a name."""
    span = Span(task_id=said.task_id, ordinal=said.ordinal, start=claim.start, end=claim.end)
    fact = _fact(claim, said, span)
    if claim.holding in {"over", "denied", "never"}:
        until = min(claim.times.start or claim.times.end or said.at, said.at)
        yield End(about=fact, rule=claim.rule, until=until, never=claim.holding == "never")
        return
    if claim.holding == "held":
        until = claim.times.end or said.at
        if fact.valid_from is not None and fact.valid_from >= until:
            fact = replace(fact, valid_from=None)
        yield End(about=fact, rule=claim.rule, until=until)
        start = fact.valid_from or until - timedelta(seconds=1)
        yield Assert(fact=replace(fact, valid_from=start, valid_until=until), rule=claim.rule)
        return
    yield Assert(fact=fact, rule=claim.rule, instead_of=claim.instead_of)
    if claim.predicate == "name" and claim.subject == OWNER:
        yield Meet(memory=_person(claim.object, said, span, (OWNER,)), rule="name")
    elif claim.rule.startswith("tie:") and claim.kin and claim.object[:1].isupper():
        yield Meet(memory=_person(claim.object, said, span), rule="tie")


def of_rule(rule: Rule, said: Utterance, sentence: Sentence) -> Iterator[Proposal]:
    """What a standing wish proposes: a fact, and a line of the soul unless it is suspect."""
    span = Span(task_id=said.task_id, ordinal=said.ordinal, start=sentence.start, end=sentence.end)
    fact = Fact(
        id=f"f{digest(f'{span} instruction')[:16]}",
        sentence=sentence_of(OWNER, "instruction", rule.text),
        recorded_at=said.at,
        subject=OWNER,
        predicate="instruction",
        object=rule.text,
        fact_kind="instruction",
        confidence=CONFIDENCE,
        trust="foreign" if rule.suspect else "user",
        state="quarantined" if rule.suspect else "active",
        evidence=(span,),
        tags=(rule.key,),
    )
    yield Assert(fact=fact, rule="instruction")
    if not rule.suspect:
        line = SoulLine(
            section=rule.section,
            key=rule.key,
            text=rule.text,
            recorded_at=said.at,
            evidence=(span,),
        )
        yield Adopt(line=line, rule="instruction")


def _fact(claim: Claim, said: Utterance, span: Span) -> Fact:
    start, end = claim.times.start, claim.times.end
    told = claim.sentence or sentence_of(
        claim.subject, claim.predicate, claim.object, kind=claim.kin
    )
    if is_dated(claim.predicate):
        day = start or end
        if day is not None and day > said.at - timedelta(days=1):
            told = f"{told.rstrip('.')} ({day_of(day)})."
            start, end = None, max(day, said.at) + timedelta(days=1)
        else:
            start = end = None
    return Fact(
        id=f"f{digest(f'{span} {claim.subject} {claim.predicate} {claim.object}')[:16]}",
        sentence=told,
        recorded_at=said.at,
        subject=claim.subject,
        predicate=claim.predicate or None,
        object=claim.object or None,
        fact_kind=claim.fact_kind,
        confidence=CONFIDENCE,
        trust="user" if not said.speaker else "inference",
        valid_from=start,
        valid_until=end if end is None or start is None or end > start else None,
        evidence=(span,),
        tags=(claim.kin,) if claim.kin else (),
    )


def _person(name: str, said: Utterance, span: Span, aliases: tuple[str, ...] = ()) -> Person:
    return Person(
        id=f"p{digest(f'{span} {name}')[:16]}",
        name=name,
        recorded_at=said.at,
        aliases=aliases,
        evidence=(span,),
    )
