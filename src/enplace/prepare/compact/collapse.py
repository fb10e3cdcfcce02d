"""The handoff block: what stands for everything older than a boundary. Made by code alone.

It is built from the log's own events every time, never from an earlier block, so nothing is told
at third hand. Everything in it that is not word for word has a reference behind which it is.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from enplace.prepare.compact.chronicle import Chronicle, Failure, Said, clipped, sentences
from enplace.prepare.compact.files import FileState
from enplace.prepare.compact.identifiers import identifiers
from enplace.prepare.compact.ledger import Entry
from enplace.prepare.compact.summary import PROSE_SHARE
from enplace.records.memory import Note

RANGE_ORDINALS = 20
"""Most events that one reference stands for."""
USER_SHARE = 0.34
"""Of a handoff: the user's messages word for word."""
FILES_SHARE = 0.1
CHANGED_SHARE = 0.5
"""Of what is left: files that were changed, where more of them than fit were."""
OPEN_SHARE = 0.06
CHILDREN_SHARE = 0.06
FAILURES_SHARE = 0.06
DECISIONS_SHARE = 0.07
LAST_WORDS_SHARE = 0.05
NOTES_SHARE = 0.05
INDEX_SHARE = 0.3
"""Of what is left: references to every event, with a few words each."""
LINES_SHARE = 0.45
"""Of what is left then: identifiers in the line where they stood last; the others stand bare."""

_DIRECTIVE = re.compile(
    r"\b(?:must|never|always|instead|don'?t|do not|doesn'?t|shouldn'?t|should|only|make sure|ensure"
    r"|avoid|keep|prefer|need|want|please|without|no longer|remember|require[sd]?)\b",
    re.IGNORECASE,
)

_WAY_OUT = re.compile(r"<(\s*)/(?=\s*handoff)", re.IGNORECASE)
LEAST_CUT_TOKENS = 16
"""A message that must be cut below it is not told at all; then the likeliest ones are."""

