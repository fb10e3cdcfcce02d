"""What relation or property a question asks about, in the words people use for it. English.

"My sister's husband" is two steps from the speaker, and "do for a living" is a property of whoever
is reached. A step names a predicate and a direction: `mother_of<` leads from the child to the
mother, the fact's subject; `job_title>` from the person to the title, its object. A predicate
with a word of the question in its name needs no entry here.
"""

from collections.abc import Iterable

from enplace.records.recollection import Concept
from enplace.records.stems import stem

_TABLE = """
mother: mother mom mum mama mamma mommy
-> mother_of< parent_of< mother> child_of>

father: father dad papa pappa daddy
-> father_of< parent_of< father> child_of>

parents: parent parents folks
-> mother_of< father_of< parent_of< child_of> son_of> daughter_of> mother> father>

child: child children kid kids daughter son girl boy baby toddler
-> mother_of> father_of> parent_of> child_of< son_of< daughter_of< has_child>

sibling: sister brother sibling siblings
-> sister_of< sister_of> brother_of< brother_of> sibling_of< sibling_of>

partner: husband wife spouse partner fiance fiancee boyfriend girlfriend married dating couple
wedded
-> married_to> married_to< partner_of> partner_of< partner> spouse> wife> husband>

grandparent: gran granny grandma grandmother grandpa grandfather grandparent
-> grandmother_of< grandfather_of< grandparent_of<

grandchild: grandchild grandson granddaughter grandkid
-> grandmother_of> grandfather_of> grandparent_of>

boss: boss manager supervisor report reports superior line
-> manager_of< boss_of< heads< reports_to> manager> boss>

leader: charge head lead leads leader run runs maintain maintainer director chief
-> heads< maintainer_of< leads< leader_of< founder_of< manager_of<

staff: employee employees staff subordinate
-> manager_of> boss_of> reports_to< employees>

landlord: landlord landlady lets owner rent rents renting tenant flat
-> landlord_of< landlord> has_landlord> owner_of<

friend: friend friends buddy pal mate
-> friend_of< friend_of>

colleague: colleague colleagues coworker coworkers teammate
-> colleague_of< colleague_of> works_with> works_with<

neighbour: neighbour neighbor neighbours neighbors door
-> neighbour_of< neighbour_of> neighbor_of< neighbor_of>

teacher: teacher tutor coach instructor lesson lessons class teaches teach taught
-> teaches< teacher_of< teacher> tutor>

student: student pupil learner
-> teaches> teacher_of>

doctor: doctor physician gp paediatrician pediatrician clinician
-> doctor_of< doctor>

dentist: dentist orthodontist
-> dentist_of< dentist>

vet: vet veterinarian
-> vet_of< vet>

carer: sitter babysitter nanny carer looks preschool
-> babysitter_of< nanny_of< carer_of< cares_for< teaches<

pet: pet pets dog cat puppy kitten animal
-> owns_pet> has_pet> owner_of>

home: live lives living address postal parcel post town city country moved move reside located
-> lives_in> home_address> address> located_in> office_address> home_town> practice_address>
workshop_address>

work: work works job occupation profession professionally career trade role position employer
company living employed title
-> job_title> works_at> employer> occupation> workplace> position> role>

birthday: birthday birth born age congratulate
-> birthday> birth_date> born_on> age>

phone number: number digits ring call phone mobile telephone
-> phone_number> phone> phone_hours>

phone: phone handset smartphone mobile
-> phone_model>

email: email mail inbox
-> email> work_email>

car: car vehicle drive drives driving
-> drives> car> vehicle> owns>

allergy: allergic allergy allergies react reaction ingredient intolerant avoid nuts
-> allergic_to> intolerant_to>

diet: eat eats eating food foods diet meal dinner lunch dish vegetarian vegan meat fish
-> diet> dislikes> likes> allergic_to>

medication: medication medicine pill pills tablet drug dose thinner remedy prescription takes
-> medication> supplement>

housing cost: rent housing spend pays pay lodging
-> rent> mortgage_payment> rents>

income: salary earn earns income wage paid
-> salary> income> hourly_rate>

commute: commute travel commuting office
-> commutes_by>

language: language languages speak speaks
-> speaks> first_language> is_learning>

likes: like likes love loves enjoy favourite favorite prefer prefers want order
-> likes> loves> prefers> enjoys>

dislikes: dislike dislikes hate hates stand
-> dislikes> hates>

school: school study studies university student course degree
-> studies_at> studied> school>

breed: breed kind sort
-> breed>

internet: internet wifi broadband network
-> internet_provider> wifi_name>

heating: heating warm winter heat boiler
-> heating>

key: key keys locked lock
-> spare_key_at> key_place> door_code>

deadline: deadline due ship deliver finish
-> deadline>

schedule: time hour slot schedule
-> lesson_time> opening_hours> phone_hours> daily_meeting> pickup_time> nap_time> bedtime>
rehearsal_day> appointment>
"""

_IN_LAW = frozenset(["mother", "father", "sister", "brother"])
"""Kin of the partner, with "in-law" behind it."""


def _read(entry: str) -> tuple[Concept, list[str]]:
    """A concept and its words: `name: words -> steps`."""
    told, _, steps = " ".join(entry.split()).partition(" -> ")
    name, _, said = told.partition(": ")
    return Concept(name, frozenset(steps.split())), [stem(word) for word in said.split()]


_BY_NAME: dict[str, Concept] = {}
_BY_STEM: dict[str, tuple[Concept, ...]] = {}
for _concept, _words in map(_read, _TABLE.strip().split("\n\n")):
    _BY_NAME[_concept.name] = _concept
    for _word in _words:
        _BY_STEM[_word] = (*_BY_STEM.get(_word, ()), _concept)


def concepts_in(words: Iterable[str]) -> tuple[Concept, ...]:
    """The relations and properties that the words of a question may mean, each once.

    Args:
        words: In order, lower case, stop words included.
    """
    said = list(words)
    found: dict[str, Concept] = {}
    for index, word in enumerate(said):
        if said[index + 1 : index + 3] == ["in", "law"] and word in _IN_LAW:
            found["partner"] = _BY_NAME["partner"]
        for concept in _BY_STEM.get(stem(word), ()):
            found[concept.name] = concept
    return tuple(found.values())
