"""From what was said to what is proposed: the steps in their order. Pure.

mask -> sentences -> what kind of sentence -> wishes, claims, corrections, endings -> proposals.
Everything that gives nothing is counted with its reason.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from enplace.records.lazy_pattern import lazy_pattern
from enplace.records.learning import Dropped, Lesson, Proposal, Utterance
from enplace.records.memory import Span
from enplace.upload.learning.claims import Claim
from enplace.upload.learning.corrections import corrected, corrects
from enplace.upload.learning.language import sentences as kinds
from enplace.upload.learning.language.lettering import lettered
from enplace.upload.learning.language.lexicon import worded
from enplace.upload.learning.language.mask import mask
from enplace.upload.learning.language.sentences import Sentence, sentences
from enplace.upload.learning.phrases.dialogue import asked_for
from enplace.upload.learning.phrases.rules import Rule, rule_in
from enplace.upload.learning.proposals import of_claim, of_rule
from enplace.upload.learning.scene import Known, Scene
from enplace.upload.learning.standing import ended
from enplace.upload.learning.told import claims_in
from enplace.upload.learning.wording import OWNER

EXTRACTOR = "rules-1"
"""Name and version of these rules; a batch keeps it."""


@dataclass(slots=True)
class _Notes:
    """What one batch has found so far."""

    proposals: list[Proposal] = field(default_factory=list[Proposal])
    dropped: list[Dropped] = field(default_factory=list[Dropped])

    def drop(self, said: Utterance, start: int, end: int, reason: str) -> None:
        span = Span(task_id=said.task_id, ordinal=said.ordinal, start=start, end=end)
        self.dropped.append(Dropped(span=span, reason=reason))


def lesson(said: Sequence[Utterance], known: Known | None = None) -> Lesson:
    """What a stretch of one task's log proposes.

    Args:
        said: In order.
        known: Whom and what long-term memory knows.
    """
    scenes: dict[str, Scene] = {}
    notes = _Notes()
    question = ""
    for utterance in said:
        if utterance.role == "assistant":
            question = utterance.text
            continue
        if utterance.role == "tool":
            notes.drop(utterance, 0, len(utterance.text), "tool output")
            continue
        speaker = utterance.speaker or OWNER
        if speaker not in scenes:
            scenes[speaker] = Scene.opened(speaker, known or Known())
        scene = scenes[speaker]
        scene.question, question = question, ""
        _hear(utterance, scene, notes)
    return Lesson(proposals=tuple(notes.proposals), dropped=tuple(notes.dropped))


_OUT_OF_ROLE = lazy_pattern(
    r"\b(?:stop|end|back to|enough|out of character|end of scene)\b", re.IGNORECASE
)


def _hear(said: Utterance, scene: Scene, notes: _Notes) -> None:
    masked = mask(said.text)
    for start, end, reason in masked.blanked:
        notes.drop(said, start, end, reason)
    if scene.plays or kinds.plays_a_role(masked.text):
        notes.drop(said, 0, len(said.text), "role play")
        scene.plays = not (scene.plays and _OUT_OF_ROLE.search(masked.text))
        return
    text = kinds.without_asides(lettered(masked.text, scene.names()))
    claims = _answered(text, said, scene)
    cue = False
    told = list(_heard_out(text, said, notes))
    for index, sentence in enumerate(told):
        cue = cue or corrects(sentence.text)
        if reason := _unfit(sentence):
            notes.drop(said, sentence.start, sentence.end, reason)
            if reason == "fiction":  # a bedtime story for somebody who is real
                claims += _met(sentence, said, scene)
            continue
        rule = _wish(told, index, said)
        if rule is not None:
            notes.proposals += of_rule(rule, said, sentence)
            if rule.suspect:
                notes.drop(said, sentence.end, len(said.text), "suspect")
                break
            claims += [
                c for c in _heard(sentence, said, scene, cue=cue) if c.predicate in _BESIDE_WISHES
            ]
            continue
        found = list(_heard(sentence, said, scene, cue=cue))
        if not found:
            notes.drop(said, sentence.start, sentence.end, "nothing lasting")
        claims += found
    for claim in _worth_keeping(claims):
        notes.proposals += of_claim(claim, said)


def _worth_keeping(claims: Sequence[Claim]) -> Iterator[Claim]:
    """All claims, and of the asides one where a message says nothing else."""
    told = [claim for claim in claims if claim.rule != "aside"]
    yield from told or claims[:1]


_BESIDE_WISHES = worded(
    "name age job_title works_at lives_in studies allergic_to diet ill_with medication married_to has_child"
    " speaks phone_number email"
)
"""What is worth knowing of a sentence that tells a wish: `I'm a nurse, so never use jargon`."""


MOST_CHARACTERS = 400
"""Of a sentence that is looked at; nobody tells of themselves in longer ones."""
MOST_SENTENCES = 80


def _heard_out(text: str, said: Utterance, notes: _Notes) -> Iterator[Sentence]:
    """The sentences of a text, as far as they are looked at."""
    for number, sentence in enumerate(sentences(text)):
        if number == MOST_SENTENCES:
            notes.drop(said, sentence.start, len(said.text), "too long")
            return
        if len(sentence.text) > MOST_CHARACTERS:
            notes.drop(said, sentence.start + MOST_CHARACTERS, sentence.end, "too long")
        yield replace(sentence, text=sentence.text[:MOST_CHARACTERS])


_FOR_WHOM = lazy_pattern(
    r"\b(?:for|to) (?:my|our) (?:\w+ ){1,3}[A-Z]|\b(?:for|to) (?:my|our) \w+, [A-Z]"
)


def _met(sentence: Sentence, said: Utterance, scene: Scene) -> list[Claim]:
    """Who is named in a sentence whose other words are not meant."""
    if (
        "\x00" in sentence.text
        or kinds.supposes(sentence.text)
        or not _FOR_WHOM.search(sentence.text)
    ):
        return []
    return [
        claim
        for claim in claims_in(sentence, said.at, scene)
        if claim.kin and claim.object[:1].isupper() and claim.rule.startswith("tie:")
    ]


def _heard(sentence: Sentence, said: Utterance, scene: Scene, *, cue: bool) -> Sequence[Claim]:
    """What a sentence claims beside what stands."""
    told = list(claims_in(sentence, said.at, scene))
    told = list(corrected(sentence, told, scene, cue=cue))
    told = list(ended(sentence, told, said.at, scene))
    for claim in told:
        scene.note(claim)
    return told


def _answered(text: str, said: Utterance, scene: Scene) -> list[Claim]:
    """What an utterance claims as the answer to a question."""
    answer = asked_for(scene.question, text)
    if not answer:
        return []
    found = [
        replace(claim, start=0, end=len(said.text), rule=f"answer:{claim.rule}")
        for claim in claims_in(Sentence(text=answer, start=0), said.at, scene)
    ]
    for claim in found:
        scene.note(claim)
    return found


_HOW_LONG = lazy_pattern(
    r"(?:and )?(?:always|forever|permanently|every time|ever|from (?:this day|now|today) on\w*"
    r"|no exceptions|for good|that(?:'s| is) (?:what i want|how i (?:want|like) it|our (?:system|rule)|the rule|a rule)(?: [\w ]{1,30})?)\W*",
    re.IGNORECASE,
)


def _wish(told: Sequence[Sentence], index: int, said: Utterance) -> Rule | None:
    """The standing wish of a sentence of the owner's, with `Always.` behind it."""
    sentence = told[index]
    if said.speaker or (kinds.asks(sentence) and not kinds.asks_a_favour(sentence)):
        return None
    if sentence.asks and not kinds.asks_a_favour(sentence):
        return None
    text = sentence.text.replace("\x00", "")
    if index + 1 < len(told) and _HOW_LONG.fullmatch(told[index + 1].text):
        text = f"{text}. {told[index + 1].text}"
    return rule_in(text)


def _unfit(sentence: Sentence) -> str:
    """Why a whole sentence says nothing that is so."""
    if "\x00" in sentence.text and not re.search(r"[a-z]{3}", sentence.text.replace("\x00", "")):
        return "quoted"
    if kinds.tells_fiction(sentence.text):
        return "fiction"
    if kinds.supposes(sentence.text):
        return "hypothetical"
    return ""
