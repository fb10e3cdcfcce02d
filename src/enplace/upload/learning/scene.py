"""Who and what a conversation has spoken of so far, so that `she` and `my sister` mean somebody."""

import re
from dataclasses import dataclass, field

from enplace.records.words import fold
from enplace.upload.learning.claims import Claim
from enplace.upload.learning.language.heads import Head
from enplace.upload.learning.language.lexicon import FEMALE, KIN, KINDS_OF_KIN, MALE, PETS, worded
from enplace.upload.learning.wording import OWNER


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What long-term memory holds of those who are spoken of."""

    ties: tuple[tuple[str, str], ...] = ()
    """Kind and name: `("sister", "Anna")`, oldest first."""
    facts: tuple[tuple[str, str, str], ...] = ()
    """Subject, predicate and object of what holds, oldest first."""


@dataclass(slots=True, kw_only=True)
class Scene:
    """A conversation as far as it has been heard. One for each speaker and task."""

    speaker: str = OWNER
    ties: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    standing: list[Claim] = field(default_factory=list[Claim])
    """What holds, from memory and from this conversation, oldest first."""
    said: list[Claim] = field(default_factory=list[Claim])
    """What was claimed in this conversation, oldest first."""
    question: str = ""
    """What the assistant said last."""
    last: tuple[str, str] = ("", "")
    """Kind and name of whom was spoken of last."""
    plays: bool = False
    """A role is being played: nothing said is meant."""

    @classmethod
    def opened(cls, speaker: str, known: Known) -> "Scene":
        """A conversation that begins, with what memory knows."""
        scene = cls(speaker=speaker, ties=list(known.ties))
        for subject, predicate, value in known.facts:
            scene.standing.append(
                Claim(
                    subject=subject, predicate=predicate, object=value, start=0, end=0, rule="known"
                )
            )
        return scene

    def names(self) -> frozenset[str]:
        """The words with a capital that the conversation knows, in lower case."""
        told = " ".join((*(claim.object for claim in self.standing), *(n for _, n in self.ties)))
        return frozenset(word.lower() for word in re.findall(r"\b[A-Z][\w'-]{2,}", told))

    def note(self, claim: Claim) -> None:
        """Something is claimed: what it ends or follows stands no longer."""
        gone = claim.holding in {"over", "denied", "never", "held"}
        self.standing = [
            other
            for other in self.standing
            if not (
                other.shares_place(claim)
                and (
                    (gone and (not claim.object or _says(other, claim)))
                    or (not gone and (claim.instead_of == other.object or is_single(claim)))
                )
            )
        ]
        if claim.subject == self.speaker and claim.predicate in _TIES and not gone:
            word = claim.kin or claim.object.split()[-1].lower()
            if claim.object[:1].isupper():
                self.last = (claim.kin or self.kind_of(claim.object), claim.object)
            elif word in KIN:
                kind = KINDS_OF_KIN.get(word, word)
                self.last = (kind, f"{self.speaker}'s {kind}")
        if not gone:
            self.standing.append(claim)
            self.said.append(claim)

    def whose(self, word: str, kind: str) -> str:
        """Whom `my` or `her` or `my sister's` names; empty where nobody knows."""
        if not word:
            return self.speaker
        if word in _POSSESSIVE:
            return self._pronoun(_POSSESSIVE[word])
        named = {name for known, name in self.ties if known == kind}
        return named.pop() if len(named) == 1 else f"{self.speaker}'s {kind}"

    def kind_of(self, subject: str) -> str:
        """What somebody is to the speaker, in one word; empty where nobody knows."""
        own = f"{self.speaker}'s "
        if subject.startswith(own):
            return subject[len(own) :]
        return next((kind for kind, name in reversed(self.ties) if name == subject), "")

    def handle(self, kind: str, name: str) -> str:
        """What to call somebody: two people of one name stay apart."""
        others = {k for k, n in self.ties if n.split(" (")[0] == name}
        if others and kind not in others:
            return f"{name} ({kind})"
        held = [n for k, n in self.ties if k == kind and n.split(" (")[0] == name]
        return held[-1] if held else name

    def meet(self, kind: str, handle: str) -> None:
        """Somebody is spoken of."""
        if (kind, handle) not in self.ties:
            self.ties.append((kind, handle))
        self.last = (kind, handle)

    def subject(self, head: Head) -> str:
        """Whom a head names; empty where nobody knows."""
        if head.is_own:
            return self.speaker
        if head.theirs:
            of = self._pronoun("she" if head.who == "her" else "he")
            kind = KINDS_OF_KIN.get(head.theirs, head.theirs)
            if not of:
                return ""
            return head.name or (
                f"{of}'s {kind}" if of.startswith(f"{self.speaker}'s") or kind else ""
            )
        if head.kin:
            kind = KINDS_OF_KIN.get(head.kin, head.kin)
            if head.of:
                return f"{self.speaker}'s {KINDS_OF_KIN.get(head.of, head.of)}'s {kind}"
            if head.name:
                handle = self.handle(kind, head.name)
                self.last = (kind, handle)
                return handle
            named = [name for known, name in self.ties if known == kind]
            who = named[-1] if len(set(named)) == 1 else f"{self.speaker}'s {kind}"
            self.last = (kind, who)
            return who
        if head.name:
            held = [(k, n) for k, n in self.ties if n.split(" (")[0] == head.name]
            self.last = held[-1] if held else ("", head.name)
            return self.last[1]
        return self._pronoun(head.who.lower())

    def _pronoun(self, word: str) -> str:
        kind, name = self.last
        if not name or word == "they":
            return ""
        if word == "it":
            return name if kind in PETS or not kind else ""
        if word == "she" and kind in MALE:
            return self._latest(FEMALE)
        if word == "he" and kind in FEMALE:
            return self._latest(MALE)
        return name

    def _latest(self, kinds: frozenset[str]) -> str:
        return next((name for kind, name in reversed(self.ties) if kind in kinds), "")


_POSSESSIVE = {"her": "she", "his": "he", "its": "it", "hers": "she"}


def _says(one: Claim, other: Claim) -> bool:
    held, named = set(fold(one.object).split()), set(fold(other.object).split())
    return held <= named or named <= held


def is_single(claim: Claim) -> bool:
    """Whether a subject has one such thing at a time."""
    return claim.predicate.startswith("favourite_") or claim.predicate in _SINGLE


_TIES = frozenset(KIN.values())
_SINGLE = worded(
    "age diet drives editor email height home_address home_town job_title lives_in manager married_to"
    " name nickname operating_system phone_model phone_number pronouns studies studies_at team timezone"
    " works_at engaged_to partner_of landlord native_language blood_type birthday born_in"
    " travelling_to"
)
