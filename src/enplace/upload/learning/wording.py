"""How a fact reads in the third person, so that it needs no surroundings."""

import re

OWNER = "user"
"""Subject of what the owner says of themselves."""

_PHRASES = {
    "lives_in": "lives in {}", "home_town": "comes from {}", "born_in": "was born in {}",
    "works_at": "works at {}", "job_title": "works as {}", "industry": "works in {}",
    "works_on": "works on {}", "works_with": "works with {}", "team": "is in the team {}",
    "studies": "studies {}", "studies_at": "studies at {}", "graduated_from": "graduated from {}",
    "married_to": "is married to {}", "engaged_to": "is engaged to {}",
    "partner_of": "is in a relationship with {}", "ex_partner_of": "was once together with {}",
    "speaks": "speaks {}", "native_language": "has the native language {}", "age": "is {} years old",
    "nationality": "is {}", "height": "is {} tall", "allergic_to": "is allergic to {}",
    "diet": "keeps this diet: {}", "ill_with": "has this condition: {}", "medication": "takes {}",
    "likes": "likes {}", "dislikes": "dislikes {}", "prefers": "prefers {}",
    "interested_in": "is interested in {}", "fears": "is afraid of {}", "drives": "drives {}",
    "owns": "owns {}", "uses": "uses {}", "plays": "plays {}", "reads": "reads {}",
    "watches": "watches {}", "listens_to": "listens to {}", "member_of": "is a member of {}",
    "attends": "attends {}", "travelling_to": "is going to travel to {}", "visited": "visited {}",
    "decided": "decided: {}", "waiting_for": "is waiting for {}", "goal": "wants to reach: {}",
    "plans": "plans: {}", "habit": "has this habit: {}", "needs_to": "needs to {}",
    "appointment": "has an appointment: {}", "deadline": "has a deadline: {}",
    "species": "is a {}", "breed": "is a {}", "instruction": "wants the assistant to follow: {}",
}  # fmt: skip
_RELATIONS = {
    "has_child": "child", "child_of": "parent", "sibling_of": "sibling", "friend_of": "friend",
    "colleague_of": "colleague", "neighbour_of": "neighbour", "relative_of": "relative",
    "manager": "manager", "doctor": "doctor", "landlord": "landlord", "has_pet": "pet",
}  # fmt: skip


def sentence_of(subject: str, predicate: str, value: str, *, kind: str = "") -> str:
    """A fact as a sentence.

    Args:
        subject: Whom it is about.
        predicate: What is said.
        value: The object.
        kind: What sort of relative or pet, where that is known: `sister`.
    """
    who = subject_words(subject)
    if predicate in _RELATIONS:
        relation = kind or _RELATIONS[predicate]
        named = value[:1].isupper() or not value.startswith(("a ", "an "))
        of = f"{who}'s {relation}"
        return f"{_capital(of)} is {value}." if named else f"{_capital(who)} has {value}."
    if predicate in _PHRASES:
        return f"{_capital(who)} {_PHRASES[predicate].format(value)}."
    return f"{_capital(who)}'s {predicate.replace('_', ' ')} is {value}."


def subject_words(subject: str) -> str:
    """How somebody is named within a sentence."""
    return f"the {subject}" if subject == OWNER or subject.startswith(f"{OWNER}'s") else subject


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# --- a clause as it was said, in the third person ---------------------------------------------------

_SWAPS = (
    (r"\b(?:I'm|Im|I am)\b", "{who} is"),
    (r"\b(?:I've|I have)\b", "{who} has"),
    (r"\bI'll\b", "{who} will"),
    (r"\bI'd\b", "{who} would"),
    (r"\bI was\b", "{who} was"),
    (r"\bI do\b", "{who} does"),
    (r"\bI don't\b", "{who} doesn't"),
    (r"\bI\b", "{who}"),
    (r"\b(?:my|mine)\b", "{who}'s"),
    (r"\bmyself\b", "themselves"),
    (r"\bme\b", "{who}"),
    (r"\b(?:we're|we are)\b", "{who} and others are"),
    (r"\bwe\b", "{who} and others"),
    (r"\bour\b", "their"),
    (r"\bus\b", "them"),
)


def retold(clause: str, speaker: str) -> str:
    """What somebody says of themselves, told of them."""
    who = subject_words(speaker)
    text = re.sub(r"(?<![A-Za-z])i(?=\b|'|m\b)", "I", clause.strip(" ,;:-"))
    for pattern, swap in _SWAPS:
        text = re.sub(
            pattern, swap.format(who=who), text, flags=re.IGNORECASE if "I" not in pattern else 0
        )
    text = _capital(" ".join(text.split()))
    return text if text.endswith((".", "!")) else f"{text}."
