"""From what was said to what is proposed: the steps in their order. Pure.

mask -> sentences -> what kind of sentence -> ties, traits, frames, endings, rules -> claims ->
proposals. Everything that gives nothing is counted with its reason.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from difflib import SequenceMatcher

from enplace.records.canonical import digest
from enplace.records.learning import Adopt, Assert, Dropped, End, Lesson, Meet, Proposal, Utterance
from enplace.records.memory import Fact, Person, SoulLine, Span
from enplace.records.words import fold
from enplace.upload.learning import sentences as kinds
from enplace.upload.learning.claims import Claim, Holding, day_of, is_dated
from enplace.upload.learning.dialogue import asked_for
from enplace.upload.learning.endings import endings
from enplace.upload.learning.frames import Phrase, phrases
from enplace.upload.learning.heads import Head, heads
from enplace.upload.learning.lexicon import KINDS_OF_KIN, PETS, SPECIES
from enplace.upload.learning.mask import mask
from enplace.upload.learning.objects import objects
from enplace.upload.learning.own import fragments, traits
from enplace.upload.learning.people import ties
from enplace.upload.learning.remarks import remarks
from enplace.upload.learning.rules import Rule, rule_in
from enplace.upload.learning.sayings import sayings
from enplace.upload.learning.scene import Known, Scene
from enplace.upload.learning.sentences import Sentence, sentences
from enplace.upload.learning.when import Times, times_in
from enplace.upload.learning.wording import OWNER, sentence_of

EXTRACTOR = "rules-1"
"""Name and version of these rules; a batch keeps it."""


@dataclass(slots=True)
class _Notes:
    """What one batch has found so far."""

    proposals: list[Proposal] = field(default_factory=list[Proposal])
    dropped: list[Dropped] = field(default_factory=list[Dropped])


def lesson(said: Sequence[Utterance], known: Known | None = None) -> Lesson:
    """What a stretch of one task's log proposes.

    Args:
        said: In order.
        known: Whom long-term memory knows.
    """
    known = known or Known()
    scenes: dict[str, Scene] = {}
    notes = _Notes()
    question = ""
    for utterance in said:
        if utterance.role == "assistant":
            question = utterance.text
            continue
        if utterance.role == "tool":
            notes.dropped.append(_drop(utterance, 0, len(utterance.text), "tool output"))
            continue
        speaker = utterance.speaker or OWNER
        scene = scenes.setdefault(speaker, Scene(speaker=speaker, ties=list(known.ties)))
        scene.question, question = question, ""
        _hear(utterance, scene, notes)
    return Lesson(proposals=tuple(notes.proposals), dropped=tuple(notes.dropped))


def _hear(said: Utterance, scene: Scene, notes: _Notes) -> None:
    masked = mask(said.text)
    for start, end, reason in masked.blanked:
        notes.dropped.append(_drop(said, start, end, reason))
    if kinds.plays_a_role(masked.text):
        scene.plays = True
    if scene.plays:
        notes.dropped.append(_drop(said, 0, len(said.text), "role play"))
        scene.plays = not re.search(
            r"\b(?:stop|end|back to|enough|out of character|end of scene)\b",
            masked.text,
            re.IGNORECASE,
        )
        return
    answer = asked_for(scene.question, masked.text)
    claims = list(_claims(Sentence(text=answer, start=0), answer, said.at, scene)) if answer else []
    claims = [
        replace(claim, start=0, end=len(said.text), rule=f"answer:{claim.rule}") for claim in claims
    ]
    corrects = False
    told = list(sentences(masked.text))
    for index, sentence in enumerate(told):
        corrects = corrects or bool(_CUE.match(sentence.text) or _WRONG.search(sentence.text))
        reason = _unfit(sentence)
        if not reason and (rule := rule_in(_with_next(told, index))) is not None and not sentence.asks and not kinds.asks(sentence) and not scene.plays:
            if not said.speaker:
                _rule(rule, said, sentence, notes)
                if rule.suspect:
                    notes.dropped.append(_drop(said, sentence.end, len(said.text), "suspect"))
                    break
                continue
        if reason:
            notes.dropped.append(_drop(said, sentence.start, sentence.end, reason))
            continue
        found = list(
            _corrected(
                sentence,
                list(_claims(sentence, masked.text, said.at, scene)),
                scene,
                cue=corrects,
            )
        )
        if not found:
            notes.dropped.append(_drop(said, sentence.start, sentence.end, "nothing lasting"))
        claims += found
    for claim in claims:
        notes.proposals += _proposals(claim, said, scene)
    scene.recent += claims


def _with_next(told: Sequence[Sentence], index: int) -> str:
    """A sentence with the few words behind it that say how long it counts: `Always.`"""
    text = told[index].text.replace("\x00", "")
    if index + 1 < len(told) and len(told[index + 1].text.split()) <= 4:
        if re.fullmatch(r"(?:and )?(?:always|forever|permanently|every time|ever|from (?:this day|now|today) on\w*|no exceptions|for good)\W*", told[index + 1].text, re.IGNORECASE):
            return f"{text}. {told[index + 1].text}"
    return text


def _drop(said: Utterance, start: int, end: int, reason: str) -> Dropped:
    return Dropped(
        span=Span(task_id=said.task_id, ordinal=said.ordinal, start=start, end=end), reason=reason
    )


def _unfit(sentence: Sentence) -> str:
    """Why a whole sentence says nothing that is so."""
    if "\x00" in sentence.text and not re.search(r"[a-z]{3}", sentence.text.replace("\x00", "")):
        return "quoted"
    if kinds.tells_fiction(sentence.text):
        return "fiction"
    if kinds.supposes(sentence.text):
        return "hypothetical"
    return ""


# --- claims -----------------------------------------------------------------------------------------


def _claims(sentence: Sentence, text: str, at: datetime, scene: Scene) -> Iterator[Claim]:
    asks = kinds.asks(sentence)
    tied = list(_tied(sentence, scene, asks=asks or sentence.asks))
    yield from tied
    yield from _of_traits(sentence, scene, asks=asks)
    yield from _of_endings(sentence, at, scene)
    heard = list(_of_sayings(sentence, at, scene, asks=asks))
    yield from heard
    for head in heads(sentence.text):
        if _idle(sentence, head, asks=asks):
            continue
        subject = scene.subject(head)
        if not subject:
            continue
        found = [
            claim
            for phrase in phrases(sentence.text, head)
            for claim in _of_phrase(phrase, head, subject, sentence, at)
            if not any(_same_place(claim, other) for other in heard)
            if not (claim.predicate == "name" and (head.kin or fold(claim.object) == fold(subject)))
        ]
        if not found and (settled := _SETTLED.search(sentence.text)) and head.is_own:
            value = objects("clause", " ".join((*[w for w in head.words if w.startswith(("not", "won"))], sentence.text[head.at : settled.start()] or sentence.text[head.at :])))
            if value:
                found = [Claim(subject=subject, predicate="decided", object=value[0], start=sentence.start + head.start, end=sentence.end, rule="settled")]
        yield from found
        if not found and not tied:
            yield from remarks(sentence, head, subject, at)


_SETTLED = re.compile(r"[,;]?\s*(?:and )?(?:that's|it's|that is|that's now) (?:settled|final|decided)\b", re.IGNORECASE)
_PRESUPPOSED = re.compile(
    r"(?:\b(?:now that|since|because|as|where|given that|cos|cuz|seeing as|considering|but|and|,|\(|-|when|while|although|though|who|which|that|even though|after|fact that|context|btw|fyi)\s*)\Z",
    re.IGNORECASE,
)
_HANGING = re.compile(
    r"\b(?:if|whether|unless|would|could you|can you|should i|in case|so that|says?|said|says that|told me|tells?|claims?|claimed|thinks?|thought|believes?|asked|wonders?|dreamt|dreamed|do you know|did you know|convinced that|according to|pretend\w*|joked|jokes|wish(?:es)?|hope(?:s|d)?|used to say|rumou?r|apparently|allegedly)\b",
    re.IGNORECASE,
)


def _idle(sentence: Sentence, head: Head, *, asks: bool) -> bool:
    """Whether what follows a head is asked, supposed, or told by somebody else."""
    if head.supposed:
        return True
    before = sentence.text[: head.start]
    if kinds.conditional(before[-40:]) and not re.search(
        r"[,;]", before[-40:][before[-40:].lower().rfind("if") :]
    ):
        return True
    clause = re.split(r"[,;:()]|\b(?:and|but|so)\b", before)[-1]
    if (asks or sentence.asks) and not (
        _PRESUPPOSED.search(before)
        and not kinds.asks(Sentence(text=sentence.text[head.start :], start=0))
    ):
        return not _told_before(sentence, head, asks=asks)
    if re.search(r"\b(?:like|as if|as though|where it says)\s*\Z", before, re.IGNORECASE):
        return True
    hanging = list(_HANGING.finditer(before if len(before) < 60 else clause))
    if hanging and not re.search(
        r"[,;]\s*(?:but|and|so|i|we|my|she|he)?\s*\Z|\b(?:but|so)\s*\Z",
        before[hanging[-1].end() :],
        re.IGNORECASE,
    ):
        return True
    after = sentence.text[head.at :]
    return bool(
        re.match(
            r"(?:think|guess|believe|assume|suspect|wonder|doubt|wish|hope|dream|pretend)\b",
            after,
            re.IGNORECASE,
        )
    )


def _told_before(sentence: Sentence, head: Head, *, asks: bool) -> bool:
    """A statement in front of a question: `I'm diabetic, is quinoa ok?`"""
    if asks:
        return False
    rest = sentence.text[head.at :]
    question = re.search(
        r"[,;:-]\s*(?:(?:so|and|but|any|ok)\W+)*(?:is|are|can|could|do|does|did|should|would|will|what|which|how|where|who|when|why|any\b|anything|right|isn't|doable|possible|suggestions|ideas|tips|recommendations|thoughts|chords|capitals|what's|how's|got|have you|know)\b",
        rest,
        re.IGNORECASE,
    )
    return bool(question) and not re.search(
        r",\s*(?:right|isn't it|yes|no|correct|don't i|am i|do i)\s*$", rest, re.IGNORECASE
    )


def _of_phrase(
    phrase: Phrase, head: Head, subject: str, sentence: Sentence, at: datetime
) -> Iterator[Claim]:
    frame = phrase.frame
    told = sentence.text
    verb = told[phrase.start :].split(maxsplit=1)[0].lower()
    any_more = bool(re.search(r"\b(?:any ?more|any ?longer)\b", told[head.start :], re.IGNORECASE))
    holding: Holding = "holds"
    predicate = frame.predicate
    if frame.sense == "ends":
        if head.denied or head.planned:
            return
        holding = "over"
    elif head.used_to or head.no_longer or (head.denied and any_more):
        holding = "over"
    elif head.denied:
        if frame.denial:
            predicate = frame.denial
        elif frame.on == "deny" or (
            predicate == "dislikes"
            and re.match(r"(?:stand|bear|abide|stomach|tolerate)", told[phrase.start :])
        ):
            pass
        else:
            holding = "denied"
    elif frame.sense == "holds" and _is_past(verb, head, predicate):
        holding = "held"
    if (
        predicate == "dislikes"
        and frame.predicate == "dislikes"
        and not head.denied
        and re.match(r"(?:stand|bear|abide|stomach|tolerate)", told[phrase.start :])
    ):
        return
    times = times_in(
        told,
        at,
        perfect=head.perfect and not any_more,
        ahead=head.planned or is_dated(predicate) or "'m" in head.words,
    )
    if (
        head.planned
        and frame.predicate
        in {"lives_in", "works_at", "job_title", "married_to", "studies", "drives", "owns"}
        and "about to" not in head.words
    ):
        if frame.sense != "ends":
            value = " ".join(told[phrase.start :].split()[:8])
            named = objects("clause", value)
            if named:
                yield Claim(subject=subject, predicate="plans", object=named[0], start=sentence.start + head.start,
                            end=sentence.end, rule=f"plan:{frame.predicate}", times=times)  # fmt: skip
        return
    if head.elided and predicate == "appointment" and times == Times():
        return
    for value in phrase.objects:
        yield Claim(
            subject=subject,
            predicate=predicate,
            object=_value(predicate, value, head),
            start=sentence.start + head.start,
            end=sentence.end,
            rule=f"frame:{frame.predicate}",
            holding=holding,
            times=times,
        )
    if predicate == "studies" and holding == "holds":
        place = re.match(r"\s+(?:in|at)\s+(?=[A-Z])(.+)", told[phrase.at + len(phrase.objects[0]) :])
        if place and (named := objects("org", place[1])):
            yield Claim(subject=subject, predicate="studies_at", object=named[0], start=sentence.start + head.start,
                        end=sentence.end, rule="frame:studies in", times=times)  # fmt: skip
    if predicate == "job_title" and holding in {"holds", "held"}:
        studies = phrase.objects[0].split()[-1].lower() in {"student", "pupil", "phd", "undergraduate"}
        after = told[phrase.at + len(phrase.objects[0]) :]
        place = re.match(r"\s*(?:\([^)]*\)\s*)?,?\s*(?:at|with|for|@)\s+(.+)", after)
        named = objects("org", place[1]) if place else []
        if named and not re.match(
            r"(?:\d|over|about|almost|nearly|years|the (?:last|past)|a (?:living|while))", named[0]
        ):
            yield Claim(subject=subject, predicate="studies_at" if studies else "works_at", object=named[0], start=sentence.start + head.start,
                        end=sentence.end, rule="frame:job at", holding=holding, times=times)  # fmt: skip


_PAST_VERBS = frozenset(
    [
        "lived",
        "worked",
        "drove",
        "played",
        "studied",
        "owned",
        "spoke",
        "used",
        "resided",
        "taught",
        "attended",
        "sang",
        "ran",
    ]
)


def _is_past(verb: str, head: Head, predicate: str) -> bool:
    """Told in the past, and not of what is still so."""
    if head.perfect or predicate in {
        "born_in",
        "birthday",
        "home_town",
        "graduated_from",
        "visited",
        "decided",
        "ill_with",
        "name",
        "plans",
        "appointment",
    }:
        return False
    return head.past or verb in _PAST_VERBS


def _value(predicate: str, value: str, head: Head) -> str:
    if predicate == "diet" and head.denied:
        return f"no {value}"
    if predicate in {"species", "breed"}:
        return SPECIES.get(value.lower(), value.lower())
    return value


def _tied(sentence: Sentence, scene: Scene, *, asks: bool) -> Iterator[Claim]:
    for tie in ties(sentence.text):
        if not tie.name:
            if (
                tie.kind
                in {
                    "son",
                    "daughter",
                    "wife",
                    "husband",
                    "sister",
                    "brother",
                    "girlfriend",
                    "boyfriend",
                }
                or tie.kin in PETS
            ):
                if not any(kind == tie.kind for kind, _ in scene.ties) and not kinds.conditional(
                    sentence.text[: tie.start]
                ):
                    yield _tie_claim(
                        tie.predicate,
                        f"a {tie.kind}",
                        tie.kind,
                        tie.start,
                        tie.end,
                        sentence,
                        scene,
                    )
            continue
        handle = scene.handle(tie.kind, tie.name)
        before = sentence.text[: tie.start]
        if _HANGING.search(before) and not asks and re.search(r"\b(?:if|would|wish)\b", before):
            continue
        claim = _tie_claim(tie.predicate, handle, tie.kind, tie.start, tie.end, sentence, scene)
        if tie.ended:
            yield replace(claim, holding="over")
            continue
        scene.meet(tie.kind, handle)
        yield claim
        if tie.kin in PETS:
            yield Claim(subject=handle, predicate="species", object=SPECIES.get(tie.kind, tie.kind),
                        start=claim.start, end=claim.end, rule="tie:species")  # fmt: skip


def _tie_claim(  # noqa: PLR0917 - as they stand in the sentence
    predicate: str, value: str, kind: str, start: int, end: int, sentence: Sentence, scene: Scene
) -> Claim:
    return Claim(subject=scene.speaker, predicate=predicate, object=value, start=sentence.start + start,
                 end=sentence.start + end, rule=f"tie:{predicate}", kin=kind)  # fmt: skip


def _of_traits(sentence: Sentence, scene: Scene, *, asks: bool) -> Iterator[Claim]:
    if asks:
        return
    found = list(traits(sentence.text)) or list(fragments(sentence.text))
    for trait in found:
        before = sentence.text[: trait.start]
        if _HANGING.search(before):
            continue
        subject = scene.speaker
        if trait.of:
            kind = KINDS_OF_KIN.get(trait.of, trait.of)
            named = [name for known, name in scene.ties if known == kind]
            subject = named[-1] if len(set(named)) == 1 else f"{scene.speaker}'s {kind}"
        for value in trait.objects:
            yield Claim(subject=subject, predicate=trait.predicate, object=value,
                        start=sentence.start + trait.start, end=sentence.end, rule=f"trait:{trait.predicate}",
                        holding="held" if trait.past else "holds")  # fmt: skip


def _of_sayings(sentence: Sentence, at: datetime, scene: Scene, *, asks: bool) -> Iterator[Claim]:
    for said in sayings(sentence.text):
        head = Head(who="", start=said.start, at=said.end)
        if asks or _idle(sentence, head, asks=asks):
            continue
        times = times_in(sentence.text, at, ahead=is_dated(said.saying.predicate))
        for value in said.objects:
            yield Claim(subject=scene.speaker, predicate=said.saying.predicate, object=value,
                        start=sentence.start + said.start, end=sentence.end, rule=f"saying:{said.saying.predicate}",
                        holding="over" if said.saying.sense == "ends" else "holds", times=times)  # fmt: skip


def _of_endings(sentence: Sentence, at: datetime, scene: Scene) -> Iterator[Claim]:
    for turn in endings(sentence.text):
        if _HANGING.search(sentence.text[: turn.start]):
            continue
        times = times_in(sentence.text, at)
        for predicate in turn.predicates:
            yield Claim(subject=scene.speaker, predicate=predicate, object=turn.object,
                        start=sentence.start + turn.start, end=sentence.end, rule=f"ending:{predicate}",
                        holding="holds" if turn.begins else "over", times=times)  # fmt: skip
        if "partner_of" in turn.predicates and turn.object and not turn.begins:
            yield Claim(subject=scene.speaker, predicate="ex_partner_of", object=turn.object,
                        start=sentence.start + turn.start, end=sentence.end, rule="ending:ex", times=times)  # fmt: skip


# --- corrections --------------------------------------------------------------------------------------

_CUE = re.compile(
    r"\W*(?:no+,|nope|nah|sorry,|oops|whoops|argh|wait|hang on|hold on|scratch that|strike that|correction|typo|autocorrect|i mean\b|i meant|actually,? (?:it's|i meant|no|that)|make that|er,|erm|edit:|\*)",
    re.IGNORECASE,
)
_WRONG = re.compile(
    r"\b(?:typo|autocorrect|misspoke|mistyped|misspelled|my mistake|i was wrong|got that wrong|have to correct|name wrong|i said .{1,30} but|should have said|not what i meant)\b",
    re.IGNORECASE,
)
_CORRECTS = re.compile(
    r"^\W*(?:(?:no+|nope|nah|sorry|oops|whoops|argh|ugh|wait|hang on|hold on|scratch that|correction|typo|autocorrect|i mean|i meant|actually|rather|make that|er|erm|edit)\b\W*)+|^\s*\*\w|\bi meant\b|\bnot\b|\b(?:typo|autocorrect|misspoke|mistyped|misspelled|spelled|my mistake|i was wrong|got that wrong|correct that)\b",
    re.IGNORECASE,
)
_SWAP = re.compile(
    r"(?P<new>[\w\u00c0-\u024f'. -]{1,40}?),?\s+(?:and\s+)?not\s+(?P<old>[\w\u00c0-\u024f'. -]{1,40}?)(?=$|[,.;!?(])"
    r"|\bnot\s+(?P<old2>[\w\u00c0-\u024f'.-]+(?: [\w\u00c0-\u024f'.-]+){0,2}?)[,;!]?\s+(?:but |it's |it is |rather |she's |he's )*(?P<new2>[\w\u00c0-\u024f'. -]{1,40}?)(?=$|[,.;!?(])"
    r"|\b(?:i meant|i mean|make that|it should be|should be|correction:?|it's|its|it is|\*)\s*(?:the |actually |really )*(?P<new3>[\w\u00c0-\u024f'.-]+(?: [\w\u00c0-\u024f'.-]+){0,3})(?=$|[,.;!?(])",
    re.IGNORECASE,
)


def _corrected(
    sentence: Sentence, found: list[Claim], scene: Scene, *, cue: bool
) -> Iterator[Claim]:
    """Claims that take the place of what was said a moment ago by mistake."""
    if not scene.recent or not (cue or _CORRECTS.search(sentence.text)):
        yield from found
        return
    recent = list(reversed(scene.recent))
    for claim in found:
        wrong = next(
            (
                old
                for old in recent
                if _same_place(old, claim) and fold(old.object) != fold(claim.object)
            ),
            None,
        )
        yield (
            replace(claim, instead_of=wrong.object)
            if wrong and cue and claim.holding == "holds"
            else claim
        )
    if any(claim.holding == "holds" for claim in found):
        return
    for swap in _SWAP.finditer(sentence.text):
        new = (swap["new"] or swap["new2"] or swap["new3"] or "").strip(" .'")
        new = re.sub(r"^(?:i'm|i am|it's|it is|he's|she's|we're|that's|they're)\s+(?:actually\s+)?", "", new, flags=re.IGNORECASE)
        old = (swap["old"] or swap["old2"] or "").strip(" .'")
        wrong = _meant(recent, new, old)
        if wrong is not None and new:
            value = (
                re.sub(re.escape(old), new, wrong.object, flags=re.IGNORECASE)
                if old and fold(old) in fold(wrong.object)
                else new
            )
            yield replace(wrong, object=value, start=sentence.start, end=sentence.end, rule="correction",
                          instead_of=wrong.object, sentence="")  # fmt: skip
            return


def _same_place(one: Claim, other: Claim) -> bool:
    return (one.subject, one.predicate) == (other.subject, other.predicate)


def _meant(recent: Iterable[Claim], new: str, old: str) -> Claim | None:
    """The claim that a correction is about."""
    for claim in recent:
        if claim.holding != "holds":
            continue
        if old and fold(old) in fold(claim.object):
            return claim
        close = SequenceMatcher(None, fold(new), fold(claim.object)).ratio() > 0.5
        if not old and close and fold(new) != fold(claim.object):
            return claim
    return None


# --- proposals ------------------------------------------------------------------------------------------


def _proposals(claim: Claim, said: Utterance, scene: Scene) -> Iterator[Proposal]:
    span = Span(task_id=said.task_id, ordinal=said.ordinal, start=claim.start, end=claim.end)
    fact = _fact(claim, said, span, scene)
    if claim.holding in {"over", "denied"}:
        yield End(
            about=fact, rule=claim.rule, until=claim.times.start or claim.times.end or said.at
        )
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


def _fact(claim: Claim, said: Utterance, span: Span, scene: Scene) -> Fact:
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
        confidence=0.8,
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


def _rule(rule: Rule, said: Utterance, sentence: Sentence, notes: _Notes) -> None:
    span = Span(task_id=said.task_id, ordinal=said.ordinal, start=sentence.start, end=sentence.end)
    fact = Fact(
        id=f"f{digest(f'{span} instruction')[:16]}",
        sentence=sentence_of(OWNER, "instruction", rule.text),
        recorded_at=said.at,
        subject=OWNER,
        predicate="instruction",
        object=rule.text,
        fact_kind="instruction",
        confidence=0.8,
        trust="foreign" if rule.suspect else "user",
        state="quarantined" if rule.suspect else "active",
        evidence=(span,),
        tags=(rule.key,),
    )
    notes.proposals.append(Assert(fact=fact, rule="instruction"))
    if not rule.suspect:
        line = SoulLine(
            section=rule.section,
            key=rule.key,
            text=rule.text,
            recorded_at=said.at,
            evidence=(span,),
        )
        notes.proposals.append(Adopt(line=line, rule="instruction"))


def times_of(claim: Claim) -> Times:
    """When a claim holds."""
    return claim.times
