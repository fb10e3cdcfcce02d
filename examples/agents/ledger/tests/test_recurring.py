"""Payments that come again."""

from datetime import date

import pytest
from ledger.recurring import Rule, RuleError, due_between, first_due, last_due, next_due, told


def test_a_rule_is_read_and_written() -> None:
    for text in (
        "every month from 2025-01-15",
        "every 2 weeks from 2025-01-06 until 2025-12-31",
        "every year from 2024-05-01, 3 times",
        "every month from 2025-01-15, not on 2025-03-15 and 2025-04-15",
    ):
        assert str(Rule.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "monthly from 2025-01-15",
        "every month",
        "every 0 months from 2025-01-15",
        "every month from 2025-02-30",
        "every month from 2025-01-15 until 2024-01-15",
    ],
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(RuleError):
        Rule.parse(text)


def test_a_month_later_is_the_same_day() -> None:
    rule = Rule.parse("every month from 2025-01-15")
    assert first_due(rule, 3) == [date(2025, 1, 15), date(2025, 2, 15), date(2025, 3, 15)]


def test_weeks_and_days() -> None:
    assert first_due(Rule.parse("every 2 weeks from 2025-01-06"), 3)[-1] == date(2025, 2, 3)
    assert first_due(Rule.parse("every 10 days from 2025-01-01"), 4)[-1] == date(2025, 1, 31)


def test_it_ends_by_a_day_or_by_a_number() -> None:
    assert last_due(Rule.parse("every month from 2025-01-15 until 2025-04-14")) == date(2025, 3, 15)
    assert last_due(Rule.parse("every year from 2024-05-01, 3 times")) == date(2026, 5, 1)
    assert last_due(Rule.parse("every day from 2025-01-01")) is None


def test_a_day_that_is_left_out_counts() -> None:
    rule = Rule.parse("every month from 2025-01-15, 3 times, not on 2025-02-15")
    assert first_due(rule, 9) == [date(2025, 1, 15), date(2025, 3, 15)]


def test_a_stretch_has_both_its_ends() -> None:
    rule = Rule.parse("every month from 2025-01-15")
    assert due_between(rule, date(2025, 2, 15), date(2025, 3, 15)) == [
        date(2025, 2, 15),
        date(2025, 3, 15),
    ]
    assert next_due(rule, date(2025, 2, 15)) == date(2025, 3, 15)


def test_it_is_told() -> None:
    rule = Rule.parse("every month from 2025-01-15")
    assert told(rule, date(2025, 3, 20)).endswith("next on Tuesday, 15 April 2025")
