"""What a collapse will need of a task, filled event by event so that it only has to choose."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from enplace.prepare.compact.file_tools import Anything, doubted, touches
from enplace.prepare.compact.files import FileBook
from enplace.prepare.compact.ledger import Ledger, Voice
from enplace.records.agent_event import SubAgentEnded, SubAgentStarted
from enplace.records.canonical import Json, JsonObject, json_object
from enplace.records.event import AssistantSpoke, Event, ToolFinished, TurnStarted, UserSpoke

MOST_GLOSS_CHARACTERS = 100
_ERROR_LINE = re.compile(
    r"error|fail|fatal|panic|exception|traceback|not found|denied|cannot|undefined|no such",
    re.IGNORECASE,
)
_UNKNOWN = "The outcome of this call is unknown"
"""How the result of a call begins whose process ended: it may have had its effect or not."""
_RAISED = re.compile(r"[\w.]*(?:Error|Exception|Interrupt|Exit)\b")
_OF_NAME = re.compile(r"[\w@~./$:-]")
_EXIT = re.compile(r"(?:exit(?:ed with)? code|Exit code)[: ]+([1-9]\d*)")
_DECISION = re.compile(
    r"\b(?:decid\w+|instead of|rather than|chose|choose|going with|go with|will use|let's use"
    r"|root cause|turns out|the (?:fix|problem|issue|reason) (?:is|was)|because|must not|won't)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?:[^.!?\n]|[.!?]+(?=[^\s.!?]))+[.!?]*|[.!?]+|\n")


@dataclass(frozen=True, slots=True)
class Said:
    """Something said, and where it stands."""

    ordinal: int
    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that failed."""

    ordinal: int
    action: str
    error: str


class Chronicle:
    """One task as told to whoever takes it over."""

    def __init__(self, *, keeps_files: bool = True) -> None:
        self.files = FileBook()
        self.said: list[Said] = []
        """The user's messages, word for word."""
        self.answered: list[Said] = []
        """The model's own texts."""
        self.decisions: list[Said] = []
        self.failures: list[Failure] = []
        self.glosses: dict[int, str] = {}
        """What an event is about, in a few words, by ordinal."""
        self.results: dict[int, str] = {}
        """Of which call an event holds the result, in a few words, by ordinal."""
        self.children: dict[str, tuple[int, str]] = {}
        """Sub-agents by name: since when, and how they stand, in a word."""
        self.open_items: Said | None = None
        """The newest list of what is to be done, as the model keeps it."""
        self._keeps_files = keeps_files
        self._calls: dict[str, JsonObject] = {}
        self._tasks: dict[str, tuple[str, str]] = {}
        self._ledger = Ledger()
        self._unread: deque[tuple[str, int, Voice]] = deque()

    @property
    def ledger(self) -> Ledger:
        """Every identifier of the task; what waits to be read is read first."""
        for _ in self.read_each():
            pass
        return self._ledger

    def read_each(self) -> Iterator[None]:
        """Enter the texts that wait into the ledger, oldest first, one at each step.

        A turn never waits for this: it is done while a model answers, or else by the collapse.
        """
        while self._unread:
            text, ordinal, voice = self._unread.popleft()
            self._ledger.take(text, ordinal, voice)
            if voice == "assistant":
                self.decisions += [Said(ordinal, sentence) for sentence in _decisions(text)]
            yield

    def take(self, event: Event, ordinal: int) -> Sequence[int]:
        """Enter an event.

        Returns:
            Ordinals of tool results that show nothing any more but what a later one shows.
        """
        match event:
            case UserSpoke():
                self.said.append(Said(ordinal, event.text))
                self.glosses[ordinal] = "the user's message"
                self._unread.append((event.text, ordinal, "user"))
            case AssistantSpoke():
                self._take_answer(event, ordinal)
            case ToolFinished():
                return self._take_result(event, ordinal)
            case SubAgentStarted() | SubAgentEnded():
                name = event.child.rpartition("/")[2]
                began = self.children.get(name, (ordinal, ""))[0]
                is_over = isinstance(event, SubAgentEnded)
                self.children[name] = began, event.outcome if is_over else "at work"
            case TurnStarted() if event.replaces is not None:
                # the branch that is left may have changed any file, and its calls are not known here
                self.files.take((Anything(),), ordinal, is_whole=True)
            case _:
                pass  # says nothing about the task
        return ()

    def _take_answer(self, event: AssistantSpoke, ordinal: int) -> None:
        glosses: list[str] = []
        if event.text.strip():
            self.answered.append(Said(ordinal, event.text))
            self._unread.append((event.text, ordinal, "assistant"))
        for call in event.calls:
            given = json_object(call.arguments) or {}
            self._calls[call.id] = given
            glosses.append(gloss_of(call.tool, given))
            self._unread.append((spelled_out(given), ordinal, "call"))
            self._take_plan(call.tool, given, ordinal)
        said = event.text.strip().split("\n", 1)[0]
        self.glosses[ordinal] = "; ".join(glosses) or clipped(said, MOST_GLOSS_CHARACTERS)

    def _take_result(self, event: ToolFinished, ordinal: int) -> Sequence[int]:
        given = self._calls.pop(event.tool_call_id, {})
        tool, output = event.tool, event.output
        self._unread.append((output, ordinal, "tool"))
        gloss = self.results[ordinal] = gloss_of(tool, given)
        if event.is_error or _EXIT.search(output[:400]):
            self.failures.append(Failure(ordinal, gloss, _error_of(output)))
        self._take_task(tool, given, output, ordinal)
        if not self._keeps_files:
            return ()
        is_unknown = event.is_error and output.startswith(_UNKNOWN)
        done = touches(
            tool,
            given,
            output,
            is_error=event.is_error and not is_unknown,
            effects=event.effects,
        )
        if is_unknown:  # a tool that declares itself has not: it may have changed any file
            done = tuple(doubted(done)) or (Anything(),)
        return self.files.take(done, ordinal, is_whole=event.excerpt is None)

    def _take_plan(self, tool: str, given: JsonObject, ordinal: int) -> None:
        """A list of steps with their states, under whatever name a tool gives it."""
        for key in ("todos", "plan", "items", "tasks", "steps"):
            listed = given.get(key)
            if isinstance(listed, list) and listed:
                rows = [row for row in listed if isinstance(row, Mapping)]
                lines = [_item(row) for row in rows if "status" in row or "done" in row]
                if lines:
                    self.open_items = Said(ordinal, "\n".join(lines))

    def _take_task(self, tool: str, given: JsonObject, output: str, ordinal: int) -> None:
        """Items that are made and changed one by one, by tools whose names say so."""
        if not tool.lower().startswith(("task", "todo")):
            return
        subject, status = given.get("subject") or given.get("title"), given.get("status")
        named = given.get("taskId") or given.get("task_id") or given.get("id")
        if named is None:
            found = re.search(r"#(\d+)", output)
            named = found.group(1) if found else None
        if named is None or not (subject or status):
            return
        before = self._tasks.get(str(named), ("", "pending"))
        self._tasks[str(named)] = (str(subject or before[0]), str(status or before[1]))
        lines = [
            _item({"content": f"#{id_} {text}", "status": state})
            for id_, (text, state) in self._tasks.items()
        ]
        self.open_items = Said(ordinal, "\n".join(lines))


