"""What stands behind somebody's name: `my friend Ana, a nurse in Rennes`, `my nephew (6, vegan)`."""

import re
from collections.abc import Iterator

from enplace.records.lazy_pattern import lazy_pattern
from enplace.upload.learning.language.heads import NAME
from enplace.upload.learning.language.lexicon import DIETS, ILLNESSES, NATIONALITIES
from enplace.upload.learning.language.objects import objects

_PLACE = lazy_pattern(
    rf"\s+(?P<how>in|from|at|of)\s+(?P<x>{NAME})(?=\s*(?:$|[,.;!?)]|and\b|is\b|who\b|has\b|wants\b|for\b))"
)
_PART = lazy_pattern(r"\s*(?:,|\(|\s-)\s*(?P<part>[^,;()!?\x00]{1,80})")
_AGE = lazy_pattern(
    r"(?:aged |age |who(?:'s| is) |(?:just |nearly |almost )?turn(?:s|ing|ed) )?(?P<x>\d{1,2}|"
    r"(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:-\w+)?|one|two|three|four|five|six|seven"
    r"|eight|nine|ten|eleven|twelve|\w+teen))(?: years? old| yo| y/o)?\W*(?:$|(?=and ))",
    re.IGNORECASE,
)
_TASTE = lazy_pattern(
    r"(?:who(?:'s| is) )?(?:into|mad about|crazy about|obsessed with) (?P<x>.+)", re.IGNORECASE
)
_POST = lazy_pattern(r"(?:an? |the |our )?(?P<x>.+)", re.IGNORECASE)
_STATE = lazy_pattern(r"(?:an? |who(?:'s| is) (?:an? )?)?(?P<x>[\w'-]+)\W*$", re.IGNORECASE)
_ORG = lazy_pattern(r"^(?:.*?) (?:at|for|with) (?P<x>(?:the |a )?[A-Za-z].*)")
_TOWN = lazy_pattern(rf"\b(?:in|from|based in) (?P<x>{NAME})\W*$")


def described(after: str, *, most: int = 3) -> Iterator[tuple[str, str]]:
    """The predicates and objects that the words behind a name tell of who has it.

    Args:
        after: What follows the name.
        most: How many parts between commas are looked at.
    """
    at = 0
    if place := _PLACE.match(after):
        if place["how"] == "in":
            yield "lives_in", place["x"]
        elif place["how"] == "from":
            yield "home_town", place["x"]
        at = place.end()
    for _ in range(most):
        part = _PART.match(after, at)
        if part is None:
            return
        told = list(part_of_description(part["part"].strip()))
        if not told:
            return
        yield from told
        at = part.end()


def part_of_description(part: str) -> Iterator[tuple[str, str]]:
    """What one part of a description tells; nothing where it is not one."""
    if found := _AGE.match(part):
        yield "age", found["x"]
        return
    if found := _TASTE.match(part):
        for value in objects("things", found["x"]):
            yield "interested_in", value
        return
    if (found := _STATE.match(part)) and (word := found["x"].lower()):
        for predicate, words in _STATES:
            if word in words:
                yield predicate, found["x"]
                return
    if re.match(r"(?:an?|the|our)\s", part) and (found := _POST.match(part)):
        job = objects("job", found["x"])
        if job:
            yield "job_title", job[0]
            if org := _ORG.match(part):
                for value in objects("org", org["x"])[:1]:
                    yield "works_at", value
            if town := _TOWN.search(part):
                yield "home_town" if " from " in part else "lives_in", town["x"]


_STATES = (("diet", DIETS), ("ill_with", ILLNESSES), ("nationality", NATIONALITIES))
