"""What a tool call did with files, seen from its input and its output alone.

A tool may declare its effects itself; of the tools that common agents bring, and of shell commands,
they are recognised by the names and shapes of their arguments.
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from posixpath import join, normpath
from typing import Any

from enplace.records.canonical import JsonObject
from enplace.records.tool import FileEffect

Lines = tuple[tuple[int, str], ...]
"""Number, 1-based, and text of each line, in order."""


@dataclass(frozen=True, slots=True)
class Read:
    """Lines of a file were seen."""

    path: str
    lines: Lines
    to_end: bool = False
    """Whether the file ends with the last of them."""


@dataclass(frozen=True, slots=True)
class Write:
    """A file was written whole."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Edit:
    """A text in a file was replaced by another."""

    path: str
    old: str
    new: str
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A file was changed in a way that cannot be seen."""

    path: str


@dataclass(frozen=True, slots=True)
class Delete:
    """A file is gone."""

    path: str


@dataclass(frozen=True, slots=True)
class Rename:
    """A file goes by another path now."""

    path: str
    to: str


@dataclass(frozen=True, slots=True)
class Anything:
    """Any file may have changed: a command ran that nobody here knows."""


Touch = Read | Write | Edit | Change | Delete | Rename | Anything

_PATH_KEYS = ("file_path", "path", "filePath", "filename", "file", "notebook_path", "target_file")
_OLD_KEYS = ("old_string", "oldText", "old_str", "old_text", "search")
_NEW_KEYS = ("new_string", "newText", "new_str", "new_text", "replace")
_TEXT_KEYS = ("content", "text", "file_text", "contents")
_COMMAND_KEYS = ("command", "cmd", "script")
_READERS = re.compile(r"read|view|open|cat|show", re.IGNORECASE)
_WRITERS = re.compile(r"write|create|save", re.IGNORECASE)
_NUMBERED = re.compile(r"^ *(\d+)(?:→|\t|: |\| )(.*)$")
_PATCH = re.compile(r"^\*\*\* (Update|Add|Delete) File: (.+)$")


def touches(
    tool: str,
    given: JsonObject,
    output: str,
    *,
    is_error: bool = False,
    effects: Sequence[FileEffect] = (),
) -> tuple[Touch, ...]:
    """What a finished call did with files, in order.

    Args:
        tool: Its name.
        given: Its input.
        output: What it answered.
        is_error: A failed call of a file tool did nothing; a failed command may have done anything.
        effects: What the tool declares; it is believed before anything is guessed.
    """
    if effects:
        return tuple(_declared(effect, output) for effect in effects)
    command = _text(given, _COMMAND_KEYS)
    if command is not None:
        return tuple(_of_shell(command, _text(given, ("workdir", "cwd")) or "", output, is_error))
    if is_error:
        return ()
    patch = _text(given, ("patch", "input", "diff"))
    if patch is not None and "*** Begin Patch" in patch:
        return tuple(_of_patch(patch))
    path = _text(given, _PATH_KEYS)
    return tuple(_of_file_tool(tool, normpath(path), given, output)) if path else ()


def _declared(effect: FileEffect, output: str) -> Touch:
    match effect.action:
        case "read":
            first = effect.lines[0] if effect.lines else 1
            return Read(effect.path, numbered(output, first))
        case "delete":
            return Delete(effect.path)
        case _:
            return Change(effect.path)


def _of_file_tool(tool: str, path: str, given: JsonObject, output: str) -> Iterator[Touch]:
    edits = given.get("edits")
    pieces = edits if isinstance(edits, list) else [given]
    replaced = False
    for piece in pieces:
        if isinstance(piece, Mapping):
            old, new = _text(piece, _OLD_KEYS), _text(piece, _NEW_KEYS)
            if old is not None and new is not None:
                replaced = True
                yield Edit(path, old, new, bool(piece.get("replace_all")))
    if replaced:
        shown = tuple(_numbered_lines(output))
        if shown:
            yield Read(path, shown)
        return
    text = _text(given, _TEXT_KEYS)
    if text is not None and _WRITERS.search(tool):
        yield Write(path, text)
    elif _READERS.search(tool):
        first = given.get("offset") or given.get("start_line") or given.get("line") or 1
        lines = numbered(output, first if isinstance(first, int) and first > 0 else 1)
        if lines:
            yield Read(path, lines)


def numbered(output: str, first: int) -> Lines:
    """The lines of an output: by the numbers that stand in it, or counted from `first`."""
    lines = output.split("\n")
    marks = [_NUMBERED.match(line) for line in lines[:3] if line.strip()]
    if marks and all(marks):
        return tuple(_numbered_lines(output))
    while lines and not lines[-1]:
        lines.pop()
    return tuple(enumerate(lines, first))


def _numbered_lines(output: str) -> Iterator[tuple[int, str]]:
    for line in output.split("\n"):
        found = _NUMBERED.match(line)
        if found:
            yield int(found.group(1)), found.group(2)


@dataclass(slots=True)
class _Hunk:
    """One place of a patch, as it is read line by line."""

    old: list[str]
    new: list[str]

    def take(self, line: str, *, has_context: bool) -> None:
        if line.startswith("+"):
            self.new.append(line[1:])
        elif line.startswith("-"):
            self.old.append(line[1:])
        elif has_context:
            self.old.append(line[1:])
            self.new.append(line[1:])

    def end(self, action: str, path: str) -> Iterator[Touch]:
        if action == "Add":
            yield Write(path, "\n".join(self.new))
        elif action == "Update" and self.old != self.new:
            yield Edit(path, "\n".join(self.old), "\n".join(self.new))
        self.old, self.new = [], []


def _of_patch(patch: str) -> Iterator[Touch]:
    """The files of a patch in the format that begins with `*** Begin Patch`."""
    path, action = "", ""
    hunk = _Hunk([], [])
    for line in patch.split("\n"):
        head, to = _PATCH.match(line), line.removeprefix("*** Move to: ")
        if head is None and to == line and not line.startswith(("*** End Patch", "@@")):
            hunk.take(line, has_context=action == "Update")
            continue
        yield from hunk.end(action, path)
        if head is not None:
            action, path = head[1], normpath(head[2].strip())
            if action == "Delete":
                yield Delete(path)
        elif to != line:
            yield Rename(path, normpath(to.strip()))
            path = normpath(to.strip())
        elif line.startswith("*** End Patch"):
            return


# Shell commands

_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1(.*?)\n.*?\n\s*\2\b", re.DOTALL)
"""A text given to a command: what it says is no command."""
_PART = re.compile(
    r"(?:\\.|'[^']*'|\"(?:\\.|[^\"\\])*\"|(?<!&)&(?!&)|(?<!\|)\|(?!\|)|[^;&|\n])+", re.DOTALL
)
"""What stands between `&&`, `||`, `;` and line ends, quoted ones left alone."""
_KEYWORD = re.compile(r"^(?:(?:do|then|else|if|while|until|time|\{|\(|!)\s+)+|^\)+$")
_CONTROL = re.compile(
    r"(?:for|do|then|done|fi|esac|case|\{|\}|\)|\[|\[\[|#.*|\w+=\S*|break|continue|exit|wait)(?:\s|$)"
)
"""Words of the shell itself; they change no file."""
_SAFE = re.compile(
    r"cat|head|tail|sed|nl|awk|[ef]?grep|rg|ag|find|fd|ls|tree|pwd|echo|printf|wc|sort|uniq|cut|tr"
    r"|diff|cmp|stat|file|which|type|env|date|du|df|ps|jq|yq|test|true|false|sleep|basename|dirname"
    r"|realpath|readlink|xargs|column|less|more|tee|mkdir|touch|cd|export|set"
)
"""Commands that change no file's content but where they name it (`sed -i`, `tee`, `>`)."""
_SAFE_PAIRS = re.compile(
    r"git (?:-\S+ \S+ )*(?:ls-remote|merge-base|check-ignore|stash list|status|log|diff|show|add|commit|branch|push|fetch|blame|ls-files|rev-parse"
    r"|remote|tag|config|grep|describe|rev-list|cat-file|shortlog|reflog|ls-tree|worktree list)\b"
    r"|go (?:test|build|vet|list|version|env|doc)\b|gh \b|cargo (?:test|build|check|clippy)\b"
    r"|(?:npm|pnpm|yarn|bun)(?: run)? (?:test|build|lint|typecheck|ls|list|view|tsc|check)\b"
    r"|(?:npx |bunx )?(?:tsc|vitest|jest|eslint|pytest|mypy|ruff check|pyright)\b(?!.*--fix)"
    r"|python3? -m (?:pytest|mypy|unittest)\b|make (?:test|check|build)\b|bun test\b"
    r"|golangci-lint run\b(?!.*--fix)|mise run (?:test|lint|build|check)"
)
_SHOWN = re.compile(
    r"^(?:nl -ba (?P<nl>\S+) \| )?sed -n ['\"]?(?P<a>\d+),(?P<b>\d+)p['\"]?(?: (?P<sed>\S+))?$"
    r"|^(?:cat|cat -n|nl -ba) (?P<cat>[^\s|<>-][^\s|<>]*)$"
    r"|^head -n? ?(?P<n>\d+) (?P<head>[^\s|<>]+)$"
)
_REDIRECT = re.compile(r"(?<![0-9&<>-])>{1,2}\s*([^\s&|;<>()]+)")


