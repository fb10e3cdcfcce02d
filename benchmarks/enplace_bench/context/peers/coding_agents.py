"""Coding agents that do not install here, re-implemented from what is documented of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from enplace_bench.context.payload import Block
from enplace_bench.context.peers.rendering import arguments_of, block_of, made
from enplace_bench.context.peers.summaries import Summariser
from enplace_bench.context.peers.summarising import Summarising
from enplace_bench.context.sessions import Session


class ClaudeCode(Summarising):
    """All messages become a summary, behind it up to five files, read or edited last.

    Source: code.claude.com/docs/en/context-window, "What survives compaction" (files over 5,000
    tokens come back as a path); the request extends the cached prefix. The trigger is what
    recorded boundaries and the shown buffer of 33k of 200k say.
    """

    trigger = 0.84
    most_files, file_tokens, files_tokens = 5, 5_000, 50_000

    def __init__(
        self, summariser: Summariser, session: Session, window: int, prefix_tokens: int
    ) -> None:
        super().__init__(summariser, session, window, prefix_tokens)
        self._files = _Files()

    def fit(self, index: int) -> None:
        """See `History`."""
        self._files.follow(self.session, index)
        limit = self.trigger * self.window
        if self.tokens <= limit or not self.blocks:
            return
        intro = "This session is being continued from a conversation that ran out of context."
        summary = self.summary_of(self.blocks, index, intro, extends_prefix=True)
        self.blocks = [summary]
        room = min(self.files_tokens, int(limit) - self.tokens)
        for path, text, source in self._files.newest(self.most_files):
            block = made(f"Contents of {path}:\n{text}", "user", self.session, (source,))
            if block.tokens > self.file_tokens:
                block = made(
                    f"{path} was read before; it is too large to include.", "user", self.session
                )
            if block.tokens <= room:
                self.blocks.append(block)
                room -= block.tokens


@dataclass(slots=True)
class _Files:
    """What tools for reading and writing showed of files."""

    shown: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    """Path -> text and the event that had it, least recently used first."""
    _asked: dict[str, str] = field(default_factory=dict[str, str])
    _next: int = 0

    def follow(self, session: Session, index: int) -> None:
        """Look at the events before `index`."""
        for event in session.events[self._next : index]:
            for call in event.calls:
                given = arguments_of(call.arguments)
                path = str(given.get("file_path") or given.get("path") or "")
                match call.tool.lower():
                    case "read" | "read_file" | "view" if path:
                        self._asked[call.id] = path
                    case "write" | "write_file" if path:
                        self._touch(path, str(given.get("content", "")), event.index)
                    case "edit" | "multiedit" | "str_replace" if path in self.shown:
                        self._touch(path, *self.shown[path])
                    case _:
                        pass
            if event.role == "tool" and not event.is_error and event.call_id in self._asked:
                self._touch(self._asked.pop(event.call_id), event.text, event.index)
        self._next = max(self._next, index)

    def newest(self, count: int) -> Iterator[tuple[str, str, int]]:
        """Path, text and event of the files used last, the last first."""
        for path in list(reversed(self.shown))[:count]:
            yield path, *self.shown[path]

    def _touch(self, path: str, text: str, event: int) -> None:
        self.shown.pop(path, None)
        self.shown[path] = (text, event)


class Codex(Summarising):
    """The user's messages up to 20,000 tokens, newest first, and a summary; all else goes.

    Source: openai/codex codex-rs/core/src/compact.rs at 0100b103; `auto_compact_token_limit` is
    nine tenths of the window. It counts four characters a token. The request has no tools, so it
    does not extend the cached prefix.
    """

    trigger = 0.9
    message_chars = 80_000
    _initial = ("# AGENTS.md instructions", "<environment_context>", "<user_instructions>")

    def fit(self, index: int) -> None:
        """See `History`."""
        if self.tokens < self.trigger * self.window or not self.blocks:
            return
        said = [
            block_of(event, self.session)
            for event in self.session.events[:index]
            if event.role in ("user", "system") and event.text
        ]
        first = [block for block in said if block.text.startswith(self._initial)]
        kept: list[Block] = []
        room = self.message_chars
        for block in reversed([block for block in said if block not in first]):
            if room <= 0:
                break
            kept.append(block if len(block.text) <= room else self._truncated(block, room))
            room -= len(block.text)
        intro = "Another language model started to solve this problem and wrote this summary."
        self.blocks = [*first, *reversed(kept), self.summary_of(self.blocks, index, intro)]

    def _truncated(self, block: Block, room: int) -> Block:
        cut = len(block.text) - room
        text = f"{block.text[: room // 2]}…{cut // 4} tokens truncated…{block.text[-room // 2 :]}"
        return made(text, block.role, self.session, block.source)
