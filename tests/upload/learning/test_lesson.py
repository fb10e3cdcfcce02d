"""What is learned from what was said: a table for each mechanism, and laws over any text."""

import json
import re
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.upload.learning.hear import AT, heard, told

import enplace_bench.learn as data
from enplace.records.learning import Adopt, Assert, End, Utterance
from enplace.records.words import fold, words
from enplace.upload.learning.language.mask import mask
from enplace.upload.learning.lesson import lesson
from enplace.upload.learning.scene import Known
from enplace_bench.learn.noise import corpus

DATA = Path(data.__file__).parent


@pytest.mark.parametrize(
    ("text", "said"),
    [
        # frames
        ("I work as a gardener for the city of Zurich.", ["user job_title gardener", "user works_at city of Zurich"]),
        ("i live in bruges, whats a nice walk for sunday", ["user lives_in Bruges"]),
        ("I've been vegan since 2019.", ["user diet vegan"]),
        ("I can't stand coriander.", ["user dislikes coriander"]),
        # turns of phrase
        ("Home for me is Trondheim, so I need tyres with spikes.", ["user lives_in Trondheim"]),
        ("The Red Cross hired me last month.", ["user works_at Red Cross"]),
        ("Spiders terrify me.", ["user fears Spiders"]),
        # people, and what is said behind their names
        ("My friend Hélène, a nurse at the university hospital, is looking for a flat.",
         ["user friend_of Hélène", "Hélène job_title nurse", "Hélène works_at university hospital"]),
        ("Sven and Lotta, our neighbours, are expecting twins.", ["user neighbour_of Sven", "user neighbour_of Lotta"]),
        ("We have a daughter. She is called Ronja and she's four.", ["user has_child Ronja", "Ronja age four"]),
        ("My brother Olli, with whom I share a workshop, is a blacksmith.", ["Olli job_title blacksmith"]),
        # by the field of life
        ("The removal boxes for our cosy little flat in Turku are still unpacked.", ["user lives_in Turku"]),
        # presupposed by a question
        ("Could you recommend a route from my home in Kalmar?", ["user lives_in Kalmar"]),
    ],
)  # fmt: skip
def test_what_one_message_tells(text: str, said: Sequence[str]) -> None:
    assert set(said) <= told(heard(text))


@pytest.mark.parametrize(
    ("turns", "said"),
    [
        (("a:What's your favourite colour?", "turquoise"), "user favourite_colour turquoise"),
        (("a:Do you live in Kraków?", "Yes, I do."), "user lives_in Kraków"),
        (("a:So you live in Turku?", "Not in Turku, in Tampere."), "user lives_in Tampere"),
        (("a:Which languages do you speak?", "Finnish and Swedish"), "user speaks Swedish"),
    ],
)
def test_an_answer_is_read_with_its_question(turns: Sequence[str], said: str) -> None:
    assert said in told(heard(*turns))


@pytest.mark.parametrize(
    ("before", "after", "wrong", "right"),
    [
        ("I live in Breda.", "No, I meant Gouda.", "Breda", "Gouda"),
        ("My birthday is on 12 May.", "Scratch that, 21 May.", "12 May", "21 May"),
        ("My sister's name is Katarina.", "Sorry, that was wrong: her name is Katerina.", "Katarina", "Katerina"),
        ("My email is lars@mail.example.", "There's a typo in that: it's lars@mial.example.", "lars@mail.example", "lars@mial.example"),
        ("I was born on 3 March 1990.", "The year is wrong, it must be 1991.", "3 March 1990", "3 March 1991"),
    ],
)  # fmt: skip
def test_a_correction_takes_the_place_of_what_is_of_its_type(
    before: str, after: str, wrong: str, right: str
) -> None:
    found = [p for p in heard(before, after).proposals if isinstance(p, Assert)]
    assert [(p.fact.object, p.instead_of) for p in found if p.instead_of] == [(right, wrong)]


@pytest.mark.parametrize(
    ("held", "news"),
    [
        (("user", "drives", "Golf"), "I've sold the Golf."),
        (("user", "works_at", "Ikea"), "I've handed in my notice at Ikea."),
        (("user", "member_of", "gospel choir"), "I've left the choir."),
        (("user", "plays", "tennis"), "I had to give up tennis because of my knee."),
        (("user", "uses", "Disney"), "cancelled disney, new total please"),
        (("user", "has_pet", "Minka"), "Minka died last week and I miss her."),
        (("user", "medication", "ibuprofen"), "I no longer need the ibuprofen."),
        (("user", "travelling_to", "Rome"), "We've cancelled the trip to Rome."),
        (("Gunnar", "job_title", "carpenter"), "Gunnar isn't a carpenter any more."),
    ],
)
def test_news_ends_what_stands(held: tuple[str, str, str], news: str) -> None:
    assert f"end {' '.join(held)}" in told(heard(news, known=Known(facts=(held,))))