def _of_shell(command: str, folder: str, output: str, is_error: bool) -> Iterator[Touch]:
    if "*** Begin Patch" in command:
        if not is_error:
            yield from _of_patch(command[command.index("*** Begin Patch") :])
        return
    parts = list(_parts(command))
    shown = 0
    for part in parts:
        words = _words(part)
        if words[:1] == ["cd"] and len(words) == 2:
            folder = join(folder, words[1])
            continue
        seen = _SHOWN.match(part)
        if seen is not None:
            shown += 1
            if len(parts) - parts.index(part) == 1 and shown == 1 and not is_error:
                yield from _shown(seen, folder, _body(output))
            continue
        yield from _changed(part, words, folder)


def _parts(command: str) -> Iterator[str]:
    """The single commands of a line of shell, without its keywords."""
    for found in _PART.finditer(_HEREDOC.sub(r"\3", command)):
        part = _KEYWORD.sub("", found.group().strip())
        if part and not _CONTROL.match(part):
            yield part


def _shown(seen: re.Match[str], folder: str, output: str) -> Iterator[Touch]:
    path = seen["nl"] or seen["sed"] or seen["cat"] or seen["head"]
    if path is None:
        return
    lines = numbered(output, int(seen["a"] or 1))
    if lines:
        yield Read(normpath(join(folder, path.strip("'\""))), lines)


