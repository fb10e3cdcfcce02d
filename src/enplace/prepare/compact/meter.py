"""What the calls of a task have cost so far, and what doing nothing would have cost."""

from dataclasses import replace

from enplace.prepare.compact.policy import Account
from enplace.records.event import UsageReported


class Meter:
    """Adds up the calls of one task, as their providers reported them."""

    def __init__(self) -> None:
        self.account = Account()
        self.calls = 0
        """Since the last compaction."""
        self.carried = 0
        """Token-calls: counted tokens of the history, summed over these calls."""
        self.dead_carried = 0
        """Token-calls of superseded results, summed over these calls."""
        self.failures = 0
        """Compactions in a row that gained too little."""
        self._removed = 0
        self._full = 0
        self._used = 0

    def called(self, event: UsageReported, history: int, dead: int = 0) -> None:
        """Enter a call.

        Args:
            event: What it consumed.
            history: Tokens of the history it was sent with.
            dead: Of these, tokens of superseded results.
        """
        used, hit = event.usage.input_tokens, event.usage.cache_hit_tokens
        full = max(used + self._removed, self._full)
        was_warm = hit > 0 and hit >= event.expected_hit_tokens / 2
        answered = max(hit - self._used, 0)  # some caches have the answer as well
        full_hit = min(self._full + answered, full) if was_warm else 0
        account = self.account
        self.account = replace(
            account,
            hit=account.hit + hit,
            written=account.written + used - hit,
            full_hit=account.full_hit + full_hit,
            full_written=account.full_written + full - full_hit,
        )
        self._used, self._full = used, full
        self.calls += 1
        self.carried += history
        self.dead_carried += dead

    def beside(self, event: UsageReported) -> None:
        """Enter a call that doing nothing would not have made."""
        used, hit = event.usage.input_tokens, event.usage.cache_hit_tokens
        account = self.account
        self.account = replace(account, hit=account.hit + hit, written=account.written + used - hit)

    def compacted(self, removed: int = 0) -> None:
        """Begin anew behind a compaction.

        Args:
            removed: Tokens that went out of view.
        """
        self._removed += removed
        self.calls = self.carried = self.dead_carried = self.failures = 0
