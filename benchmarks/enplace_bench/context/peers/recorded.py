"""What recorded compactions kept, as `python -m enplace_bench.context.peers.recorded FOLDER`.

For every recorded summary: the identifiers that stood anywhere before it and that the agent named
in its next 40 calls, in its text or in the arguments of a call, but for what it wrote into files.
Kept is what stands in the summary; a path also when it stands there from the working folder on.
Beside it the stand-ins, given the same events and as many tokens.
"""

import argparse
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from enplace_bench.context.peers.identifiers import Kind, identifiers, line_with
from enplace_bench.context.peers.rendering import arguments_of, text_of
from enplace_bench.context.peers.summaries import SHORT_MESSAGE, Corrected, Extractive, Summariser
from enplace_bench.context.sessions import Recorded, Session, load_sessions

NEXT_CALLS = 40
_WRITTEN = {"old_string", "new_string", "old_str", "new_str", "content", "edits", "patch"}
_WORD = re.compile(r"[A-Za-z]{4,}")


@dataclass(slots=True)
class Kept:
    """Counts over all recorded summaries."""

    summaries: int = 0
    tokens: list[int] = field(default_factory=list[int])
    """Of each summary."""
    named: Counter[Kind] = field(default_factory=Counter[Kind])
    kept: dict[str, Counter[Kind]] = field(default_factory=dict[str, Counter[Kind]])
    """By who wrote the summary."""
    beside: int = 0
    in_context: int = 0
    """Of the kept ones with words beside them, those with half of these near them."""
    messages: int = 0
    messages_kept: int = 0
    """Short messages of the user, word for word."""


def recorded(sessions: Sequence[Session]) -> Kept:
    """Count."""
    counts = Kept()
    for session in sessions:
        before: Recorded | None = None
        for event in session.events:
            if event.kind == "compact_summary" and event.text:
                _count(counts, session, event, before)
                before = event
    return counts


def _count(counts: Kept, session: Session, summary: Recorded, before: Recorded | None) -> None:
    tokens = int(len(summary.text) / session.chars_per_token)
    counts.summaries += 1
    counts.tokens.append(tokens)
    dialogue = [event for event in session.events[: summary.index] if event.role != "meta"]
    start = before.index if before else -1
    texts = [before.text] if before else []
    texts += [text_of(event) for event in dialogue if event.index > start]
    writers: Mapping[str, Callable[[], str]] = {
        "recorded": lambda: summary.text,
        "extractive": lambda: _write(Extractive(), texts, tokens, session, summary.index),
        "corrected": lambda: _write(Corrected(), texts, tokens, session, summary.index),
    }
    named = _named_next(session, dialogue, summary.index)
    counts.named.update(named.values())
    for writer, write in writers.items():
        text = write()
        kept = counts.kept.setdefault(writer, Counter())
        kept.update(kind for name, kind in named.items() if _short(name, session) in text)
    _count_context(counts, session, dialogue, summary, named)
    said = {_plain(event.text) for event in dialogue if event.role == "user"}
    short = [text for text in said if 0 < len(text) < SHORT_MESSAGE]
    counts.messages += len(short)
    counts.messages_kept += sum(text in _plain(summary.text) for text in short)


def _write(
    summariser: Summariser, texts: Sequence[str], tokens: int, session: Session, index: int
) -> str:
    return summariser.write(texts, tokens, session, index)


def _count_context(
    counts: Kept,
    session: Session,
    dialogue: Sequence[Recorded],
    summary: Recorded,
    named: Mapping[str, Kind],
) -> None:
    for name in named:
        if name not in summary.text:
            continue
        last = next(text_of(event) for event in reversed(dialogue) if name in text_of(event))
        words = {word.lower() for word in _WORD.findall(line_with(name, last).replace(name, " "))}
        if words:
            counts.beside += 1
            counts.in_context += any(
                2 * sum(word in near for word in words) >= len(words)
                for near in _around(name, summary.text)
            )


def _named_next(session: Session, dialogue: Sequence[Recorded], index: int) -> dict[str, Kind]:
    known = {name for event in dialogue for name, _ in identifiers(text_of(event))}
    calls = [call for call in session.calls if call > index][:NEXT_CALLS]
    return {
        name: kind
        for call in calls
        for name, kind in identifiers(_said(session.events[call]))
        if name in known
    }


def _said(event: Recorded) -> str:
    given = [
        str(value)
        for call in event.calls
        for key, value in arguments_of(call.arguments).items()
        if key not in _WRITTEN
    ]
    return "\n".join([event.text, *given])


def _short(name: str, session: Session) -> str:
    inside = name.removeprefix(session.cwd).lstrip("/") if session.cwd else name
    return inside or name


def _around(name: str, text: str) -> Iterator[str]:
    for found in re.finditer(re.escape(name), text):
        yield text[max(0, found.start() - 200) : found.end() + 200].lower()


def _plain(text: str) -> str:
    return " ".join(text.split())


def _print(counts: Kept) -> None:
    total = counts.named.total()
    sizes = sorted(counts.tokens)
    print(f"{counts.summaries} summaries, tokens p50 {sizes[len(sizes) // 2]}, most {sizes[-1]}")
    print(f"{total} identifiers named in the next {NEXT_CALLS} calls that stood before")
    for writer, kept in counts.kept.items():
        kinds = "  ".join(
            f"{kind} {kept[kind] / number:.2f} of {number}"
            for kind, number in sorted(counts.named.items())
        )
        print(f"{writer:<11} {kept.total() / total:.2f}  {kinds}")
    print(f"in context: {counts.in_context / max(1, counts.beside):.2f} of {counts.beside} kept")
    share = counts.messages_kept / max(1, counts.messages)
    print(f"short user messages word for word: {share:.2f} of {counts.messages}")


def main() -> None:
    """Print the counts for a folder of sessions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    counts = recorded(list(load_sessions(parser.parse_args().folder)))
    if counts.summaries and counts.named:
        _print(counts)
    else:
        print("no summaries recorded there")


if __name__ == "__main__":
    main()