def _changed(part: str, words: Sequence[str], folder: str) -> Iterator[Touch]:
    """What a command may have changed."""
    program = words[0] if words else ""
    named = [normpath(join(folder, word)) for word in words[1:] if not word.startswith("-")]
    for target in _REDIRECT.findall(part):
        if not target.startswith("/dev/"):
            yield Change(normpath(join(folder, target.strip("'\""))))
    if words[:2] in (["git", "mv"], ["git", "rm"]):
        program, named = words[1], named[1:]
    if program == "mv" and len(named) == 2:
        yield Rename(named[0], named[1])
    elif program == "rm":
        yield from (Delete(path) for path in named)
    elif program == "cp" and len(named) == 2:
        yield Change(named[1])
    elif program == "tee" or (program in {"sed", "perl"} and any(w[:2] == "-i" for w in words)):
        yield from (Change(path) for path in named)
    elif not _SAFE.fullmatch(program) and not _SAFE_PAIRS.match(part):
        yield Anything()


def _words(part: str) -> list[str]:
    try:
        return shlex.split(part)
    except ValueError:  # an open quote: a heredoc, for instance
        return part.split()


def _body(output: str) -> str:
    """An output without the header that some shells' tools put before it."""
    head, found, body = output.partition("\nOutput:\n")
    return body if found and len(head) < 400 else output


def _text(given: Mapping[str, Any], keys: Sequence[str]) -> str | None:
    for key in keys:
        value = given.get(key)
        if isinstance(value, str):
            return value
    return None
