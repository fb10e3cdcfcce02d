"""The messages of a context: only ever extended, but for what a new epoch carries over."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from enplace.prepare.prefix import chain
from enplace.records.block import ThinkingBlock, ToolResultBlock
from enplace.records.context import SNIPPED, ContextBlock, ContextMessage, Role


class Dialogue:
    """Messages in order, chained by digest from the head on."""

    def __init__(self) -> None:
        self.head = ""
        """Digest with which the chain begins."""
        self.messages: list[ContextMessage] = []
        """Messages that stand for good."""
        self.sums: list[int] = []
        """Tokens of all messages up to and including each."""
        self.collapsed_upto = 0
        """Ordinal of the last event that a handoff stands for."""
        self._carried: list[ContextMessage] | None = None
        self._places: dict[int, int] = {}
        """Index of the message that shows an event, by ordinal."""
        self._handoffs: set[int] = set()
        """Ordinals of the collapses."""

    def carry(
        self, messages: Sequence[ContextMessage], *, keeps_open: bool = True, untouched: int = 0
    ) -> None:
        """Begin anew with these; they stand for good once something follows or is laid before.

        Args:
            messages: In order.
            keeps_open: Whether the model is the same: another one gets nothing of what was thought.
            untouched: So many of the first stand exactly as they stood, behind the same head: what
                was thought in them is bound to nothing that changed.
        """
        self._carried = [
            m if i < untouched else _without_thinking(m, keeps_open=keeps_open)
            for i, m in enumerate(messages)
        ]
        self.messages, self.sums, self._places = [], [], {}

    def carried(self) -> Sequence[ContextMessage]:
        """What stands, or waits to."""
        return self.messages if self._carried is None else self._carried

    def lay_before(self, blocks: Sequence[ContextBlock]) -> bool:
        """Put blocks in front of everything that was carried over; whether there was anything."""
        if not self._carried:
            return False
        first = self._carried[0]
        self._carried[0] = replace(first, blocks=(*blocks, *first.blocks))
        return True

    def settle(self) -> None:
        """From here on what was carried over stands for good."""
        carried, self._carried = self._carried, None
        for message in carried or ():
            self.add(message.role, message.blocks, message.raw)

    def add(self, role: Role, blocks: Sequence[ContextBlock], raw: str | None = None) -> None:
        """One message more."""
        for block in blocks:
            if block.source is not None:
                self._places[block.source] = len(self.messages)
        before = self.sums[-1] if self.sums else 0
        self.sums.append(before + sum(block.tokens for block in blocks))
        self.messages.append(self.next(role, blocks, raw))

    def next(
        self, role: Role, blocks: Sequence[ContextBlock], raw: str | None = None
    ) -> ContextMessage:
        """A message as it would stand behind the others."""
        before = self.messages[-1].chain if self.messages else self.head
        return ContextMessage(
            role=role, blocks=tuple(blocks), chain=chain(before, role, blocks, raw), raw=raw
        )

    def showing(self, ordinal: int) -> Sequence[ContextBlock]:
        """The blocks that show an event; none where it is not in view."""
        at = self._places.get(ordinal)
        if at is None:
            return ()
        return [block for block in self.messages[at].blocks if block.source == ordinal]

    def before(self, ordinal: int) -> int:
        """Tokens of the messages in front of the one that shows an event."""
        at = self._places.get(ordinal, 0)
        return self.sums[at - 1] if at else 0

    def behind(self, ordinal: int) -> int:
        """Tokens of the messages behind the one that shows an event."""
        at = self._places.get(ordinal)
        return 0 if at is None else self.sums[-1] - self.sums[at]

    def snip(self, stubs: Mapping[int, ContextBlock]) -> int:
        """Put other blocks in the place of tool results, by ordinal.

        Returns:
            How many messages in front of the first of them stand as they stood.
        """
        untouched = min(self._places.get(ordinal, len(self.messages)) for ordinal in stubs)
        self.carry(
            [
                replace(m, blocks=tuple(_stubbed(block, stubs) for block in m.blocks))
                if m.role == "tool"
                else m
                for m in self.messages
            ],
            untouched=untouched,
        )
        return untouched

    def standing_after(self, upto: int, asked_at: int) -> list[ContextMessage]:
        """The messages that a collapse leaves, with the question in the first of them.

        Args:
            upto: Last event that goes.
            asked_at: The message that is being answered, which stays even so.
        """
        dialogue = [
            replace(m, blocks=tuple(b for b in m.blocks if b.source not in self._handoffs))
            for m in self.messages
        ]
        kept = [m for m in dialogue if max((b.source or 0 for b in m.blocks), default=0) > upto]
        asked = [
            m for m in dialogue if m.role == "user" and any(b.source == asked_at for b in m.blocks)
        ]
        return [*asked, *kept] if asked_at <= upto else kept

    def collapse(
        self, kept: Sequence[ContextMessage], handoff: Sequence[ContextBlock], at: int, upto: int
    ) -> bool:
        """Put a handoff in front of what a collapse leaves.

        Args:
            kept: As `standing_after` gave it.
            handoff: The blocks that stand for everything else.
            at: Ordinal of the collapse.
            upto: Last event that the handoff stands for.

        Returns:
            Whether it stands; where nothing is left it has to stand in the message to come.
        """
        self._handoffs.add(at)
        self.collapsed_upto = upto
        if kept and kept[0].role != "user":
            kept = [ContextMessage(role="user", blocks=(), chain=""), *kept]
        self.carry(kept)
        return self.lay_before(handoff)


def _stubbed(block: ContextBlock, stubs: Mapping[int, ContextBlock]) -> ContextBlock:
    stub = stubs.get(block.source or 0)
    if stub is not None and isinstance(block.block, ToolResultBlock):
        return stub
    return replace(block, why=f"{SNIPPED} before") if block.why == SNIPPED else block


def _without_thinking(message: ContextMessage, *, keeps_open: bool) -> ContextMessage:
    """A message without its thoughts: sealed ones are bound to the conversation as it was.

    Args:
        message: Of any role.
        keeps_open: Whether thoughts without a seal stay, which are bound to nothing but the model.
    """
    kept = tuple(
        b
        for b in message.blocks
        if not isinstance(b.block, ThinkingBlock)
        or (keeps_open and not b.block.signature and not b.block.is_redacted)
    )
    return message if len(kept) == len(message.blocks) else replace(message, blocks=kept)
