"""Predicates that are known: how many values hold at a time, and how long they keep.

Any other predicate holds many values, so that nothing is closed by a guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from enplace.records.memory import HALF_LIFE_S

DAY_S = 86_400.0
PERMANENT_S, SLOW_S, FAST_S = float("inf"), 730 * DAY_S, 14 * DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicate:
    """What is known of a predicate."""

    holds_one: bool = False
    """Whether a subject has one value at a time: a new one takes the place of the old."""
    half_life_s: float = HALF_LIFE_S
    """Seconds in which an unconfirmed fact loses half of its confidence."""


_ONE = """
age allergic_status birth_name car citizenship_status current_project current_location diet
drives editor email employer first_language gender hair_colour has_landlord height home_address
home_town job_title lives_in lives_with manager marital_status married_to name nickname office
operating_system partner phone phone_model phone_number pronouns rent reports_to salary
relationship_status shoe_size status studies studies_at team timezone weight workplace works_at engaged_to partner_of landlord
home_town native_language blood_type
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

PREDICATES: Mapping[str, Predicate] = MappingProxyType(
    {
        name: predicate
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