Count = Callable[[str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """A handoff block."""

    text: str
    tokens: int


def hand_off(
    chronicle: Chronicle,
    upto: int,
    *,
    most_tokens: int,
    count: Count,
    prose: str = "",
    prose_upto: int = 0,
    label: str = "",
    asked_at: int = 0,
    expired: Sequence[Note] = (),
) -> Handoff:
    """The block for all events up to an ordinal.

    Args:
        chronicle: The task.
        upto: The last event that goes out of view.
        most_tokens: Most that the block may have; what does not fit is reached by reference.
        count: Counts tokens.
        prose: What a model wrote about intent and decisions, a sentence a line; empty where none
            did.
        prose_upto: Last event that it knows of; what was decided behind it is told by code.
        label: What somebody called the part of the task that ended.
        asked_at: Ordinal of the message that is being answered: it stands whole behind the block.
        expired: Notes that are shown no more; here they are told once more.
    """
    ledger = chronicle.ledger
    root = _root(chronicle.files.states())
    writer = _Writer(most_tokens, count, root)
    head = f"Of this task the events up to e{upto} are no longer shown"
    head += f" ({writer.safe(label)})." if label else "."
    writer.put(
        f"{head} This stands for them. [eN] names an event and [eA-eB] several: `reopen` gives"
        " their exact words." + (f" Paths are below {root}." if root else "")
    )
    told = _oldest(prose.split("\n"), writer, PROSE_SHARE) if prose else []
    as_of = [f"(as the model put it at e{prose_upto})"] if told and prose_upto else []
    writer.section("Where the task stands", [*as_of, *told])
    said = [said for said in chronicle.said if said.ordinal <= upto and said.ordinal != asked_at]
    writer.section("The user's messages, word for word", _user_lines(said, writer, USER_SHARE))
    _open_items(chronicle, upto, writer)
    writer.section("Sub-agents", _children(chronicle, upto, writer))
    _last_words(chronicle, upto, writer)
    failed = _failures(chronicle.failures, upto)
    if failed and writer.count(failed[-1]) > FAILURES_SHARE * most_tokens:
        failed = [clipped(failed[-1], max(most_tokens // 2, 60))]
        writer.section("What failed", [writer.short(line) for line in failed])
    else:
        writer.section("What failed", _newest(failed, writer, FAILURES_SHARE))
    notes = [f"{note.key}: {' '.join(note.value.split())}" for note in expired]
    writer.section("Notes that have expired", _oldest(notes, writer, NOTES_SHARE))
    since = (prose_upto or upto) if told else 0
    decided = [f"[e{d.ordinal}] {d.text}" for d in chronicle.decisions if since < d.ordinal <= upto]
    writer.section("Said on the way", _newest(decided, writer, DECISIONS_SHARE))
    writer.section("Files", _file_lines(chronicle.files.states(), upto, writer))
    writer.section("What happened", _index(chronicle, ledger.standing(upto), upto, writer))
    text = writer.text()
    return Handoff(text=text, tokens=count(text))


class _Writer:
    """Puts lines together and knows how much room is left."""

    def __init__(self, most_tokens: int, count: Count, root: str) -> None:
        self.most, self.left, self.count = most_tokens, most_tokens, count
        below = rf"(?<![\w.~/:-]){re.escape(root)}/(?=[\w.])"
        self._below = re.compile(below) if root else None
        self._parts: list[str] = []

    def short(self, text: str) -> str:
        """A text as the model may read it: paths below the root without it, no way out of the tag."""
        return self.safe(self._below.sub("", text) if self._below else text)

    def safe(self, text: str) -> str:
        """A text letter by letter, but with no way out of the tag."""
        return _WAY_OUT.sub(r"<\1\\/", text)

    def put(self, text: str) -> None:
        self._parts.append(text)
        self.left -= self.count(text) + 1

    def section(self, title: str, lines: Sequence[str]) -> None:
        if lines:
            self.put("\n".join([f"## {title}", *lines]))

    def text(self) -> str:
        return "<handoff>\n" + "\n\n".join(self._parts) + "\n</handoff>"


def _user_lines(said: Sequence[Said], writer: _Writer, share: float) -> list[str]:
    """The messages: all of them whole where they fit, else the longest are cut until they do."""
    room = round(share * writer.most)
    texts = [f"[e{s.ordinal}] {writer.safe(s.text.strip())}" for s in said]
    sizes = [writer.count(text) + 1 for text in texts]
    cap = _level(sizes, room)
    if cap < LEAST_CUT_TOKENS and sum(sizes) > room:
        return _likeliest(texts, sizes, room, writer)
    lines = (
        text if size <= cap else _cut(text, cap, writer.count)
        for text, size in zip(texts, sizes, strict=True)
    )
    return [line for line in lines if line]


def _likeliest(texts: Sequence[str], sizes: Sequence[int], room: int, writer: _Writer) -> list[str]:
    """Of too many messages the first, then those that ask for something, the newest first."""
    cap = max(room // 4, LEAST_CUT_TOKENS)
    wanted = sorted(range(len(texts)), key=lambda i: (i > 0, not _DIRECTIVE.search(texts[i]), -i))
    kept: dict[int, str] = {}
    for i in wanted:
        text = texts[i] if sizes[i] <= cap else _cut(texts[i], cap, writer.count)
        size = writer.count(text) + 1
        if not text:
            continue
        if size <= room:
            kept[i] = text
            room -= size
        elif room < LEAST_CUT_TOKENS:
            break
    return [kept[i] for i in sorted(kept)]


def _level(sizes: Sequence[int], room: int) -> int:
    """The height at which sizes have to be cut so that their sum comes to the room."""
    left, waiting = room, len(sizes)
    for size in sorted(sizes):
        if size * waiting >= left:
            return left // waiting
        left -= size
        waiting -= 1
    return max(sizes, default=0)


def _cut(text: str, tokens: int, count: Count) -> str:
    """The sentences of a text that ask for something, then its first ones, in their order.

    Empty where none fits: the index has its reference.
    """
    parts = sentences(text)
    wanted = sorted(range(len(parts)), key=lambda i: (not _DIRECTIVE.search(parts[i]) and i > 0, i))
    kept: set[int] = set()
    left = tokens - 6
    for i in wanted:
        size = count(parts[i]) + 1
        if size <= left:
            kept.add(i)
            left -= size
    lines = [part for i, part in enumerate(parts) if i in kept]
    return "\n".join([*lines, "(... shortened)"]) if lines else ""


def _open_items(chronicle: Chronicle, upto: int, writer: _Writer) -> None:
    items = chronicle.open_items
    if items is not None and items.ordinal <= upto:
        lines = [writer.short(line) for line in items.text.split("\n")]
        is_open = [not line.startswith(("[x]", "[-]")) for line in lines]
        needed = sum(writer.count(line) + 1 for line, o in zip(lines, is_open, strict=True) if o)
        room = max(round(OPEN_SHARE * writer.most), min(needed, writer.most // 4))
        kept: set[int] = set()
        for i in sorted(range(len(lines)), key=lambda i: (not is_open[i], i)):
            room -= writer.count(lines[i]) + 1
            if room < 0:
                break
            kept.add(i)
        left = len(lines) - len(kept)
        head = f"[e{items.ordinal}]" + (f" ({left} more)" if left else "")
        writer.section("Open items, as last written", [head, *(lines[i] for i in sorted(kept))])


def _children(chronicle: Chronicle, upto: int, writer: _Writer) -> list[str]:
    """Sub-agents that are at work, then the newest that have ended; `reopen` reads their tasks."""
    known = [(state, at, name) for name, (at, state) in chronicle.children.items() if at <= upto]
    known.sort(key=lambda child: (child[0] != "at work", -child[1]))
    return _oldest(
        (f"[e{at}] {name}: {state}" for state, at, name in known), writer, CHILDREN_SHARE
    )


def _last_words(chronicle: Chronicle, upto: int, writer: _Writer) -> None:
    said = [answer for answer in chronicle.answered if answer.ordinal <= upto]
    if said:
        text = " ".join(said[-1].text.split())
        line = f"[e{said[-1].ordinal}] {writer.short(text)}"
        room = round(LAST_WORDS_SHARE * writer.most)
        while writer.count(line) > room and len(line) > 20:
            line = clipped(line, len(line) * 3 // 4)
        writer.section("Last said before this point", [line])


def _failures(failures: Sequence[Failure], upto: int) -> list[str]:
    return [f"[e{f.ordinal}] {f.action} -> {f.error}" for f in failures if f.ordinal <= upto]


def _newest(lines: Sequence[str], writer: _Writer, share: float) -> list[str]:
    """The newest of some lines that fit, oldest first."""
    return list(reversed(_oldest(list(reversed(lines)), writer, share)))


def _oldest(lines: Iterable[str], writer: _Writer, share: float) -> list[str]:
    room, kept = round(share * writer.most), list[str]()
    for line in lines:
        short = writer.short(line)
        room -= writer.count(short) + 1
        if room < 0:
            break
        kept.append(short)
    return kept


def _file_lines(states: Sequence[FileState], upto: int, writer: _Writer) -> list[str]:
    """Every file that was changed, then those that were read, the newest first."""
    touched = [state for state in states if state.touched_at > 0]
    touched.sort(key=lambda state: not state.changed_at)
    lines: list[str] = []
    room = round(FILES_SHARE * writer.most)
    least = round(CHANGED_SHARE * writer.left) - room
    for n, state in enumerate(touched):
        line = writer.short(_file_line(state))
        room -= writer.count(line) + 1
        if room < (-least if state.changed_at else 0):
            lines.append(f"({len(touched) - n} more)")
            break
        lines.append(line)
    return lines


def _file_line(state: FileState) -> str:
    told = [state.path]
    if state.was:
        told.append(f"(was {state.was})")
    if state.is_deleted:
        told.append("deleted")
    if state.changed_at:
        told.append(f"changed [e{state.changed_at}]")
    if state.read_at:
        told.append(f"read [e{state.read_at}]")
    runs = list(state.runs())
    if runs:
        told.append(f"lines {runs[-1][0]}-{runs[-1][1]} #{state.version[:6]}")
    return " ".join(told)


def _index(chronicle: Chronicle, entries: Sequence[Entry], upto: int, writer: _Writer) -> list[str]:
    """A reference for every event, and under it what was named there last."""
    ordinals = [ordinal for ordinal in chronicle.glosses if ordinal <= upto]
    room = writer.left - 8
    mark = writer.count("[e1234-e1253] ") + 1
    spans = _spans(ordinals, upto, most=max(room // mark, 1))
    if not spans:
        return []
    each = round(INDEX_SHARE * room / len(spans)) - mark
    heads = [
        f"[e{first}-e{last}] {_gloss(chronicle, first, last, each, writer)}".rstrip()
        for first, last in spans
    ]
    room -= sum(writer.count(head) + 1 for head in heads)
    known = {name for part in writer.text().split() for name, _ in identifiers(part)}
    known |= {name for head in heads for name, _ in identifiers(head)}
    placed = _place(entries, known, room, writer)
    lines: list[str] = []
    for (first, last), head in zip(spans, heads, strict=True):
        lines.append(head)
        here = [(at, text, bare) for at, text, bare in placed if first <= at <= last]
        lines += [f"  {text}" for _, text, bare in here if not bare]
        names = [text for _, text, bare in here if bare]
        if names:
            lines.append(f"  {', '.join(names)}")
    return lines


def _spans(ordinals: Sequence[int], upto: int, most: int) -> list[tuple[int, int]]:
    """Ranges that cover every ordinal up to the last one, as few as may be.

    They are wider than they should be where even so many would not fit.
    """
    width = max(RANGE_ORDINALS, -(-upto // most))
    spans: list[tuple[int, int]] = []
    first = min(ordinals, default=0)
    while ordinals and first <= upto:
        last = min(first + width - 1, upto)
        spans.append((first, last))
        first = last + 1
    return spans


def _gloss(chronicle: Chronicle, first: int, last: int, tokens: int, writer: _Writer) -> str:
    """What some events were about, as far as it fits."""
    told: list[str] = []
    left = tokens
    for ordinal in range(first, last + 1):
        text = writer.short(chronicle.glosses.get(ordinal, ""))
        if text and text not in told:
            size = writer.count(text) + 1
            if size > left:
                if not told and left > 4:
                    told.append(clipped(text, left * 3))
                break
            told.append(text)
            left -= size
    return "; ".join(told)


def _place(
    entries: Sequence[Entry], known: set[str], room: int, writer: _Writer
) -> list[tuple[int, str, bool]]:
    """Identifiers that fit, the likeliest first: (ordinal, text, whether it is a bare name)."""
    placed: list[tuple[int, str, bool]] = []
    for_lines = round(LINES_SHARE * room)
    left = room
    for entry in entries:
        if left <= 3:
            break
        name = writer.short(entry.name)
        if entry.name in known or name in known:
            continue
        text, is_bare = writer.short(entry.line), False
        size = writer.count(text) + 2
        if size > for_lines or size > left or len(text) < len(name) + 4:
            text, is_bare = name, True
            size = writer.count(text) + 1
        if size > left:
            continue
        left -= size
        if not is_bare:
            for_lines -= size
            known |= {found for found, _ in identifiers(text)}
        known.add(entry.name)
        placed.append((entry.last, text, is_bare))
    return placed


def _root(states: Sequence[FileState]) -> str:
    """The folder below which most absolute paths lie; empty where there is none."""
    paths = [state.path for state in states if state.path.startswith("/")]
    root: list[str] = []
    while len(paths) > 1:
        depth = len(root) + 1
        heads = [path.split("/")[depth] for path in paths if path.count("/") > depth]
        best = max(set(heads), key=lambda head: (heads.count(head), head), default="")
        if not best or heads.count(best) < 0.75 * len(paths):
            break
        root.append(best)
        prefix = "/" + "/".join(root) + "/"
        paths = [path for path in paths if path.startswith(prefix)]
    return "/" + "/".join(root) if len(root) > 1 else ""
