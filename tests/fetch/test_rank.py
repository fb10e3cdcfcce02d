"""Which of the candidates are shown, and how."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fetch.memories import NOW, fact, gathered, query, said, standing

from enplace.errors import UsageError
from enplace.fetch.decay import FLOOR_RATIO, decayed
from enplace.fetch.gate import Verdict
from enplace.fetch.rank import (
    MOST_DROPPED,
    RecallOptions,
    Request,
    choose,
    label,
    quotation,
    shortlist,
)
from enplace.fetch.score import Scored, score
from enplace.records.recollection import (
    Candidate,
    DroppedMemory,
    RecalledMemory,
    RecallPolicy,
    RecallQuery,
    Standing,
)
from enplace.records.words import content_terms

OPEN = Verdict()
PARROT = query("Where is the parrot?")
LONG_AGO, YESTERDAY, TOMORROW = (NOW + timedelta(days=days) for days in (-400, -1, 1))


def request(
    policy: RecallPolicy = "search",
    *,
    limit: int = 9,
    at: datetime = NOW,
    visible: Sequence[str] = (),
    history: bool = False,
) -> Request:
    return Request(policy=policy, limit=limit, now=NOW, at=at, visible=visible, history=history)


def ranked(*candidates: Candidate) -> list[Scored]:
    """Candidates that were scored, the first best."""
    return [Scored(each, 9.0 - place / 9, {}) for place, each in enumerate(candidates)]


def chosen(
    asked: Request,
    texts: dict[Candidate, str],
    *,
    looked_for: RecallQuery = PARROT,
    options: RecallOptions | None = None,
) -> tuple[list[RecalledMemory], list[tuple[str, str]]]:
    """What is shown of candidates and their texts, and the others with the stage that dropped them."""
    kept, dropped = shortlist(ranked(*texts), OPEN, asked)
    by_row = {candidate.row: text for candidate, text in texts.items()}
    shown, more = choose(kept, by_row, looked_for, asked, options or RecallOptions())
    return shown, stages([*dropped, *more])


def stages(dropped: Sequence[DroppedMemory]) -> list[tuple[str, str]]:
    return [(each.id, each.stage) for each in dropped]


def ids(memories: Sequence[RecalledMemory]) -> list[str]:
    return [memory.id for memory in memories]


# Policies


@pytest.mark.parametrize(
    ("policy", "verdict", "shown"),
    [
        ("inject", OPEN, ["f1", "f2"]),
        ("inject", Verdict(least_score=8.95), ["f1"]),
        ("inject", Verdict(silence="small talk"), []),
        ("search", Verdict(least_score=8.95), ["f1", "f2"]),
        ("search", Verdict(silence="small talk"), ["f1", "f2"]),
    ],
)
def test_the_gate_is_for_what_nobody_asked_for(
    policy: RecallPolicy, verdict: Verdict, shown: list[str]
) -> None:
    kept, dropped = shortlist(ranked(fact(1, "owl"), fact(2, "cat")), verdict, request(policy))
    assert [each.candidate.id for each in kept] == shown
    assert stages(dropped) == [(id_, "gate") for id_ in ("f1", "f2") if id_ not in shown]


def test_a_search_quotes_whole_texts_and_a_context_one_sentence() -> None:
    text = "We sailed. The parrot sat on the mast. It rained."
    shown, _ = chosen(request("search"), {said(1, text): text})
    assert shown[0].text == text
    shown, _ = chosen(request("inject"), {said(1, text): text, fact(2, text): text})
    assert [memory.text for memory in shown] == ["The parrot sat on the mast.", text]


# What may not be shown


def test_what_is_in_view_is_not_shown_again() -> None:
    candidates = (fact(1, "owl"), said(2, "cat"), fact(3, "table"))
    kept, dropped = shortlist(ranked(*candidates), OPEN, request(visible=["f1", "said:t:2"]))
    assert [each.candidate.id for each in kept] == ["f3"]
    assert stages(dropped) == [("f1", "visible"), ("said:t:2", "visible")]


LAST_YEAR = NOW - timedelta(days=365)


@pytest.mark.parametrize(
    ("stands", "now", "last_year", "history"),
    [
        (standing(recorded_at=LONG_AGO), True, True, True),
        (standing(recorded_at=YESTERDAY), True, False, True),
        (standing(valid_from=LONG_AGO), True, True, True),
        (standing(recorded_at=LONG_AGO, valid_from=YESTERDAY), True, False, True),
        (standing(valid_from=TOMORROW), False, False, True),
        (standing(valid_from=NOW, valid_until=TOMORROW), True, False, True),
        (standing(valid_from=LONG_AGO, valid_until=NOW), False, True, True),
        (standing(valid_from=LONG_AGO, valid_until=YESTERDAY), False, True, True),
        (standing(recorded_at=LONG_AGO, state="disputed"), True, True, True),
        (standing(recorded_at=LONG_AGO, state="retired"), False, False, False),
        (standing(recorded_at=LONG_AGO, state="quarantined"), False, False, False),
        (standing(recorded_at=LONG_AGO, state="forgotten"), False, False, False),
    ],
)
def test_facts_are_shown_while_they_hold(
    stands: Standing, now: bool, last_year: bool, history: bool
) -> None:
    for asked, shown in (
        (request(), now),
        (request(at=LAST_YEAR), last_year),
        (request(history=True), history),
    ):
        kept, dropped = shortlist(ranked(fact(1, "owl", stands)), OPEN, asked)
        assert bool(kept) == shown
        assert stages(dropped) == ([] if shown else [("f1", "invalid")])


def test_what_was_said_later_is_not_known_then() -> None:
    candidates = (said(1, "owl", at=LONG_AGO), said(2, "cat", at=YESTERDAY))
    kept, dropped = shortlist(ranked(*candidates), OPEN, request(at=LAST_YEAR))
    assert [each.candidate.row for each in kept] == [1]
    assert stages(dropped) == [("said:t:2", "invalid")]


def test_a_first_reason_is_enough() -> None:
    gone = fact(1, "owl", standing(state="retired"))
    asked = request("inject", visible=["f1"])
    _, dropped = shortlist(ranked(gone), Verdict(silence="small talk"), asked)
    assert stages(dropped) == [("f1", "visible")]


# Labels


YEARS_AGO = datetime(2023, 1, 2, 12, tzinfo=NOW.tzinfo)


@pytest.mark.parametrize(
    ("stands", "told"),
    [
        (None, ""),
        (standing(), ""),
        (standing(state="disputed"), "conflicting"),
        (standing(valid_until=YEARS_AGO), "until 2023-01-02"),
        (standing(valid_until=NOW), "until 2026-11-21"),
        (standing(valid_until=TOMORROW), "ends 2026-11-22"),
        (standing(recorded_at=YEARS_AGO, half_life_s=1e6), "unconfirmed since 2023-01-02"),
        (standing(recorded_at=YEARS_AGO, confirmed_at=YESTERDAY, half_life_s=1e6), ""),
        (standing(recorded_at=LAST_YEAR, half_life_s=1e6), ""),
        (standing(recorded_at=YEARS_AGO), ""),
        (standing(recorded_at=YEARS_AGO, half_life_s=float("inf")), ""),
        (
            standing(
                state="disputed", recorded_at=YEARS_AGO, half_life_s=1e6, valid_until=TOMORROW
            ),
            "conflicting, ends 2026-11-22, unconfirmed since 2023-01-02",
        ),
    ],
)
def test_a_label_says_what_a_reader_must_know(stands: Standing | None, told: str) -> None:
    candidate = said(1, "owl") if stands is None else fact(1, "owl", stands)
    assert label(candidate, request()) == told


# What is worth the room


@pytest.mark.parametrize(
    ("kind", "texts", "shown"),
    [
        ("fact", ("The owl sings.", "the  OWL sings."), 1),
        ("fact", ("The owl sings.", "Owls sing."), 1),
        ("fact", ("The owl sings.", "The owl sings softly."), 2),
        ("said", ("The owl sings.", "the  OWL sings."), 1),
        ("said", ("The owl sings.", "Owls sing."), 2),
    ],
)
def test_what_says_the_same_is_shown_once(kind: str, texts: tuple[str, str], shown: int) -> None:
    make = said if kind == "said" else fact
    told, dropped = chosen(request(), {make(row, text): text for row, text in enumerate(texts)})
    assert len(told) == shown
    assert [stage for _, stage in dropped] == ["duplicate"] * (2 - shown)
    assert told[0].text == texts[0], "the better one stays"


def test_a_fact_is_no_repetition_of_somebody_who_said_nearly_the_same() -> None:
    told, _ = chosen(
        request(),
        {said(1, "Owls sing!"): "Owls sing!", fact(2, "The owl sings."): "The owl sings."},
    )
    assert len(told) == 2


def test_nine_of_ten_words_are_the_same() -> None:
    words = [f"word{n}" for n in range(20)]
    for shared, shown in ((19, 1), (18, 1), (17, 2)):
        one, other = " ".join(words[:19]), " ".join([*words[:shared], *words[19:]])
        common = len({*words[:19]} & set(other.split())) / len({*words[:19]} | set(other.split()))
        told, _ = chosen(request(), {fact(1, one): one, fact(2, other): other})
        assert len(told) == shown == (1 if common >= 0.9 else 2)


def test_the_best_are_shown_up_to_the_limit() -> None:
    texts = {fact(row, f"owl {row}{row}"): f"owl {row}{row}" for row in range(1, 8)}
    told, dropped = chosen(request(limit=2), texts)
    assert ids(told) == ["f1", "f2"]
    assert [id_ for id_, _ in dropped] == ["f5", "f6", "f7", "f3", "f4"]
    assert {stage for _, stage in dropped} == {"limit"}


def test_more_are_looked_at_than_are_shown_since_some_say_the_same() -> None:
    texts = {fact(1, "owl"): "An owl.", fact(2, "owl"): "an OWL.", fact(3, "cat"): "A cat."}
    told, dropped = chosen(request(limit=2), texts)
    assert ids(told) == ["f1", "f3"]
    assert dropped == [("f2", "duplicate")]


def test_of_many_that_are_not_shown_some_are_named() -> None:
    many = ranked(*(fact(row, "owl") for row in range(3 * MOST_DROPPED)))
    kept, dropped = shortlist(many, OPEN, request(limit=1))
    assert len(kept) == 2
    assert [each.id for each in dropped] == [f"f{row}" for row in range(2, MOST_DROPPED + 2)]


def test_what_does_not_fit_gives_way_to_what_does() -> None:
    options = RecallOptions(budget_characters=20)
    texts = {
        fact(1, "owl"): "x" * 15,
        fact(2, "cat"): "y" * 6,
        fact(3, "table"): "z" * 5,
    }
    told, dropped = chosen(request("inject"), texts, options=options)
    assert (ids(told), dropped) == (["f1", "f3"], [("f2", "room")])
    told, dropped = chosen(request("search"), texts, options=options)
    assert (len(told), dropped) == (3, [])


# How it is shown


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("We sailed. The parrot sat on the mast. It rained.", "The parrot sat on the mast."),
        ("A parrot! Parrots on the mast, parrots on the deck!", "A parrot!"),
        ("We sailed\nthe parrot sang\nit rained", "the parrot sang"),
        ("Do you see the parrot? We sailed.", "We sailed."),
        ("Do you see the parrot?", ""),
        ("Do you see the parrot?!", "Do you see the parrot?!"),
        ("鹦鹉在哪里？船在海上。", "船在海上。"),  # noqa: RUF001
        ("The parrot costs 3.50 in Oslo. We sailed.", "The parrot costs 3.50 in Oslo."),
        (
            "See parrot.py and example.com/parrot. We sailed.",
            "See parrot.py and example.com/parrot.",
        ),
        ("Our vet is Dr. Parrot. We sailed.", "Our vet is Dr. Parrot."),
        ("", ""),
        ("...", ""),
    ],
)
def test_a_quotation_is_the_sentence_that_answers(text: str, quoted: str) -> None:
    assert quotation(text, ["parrot"], 240) == quoted


def test_a_quotation_is_cut_to_what_there_is_room_for() -> None:
    assert quotation("The parrot sat on the mast.", ["parrot"], 10) == "The parrot"


def test_a_question_is_not_quoted_in_a_context() -> None:
    text = "Where is the parrot?"
    told, dropped = chosen(request("inject"), {said(1, text): text})
    assert (told, dropped) == ([], [("said:t:1", "gate")])
    told, _ = chosen(request("search"), {said(1, text): text})
    assert [memory.text for memory in told] == [text]


def test_what_was_deleted_meanwhile_is_not_shown() -> None:
    told, dropped = chosen(request(), {fact(1, "owl"): "", fact(2, "cat"): "A cat."})
    assert (ids(told), dropped) == (["f2"], [("f1", "gate")])


@pytest.mark.parametrize(
    ("candidate", "why"),
    [
        (fact(1, "a blue parrot"), "shares blue, parrot"),
        (fact(1, "owl", context="parrot"), "shares parrot"),
        (fact(1, "blue", sources=("words", "graph")), "shares blue; by graph"),
        (fact(1, "owl", meaning=0.5, sources=("meaning",)), "means something near"),
        (said(1, "owl", sources=("time",)), "by time"),
        (said(1, "owl", sources=()), "stands beside what was found"),
    ],
)
def test_why_a_memory_was_found(candidate: Candidate, why: str) -> None:
    asked = query("Where is the blue parrot?")
    (each,) = score(asked, gathered(asked, candidate), now=NOW)
    (memory,), _ = choose([each], {1: "An owl."}, asked, request(), RecallOptions())
    assert memory.why == why


def test_a_memory_tells_where_it_comes_from() -> None:
    asked = query("Where is the parrot?")
    candidates = (said(1, "The parrot nests.", speaker="ana"), fact(2, "A parrot's table."))
    scored = score(asked, gathered(asked, *candidates), now=NOW)
    texts = {1: "The parrot nests.", 2: "A parrot's table."}
    memories, _ = choose(scored, texts, asked, request(), RecallOptions())
    by_id = {memory.id: memory for memory in memories}
    quoted = by_id["said:t:1"]
    assert (quoted.kind, quoted.speaker, quoted.at) == ("said", "ana", NOW)
    assert dict(quoted.signals)["words"] > 0
    assert all(value for _, value in quoted.signals)
    assert memories[0].score == 1.0 > memories[1].score > 0


@pytest.mark.parametrize(
    ("values", "shown"), [([4.0, 1.0], [1.0, 0.25]), ([4.0, -1.0], [1.0, 0.0]), ([-1.0], [1.0])]
)
def test_scores_are_told_beside_the_best(values: list[float], shown: list[float]) -> None:
    scored = [Scored(fact(row, f"owl{row}"), value, {}) for row, value in enumerate(values)]
    texts = {row: f"Owl {row}." for row in range(len(values))}
    memories, _ = choose(scored, texts, PARROT, request(), RecallOptions())
    assert [memory.score for memory in memories] == shown


def test_nothing_left_is_nothing_chosen() -> None:
    assert choose([], {}, PARROT, request(), RecallOptions()) == ([], [])


# Laws


TEXTS = st.lists(
    st.sampled_from(["blue", "parrot", "nest", "table", "owl", "sings.", "sailed?", "!"]),
    max_size=8,
).map(" ".join)


@st.composite
def memories(draw: st.DrawFn) -> list[Candidate]:
    found: list[Candidate] = []
    for row in range(draw(st.integers(0, 12))):
        at = NOW + timedelta(days=draw(st.integers(-9, 2)))
        if draw(st.booleans()):
            until = draw(st.sampled_from([None, YESTERDAY, TOMORROW]))
            state = draw(st.sampled_from(["active", "disputed", "retired"]))
            stands = standing(recorded_at=at, valid_until=until)._replace(state=state)
            found.append(fact(row, draw(TEXTS), stands))
        else:
            found.append(said(row, draw(TEXTS), at=at))
    return found


@given(
    memories(),
    st.sampled_from(["inject", "search"]),
    st.integers(1, 4),
    st.integers(0, 60),
    st.booleans(),
)
def test_every_candidate_is_shown_or_accounted_for(
    candidates: list[Candidate],
    policy: RecallPolicy,
    limit: int,
    room: int,
    history: bool,
) -> None:
    scored = score(PARROT, gathered(PARROT, *candidates), now=NOW)
    visible = [each.id for each in candidates[::3]]
    asked = request(policy, limit=limit, visible=visible, history=history)
    options = RecallOptions(budget_characters=room)
    texts = {each.row: each.stems.strip() for each in candidates}
    kept, dropped = shortlist(scored, Verdict(least_score=0.1), asked)
    shown, more = choose(kept, texts, PARROT, asked, options)
    told = [memory.id for memory in shown]
    accounted = [*told, *(each.id for each in dropped), *(each.id for each in more)]
    assert sorted(accounted) == sorted(each.id for each in candidates)
    assert len(shown) <= limit
    assert not set(told) & set(visible)
    assert [memory.score for memory in shown] == sorted((m.score for m in shown), reverse=True)
    assert all(0.0 <= memory.score <= 1.0 and memory.text for memory in shown)
    assert policy == "search" or sum(len(memory.text) for memory in shown) <= room


@given(memories(), st.integers(1, 4))
def test_a_higher_limit_shows_the_same_and_then_more(
    candidates: list[Candidate], limit: int
) -> None:
    scored = score(PARROT, gathered(PARROT, *candidates), now=NOW)
    texts = {each.row: each.stems.strip() for each in candidates}

    def shown(limit: int) -> list[str]:
        asked = request(limit=limit)
        kept, _ = shortlist(scored, OPEN, asked)
        return ids(choose(kept, texts, PARROT, asked, RecallOptions())[0])

    fewer = shown(limit)
    assert shown(limit + 1)[: len(fewer)] == fewer


@given(st.text(), st.lists(st.text()), st.integers(1, 50))
def test_a_quotation_is_a_piece_of_the_text(text: str, terms: list[str], most: int) -> None:
    quoted = quotation(text, terms, most)
    assert quoted in text
    assert len(quoted) <= most
    assert set(content_terms(quoted)) <= set(content_terms(text)) or len(quoted) == most


# Decay


UNIT = st.floats(0.0, 1.0)
AGE_S = st.floats(-1e6, 1e10)
HALF_LIFE_S = st.floats(1.0, 1e9)


@given(UNIT, AGE_S, HALF_LIFE_S)
def test_decay_stays_between_its_floor_and_the_stored_confidence(
    confidence: float, age_s: float, half_life_s: float
) -> None:
    left = decayed(confidence, age_s, half_life_s)
    assert FLOOR_RATIO * confidence <= left * (1 + 1e-9)
    assert left <= confidence


@given(UNIT, AGE_S, AGE_S, HALF_LIFE_S)
def test_confidence_never_rises_with_age(
    confidence: float, one_s: float, other_s: float, half_life_s: float
) -> None:
    younger, older = sorted((one_s, other_s))
    assert decayed(confidence, older, half_life_s) <= decayed(confidence, younger, half_life_s)


@given(UNIT, UNIT, AGE_S, HALF_LIFE_S)
def test_decay_keeps_the_order_of_confidences(
    one: float, other: float, age_s: float, half_life_s: float
) -> None:
    less, more = sorted((one, other))
    assert decayed(less, age_s, half_life_s) <= decayed(more, age_s, half_life_s) + 1e-12


@pytest.mark.parametrize(
    ("age_s", "left"), [(-5, 1.0), (0, 1.0), (100, 0.6), (200, 0.4), (300, 0.3), (10**9, 0.2)]
)
def test_the_distance_to_the_floor_halves(age_s: float, left: float) -> None:
    assert decayed(1.0, age_s, 100.0) == pytest.approx(left)


@pytest.mark.parametrize("half_life_s", [0.0, -1.0])
def test_a_half_life_is_positive(half_life_s: float) -> None:
    with pytest.raises(UsageError):
        decayed(1.0, 1.0, half_life_s)
