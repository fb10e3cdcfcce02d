"""Who writes a peer's summary where no model may be asked: the two edges of a band.

The lower edge is sentences of the original. The upper edge adds what recorded models kept: of the
identifiers that the agent will need again, at least the share that they kept, and their share of
the short messages of the user. Which ones, a hash says; the needed ones are read off the rest of
the recording, which no strategy of ours may do.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from math import ceil
from typing import Protocol

from enplace_bench.context.peers.extractive import extractive_summary
from enplace_bench.context.peers.identifiers import KINDS, Kind, Needed, line_with, needed
from enplace_bench.context.peers.rendering import pending, text_of
from enplace_bench.context.sessions import Session

KEPT: Mapping[Kind, float] = {"path": 0.62, "symbol": 0.45, "sha": 0.33, "other": 0.12}
"""Share of the identifiers an agent named in the next 40 calls that recorded summaries held.

For each kind the higher of two counts of the same compactions: CONTEXT-NOTES 3.3, and
`python -m enplace_bench.context.peers.recorded FOLDER`.
"""
KEPT_IN_CONTEXT = 0.45
"""Share of the kept ones near which half the content words of their last line stood, too."""
KEPT_MESSAGES = 0.55
"""Share of the user's short messages that stood in the summary word for word."""
SHORT_MESSAGE = 400
"""Characters."""
MOST_ADDED = 0.35
"""Of a summary's budget, for what the correction adds."""


class Summariser(Protocol):
    """Writes summaries."""

    @property
    def edge(self) -> str:
        """Behind a peer's name: which edge of the band it is."""
        ...

    def write(
        self, texts: Sequence[str], tokens: int, session: Session, index: int, since: int = 0
    ) -> str:
        """A summary of some texts of a session, written just before its event `index`.

        Args:
            texts: In order.
            tokens: Most it may have.
            session: Where they are from.
            index: The call that waits for it.
            since: The first event it speaks of, directly or through an earlier summary.
        """
        ...


class Extractive:
    """The lower edge."""

    edge = ""

    def write(
        self, texts: Sequence[str], tokens: int, session: Session, index: int, since: int = 0
    ) -> str:
        """See `Summariser`."""
        asked = _asked(texts, tokens, session, index)
        return extractive_summary(texts, tokens, session.chars_per_token, asked)


class Corrected:
    """The upper edge."""

    edge = ", corrected"

    def write(
        self, texts: Sequence[str], tokens: int, session: Session, index: int, since: int = 0
    ) -> str:
        """See `Summariser`."""
        asked = _asked(texts, tokens, session, index)
        spoken_of = range(since, index)
        room = int(MOST_ADDED * tokens * session.chars_per_token)
        messages = "\n".join(_within(_messages(texts, session, spoken_of, asked), room // 2))
        given = "\n".join(text for text in (asked, messages) if text)
        draft = extractive_summary(
            texts, int((1 - MOST_ADDED) * tokens), session.chars_per_token, given
        )
        missed = "\n".join(_within(_missed(texts, draft, session, spoken_of), room - len(messages)))
        given = "\n".join(text for text in (given, missed) if text)
        return extractive_summary(texts, tokens, session.chars_per_token, given)


def _asked(texts: Sequence[str], tokens: int, session: Session, index: int) -> str:
    """What the user asked last, when the texts hold it; of long messages, the beginnings."""
    whole = "\n\n".join(texts)
    asked = pending(session, index)
    room = int(tokens * session.chars_per_token) // 2 // max(1, len(asked))
    return "\n".join(text[:room] for text in asked if text[: min(room, 200)] in whole)


def _messages(texts: Sequence[str], session: Session, events: range, asked: str) -> list[str]:
    """Those of the user's short messages in the texts that are kept, the newest first."""
    whole = "\n\n".join(texts)
    found = dict.fromkeys(
        event.text
        for event in reversed(session.events[events.start : events.stop])
        if event.role == "user" and 0 < len(event.text) < SHORT_MESSAGE
    )
    return [
        text
        for text in found
        if text not in asked and text in whole and _drawn(session.id, text) < KEPT_MESSAGES
    ]


def _missed(texts: Sequence[str], draft: str, session: Session, events: range) -> list[str]:
    """Lines for identifiers that a model would have kept and the draft does not.

    What it could keep stands in the texts; how much it keeps is a share of all that the events had.
    """
    whole = "\n\n".join(texts)
    wanted: dict[Kind, list[Needed]] = {kind: [] for kind in KINDS}
    for one in needed(session):
        if one.used[-1] >= events.stop and any(event in events for event in one.seen):
            wanted[one.kind].append(one)
    lines: list[str] = []
    for kind, ones in wanted.items():
        missed = [one for one in ones if one.name not in draft]
        more = ceil(KEPT[kind] * len(ones)) - (len(ones) - len(missed))
        if more > 0:
            missed = [one for one in missed if one.name in whole]
            missed.sort(key=lambda one: _drawn(session.id, one.name))
            lines.extend(_line(one, session, events.stop) for one in missed[:more])
    return lines


def _line(one: Needed, session: Session, index: int) -> str:
    if _drawn(one.name, session.id) >= KEPT_IN_CONTEXT:
        return one.name
    last = max(event for event in one.seen if event < index)
    return line_with(one.name, text_of(session.events[last])) or one.name


def _within(lines: Sequence[str], room: int) -> list[str]:
    """The first of some lines, as many as there is room for."""
    taken: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        taken.append(line)
    return taken


def _drawn(*names: str) -> float:
    """A number from 0 to 1 that is always the same for the same names."""
    return int.from_bytes(sha256("\0".join(names).encode()).digest()[:6]) / 2**48
