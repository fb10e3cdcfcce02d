"""Who and what a conversation has spoken of so far, so that `she` and `my sister` mean somebody."""

from dataclasses import dataclass, field

from enplace.upload.learning.claims import Claim
from enplace.upload.learning.heads import Head
from enplace.upload.learning.lexicon import FEMALE, KINDS_OF_KIN, MALE
from enplace.upload.learning.wording import OWNER


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What long-term memory holds of those who are spoken of."""

    ties: tuple[tuple[str, str], ...] = ()
    """Kind and name: `("sister", "Anna")`, oldest first."""


@dataclass(slots=True, kw_only=True)
class Scene:
    """A conversation as far as it has been heard. One for each speaker and task."""

    speaker: str = OWNER
    ties: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    recent: list[Claim] = field(default_factory=list[Claim])
    question: str = ""
    """What the assistant said last."""
    last: tuple[str, str] = ("", "")
    """Kind and name of whom was spoken of last."""
    plays: bool = False
    """A role is being played: nothing said is meant."""

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
        if word == "she" and kind in MALE:
            return self._latest(FEMALE)
        if word == "he" and kind in FEMALE:
            return self._latest(MALE)
        return name

    def _latest(self, kinds: frozenset[str]) -> str:
        return next((name for kind, name in reversed(self.ties) if kind in kinds), "")
