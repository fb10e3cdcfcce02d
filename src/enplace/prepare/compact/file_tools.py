"""What a tool call did with files, seen from its input and its output alone.

A tool may declare its effects itself; of the tools that common agents bring, and of shell commands,
they are recognised by the names and shapes of their arguments.
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from posixpath import join, normpath
from typing import Any

from enplace.records.canonical import JsonObject, digest
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
_OLD_KEYS = ("old_string", "oldText", "old_str", "old_text", "old", "search")
_NEW_KEYS = ("new_string", "newText", "new_str", "new_text", "new", "replace")
_TEXT_KEYS = ("content", "text", "file_text", "contents")
_COMMAND_KEYS = ("command", "cmd", "script")
_READERS = re.compile(r"read|view|open|cat|show", re.IGNORECASE)
_WRITERS = re.compile(r"write|create|save", re.IGNORECASE)
_NUMBERED = re.compile(r"^ *(\d+)(?:→|\t|: |\| )(.*)$")
_NOTICE = re.compile(r"\n*\[[^\]\n]*Use offset=\d+ to continue[^\]\n]*\]\s*$")
"""What a tool says itself behind the lines of a file."""
_CUT = "are left out)"
"""Ends the header of a shell's output that lacks its middle: its lines cannot be numbered."""
_FAILED = re.compile(r"(?:exited with code|[Ee]xit code:?) [1-9]|verification failed|[Ff]ailed to ")
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
        # What was asked for tells the content where the tool declares one file.
        asked = given if len(effects) == 1 else {}
        return tuple(_declared(effect, asked, output) for effect in effects)
    command = _text(given, _COMMAND_KEYS)
    if command is not None:
        return tuple(_of_shell(command, _text(given, ("workdir", "cwd")) or "", output, is_error))
    if is_error:
        return ()
    patch = _text(given, ("patch", "input", "diff"))
    if patch is not None and "*** Begin Patch" in patch:
        done = tuple(_of_patch(patch))
        return tuple(doubted(done)) if _FAILED.search(output[:400]) else done
    path = _text(given, _PATH_KEYS)
    return tuple(_of_file_tool(tool, normpath(path), given, output)) if path else ()


def doubted(done: Sequence[Touch]) -> Iterator[Touch]:
    """What may have been done or not: nothing is sure of the files."""
    for touch in done:
        if isinstance(touch, Rename):
            yield from (Change(touch.path), Change(touch.to))
        elif isinstance(touch, Anything):
            yield touch
        elif not isinstance(touch, Read):
            yield Change(touch.path)


def _declared(effect: FileEffect, given: JsonObject, output: str) -> Touch:
    match effect.action:
        case "read":
            first = effect.lines[0] if effect.lines else 1
            return Read(effect.path, numbered(output, first), to_end=effect.lines is None)
        case "write":
            # The text that was asked for is the file, where the file's own hash says so.
            text = _text(given, _TEXT_KEYS)
            if text is None or digest(text) != effect.hash:
                return Change(effect.path)
            return Write(effect.path, text)
        case "edit":
            old, new = _text(given, _OLD_KEYS), _text(given, _NEW_KEYS)
            if old is None or new is None:
                return Change(effect.path)
            return Edit(effect.path, old, new, bool(given.get("replace_all")))
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
        first = given.get("offset") or given.get("start_line") or given.get("first_line") or 1
        lines = numbered(output, first if isinstance(first, int) and first > 0 else 1)
        if lines:
            yield Read(path, lines)


def numbered(output: str, first: int, *, has_numbers: bool | None = None) -> Lines:
    """The lines of an output: by the numbers that stand in it, or counted from `first`.

    Args:
        output: What was shown.
        first: Number of its first line.
        has_numbers: Whether numbers stand in it; None where nobody knows.
    """
    output = _NOTICE.sub("", output)
    lines = output.split("\n")
    marks = [_NUMBERED.match(line) for line in lines[:3] if line.strip()]
    numbers = [int(mark[1]) for mark in marks if mark]
    in_order = numbers == list(range(min(numbers, default=0), min(numbers, default=0) + len(marks)))
    if marks and has_numbers is not False and in_order:
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
    r"(?:for|do|then|done|fi|esac|case|\{|\}|\)|\[|\[\[|#.*|break|continue|exit|wait)(?:\s|$)|\w+=\S*$"
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
_SILENT = (["cd"], ["export"], ["set"], ["mkdir"], ["touch"], ["source"], ["true"], ["sleep"])
_WRAPPERS = {"xargs", "env", "time", "sudo", "nohup", "command", "exec", "timeout"}
_PIECE = re.compile(r"(?:\\.|'[^']*'|\"(?:\\.|[^\"\\])*\"|[^|])+", re.DOTALL)
_REDIRECT = re.compile(r"(?<![0-9&<>-])>{1,2}\s*([^\s&|;<>()]+)")


