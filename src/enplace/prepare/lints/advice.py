"""What deserves advice now, each once in a task; and all of it, for who asks."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from enplace.prepare.layout import Wanted
from enplace.prepare.lints import message, turns
from enplace.prepare.lints.message import lint_message
from enplace.prepare.lints.setup import lint_setup
from enplace.prepare.lints.turns import lint_turns
from enplace.records.context import History
from enplace.records.event import AdviceGiven, EpochOpened, Event, UserSpoke
from enplace.records.lint import Lint, LintCode
from enplace.records.tool import ToolSpec


def advice_for(
    history: History,
    changes: Sequence[Event],
    wanted: Wanted,
    given: Collection[LintCode],
    texts: Mapping[str, str],
) -> tuple[AdviceGiven, ...]:
    """The advice that a turn which just began deserves.

    Looks at the newest message and the newest turns only; the head is linted once.

    Args:
        history: The task up to the turn's message.
        changes: Events that stand behind it by now.
        wanted: The head.
        given: What was advised in this task before.
        texts: Those that the newest epochs refer to, by digest.
    """
    found: list[Lint] = list(wanted.lints)
    newest = _newest_message(history.events)
    if newest is not None:
        spoke, at = newest
        if "pasted_history" not in given:
            before = history.events[max(at - message.MOST_EVENTS, 0) : at]
            found += lint_message(spoke.text, before)
        if not {"memory_every_turn", "prefix_changes"} <= set(given):
            found += lint_turns((*history.events[-turns.MOST_EVENTS :], *changes), texts)
    first: dict[LintCode, Lint] = {}
    for lint in found:
        if lint.code not in given:
            first.setdefault(lint.code, lint)
    return tuple(
        AdviceGiven(code=lint.code, advice=lint.advice, where=lint.where, excerpt=lint.excerpt)
        for lint in first.values()
    )


def lint_task(history: History) -> tuple[Lint, ...]:
    """All that a task deserves advice about, each code once for each place.

    Of the heads it had, the newest is looked at; of the messages and turns all.

    Args:
        history: The whole task, with its texts.
    """
    found: dict[tuple[LintCode, str], Lint] = {}
    for lint in _lints(history):
        found.setdefault((lint.code, lint.where), lint)
    return tuple(found.values())


def _lints(history: History) -> Iterator[Lint]:
    events, texts = history.events, history.texts
    epoch = next((event for event in reversed(events) if isinstance(event, EpochOpened)), None)
    if epoch is not None:
        catalogue = json.loads(texts.get(epoch.tools, "[]"))
        tools = [ToolSpec(**definition) for definition in catalogue]
        yield from lint_setup(texts.get(epoch.system, ""), tools)
    begins = [i for i, event in enumerate(events) if isinstance(event, UserSpoke)]
    for i, ends in zip(begins, (*begins[1:], len(events)), strict=True):
        spoke = events[i]
        assert isinstance(spoke, UserSpoke)  # it was looked for
        ordinal = spoke.place.ordinal if spoke.place else 0
        for lint in lint_message(spoke.text, events[max(i - message.MOST_EVENTS, 0) : i]):
            yield replace(lint, where=f"message e{ordinal}")
        yield from lint_turns(events[max(ends - turns.MOST_EVENTS, 0) : ends], texts)


def _newest_message(events: Sequence[Event]) -> tuple[UserSpoke, int] | None:
    """The message that was said last, and where it stands."""
    for at in range(len(events) - 1, -1, -1):
        event = events[at]
        if isinstance(event, UserSpoke):
            return event, at
    return None
