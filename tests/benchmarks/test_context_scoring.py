"""What a request has kept: by hand, and what holds for any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace_bench.context.payload import Block
from enplace_bench.context.probes import Directive, Probe
from enplace_bench.context.scoring import (
    addresses,
    backed_refs,
    content_words,
    extends,
    folded,
    has_directive,
    kept,
)

NO_REFS = frozenset[int]()


def probe(ident: str, evidence: str = "", occurs: tuple[int, ...] = (3,)) -> Probe:
    return Probe(
        ident=ident,
        kind="symbol",
        origin="tool",
        where="args",
        used=9,
        last=3,
        distance=8_000,
        occurs=occurs,
        evidence=evidence,
    )


def block(text: str, refs: tuple[int, ...] = ()) -> Block:
    return Block(text, len(text), "user", refs=refs)


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("see parseConfig now", True),
        ("parseConfig", True),
        ("x.parseConfig()", True),
        ("parseConfigFile", False),
        ("reparseConfig", False),
        ("parse_Config", False),
        ("reparseConfig and parseConfig", True),
    ],
)
def test_an_identifier_is_kept_as_a_whole_and_not_inside_a_longer_word(
    text: str, stands: bool
) -> None:
    assert kept(probe("parseConfig"), text, NO_REFS).verbatim is stands


def test_a_path_may_stand_behind_another_folder() -> None:
    assert kept(probe("src/main.py"), "/home/me/src/main.py:3", NO_REFS).verbatim
    assert not kept(probe("src/main.py"), "src/main.pyc", NO_REFS).verbatim


def test_an_identifier_that_ends_without_a_letter_needs_no_edge_there() -> None:
    assert kept(probe("--all="), "git push --all=x", NO_REFS).verbatim


@given(before=st.text(), after=st.text())
def test_between_blanks_an_identifier_is_always_found(before: str, after: str) -> None:
    found = kept(probe("a.b/c_d"), f"{before} a.b/c_d {after}", NO_REFS)
    assert found.verbatim
    assert found.recoverable


def test_context_is_half_of_the_words_of_its_evidence_nearby() -> None:
    evidence = "func parseConfig reads the yaml settings of one project"
    assert content_words(evidence, "parseConfig") == {
        "func",
        "reads",
        "yaml",
        "settings",
        "project",
    }
    near = "parseConfig reads project yaml"
    assert kept(probe("parseConfig", evidence), near, NO_REFS).in_context
    alone = "parseConfig, loadProject"
    found = kept(probe("parseConfig", evidence), alone, NO_REFS)
    assert (found.verbatim, found.in_context) == (True, False)
    far = "parseConfig" + " " * 201 + "reads project yaml"
    assert not kept(probe("parseConfig", evidence), far, NO_REFS).in_context
    assert kept(probe("parseConfig", evidence), f"{alone} {far} {near}", NO_REFS).in_context


def test_evidence_without_words_asks_for_nothing_more_than_the_identifier() -> None:
    assert kept(probe("parseConfig", "  parseConfig {"), "parseConfig", NO_REFS).in_context


def test_a_reference_to_any_event_that_has_it_makes_it_recoverable() -> None:
    asked = probe("parseConfig", occurs=(3, 7))
    assert kept(asked, "", frozenset({7})).recoverable
    assert not kept(asked, "", frozenset({4})).recoverable
    assert not kept(asked, "", frozenset({7})).verbatim


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("[e12]", 1),
        ("[e12] and [e12]", 1),
        ("[e1-e20]", 20),
        ("[e1-e21]", 0),
        ("[e9-e3]", 0),
        ("[e1-e3] [e3-e5]", 5),
        ("e12, [12], [e 12]", 0),
    ],
)
def test_a_reference_names_at_most_twenty_events(text: str, count: int) -> None:
    assert addresses(text) == count


def test_references_count_only_as_far_as_the_text_has_them() -> None:
    honest = block("[e5-e7] what was read", refs=(2, 3, 4))
    boasting = block("[e5] what was read", refs=(2, 9))
    assert backed_refs([honest, boasting, block("[e8]")]) == {2, 3, 4}


def test_a_directive_stands_verbatim_but_for_white_space() -> None:
    directive = Directive(event=1, text="never  push\nto main")
    assert has_directive(directive, folded("You must never push to\n  main, please"))
    assert not has_directive(directive, folded("never push to the main branch"))


@given(before=st.lists(st.sampled_from("ab"), max_size=6), more=st.lists(st.sampled_from("ab")))
def test_a_request_extends_another_whose_blocks_it_begins_with(
    before: list[str], more: list[str]
) -> None:
    first = [block(text) for text in before]
    longer = [block(text) for text in [*before, *more]]
    assert extends(longer, first)
    assert extends(first, longer) == (not more)
