"""Conversations of many sessions, questions about them, and the turns that hold the answers.

`load` reads every set it knows from one folder. No set is part of this project: `SETS` says where
the public ones are. LongMemEval, LoCoMo, REALTALK and BEAM are read as they are published. The
latter three are also read from `<set>.jsonl.gz`, one conversation a line:

    {"id": ..., "sessions": [{"n": 1, "date": ..., "turns": [{"id", "speaker", "text"}]}],
     "qa": [{"q": ..., "evidence": ..., "type": ...}]}

There a turn may have a `time` of its own, which then holds until the next one of its session.
"""

import gzip
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast

from enplace.errors import UsageError

Role = Literal["user", "assistant"]

ABSTENTION = "abstention"
"""The kind of a question whose answer was never said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one speaker said at a time."""

    id: str
    """As in the data; `numbered` sets have numbers there."""
    session: int
    at: datetime | None
    """As the data writes it, taken as UTC. None where it is not said, or in no known form."""
    speaker: str
    role: Role | None
    """None where two people talk."""
    text: str

    @property
    def line(self) -> str:
        """The text with its speaker, which is what gets indexed and embedded."""
        return f"{self.speaker}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question about a conversation."""

    index: int
    """Its place among all questions of the conversation, also those without evidence."""
    text: str
    kind: str
    evidence: tuple[str, ...]
    """Ids of turns, or of whole sessions where the data knows no better; each exists, and once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Turns in order, and questions about them."""

    set_name: str
    id: str
    turns: tuple[Turn, ...]
    questions: tuple[Question, ...]
    session_ids: tuple[str, ...] = ()
    """Names of sessions 1, 2, ... in sets whose evidence may be a session."""


# Ids and dates

_ID = re.compile(r"(?:D\s*:?\s*)?(\d+)\s*[:;]\s*(\d+)")
_SPAN = re.compile(
    _ID.pattern + r"(?:\s*[-\N{EN DASH}]\s*(?:(?:D\s*:?\s*)?(\d+)\s*[:;]\s*)?(\d+))?"
)
_DATES = (
    "%I:%M %p on %d %B, %Y",  # 7:48 pm on 21 May, 2023
    "%d.%m.%Y, %H:%M:%S",  # 28.12.2023, 20:02:02
    "%B-%d-%Y",  # March-12-2024
    "%Y/%m/%d (%a) %H:%M",  # 2023/05/20 (Sat) 02:21
)


