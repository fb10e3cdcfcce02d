"""What a sentence claims: ties, traits, frames and turns of phrase, each put to its subject."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from enplace.records.lazy_pattern import lazy_pattern
from enplace.records.words import fold
from enplace.upload.learning.claims import Claim, Holding, is_dated
from enplace.upload.learning.language import sentences as kinds
from enplace.upload.learning.language.heads import Head, heads
from enplace.upload.learning.language.lexicon import KIN, KINDS_OF_KIN, PETS, SPECIES, worded
from enplace.upload.learning.language.objects import objects
from enplace.upload.learning.language.sentences import Sentence
from enplace.upload.learning.language.when import times_in
from enplace.upload.learning.phrases.described import described
from enplace.upload.learning.phrases.endings import endings
from enplace.upload.learning.phrases.fields import hints
from enplace.upload.learning.phrases.frames import Phrase, phrases
from enplace.upload.learning.phrases.own import fragments, traits
from enplace.upload.learning.phrases.people import Tie, ties
from enplace.upload.learning.phrases.remarks import remarks
from enplace.upload.learning.phrases.sayings import sayings
from enplace.upload.learning.scene import Scene
from enplace.upload.learning.standpoint import hangs, idle

MOST_HEADS = 12
"""Of a sentence: who is more than that is a list."""


def claims_in(sentence: Sentence, at: datetime, scene: Scene) -> Iterator[Claim]:
    """All that a sentence claims, in the order of what finds it.

    Args:
        sentence: Of one speaker.
        at: When it was said.
        scene: Whom the conversation knows; whoever is met here is added.
    """
    asks = kinds.asks(sentence)
    tied = list(_tied(sentence, scene, asks=asks or sentence.asks))
    yield from tied
    heard = [
        *_of_traits(sentence, scene, asks=asks),
        *_of_endings(sentence, at, scene),
        *_of_sayings(sentence, at, scene, asks=asks),
    ]
    yield from heard
    typed = [*tied, *heard]
    told: list[Claim] = []
    for head in islice(heads(sentence.text), MOST_HEADS):
        if idle(sentence, head, asks=asks):
            continue
        subject = scene.subject(head)
        if not subject:
            continue
        found = [
            named
            for phrase in phrases(sentence.text, head)
            for claim in _of_phrase(phrase, head, subject, sentence, at)
            if not any(claim.shares_place(other) for other in heard)
            for named in _named(claim, scene)
        ]
        found = found or list(_settled(sentence, head, subject))
        yield from found
        typed += found
        if not found and not tied and not heard:
            told += remarks(sentence, head, subject, at, known=bool(scene.kind_of(subject)))
    hinted = [] if asks or sentence.asks else list(_of_fields(sentence, at, scene, typed))
    yield from hinted or told


# --- frames -----------------------------------------------------------------------------------------

_BEARS = lazy_pattern(r"(?:stand|bear|abide|stomach|tolerate)\b")
_NO_MORE = lazy_pattern(r"\b(?:any ?more|any ?longer)\b", re.IGNORECASE)
_STILL_AHEAD = worded("lives_in works_at job_title married_to studies drives owns")
"""What `I'm going to` tells a plan of."""
_PAST_VERBS = worded(
    "lived worked drove played studied owned spoke used resided taught attended sang ran"
)
_NEVER_PAST = worded(
    "born_in birthday home_town graduated_from visited decided ill_with name plans appointment event"
    " statement"
)


def _of_phrase(
    phrase: Phrase, head: Head, subject: str, sentence: Sentence, at: datetime
) -> Iterator[Claim]:
    told, frame = sentence.text, phrase.frame
    if _BEARS.match(told, phrase.start) and frame.predicate == "dislikes" and not head.denied:
        return
    if frame.sense == "ends" and (head.denied or head.planned):
        return
    no_more = bool(_NO_MORE.search(told, head.start))
    predicate, holding = _holding(phrase, head, told, no_more=no_more)
    times = times_in(
        told,
        at,
        perfect=head.perfect and not no_more,
        ahead=head.planned or is_dated(predicate) or "'m" in head.words,
    )
    first = Claim(
        subject=subject,
        predicate=predicate,
        object="",
        start=sentence.start + head.start,
        end=sentence.end,
        rule=f"frame:{frame.predicate}",
        holding=holding,
        times=times,
    )
    if head.planned and frame.predicate in _STILL_AHEAD and "about to" not in head.words:
        value = objects("clause", " ".join(told[phrase.start :].split()[:8]))
        if frame.sense != "ends" and value:
            yield replace(first, predicate="plans", object=value[0], holding="holds", rule="plan")
        return
    if head.elided and predicate == "appointment" and not times:
        return
    for value in phrase.objects:
        yield replace(first, object=_value(predicate, value, head))
    if holding in {"holds", "held"}:
        value = _value(predicate, phrase.objects[0], head)
        yield from _beside(first, phrase, told[phrase.at + len(value) :])


def _holding(phrase: Phrase, head: Head, told: str, *, no_more: bool) -> tuple[str, Holding]:
    frame = phrase.frame
    if frame.sense == "ends" or head.used_to or head.no_longer or (head.denied and no_more):
        return frame.predicate, "over"
    if head.denied:
        if frame.denial:
            return frame.denial, "holds"
        says_so = frame.on in {"deny", "cannot"} or _BEARS.match(told, phrase.start)
        return frame.predicate, "holds" if says_so else "denied"
    verb = told[phrase.start :].split(maxsplit=1)[0].lower()
    past = (
        frame.sense == "holds"
        and not head.perfect
        and frame.predicate not in _NEVER_PAST
        and (head.past or verb in _PAST_VERBS)
    )
    return frame.predicate, "held" if past else "holds"


_STUDENTS = frozenset(("student", "pupil", "phd", "undergraduate"))
_AT = lazy_pattern(
    r"\s*(?:\([^)]*\)\s*)?,?\s*(?:(?:and work|working|employed)\s+)?(?:at|with|for|@)\s+(.+)"
)
_IN = lazy_pattern(r"\s+(?:in|at)\s+(?=(?:the )?[A-Z])(.+)")
_NO_ORG = lazy_pattern(
    r"(?:\d|over|about|almost|nearly|years|the (?:last|past)|a (?:living|while))", re.IGNORECASE
)


def _beside(first: Claim, phrase: Phrase, after: str) -> Iterator[Claim]:
    """The place behind a job or a subject: `a nurse at St Mary's`, `law at Leiden`."""
    if first.predicate == "studies" and (place := _IN.match(after)):
        predicate = "studies_at"
    elif first.predicate == "job_title" and (place := _AT.match(after)):
        studies = phrase.objects[0].split()[-1].lower() in _STUDENTS
        predicate = "studies_at" if studies else "works_at"
    else:
        return
    named = objects("org", place[1])
    if named and not _NO_ORG.match(named[0]):
        yield replace(first, predicate=predicate, object=named[0], rule=f"beside:{first.predicate}")


def _value(predicate: str, value: str, head: Head) -> str:
    if predicate == "diet" and head.denied:
        return f"no {value}"
    if predicate == "studies":
        return re.split(r"\s+(?:in|at|on|with)\s+", value)[0]
    if predicate in {"species", "breed"}:
        return SPECIES.get(value.lower(), value.lower())
    return value


_SETTLED = lazy_pattern(
    r"[,;]?\s*(?:and )?(?:that's|it's|that is|that's now) (?:settled|final|decided)\b",
    re.IGNORECASE,
)


def _settled(sentence: Sentence, head: Head, subject: str) -> Iterator[Claim]:
    """What is decided by `that's final`."""
    found = _SETTLED.search(sentence.text)
    if not found or not head.is_own:
        return
    denied = [word for word in head.words if word.startswith(("not", "won"))]
    clause = sentence.text[head.at : found.start()] or sentence.text[head.at :]
    for value in objects("clause", " ".join((*denied, clause)))[:1]:
        yield Claim(
            subject=subject,
            predicate="decided",
            object=value,
            start=sentence.start + head.start,
            end=sentence.end,
            rule="settled",
        )


# --- people -----------------------------------------------------------------------------------------

_FAMILY = frozenset(
    ("married_to", "engaged_to", "has_child", "child_of", "sibling_of", "relative_of", "has_pet")
)
_TOLD_BARE = frozenset(word for word, predicate in KIN.items() if predicate in _FAMILY) | {
    "girlfriend", "boyfriend", "partner", "ex-wife", "ex-husband"
}  # fmt: skip
"""Who is worth knowing of without a name."""


_HAD = lazy_pattern(
    r"\b(?:i|we) (?:(?:once |also )?had|used to have|once owned) (?:an? |the )?(?:\w+ )?\Z",
    re.IGNORECASE,
)
"""What somebody had once; `the` of a tie is not in front of it."""


def _tied(sentence: Sentence, scene: Scene, *, asks: bool) -> Iterator[Claim]:
    for tie in ties(sentence.text):
        before = sentence.text[: tie.start]
        if not tie.name:
            known = any(kind == tie.kind for kind, _ in scene.ties)
            if tie.kin in _TOLD_BARE and not known and not kinds.conditional(before):
                yield _tie_claim(tie, f"a {tie.kind}", sentence, scene)
            continue
        if not asks and re.search(r"\b(?:if|would|wish)\b", before) and hangs(before):
            continue
        handle = scene.handle(tie.kind, tie.name)
        claim = _tie_claim(tie, handle, sentence, scene)
        if tie.ended or _HAD.search(before):
            yield replace(claim, holding="over" if tie.ended else "held")
            continue
        scene.meet(tie.kind, handle)
        yield claim
        if tie.kin in PETS:
            species = SPECIES.get(tie.kind, tie.kind)
            yield _told_of(handle, "species", species, claim, end=claim.end)
        for predicate, value in described(sentence.text[tie.end :]):
            yield _told_of(handle, predicate, value, claim, end=sentence.end)


def _tie_claim(tie: Tie, value: str, sentence: Sentence, scene: Scene) -> Claim:
    return Claim(
        subject=scene.speaker,
        predicate=tie.predicate,
        object=value,
        start=sentence.start + tie.start,
        end=sentence.start + tie.end,
        rule=f"tie:{tie.predicate}",
        kin=tie.kind,
    )


def _told_of(subject: str, predicate: str, value: str, by: Claim, *, end: int) -> Claim:
    return Claim(
        subject=subject,
        predicate=predicate,
        object=value,
        start=by.start,
        end=end,
        rule=f"described:{predicate}",
    )


def _named(claim: Claim, scene: Scene) -> Iterator[Claim]:
    """A name that is told of a relative names whom the speaker is tied to."""
    if claim.predicate not in {"name", "nickname"} or claim.subject == scene.speaker:
        yield claim
        return
    kind = scene.kind_of(claim.subject)
    if not kind or KIN.get(kind) is None or fold(claim.object) == fold(claim.subject):
        return
    bare = claim.subject.startswith(f"{scene.speaker}'s ")
    scene.meet(kind, claim.object)
    yield replace(
        claim,
        subject=scene.speaker,
        predicate=KIN[kind],
        kin=kind,
        rule=f"tie:{KIN[kind]}",
        instead_of=None if bare else claim.subject,
    )


# --- traits and turns of phrase ---------------------------------------------------------------------


def _of_traits(sentence: Sentence, scene: Scene, *, asks: bool) -> Iterator[Claim]:
    if asks:
        return
    for trait in list(traits(sentence.text)) or list(fragments(sentence.text)):
        if hangs(sentence.text[: trait.start]):
            continue
        subject = scene.whose(trait.of, KINDS_OF_KIN.get(trait.of, trait.of))
        if not subject:
            continue
        for value in trait.objects:
            claim = Claim(
                subject=subject,
                predicate=trait.predicate,
                object=value,
                start=sentence.start + trait.start,
                end=sentence.end,
                rule=f"trait:{trait.predicate}",
                holding="held" if trait.past else "holds",
            )
            yield from _named(claim, scene)
            if trait.predicate == "name" and subject == scene.speaker:
                at = sentence.text.find(value, trait.start) + len(value)
                for predicate, told in described(sentence.text[at:]):
                    yield replace(claim, predicate=predicate, object=told, rule="described")


_OWN = lazy_pattern(
    r"\b(?:i|i'm|i've|im|ive|we|we've|we're|my|our|me|us|mine|ours)\b", re.IGNORECASE
)
_GAVE_UP = lazy_pattern(
    r"\b(?:gave up|given up|left|quit|ended|lost|no longer|after|formerly)\s*\Z", re.IGNORECASE
)
_PRESUPPOSES = lazy_pattern(
    r"(?:with |for |because of |given |despite )?(?:my|our)\b(?!.*(?:\b(?:is|are|was|were|has|have|be)\b|'s\b))",
    re.IGNORECASE | re.DOTALL,
)
"""What is theirs, without a verb: a question that names it takes it as known."""


def _of_sayings(sentence: Sentence, at: datetime, scene: Scene, *, asks: bool) -> Iterator[Claim]:
    told_of = [head for head in heads(sentence.text) if not head.elided]
    for said in sayings(sentence.text):
        presupposed = _PRESUPPOSES.match(sentence.text, said.start, said.end)
        before = sentence.text[: said.start]
        if kinds.conditional(before) or (hangs(before) and not presupposed):
            continue
        theirs = any(not head.is_own and head.start <= said.start for head in told_of)
        if theirs and not _OWN.search(sentence.text[said.start : said.end]):
            continue
        head = Head(who="", start=said.start, at=said.end)
        if not presupposed and (asks or idle(sentence, head, asks=asks)):
            continue
        times = times_in(sentence.text, at, ahead=is_dated(said.saying.predicate))
        for value in said.objects:
            yield Claim(
                subject=scene.speaker,
                predicate=said.saying.predicate,
                object=value,
                start=sentence.start + said.start,
                end=sentence.end,
                rule=f"saying:{said.saying.predicate}",
                holding="over"
                if said.saying.sense == "ends" or _GAVE_UP.search(before)
                else "holds",
                times=times,
            )


def _of_fields(
    sentence: Sentence, at: datetime, scene: Scene, typed: Sequence[Claim]
) -> Iterator[Claim]:
    for hint in hints(sentence.text):
        known = any(
            claim.predicate == hint.predicate
            or fold(hint.object) in fold(claim.object)
            or fold(claim.object) in fold(hint.object)
            for claim in typed
        )
        if known or hangs(sentence.text[: hint.start]):
            continue
        yield Claim(
            subject=scene.speaker,
            predicate=hint.predicate,
            object=hint.object,
            start=sentence.start + hint.start,
            end=sentence.end,
            rule=f"field:{hint.predicate}",
            times=times_in(sentence.text, at, ahead=is_dated(hint.predicate)),
        )


def _of_endings(sentence: Sentence, at: datetime, scene: Scene) -> Iterator[Claim]:
    for turn in endings(sentence.text):
        if hangs(sentence.text[: turn.start]):
            continue
        times = times_in(sentence.text, at)
        told = [(predicate, turn.begins) for predicate in turn.predicates]
        if "partner_of" in turn.predicates and turn.object and not turn.begins:
            told.append(("ex_partner_of", True))
        for predicate, holds in told:
            yield Claim(
                subject=scene.speaker,
                predicate=predicate,
                object=turn.object,
                start=sentence.start + turn.start,
                end=sentence.end,
                rule=f"ending:{predicate}",
                holding="holds" if holds else "over",
                times=times,
            )
