"""Which messages say that a part of the work is over, and what such words bring about."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.prepare.compact.test_policy import OPTIONS, USUAL, state

from enplace.prepare.compact.phases import MOST_LABEL, phase_ended
from enplace.prepare.compact.policy import Account, CompactionOptions, State, decide
from enplace.records.compaction import Collapse, Keep

PHASES = Path(__file__).with_name("phases")


def said(name: str) -> list[str]:
    return (PHASES / f"{name}.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("text", said("ended"))
def test_a_message_that_ends_a_phase_is_known(text: str) -> None:
    label = phase_ended(text)
    assert label is not None
    assert 0 < len(label) <= MOST_LABEL


@pytest.mark.parametrize("text", said("goes_on") + said("unseen_goes_on"))
def test_a_message_that_ends_nothing_is_let_pass(text: str) -> None:
    assert phase_ended(text) is None


def test_most_messages_are_known_on_which_the_rule_was_not_made() -> None:
    known = [text for text in said("unseen_ended") if phase_ended(text) is not None]
    assert len(known) >= 11  # of 15: it would rather say too little


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("We finished the diagnosis, now we're moving to the fix.", "the diagnosis"),
        ("That's it for the design. Let's switch to the implementation.", "the design"),
        ("That's sorted. Next: billing.", "before billing"),
        ("New topic: the invoice from March.", "before the invoice from March"),
        ("We finished " + "the long " * 90 + "thing, now on to the fix.", None),
    ],
)
def test_the_label_says_what_ends(text: str, label: str | None) -> None:
    assert phase_ended(text) == label


@given(st.text(alphabet="donewithtextnixt ,.:;!?'\"`\n", max_size=900))
def test_any_text_has_a_short_label_or_none(text: str) -> None:
    label = phase_ended(text)
    assert label is None or 0 < len(label) <= MOST_LABEL


# What such words bring about


@pytest.mark.parametrize(
    ("given", "trigger"),
    [
        (state(62_000, hinted=True), "phase"),  # where a collapse would only be prepared
        (state(70_000, hinted=True), "phase"),  # in the soft tier, before it has paid by itself
        (state(70_000), None),
        (state(50_000, after=12_000, hinted=True), "phase"),  # it pays within three calls
        (state(50_000, after=40_000, hinted=True), None),  # it would take forty
        (state(29_000, after=6_000, hinted=True), None),  # a small context
        (state(66_000, after=61_000, hinted=True), None),  # too little would go
        (state(50_000, after=12_000, hinted=True, upto=0), None),
        (state(50_000, after=12_000, hinted=True, within_step=True), None),
        (state(50_000, after=12_000, hinted=True, failures=2), None),
        (state(50_000, after=12_000, hinted=True, account=Account()), None),  # the guard
        (state(50_000, after=12_000, hinted=True, asked=True), "boundary"),
        (state(90_000, hinted=True), "window"),
    ],
)
def test_the_end_of_a_phase_is_a_hint(given: State, trigger: str | None) -> None:
    decision = decide(given, USUAL, OPTIONS)
    assert isinstance(decision, Keep if trigger is None else Collapse)
    assert getattr(decision, "trigger", None) == trigger


def test_hints_can_be_switched_off() -> None:
    off = CompactionOptions(hints=False)
    assert isinstance(decide(state(62_000, hinted=True), USUAL, off), Keep)