def _of_shell(command: str, folder: str, output: str, is_error: bool) -> Iterator[Touch]:
    if "*** Begin Patch" in command:
        if not is_error:
            yield from _of_patch(command[command.index("*** Begin Patch") :])
        return
    parts = list(_parts(command))
    header = output[: output.find("\nOutput:\n")] if "\nOutput:\n" in output[:400] else ""
    is_error = is_error or _FAILED.search(header) is not None
    is_silent = True
    for i, part in enumerate(parts):
        words = _words(part)
        if words[:1] == ["cd"] and len(words) == 2:
            folder = join(folder, words[1])
            continue
        seen = _SHOWN.match(part)
        if seen is not None:
            if i == len(parts) - 1 and is_silent and not is_error and _CUT not in header:
                yield from _shown(seen, folder, _body(output))
            is_silent = False
            continue
        is_silent = is_silent and words[:1] in _SILENT
        done = tuple(_changed(part, folder))
        yield from doubted(done) if is_error else done


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
    has_numbers = seen["nl"] is not None or "cat -n" in seen[0] or "nl -ba" in seen[0]
    lines = numbered(output, int(seen["a"] or 1), has_numbers=has_numbers)
    if lines:
        yield Read(normpath(join(folder, path.strip("'\""))), lines)


def _changed(part: str, folder: str) -> Iterator[Touch]:
    """What a pipe of commands may have changed."""
    for target in _REDIRECT.findall(part):
        if not target.startswith("/dev/"):
            yield Change(normpath(join(folder, target.strip("'\""))))
    for piece in _PIECE.findall(part):
        yield from _changed_by(piece.strip(), _words(piece), folder)


def _changed_by(part: str, words: list[str], folder: str) -> Iterator[Touch]:
    """What a single command may have changed."""
    bare = _unwrapped(words)
    if bare != words:
        inner = tuple(_changed_by(shlex.join(bare), bare, folder)) if bare else ()
        if "xargs" in words or "find" in words:  # of which files nobody knows here
            changes = bare[:1] in (["rm"], ["mv"], ["cp"], ["tee"]) or "-i" in {w[:2] for w in bare}
            inner = (Anything(),) if inner or changes else ()
        yield from inner
        return
    program = words[0] if words else ""
    if program == "find" and "-delete" in words:
        yield Anything()
    named = [normpath(join(folder, word)) for word in _operands(words)]
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


def _unwrapped(words: list[str]) -> list[str]:
    """A command without what only runs it."""
    if words[:1] == ["find"]:
        at = next((i for i, word in enumerate(words) if word in {"-exec", "-execdir", "-ok"}), None)
        return words if at is None else [word for word in words[at + 1 :] if word not in {";", "+"}]
    left = list(words)
    while left and (left[0] in _WRAPPERS or re.match(r"\w+=", left[0])):
        left = left[1:]
        while left and left[0].startswith("-") and len(left) > 1:
            left = left[2:] if left[0] in {"-I", "-n", "-P", "-L", "-d"} else left[1:]
    return left


def _operands(words: Sequence[str]) -> list[str]:
    """The words of a command that name something: no options, no script of an editor."""
    takes_script = words[:1] in (["sed"], ["perl"])
    named: list[str] = []
    for before, word in pairwise(words):
        if word.startswith("-") or (takes_script and re.match(r"-\w*e$", before)):
            continue
        named.append(word)
    if words[:1] == ["sed"] and not any(re.match(r"-\w*e$", word) for word in words):
        return named[1:]
    return named


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
