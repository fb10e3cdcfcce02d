"""What a message makes the engine look for."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fetch.memories import NOW, query

from enplace.fetch.query import MOST_CHARACTERS, MOST_TERMS, make_query
from enplace.records.stop_words import STOP_WORDS
from enplace.records.words import content_terms, fold

PEOPLE = ("ana li", "muhammad", "deborah", "zoë")
BEFORE = "Where do the parrots of Oslo nest?"


@pytest.mark.parametrize(
    ("message", "terms"),
    [
        ("What is my parrot called?", ("parrot", "call")),
        ("PARROT parrots Parrot's", ("parrot",)),
        ("Zoë's friend visits Café Müller", ("friend", "visit", "cafe", "muller")),
        ("deploy v2 on port 8080", ("deploi", "v2", "port", "8080")),
        ("日本 の 天気", ("日本", "天気")),
        ("Which names did we discuss for the parrot?", ("parrot",)),
        ("What did we discuss in our conversations?", ("discuss", "convers")),
        ("What does Ana's brother do?", ("brother",)),
        ("What does Ana do?", ()),
        ("?!", ()),
    ],
)
def test_the_terms_of_a_message(message: str, terms: tuple[str, ...]) -> None:
    assert query(message, speakers=PEOPLE).terms == terms


@pytest.mark.parametrize(
    ("message", "roles"),
    [
        ("What sort of place did I paint in June 2023?", "frame topic date date"),
        ("Which boat last week?", "topic date date"),
        ("Do I have a boat for the weekend?", "topic date"),
        ("a boat for the weekend", "topic greeting"),
        ("What do I work as?", "frame"),
        ("Can you book the usual restaurant?", "frame frame topic"),
        ("Is my painter full-time?", "topic frame topic topic"),
        ("I saw a boat", "greeting greeting"),
        ("boat", "topic"),
        ("tyres for the car", "topic topic"),
        ("good morning", "greeting"),
        ("What was Ana's morning like?", "date"),
        ("What makes Ana laugh?", "topic"),
    ],
)
def test_what_each_term_does(message: str, roles: str) -> None:
    assert query(message, speakers=PEOPLE).roles == tuple(roles.split())


@pytest.mark.parametrize(
    ("message", "terms"),
    [
        ("And the other one?", ("parrot", "oslo", "nest")),
        ("And the colour?", ("colour", "parrot", "oslo", "nest")),
        ("And the nests?", ("nest", "parrot", "oslo")),
        ("and the neighbour's", ("neighbour", "parrot", "oslo", "nest")),
        ("tell me more", ("parrot", "oslo", "nest")),
        ("Really?", ("parrot", "oslo", "nest")),
        ("The colour of walnuts?", ("colour", "walnut")),
        ("Which colour?", ("colour", "parrot", "oslo", "nest")),
        ("Where is my landlord?", ("landlord",)),
        ("What am I allergic to?", ("allerg",)),
        ("Is that my landlord?", ("landlord", "parrot", "oslo", "nest")),
    ],
)
def test_a_message_that_names_little_leans_on_the_one_before(
    message: str, terms: tuple[str, ...]
) -> None:
    found = query(message, BEFORE)
    assert found.terms == terms
    leans = "parrot" in terms
    assert found.text == (f"{BEFORE} {message}" if leans else message)


def test_a_misspelt_name_beside_a_right_one_is_no_topic() -> None:
    found = query("Does Muhammad sail with Fahim?", speakers=["muhhamed", "fahim"])
    assert found.terms == ("muhammad", "sail")
    assert found.roles == ("frame", "topic")
    assert found.speakers == ("fahim",)


def test_a_name_alone_is_no_acknowledgement() -> None:
    assert query("Ana", BEFORE, speakers=PEOPLE).reason == ""


@pytest.mark.parametrize("message", ["thanks!", "ok", "Yes, do.", "ok go on", "…", "Thanks, Ana!"])
def test_an_acknowledgement_looks_for_nothing(message: str) -> None:
    for before in ("", BEFORE):
        found = query(message, before, speakers=PEOPLE)
        assert found.terms == ()
        assert found.reason == "the message names nothing to look for"


@pytest.mark.parametrize("message", ["great, thank you", "awesome, sounds good", "good night"])
def test_small_talk_does_not_lean(message: str) -> None:
    found = query(message, BEFORE)
    assert set(found.roles) == {"greeting"}
    assert found.text == message


@pytest.mark.parametrize(
    ("message", "speakers"),
    [
        ("What does Ana do?", ("ana li",)),
        ("What did ana li and Zoe buy?", ("ana li", "zoë")),
        ("What did Deb buy?", ("deborah",)),
        ("What did Mohammed buy?", ("muhammad",)),
        ("What did Deb tell Mohammad?", ("deborah", "muhammad")),
        ("What did Ana tell Deb?", ("ana li",)),
        ("What did deb buy?", ()),
        ("What did Mark buy?", ()),
        ("Debts?", ()),
    ],
)
def test_speakers_by_name_short_form_and_slip(message: str, speakers: tuple[str, ...]) -> None:
    """A short form or a slip counts where nobody is named outright, and with a capital only."""
    assert query(message, speakers=PEOPLE).speakers == speakers


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("What does Ana's brother say of Ana?", "What does my brother say of I?"),
        ("Is that Ana\N{RIGHT SINGLE QUOTATION MARK}s boat?", "Is that my boat?"),
        ("Did ANA buy bananas?", "Did I buy bananas?"),
        ("What did Mohammed buy?", "What did I buy?"),
        ("What is Zoë's cat called?", "What is my cat called?"),
        ("What did Mark buy?", "What did Mark buy?"),
    ],
)
def test_an_embedder_is_given_what_the_one_asked_about_would_say(message: str, text: str) -> None:
    assert query(message, speakers=PEOPLE).text == text


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("Where is Ana's boat?", ("ana", "boat", "is ana", "ana boat")),
        ("my sister", ("me", "sister", "my sister")),
        ("Zoë ' Li", ("zoë", "li", "zoë li")),
    ],
)
def test_what_may_be_a_name(message: str, names: tuple[str, ...]) -> None:
    assert query(message).names == names


@pytest.mark.parametrize(
    ("message", "phrases"),
    [
        ('Who said "the blue parrots"?', (" blue parrot ",)),
        ("Who said “the blue parrots” and «walnut tables»?", (" blue parrot ", " walnut tabl ")),
        ('"blue parrots", "Blue parrot"', (" blue parrot ",)),
        ('Who wrote "Nothing is impossible"?', ()),
        ('What of "   " and ""?', ()),
        ("the parrot's and the cat's", ()),
    ],
)
def test_quoted_phrases_as_the_index_writes_them(message: str, phrases: tuple[str, ...]) -> None:
    assert query(f"{message} owl").phrases == phrases


def test_pairs_stand_beside_each_other() -> None:
    found = query("the blue parrot and the blue parrot of Oslo")
    assert found.pairs == (("blue", "parrot"), ("parrot", "blue"), ("parrot", "oslo"))


def test_times_are_told_from_now() -> None:
    found = make_query("What did I buy in May 2023?", now=NOW)
    may, june = datetime(2023, 5, 1, tzinfo=UTC), datetime(2023, 6, 1, tzinfo=UTC)
    assert found.spans == ((may, june),)
    assert query("What did I buy?").spans == ()


@pytest.mark.parametrize(
    ("message", "asks"),
    [
        ("Where is my boat?", True),
        ("tell me about the boat", True),
        ("Can you tell me where the boat is", True),
        ("please list my boats", True),
        ("What did Ana buy", True),
        ("Ana bought a boat.", True),
        ("I bought a boat.", False),
        ("How are you today?", False),
        ("Can you sing me a song?", False),
        ("Tell me a joke", False),
        ("Do you like boats?", False),
    ],
)
def test_asking_about_somebody_or_something(message: str, asks: bool) -> None:
    assert query(message, speakers=PEOPLE).asks == asks


@pytest.mark.parametrize(
    ("message", "asks"),
    [
        ("What did you recommend for my knee?", True),
        ("the book you mentioned", True),
        ("Which book was recommended to me?", True),
        ("Remind me of your advice on knees", True),
        ("What did Ana recommend?", False),
        ("Do you recommend knees?", False),
    ],
)
def test_asking_for_what_the_assistant_said(message: str, asks: bool) -> None:
    assert query(message).asks_assistant == asks


@pytest.mark.parametrize(
    ("message", "asks"),
    [
        ("When did I buy the boat?", True),
        ("What year was the boat built?", True),
        ("How long did the trip take?", True),
        ("Do you know when did the trip end?", True),
        ("What boat did I buy when I was in Oslo?", False),
    ],
)
def test_asking_when(message: str, asks: bool) -> None:
    assert query(message).asks_when == asks


@pytest.mark.parametrize(
    ("message", "asks"),
    [
        ("How many boats do I have?", True),
        ("Which cities has Bo visited?", True),
        ("What islands did he visit?", True),
        ("list all my trips", True),
        ("What does Bo own?", False),
        ("What is this has to say?", False),
        ("Which boat did I buy?", False),
    ],
)
def test_asking_for_many(message: str, asks: bool) -> None:
    assert query(message).asks_many == asks


WORDS = st.sampled_from(
    [
        *sorted(STOP_WORDS)[::7],
        *(
            "parrot",
            "Parrots",
            "Ana's",
            "Deb",
            "Muhamad",
            "'boat'",
            "zoë",
            "May",
            "2023",
            "?",
            "日本",
        ),
    ]
)
TEXTS = st.text(st.characters()) | st.lists(WORDS, max_size=40).map(" ".join)
SPEAKERS = st.lists(TEXTS.map(fold), max_size=4, unique=True)


@given(TEXTS, TEXTS, SPEAKERS)
def test_a_query_is_short_and_plain_whatever_is_said(
    message: str, before: str, speakers: list[str]
) -> None:
    found = make_query(message, before, now=NOW, speakers=speakers)
    assert found == make_query(message, before, now=NOW, speakers=speakers)
    assert len(set(found.terms)) == len(found.terms) <= MOST_TERMS
    assert set(found.terms) <= {*content_terms(message), *content_terms(before)}
    if found.reason:
        assert found.terms == ()
        return
    assert len(found.roles) == len(found.terms)
    assert set(found.speakers) <= set(speakers)
    assert all(name == name.strip() and name for name in found.names)
    written = f" {' '.join(content_terms(message))} "
    assert all(f" {one} {other} " in written for one, other in found.pairs)
    assert all(phrase.split() for phrase in found.phrases)
    assert all(start < end for start, end in found.spans)


@given(st.lists(st.sampled_from(sorted(STOP_WORDS))), TEXTS)
def test_stop_words_are_never_looked_for(said: list[str], before: str) -> None:
    assert query(" ".join(said)).terms == ()
    assert not set(query(" ".join(said), before).terms) - set(content_terms(before))


@pytest.mark.parametrize("asked", ["{} Where is my boat?", "Where is my boat? {}"])
def test_of_a_long_message_both_ends_are_read(asked: str) -> None:
    pasted = " ".join(f"Word{n}" for n in range(MOST_CHARACTERS))
    found = query(asked.format(pasted), speakers=PEOPLE)
    assert "my boat" in found.names
    assert len(found.terms) == MOST_TERMS
    assert len(found.text) <= MOST_CHARACTERS + 1
    assert len(" ".join(found.names)) < 4 * MOST_CHARACTERS
