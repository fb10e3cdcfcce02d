"""Frameworks re-implemented from their defaults, for where their packages are not at hand.

`adapters` runs the packages themselves.
"""

from enplace_bench.context.payload import Block
from enplace_bench.context.peers.rendering import whole_before, whole_from
from enplace_bench.context.peers.summaries import Summariser
from enplace_bench.context.peers.summarising import Summarising, newest
from enplace_bench.context.sessions import Session


class Letta(Summarising):
    """Over the window, the oldest messages become a summary, ever more until it fits.

    Source: docs.letta.com/guides/core-concepts/messages/compaction, and
    letta/services/summarizer/summarizer_sliding_window.py at 63d3146f: with a
    `sliding_window_percentage` of .3 the first try takes 40 % of the messages, each next one 10 %
    more, until less than 70 % of the window is left. GPT-5 is compacted at nine tenths already.
    """

    first_share, goal = 0.4, 0.7

    def fit(self, index: int) -> None:
        """See `History`."""
        gpt5 = any(model.startswith("gpt-5") for model in self.session.models)
        if self.tokens <= self.window * (0.9 if gpt5 else 1.0):
            return
        share = self.first_share
        while share < 1:
            cut = self._assistant_before(round(share * len(self.blocks)))
            left = self.head.tokens + sum(block.tokens for block in self.blocks[cut:])
            if 0 < cut < len(self.blocks) - 1 and left < self.goal * self.window:
                break
            share += 0.1
        else:  # its mode `all`
            cut = len(self.blocks)
        intro = "Note: prior messages have been hidden from view due to memory constraints."
        summary = self.summary_of(self.blocks[:cut], index, intro)
        self.blocks = [summary, *self.blocks[cut:]]

    def _assistant_before(self, cut: int) -> int:
        for place in range(min(cut, len(self.blocks) - 1), 0, -1):
            if self.blocks[place].role == "assistant":
                return whole_before(self.blocks, place)
        return 0


class Letta70(Letta):
    """As it was before: the first try takes 70 % of the messages."""

    first_share, goal = 0.7, 1.0


class LangChain(Summarising):
    """All but the last 20 messages become a summary; its model sees the last 4,000 tokens of them.

    Source: langchain.agents.middleware.SummarizationMiddleware; the trigger is the one of its
    documentation's examples, it has none of its own.
    """

    trigger, keep, seen_tokens = 0.85, 20, 4_000

    def fit(self, index: int) -> None:
        """See `History`."""
        if self.tokens < self.trigger * self.window:
            return
        cut = self.cut()
        if cut <= 0:
            return
        old = newest(self.blocks[:cut], self.seen_tokens or self.window)
        intro = "Here is a summary of the conversation to date:"
        self.blocks = [self.summary_of(old, index, intro), *self.blocks[cut:]]

    def cut(self) -> int:
        """Where the messages that stay begin."""
        return whole_before(self.blocks, len(self.blocks) - self.keep)


class DeepAgents(LangChain):
    """All but the last tenth of the window becomes a summary.

    Source: deepagents.middleware.summarization.compute_summarization_defaults.
    """

    seen_tokens = 0

    def cut(self) -> int:
        """See `LangChain`."""
        cut, tokens = len(self.blocks), 0
        while cut and tokens + self.blocks[cut - 1].tokens <= self.window // 10:
            cut -= 1
            tokens += self.blocks[cut].tokens
        whole = whole_before(self.blocks, min(cut, len(self.blocks) - 1))
        # One step of many large results cannot stay whole.
        return whole if whole > 1 else whole_from(self.blocks, cut)


class OpenHands(Summarising):
    """Over so many events, half of them stay and the first few; over the window, half of that.

    What lies between becomes a summary. Where that is too little, everything does.

    Source: openhands.sdk.context.condenser.LLMSummarizingCondenser.
    """

    keep_first, max_size = 2, 240
    least_progress, most_condensations = 0.1, 5

    def fit(self, index: int) -> None:
        """See `History`."""
        for _ in range(self.most_condensations):
            over, size = self.tokens > self.window, len(self.blocks)
            if not over and size <= self.max_size:
                return
            tail = self.max_size // 2 - self.keep_first - 1 if size > self.max_size else size
            if over:
                tail = min(tail, self._tail_within(self.window // 2))
            start = whole_from(self.blocks, min(self.keep_first, size))
            cut = whole_from(self.blocks, size - tail)
            if cut - start < max(2, self.least_progress * size):
                if not over:
                    return
                start, cut = 0, size
            intro = "Summary of what was removed:"
            summary = self.summary_of(self.blocks[start:cut], index, intro)
            self.blocks[start:cut] = [summary]

    def _tail_within(self, tokens: int) -> int:
        """How many of the last blocks fit beside the first ones."""
        left = tokens - self.head.tokens
        left -= sum(block.tokens for block in self.blocks[: self.keep_first])
        count = 0
        for block in reversed(self.blocks[self.keep_first :]):
            left -= block.tokens
            if left < 0:
                break
            count += 1
        return count


class OpenHands80(OpenHands):
    """As it was configured before its SDK."""

    keep_first, max_size = 4, 80


class Adk(Summarising):
    """After every three turns of the user, these and one before become a summary.

    Source: google.adk.apps.EventsCompactionConfig, `compaction_interval=3, overlap_size=1` of its
    documentation; the window is not looked at.
    """

    interval = 3

    def __init__(
        self, summariser: Summariser, session: Session, window: int, prefix_tokens: int
    ) -> None:
        super().__init__(summariser, session, window, prefix_tokens)
        self._again: list[Block] = []
        """The turn before, which the next summary covers once more."""

    def fit(self, index: int) -> None:
        """See `History`."""
        begins = [
            place
            for place, block in enumerate(self.blocks)
            if block.role == "user" and (place == 0 or self.blocks[place - 1].role != "user")
        ]
        if len(begins) <= self.interval:
            return
        start, cut = begins[0], whole_from(self.blocks, begins[self.interval])
        covered = [*self._again, *self.blocks[start:cut]]
        intro = "Summary of the conversation so far:"
        since = min(covered[0].source, default=0)
        summary = self.summary_of(covered, index, intro, role="assistant", since=since)
        self._again = self.blocks[begins[self.interval - 1] : cut]
        self.blocks[start:cut] = [summary]
