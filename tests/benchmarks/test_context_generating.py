"""Probes made of a session."""

from typing import Any

from enplace_bench.context.generating import MOST_PER_CALL, generate, shared
from enplace_bench.context.probes import Probe
from enplace_bench.context.sessions import Session, session_of

FILLER = "word " * 8_000
"""10,000 tokens at four characters each."""


def session(*events: dict[str, Any]) -> Session:
    return session_of({"id": "s", "cwd": "/repo", "chars_per_token": 4, "events": events})


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "text": text}


def says(text: str, **arguments: Any) -> dict[str, Any]:
    calls = [{"id": "c", "name": "Edit", "args": arguments}] if arguments else []
    return {"role": "assistant", "text": text, "tool_calls": calls}


def test_an_identifier_is_asked_for_when_it_was_out_of_sight_and_is_used_again() -> None:
    made = generate(
        session(user("see loadSettings there\nbye"), user(FILLER), says("loadSettings"))
    )
    assert made.probes == (
        Probe(
            ident="loadSettings",
            kind="symbol",
            origin="user",
            where="text",
            used=2,
            last=0,
            distance=10_000,
            occurs=(0,),
            evidence="see loadSettings there",
        ),
    )


def test_what_was_just_visible_or_never_is_not_asked_for() -> None:
    assert not generate(session(user(f"{FILLER} loadSettings"), says("loadSettings"))).probes
    assert not generate(session(user(FILLER), says("loadSettings"))).probes
    again = session(user("loadSettings"), user(FILLER), says("loadSettings"), says("loadSettings"))
    assert len(generate(again).probes) == 1


def test_kinds_and_where_they_are_used() -> None:
    text = "src/app/main.go https://example.org/a/long/page 1a2b3c4d5e 18342 loadSettings"
    used = says("loadSettings", file_path="/repo/src/app/main.go", old="1a2b3c4d5e 18342 60000")
    made = generate(session(user(text), user(FILLER), used)).probes
    assert [(p.ident, p.kind, p.where) for p in made] == [
        ("src/app/main.go", "path", "args"),
        ("1a2b3c4d5e", "sha", "args"),
        ("18342", "number", "args"),
        ("loadSettings", "symbol", "text"),
    ]


def test_a_call_is_asked_for_eight_at_most() -> None:
    text = " ".join(f"loadSettings{letter}" for letter in "ABCDEFGHIJKL")
    made = generate(session(user(text), user(FILLER), says(text)))
    assert len(made.probes) == MOST_PER_CALL


def test_directives_are_sentences_of_users() -> None:
    text = "Thanks for that one. You must never push to main!\nIt works."
    made = generate(session(user(text), says("I must always do what I say I do.")))
    assert [(d.event, d.text) for d in made.directives] == [(0, "You must never push to main!")]


def test_probes_are_the_same_by_call_and_identifier() -> None:
    made = generate(session(user("see loadSettings"), user(FILLER), says("loadSettings")))
    nothing = generate(session(user("hello")))
    assert shared([made, nothing], [made, nothing]) == (1, 1, 1)
    assert shared([made], [nothing]) == (1, 0, 0)
