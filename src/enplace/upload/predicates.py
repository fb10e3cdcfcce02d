"""Predicates that are known: how many values hold at a time, and how long they keep.

Any other predicate holds many values, so that nothing is closed by a guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from enplace.records.memory import HALF_LIFE_S

DAY_S = 86_400.0
PERMANENT_S, SLOW_S, FAST_S = float("inf"), 730 * DAY_S, 14 * DAY_S


Datatype = Literal["text", "person", "place", "organisation", "date", "number", "language"]
"""What an object is. Of a person it can be asked what holds in the other direction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicate:
    """What is known of a predicate."""

    holds_one: bool = False
    """Whether a subject has one value at a time: a new one takes the place of the old."""
    half_life_s: float = HALF_LIFE_S
    """Seconds in which an unconfirmed fact loses half of its confidence: how volatile it is."""
    datatype: Datatype = "text"
    inverse: str = ""
    """Predicate that says the same of the object; empty where none does."""


_ONE = """
age allergic_status birth_name car citizenship_status current_project current_location diet
drives editor email employer first_language gender hair_colour has_landlord height home_address
home_town job_title lives_in lives_with manager marital_status married_to name nickname office
operating_system partner phone phone_model phone_number pronouns rent reports_to salary
relationship_status shoe_size status studies studies_at team timezone weight workplace works_at
engaged_to partner_of landlord native_language blood_type
"""
_ONE_FOR_EVER = "birthday birth_date birthplace born_in born_on blood_type died_on mother father"
_ONE_FOR_DAYS = "mood feeling current_task doing eta travelling_to weather"
_MANY_FOR_LONG = """
allergic_to child_of daughter_of ex_partner_of father_of has_child has_pet mother_of parent_of
sibling_of brother_of sister_of son_of speaks visited has_degree graduated_from grew_up_in
"""
_MANY = """
likes dislikes loves hates prefers owns plays enjoys interested_in member_of friend_of
colleague_of works_with knows attends uses uses_tool reads watches listens_to collects
fears wants plans goal deadline decided instruction medication doctor neighbour_of teaches
"""
_MANY_FOR_DAYS = "needs_to ill_with craving waiting_for"

_DATATYPES: Mapping[Datatype, str] = {
    "place": "lives_in home_town born_in birthplace travelling_to visited current_location grew_up_in",
    "organisation": "works_at employer studies_at graduated_from member_of workplace",
    "date": "birthday birth_date born_on died_on deadline",
    "number": "age height weight salary rent shoe_size",
    "language": "speaks native_language first_language",
}
_SYMMETRIC = """
married_to engaged_to partner_of ex_partner_of sibling_of friend_of colleague_of neighbour_of
relative_of works_with lives_with
"""
_INVERSES = {
    **{name: name for name in _SYMMETRIC.split()},
    "has_child": "child_of", "child_of": "has_child", "parent_of": "child_of",
    "mother_of": "child_of", "father_of": "child_of", "son_of": "has_child",
    "daughter_of": "has_child", "brother_of": "sibling_of", "sister_of": "sibling_of",
    "manager": "manages", "manages": "manager", "reports_to": "manages",
    "landlord": "tenant", "tenant": "landlord", "doctor": "patient", "patient": "doctor",
    "mother": "has_child", "father": "has_child", "has_pet": "pet_of", "pet_of": "has_pet",
}  # fmt: skip
_DATATYPE_OF: Mapping[str, Datatype] = {
    **{name: datatype for datatype, names in _DATATYPES.items() for name in names.split()},
    **dict.fromkeys(_INVERSES, "person"),
}


def _named(name: str, predicate: Predicate) -> Predicate:
    return replace(
        predicate, datatype=_DATATYPE_OF.get(name, "text"), inverse=_INVERSES.get(name, "")
    )


PREDICATES: Mapping[str, Predicate] = MappingProxyType(
    {
        name: _named(name, predicate)
        for names, predicate in (
            (_ONE, Predicate(holds_one=True, half_life_s=SLOW_S)),
            (_ONE_FOR_EVER, Predicate(holds_one=True, half_life_s=PERMANENT_S)),
            (_ONE_FOR_DAYS, Predicate(holds_one=True, half_life_s=FAST_S)),
            (_MANY_FOR_LONG, Predicate(half_life_s=PERMANENT_S)),
            (_MANY, Predicate()),
            (_MANY_FOR_DAYS, Predicate(half_life_s=FAST_S)),
        )
        for name in names.split()
    }
)
"""By folded name. `MemoryOptions.predicates` adds to them and takes their place."""


def known_predicate(name: str) -> Predicate:
    """What is known of a predicate by its folded name; a favourite is one at a time."""
    if name.startswith(("favourite_", "favorite_")):
        return Predicate(holds_one=True, half_life_s=SLOW_S)
    return PREDICATES.get(name) or Predicate()
