"""Lints of a message: history that the engine keeps anyway, pasted in once more."""

from collections.abc import Iterator, Sequence
from itertools import islice

from enplace.prepare.lints.transcript import transcript_in
from enplace.records.event import AssistantSpoke, Event, UserSpoke
from enplace.records.lint import Lint

MOST_EVENTS = 200
"""Of the log that a message is compared with: the newest."""
_MOST_TURNS = 8
"""Whoever pastes history pastes the newest too."""
_LEAST_SAID, _LEAST_ANSWER = 20, 40
"""Characters of a message, and of an answer, that nobody repeats by chance."""
_PROBE = 32
"""Characters by which most texts that do not occur are told quickly."""


def lint_message(text: str, events: Sequence[Event]) -> tuple[Lint, ...]:
    """Lint a message.

    Args:
        text: The message.
        events: The task's log before it.
    """
    repeated = _repeated(text, events)
    if repeated:
        ordinals = ", ".join(f"e{ordinal}" for ordinal in repeated)
        excerpt = f"says again word for word: {ordinals}"
        return (Lint(code="pasted_history", where="message", excerpt=excerpt),)
    turns = transcript_in(text)
    if turns:
        excerpt = f"{turns} turns of a conversation with an assistant"
        return (Lint(code="pasted_history", where="message", excerpt=excerpt),)
    return ()


def _repeated(text: str, events: Sequence[Event]) -> list[int]:
    """Ordinals of what was said before and stands in a message: two messages, or one answered.

    A single message sent again, or a single answer quoted, is no history.
    """
    if len(text) < _LEAST_SAID + _LEAST_ANSWER:
        return []
    asked: dict[str, int] = {}
    answered = 0
    later: AssistantSpoke | None = None
    for event in _spoken(events):
        if isinstance(event, AssistantSpoke):
            later = event
        elif _may_hold(text, event.text, _LEAST_SAID) and (said := _within(text, event.text)):
            asked[said] = _ordinal(event)
            answer = later.text if later is not None else ""
            if later and _may_hold(text, answer, _LEAST_ANSWER) and _within(text, answer):
                answered = _ordinal(later)
            if answered or len(asked) > 1:
                return sorted({*asked.values(), *([answered] if answered else [])})
    return []


def _spoken(events: Sequence[Event]) -> Iterator[UserSpoke | AssistantSpoke]:
    """What was said, newest first: messages and the last words of their turns."""
    answered, turns = False, 0
    for event in islice(reversed(events), MOST_EVENTS):
        if isinstance(event, UserSpoke):
            answered, turns = False, turns + 1
            yield event
            if turns == _MOST_TURNS:
                return
        elif not answered and isinstance(event, AssistantSpoke):
            answered = True
            yield event


def _may_hold(text: str, said: str, least: int) -> bool:
    """Whether a longer text may hold another: quick, and true too often rather than not."""
    probe = said[: 2 * _PROBE].lstrip()[:_PROBE].partition("\n")[0].rstrip()
    return least <= len(said) < len(text) and probe in text


def _within(text: str, said: str) -> str:
    """What was said, white space folded, where it is part of a longer text; else empty."""
    whole, folded = " ".join(text.split()), " ".join(said.split())
    return folded if len(folded) < len(whole) and folded in whole else ""


def _ordinal(event: Event) -> int:
    return event.place.ordinal if event.place else 0