@pytest.mark.parametrize(
    ("held", "news", "said"),
    [
        (("user", "operating_system", "Windows"), "I've switched from Windows to Ubuntu.", "user operating_system Ubuntu"),
        (("user", "manager", "Helen Marsh"), "Helen Marsh has been replaced by Tom Ives.", "user manager Tom Ives"),
        (("user", "lives_in", "Aarhus"), "I've swapped Aarhus for Odense.", "user lives_in Odense"),
    ],
)  # fmt: skip
def test_what_follows_stands_instead(held: tuple[str, str, str], news: str, said: str) -> None:
    assert said in told(heard(news, known=Known(facts=(held,))))


@pytest.mark.parametrize(
    "text",
    [
        "If I had a dog I would call it Waldo.",
        "I might sell the Golf.",
        "Translate: I live in Kyiv and I have two dogs.",
        "He told me that he lives in Berlin.",
        "Am I too old to learn the piano?",
        "write a story in which I am a pirate and my parrot is called Gustav",
        "I have a list of 200 names. How do I sort it?",
        "hmm how do i pin a dependency in pyproject.toml",
    ],
)
def test_what_is_not_so_is_not_kept(text: str) -> None:
    assert not told(heard(text, known=Known(facts=(("user", "drives", "Golf"),))))


# --- wishes, and what poses as one ------------------------------------------------------------------


def lines(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]


@pytest.mark.parametrize("case", lines("genuine.jsonl"), ids=lambda case: case["id"])
def test_genuine_wishes_are_adopted(case: dict[str, str]) -> None:
    kept = [p.line.text for p in heard(case["text"]).proposals if isinstance(p, Adopt)]
    kept += [
        p.fact.sentence
        for p in heard(case["text"]).proposals
        if isinstance(p, Assert) and p.fact.state != "quarantined"
    ]
    assert any(all(fold(word) in fold(text) for word in case["has"]) for text in kept)


@pytest.mark.parametrize("case", lines("poison.jsonl"), ids=lambda case: case["id"])
def test_poison_is_neither_adopted_nor_believed(case: dict[str, str]) -> None:
    said = Utterance(
        task_id="t",
        ordinal=1,
        at=AT,
        text=case["text"],
        role="tool" if case["where"] in {"tool", "document"} else "user",
        speaker="Bob" if case["where"] == "heard" else "",
    )
    for proposal in lesson([said]).proposals:
        if isinstance(proposal, Adopt):
            text = proposal.line.text
        elif isinstance(proposal, Assert) and proposal.fact.trust == "user":
            text = "" if proposal.fact.state == "quarantined" else proposal.fact.sentence
        else:
            continue
        assert not any(fold(word) in fold(text) for word in case["must_not"])


def test_noise_teaches_next_to_nothing() -> None:
    turns = [turn for turn in corpus(7, 2000) if turn.who == "user"]
    junk = [turn.text for turn in turns if told(heard(turn.text))]
    assert len(junk) <= len(turns) // 100


# --- laws -------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    ["I live in ", "my sister Anna ", "not ", "Ghent", ", ", ". ", "? ", "no, I meant ", "\n", '"', "`",
     "we moved to ", "always ", "12 May ", "is a nurse at ", "and ", "(", "sold the Golf", "since ", "\u2019s ",
     "> ", "she ", "who ", "called ", "3", "\u00e9", "\u4f60", "if ", "What I love: ", "<tool>"]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=14).map("".join))


@given(texts=st.lists(TEXTS, max_size=3))
@settings(deadline=None)
def test_any_text_gives_a_lesson_with_evidence_in_it(texts: list[str]) -> None:
    found = heard(*texts)
    assert found == heard(*texts)
    for proposal in found.proposals:
        if isinstance(proposal, Assert | End):
            fact = proposal.fact if isinstance(proposal, Assert) else proposal.about
            for span in fact.evidence:
                text = texts[span.ordinal - 1].removeprefix("a:").strip()
                start, end = span.start or 0, span.end or 0
                assert 0 <= start <= end <= len(text)


@given(texts=st.lists(TEXTS, max_size=3))
@settings(deadline=None)
def test_numbers_and_names_of_an_object_were_said(texts: list[str]) -> None:
    said = set(words(" ".join(texts)))
    for proposal in heard(*texts).proposals:
        if isinstance(proposal, Assert) and proposal.fact.predicate != "instruction":
            for word in re.findall(r"\b(?:[A-Z]\w+|\d+)\b", proposal.fact.object or ""):
                assert set(words(word)) <= said


@given(text=TEXTS)
def test_a_mask_keeps_the_length(text: str) -> None:
    assert len(mask(text).text) == len(text)


@pytest.mark.parametrize(
    "unit", ["a ", '"', "my my my", "x", " ", "\n", "Ann ", "I live in ", "said: ", "not "]
)
def test_a_long_text_costs_little(unit: str) -> None:
    text = (unit * 20_000)[:20_000]
    start = time.process_time()
    heard(text)
    assert time.process_time() - start < 1.0