def gloss_of(tool: str, given: Mapping[str, Any]) -> str:
    """A call in a few words: its tool and what it was about."""
    for key in ("file_path", "path", "command", "cmd", "pattern", "query", "url", "prompt"):
        value = given.get(key)
        if isinstance(value, str) and value.strip():
            about = " ".join(value.split())
            return clipped(f"{tool} {about}", MOST_GLOSS_CHARACTERS)
    short = next((str(v) for v in given.values() if isinstance(v, str) and v.strip()), "")
    return f"{tool} {clipped(' '.join(short.split()), 60)}".strip()


def spelled_out(given: JsonObject) -> str:
    """A tool's input as text, a line for each value, line ends as they are."""
    return "\n".join(f"{key}: {_plain(value)}" for key, value in given.items())


def _plain(value: Json) -> str:
    match value:
        case str():
            return value
        case dict():
            return "\n".join(f"{key}: {_plain(each)}" for key, each in value.items())
        case list():
            return "\n".join(_plain(each) for each in value)
        case _:
            return str(value)


def _item(row: Mapping[str, Any]) -> str:
    text = next(
        (str(row[k]) for k in ("content", "step", "text", "title", "subject") if row.get(k)), ""
    )
    state = str(row.get("status") or ("completed" if row.get("done") else "pending"))
    mark = {"completed": "x", "done": "x", "in_progress": ">", "deleted": "-"}.get(state, " ")
    return f"[{mark}] {text}"


def _error_of(output: str) -> str:
    """The line of an output that says what went wrong."""
    lines = [line.strip() for line in output.split("\n") if line.strip()]
    raised = [line for line in lines if _RAISED.match(line)]
    told = (line for line in lines if _ERROR_LINE.search(line) and not line.startswith("Traceback"))
    telling = raised[-1] if raised else next(told, lines[-1] if lines else "")
    return clipped(telling, 200)


def clipped(text: str, most: int) -> str:
    """A text of at most so many characters, cut where no name is cut."""
    if len(text) <= most:
        return text
    cut = most
    while cut and _OF_NAME.match(text[cut]) and _OF_NAME.match(text[cut - 1]):
        cut -= 1
    return f"{text[:cut].rstrip()}…"


def _decisions(text: str) -> Iterable[str]:
    for found in _SENTENCE.finditer(text):
        sentence = found.group().strip()
        if 20 < len(sentence) < 400 and _DECISION.search(sentence):
            yield sentence


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text, in order."""
    return [found.group().strip() for found in _SENTENCE.finditer(text) if found.group().strip()]