def parse_date(text: str | None) -> datetime | None:
    """A date in one of the sets' forms."""
    for form in _DATES:
        try:
            return datetime.strptime((text or "").strip(), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def normal_id(text: str) -> str:
    """`D30:05` and `D:30:5` are `D30:5`; what is of another form stays as it is."""
    match = _ID.fullmatch(text.strip())
    return f"D{int(match[1])}:{int(match[2])}" if match else text.strip()


def evidence_ids(evidence: object) -> list[str]:
    """The turn ids of an evidence label, whatever its form, as `normal_id` writes them.

    Takes numbers, strings with one or several ids (`D8:6; D9:17`, `D12:3-D12:5`), lists and
    dictionaries of them.
    """
    if isinstance(evidence, str):
        return list(_ids_in(evidence))
    if isinstance(evidence, int):
        return [str(evidence)]
    if isinstance(evidence, dict):
        evidence = list(cast("dict[str, object]", evidence).values())
    if isinstance(evidence, list):
        parts = cast("list[object]", evidence)
        return list(dict.fromkeys(found for part in parts for found in evidence_ids(part)))
    return []


def _ids_in(text: str) -> Iterator[str]:
    found = False
    for match in _SPAN.finditer(text):
        found = True
        session, first = int(match[1]), int(match[2])
        to_session = int(match[3]) if match[3] else session
        last = int(match[4]) if match[4] else first
        if to_session == session and first <= last:
            yield from (f"D{session}:{turn}" for turn in range(first, last + 1))
        else:
            yield from (f"D{session}:{first}", f"D{to_session}:{last}")
    if not found and text.strip():
        yield text.strip()


def _existing(ids: Iterable[str], turns: Sequence[Turn]) -> tuple[str, ...]:
    """The ids as the turns have them; a label that names no turn tells nothing."""
    known = {normal_id(turn.id): turn.id for turn in turns}
    return tuple(dict.fromkeys(known[one] for one in ids if one in known))


# One conversation


def conversation_from(set_name: str, record: dict[str, Any]) -> Conversation:
    """A conversation from a line of `<set>.jsonl.gz`."""
    turns: list[Turn] = []
    sessions: list[dict[str, Any]] = record["sessions"]
    for number, session in enumerate(sessions, start=1):
        at = parse_date(session.get("date"))
        for turn in cast("list[dict[str, Any]]", session["turns"]):
            at = parse_date(turn.get("time")) or at
            turns.append(
                Turn(
                    id=str(turn["id"]),
                    session=int(session.get("n", number)),
                    at=at,
                    speaker=turn["speaker"],
                    role=_role(turn["speaker"]),
                    text=turn["text"] or "",
                )
            )
    asked: list[dict[str, Any]] = record["qa"]
    return Conversation(
        set_name=set_name,
        id=str(record["id"]),
        turns=tuple(turns),
        questions=tuple(
            Question(
                index=index,
                text=one["q"],
                kind=str(one.get("type") or "question"),
                evidence=_existing(evidence_ids(one.get("evidence")), turns),
            )
            for index, one in enumerate(asked)
        ),
    )


def long_mem_eval_from(record: dict[str, Any]) -> Conversation:
    """A conversation from an entry of LongMemEval: a haystack with one question.

    Turn ids are `<session id>:<number from 1>`. Evidence is the turns marked `has_answer`, and the
    answer sessions in which none is. A question that ought to be declined (`_abs`) has none.
    """
    turns: list[Turn] = []
    marked: list[str] = []
    session_ids = _distinct(record["haystack_session_ids"])
    sessions: list[list[dict[str, Any]]] = record["haystack_sessions"]
    dates: list[str] = record["haystack_dates"]
    for number, (name, date, said) in enumerate(
        zip(session_ids, dates, sessions, strict=True), start=1
    ):
        for place, turn in enumerate(said, start=1):
            turns.append(
                Turn(
                    id=f"{name}:{place}",
                    session=number,
                    at=parse_date(date),
                    speaker=turn["role"],
                    role=_role(turn["role"]),
                    text=turn["content"],
                )
            )
            if turn.get("has_answer"):
                marked.append(turns[-1].id)
    declined = str(record["question_id"]).endswith("_abs")
    with_marks = {one.rpartition(":")[0] for one in marked}
    whole = [name for name in record["answer_session_ids"] if name not in with_marks]
    evidence = [*marked, *(name for name in whole if name in session_ids)]
    question = Question(
        index=0,
        text=record["question"],
        kind=ABSTENTION if declined else record["question_type"],
        evidence=() if declined else tuple(dict.fromkeys(evidence)),
    )
    return Conversation(
        set_name="longmemeval",
        id=record["question_id"],
        turns=tuple(turns),
        questions=(question,),
        session_ids=tuple(session_ids),
    )


def _distinct(names: Iterable[str]) -> list[str]:
    """Names in order; one that comes again gets a number."""
    seen: dict[str, int] = {}
    distinct: list[str] = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return distinct


def _role(speaker: str) -> Role | None:
    return speaker if speaker in ("user", "assistant") else None


# As published

_KINDS = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}


def _sessions_of(record: dict[str, Any]) -> list[Any]:
    """Sessions from the keys `session_1`, `session_1_date_time`, ... of LoCoMo and REALTALK."""
    numbers = sorted(int(key[8:]) for key in record if re.fullmatch(r"session_\d+", key))
    return [
        {
            "n": number,
            "date": record.get(f"session_{number}_date_time"),
            "turns": [
                {"id": turn["dia_id"], "speaker": turn["speaker"], "text": _with_caption(turn)}
                for turn in record[f"session_{number}"]
            ],
        }
        for number in numbers
    ]


def _categorised(asked: list[dict[str, Any]]) -> list[Any]:
    return [
        {"q": one["question"], "evidence": one["evidence"], "type": _KINDS.get(one["category"])}
        for one in asked
    ]


def _with_caption(turn: dict[str, Any]) -> str:
    text = turn["clean_text"] if "clean_text" in turn else turn.get("text", "")
    caption = turn.get("blip_caption")
    return f"{text} [image: {caption}]".lstrip() if caption else text


