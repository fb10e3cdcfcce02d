"""What happened to an owner, kept so that it is found again."""

from collections.abc import Sequence
from datetime import datetime

from enplace.engine.acceptance import accept_moment, accept_name, accept_tags, accept_text
from enplace.engine.memory import MOST_SENTENCE_CHARACTERS
from enplace.engine.writing import Writer, new_id
from enplace.errors import BadInput, VagueMemory
from enplace.records.memory import Episode, Span, Trust
from enplace.records.words import fold
from enplace.records.write import Written
from enplace.upload.advice import advice_on


class Episodes:
    """Episodes of one owner."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def remember(
        self,
        key: str,
        description: str,
        value: str,
        *,
        outcome: str = "",
        started_at: datetime | None = None,
        ended_at: datetime | None = None,
        participants: Sequence[str] = (),
        trust: Trust = "user",
        evidence: Sequence[Span] = (),
        tags: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> Written:
        """Keep something that happened.

        Args:
            key: A short name of its own.
            description: What happened, with whom and where: what a search has to match.
            value: What is worth knowing later.
            outcome: How it ended.
            started_at: When it began.
            ended_at: When it ended, not before it began.
            participants: Who took part.
            trust: Where it comes from.
            evidence: Where in the log it stands.
            tags: For filters.
            idempotency_key: The same again answers the same and writes nothing.

        Raises:
            VagueMemory: Nobody would find it again; the error says what is missing.
            BadInput: A value is not acceptable.
            IdempotencyConflict: The key was used for another write.
        """
        for name, text in {"key": key, "description": description, "value": value}.items():
            accept_text(text, name, most=MOST_SENTENCE_CHARACTERS)
        if outcome:
            accept_text(outcome, "outcome", most=MOST_SENTENCE_CHARACTERS)
        start = accept_moment(started_at, "started_at")
        end = accept_moment(ended_at, "ended_at")
        if start is not None and end is not None and end < start:
            raise BadInput("ended_at is earlier than started_at")
        advice = advice_on(key, description, value)
        if advice:
            raise VagueMemory(f"this would not be found again: {advice}", advice=advice)
        episode = Episode(
            id=new_id("e"),
            key=key.strip(),
            description=description.strip(),
            value=value.strip(),
            recorded_at=self._writer.clock.now(),
            outcome=outcome.strip(),
            started_at=start,
            ended_at=end,
            participants=tuple(accept_name(name, "participant") for name in participants),
            trust=trust,
            evidence=tuple(evidence),
            tags=accept_tags(tags),
        )
        episode = self._writer.redactor.memory(episode)
        store = (await self._writer.brain()).memory
        same = await store.named("episode", episode.key)
        if isinstance(same, Episode) and idempotency_key is None and _told(same) == _told(episode):
            return Written(outcome="duplicate", memory=same, write=0)
        return await self._writer.keep(episode, key=idempotency_key)

    async def named(self, key: str) -> Episode | None:
        """The newest episode of a key."""
        found = await (await self._writer.brain()).memory.named("episode", key)
        return found if isinstance(found, Episode) else None


def _told(episode: Episode) -> tuple[object, ...]:
    """What makes two episodes the same one."""
    told = (episode.description, episode.value, episode.outcome)
    return (*map(fold, told), episode.started_at, episode.ended_at)