def _locomo(path: Path) -> Iterator[Conversation]:
    for record in json.loads(path.read_text(encoding="utf-8")):
        sessions = _sessions_of(record["conversation"])
        line = {"id": record["sample_id"], "sessions": sessions, "qa": _categorised(record["qa"])}
        yield conversation_from("locomo", line)


def _realtalk(path: Path) -> Iterator[Conversation]:
    record = json.loads(path.read_text(encoding="utf-8"))
    sessions = _sessions_of(record)
    line = {"id": path.stem, "sessions": sessions, "qa": _categorised(record["qa"])}
    yield conversation_from("realtalk", line)


def _beam(path: Path) -> Iterator[Conversation]:
    batches = json.loads(path.read_text(encoding="utf-8"))
    asked = json.loads(
        (path.parent / "probing_questions/probing_questions.json").read_text("utf-8")
    )
    sessions = [
        {
            "n": batch["batch_number"],
            "turns": [
                {
                    "id": turn["id"],
                    "speaker": turn["role"],
                    "text": re.sub(r"\s*->->[\w\s,/]*$", "", turn["content"]),
                    "time": turn.get("time_anchor"),
                }
                for exchanged in batch["turns"]
                for turn in exchanged
            ],
        }
        for batch in batches
    ]
    questions = [
        {"q": one["question"], "evidence": one.get("source_chat_ids"), "type": kind}
        for kind, ones in asked.items()
        for one in ones
    ]
    name = f"beam-100K-{path.parent.name}"
    yield conversation_from("beam100k", {"id": name, "sessions": sessions, "qa": questions})


def _long_mem_eval(path: Path) -> Iterator[Conversation]:
    with path.open(encoding="utf-8") as file:
        yield from map(long_mem_eval_from, json.load(file))


def _lines(path: Path) -> Iterator[Conversation]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield conversation_from(path.name.partition(".")[0], json.loads(line))


# All of a folder


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSet:
    """A set of conversations that `load` can read."""

    name: str
    read: dict[str, Callable[[Path], Iterator[Conversation]]]
    """By pattern of files in the folder; the first that matches counts."""
    where: str
    """Where it can be got."""
    numbered: bool = False
    """Whether turn ids are numbers in the data."""


SETS = (
    KnownSet(
        name="locomo",
        read={"locomo.jsonl.gz": _lines, "locomo10.json": _locomo},
        where="github.com/snap-research/locomo (CC BY-NC 4.0): data/locomo10.json",
    ),
    KnownSet(
        name="realtalk",
        read={"realtalk.jsonl.gz": _lines, "Chat_*.json": _realtalk},
        where="github.com/danny911kr/REALTALK (no licence stated): data/Chat_*.json",
    ),
    KnownSet(
        name="beam100k",
        read={"beam100k.jsonl.gz": _lines, "100K/*/chat.json": _beam},
        where="github.com/mohammadtavakoli78/BEAM (no licence stated): chats/100K/",
        numbered=True,
    ),
    KnownSet(
        name="longmemeval",
        read={"longmemeval_s_cleaned.json": _long_mem_eval},
        where="huggingface.co/datasets/xiaowu0162/longmemeval-cleaned (MIT): "
        "longmemeval_s_cleaned.json",
    ),
)


def load(folder: Path) -> list[Conversation]:
    """Every conversation of every known set in a folder.

    Raises:
        UsageError: There is none; says which files are looked for, and where they can be got.
    """
    found = [conversation for known in SETS for conversation in _load(known, folder)]
    if not found:
        raise UsageError("\n".join([f"no conversations in {folder}; put there", *missing(folder)]))
    return found


def missing(folder: Path) -> list[str]:
    """For each known set that is not in a folder, a line that says where it can be got."""
    return [
        f"{known.name}: from {known.where}"
        for known in SETS
        if not any(next(folder.glob(pattern), None) for pattern in known.read)
    ]


def _load(known: KnownSet, folder: Path) -> Iterator[Conversation]:
    for pattern, read in known.read.items():
        paths = sorted(folder.glob(pattern))
        if paths:
            for path in paths:
                yield from read(path)
            return
