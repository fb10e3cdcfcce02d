"""What clients send about memory."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from enplace.records.filter import About, AllOf, AnyOf, During, Filter, Not, OfKind, Tagged
from enplace.records.memory import FactKind, PersonKind, Span, Trust
from enplace.records.recollection import MemoryKind, RecallPolicy


def _in_utc(moment: datetime) -> datetime:
    if not 2 <= moment.year <= 9_998:
        raise ValueError("a time lies in the years 2 to 9998")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Name = Annotated[str, Field(min_length=1, max_length=256)]
Sentence = Annotated[str, Field(min_length=1, max_length=2_000)]
Names = Annotated[list[Name], Field(max_length=50)]


def _example(**values: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [values]})


class SpanBody(BaseModel):
    """A place in the log that is evidence."""

    model_config = ConfigDict(extra="forbid")
    task_id: Name
    ordinal: int = Field(ge=1, le=1 << 53)
    start: int = Field(0, ge=0, le=1 << 53, description="First character.")
    end: int | None = Field(None, ge=0, le=1 << 53, description="Not included; null: all of it.")

    def span(self) -> Span:
        """The same as a record."""
        return Span(task_id=self.task_id, ordinal=self.ordinal, start=self.start, end=self.end)


class FactBody(BaseModel):
    """A sentence to be held true."""

    model_config = _example(
        sentence="Ada lives in Porto.",
        subject="Ada",
        predicate="lives_in",
        object="Porto",
        valid_from="2026-05-31T00:00:00Z",
    )
    sentence: Sentence = Field(description="In the third person, readable by itself.")
    subject: Name | None = Field(None, description="Whom it is about.")
    predicate: Name | None = Field(None, description="What it says about them: `lives_in`.")
    object: Sentence | None = Field(None, description="What it says it is.")
    kind: FactKind = "statement"
    valid_from: Moment | None = Field(None, description="Null: now.")
    valid_until: Moment | None = Field(None, description="Not included; null: while it holds.")
    confidence: float = Field(1.0, ge=0, le=1)
    half_life_s: float | None = Field(None, gt=0, allow_inf_nan=False)
    trust: Trust = "user"
    supersedes: Name | None = Field(None, description="Id of a fact that holds no longer.")
    corrects: Name | None = Field(None, description="Id of a fact that was never true.")
    evidence: list[SpanBody] = Field(default_factory=list[SpanBody], max_length=50)
    tags: Names = Field(default_factory=list[Name])


class EpisodeBody(BaseModel):
    """Something that happened."""

    model_config = _example(
        key="pipe burst in the cellar",
        description="A pipe burst in the cellar of Ada's house in Porto, in March 2026.",
        value="The plumber was Grace; the valve is behind the boiler.",
        participants=["Grace"],
    )
    key: Sentence = Field(description="A short name of its own.")
    description: Sentence = Field(description="What happened, with whom and where.")
    value: Sentence = Field(description="What is worth knowing later.")
    outcome: str = Field("", max_length=2_000, description="How it ended.")
    started_at: Moment | None = None
    ended_at: Moment | None = None
    participants: Names = Field(default_factory=list[Name])
    trust: Trust = "user"
    evidence: list[SpanBody] = Field(default_factory=list[SpanBody], max_length=50)
    tags: Names = Field(default_factory=list[Name])


class PersonBody(BaseModel):
    """Somebody to be known by name."""

    model_config = _example(name="Grace Hopper", aliases=["Amazing Grace"])
    name: Name
    aliases: Names = Field(default_factory=list[Name])
    kind: PersonKind = "person"
    trust: Trust = "user"
    tags: Names = Field(default_factory=list[Name])


class MergeBody(BaseModel):
    """Two people that are one."""

    model_config = _example(name="Amazing Grace", into="Grace Hopper")
    name: Name
    into: Name


class SplitBody(BaseModel):
    """Somebody who was merged into another by mistake."""

    model_config = _example(name="Amazing Grace")
    name: Name


class RelationBody(BaseModel):
    """How one person is related to another."""

    model_config = _example(source="Ana", relation="mother_of", target="Bo")
    source: Name
    relation: Name
    target: Name
    sentence: Sentence | None = Field(None, description="The same in words.")
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    trust: Trust = "user"


class DocumentBody(BaseModel):
    """A text of the owner's own."""

    model_config = _example(name="walks.md", text="# Walks\n\nThe long walk is ten miles.")
    name: Name = Field(description="Where it comes from; takes the place of an older one.")
    text: str = Field(min_length=1, max_length=5_000_000)
    media: str = Field("text/markdown", pattern="^text/(plain|markdown)$")
    tags: Names = Field(default_factory=list[Name])


class ConfirmBody(BaseModel):
    """Who confirms."""

    model_config = ConfigDict(extra="forbid")
    trust: Trust = "user"


class CloseBody(BaseModel):
    """Since when something holds no longer."""

    model_config = ConfigDict(extra="forbid")
    until: Moment | None = Field(None, description="Null: now.")


class ConditionsBody(BaseModel):
    """Conditions; all that are given must hold."""

    model_config = ConfigDict(extra="forbid")
    kinds: list[MemoryKind] | None = Field(None, max_length=5)
    since: Moment | None = Field(None, description="Only what is from then or later.")
    until: Moment | None = Field(None, description="Only what is from before then.")
    people: Names | None = Field(None, description="Said by or about any of them.")
    tags: Names | None = Field(None, description="Carries any of them.")

    def filter(self) -> Filter:
        """The same as a record."""
        return AllOf(tuple(self._parts()))

    def _parts(self) -> Iterator[Filter]:
        if self.kinds is not None:
            yield OfKind(tuple(self.kinds))
        if self.since or self.until:
            yield During(start=self.since, end=self.until)
        if self.people is not None:
            yield About(tuple(self.people))
        if self.tags is not None:
            yield Tagged(tuple(self.tags))


class FilterBody(ConditionsBody):
    """Conditions, and groups of them."""

    any_of: list[ConditionsBody] | None = Field(
        None, max_length=20, description="At least one group holds."
    )
    none_of: list[ConditionsBody] | None = Field(None, max_length=20, description="No group holds.")

    def _parts(self) -> Iterator[Filter]:
        yield from super()._parts()
        if self.any_of is not None:
            yield AnyOf(tuple(group.filter() for group in self.any_of))
        for group in self.none_of or ():
            yield Not(group.filter())


class QueryBody(BaseModel):
    """What to look for in one store."""

    model_config = _example(query="Where does Ada live?", limit=5)
    query: str = Field(min_length=1, max_length=20_000, description="As one would ask a person.")
    limit: int = Field(20, ge=1, le=100)


class SearchBody(QueryBody):
    """What to look for in all of them, and under which conditions."""

    filter: FilterBody | None = None
    policy: RecallPolicy = Field("search", description="`inject`: only what a turn would get.")
    at: Moment | None = Field(None, description="What was true then; null: now.")
    as_known: Moment | None = Field(None, description="What was believed then; null: now.")
    history: bool = Field(False, description="Also what no longer holds.")
    task_id: Name | None = Field(None, description="Leave out what was said in this task.")
    explain: bool = Field(False, description="Tell signals, and what was dropped.")


class ErasureBody(BaseModel):
    """What is to be erased: exactly one of these."""

    model_config = _example(person="Grace")
    ids: list[Name] = Field(default_factory=list[Name], max_length=1_000)
    person: Name | None = Field(None, description="Everything about or naming them.")
    session: Name | None = Field(None, description="Everything that was said in a visit.")
    task_id: Name | None = Field(None, description="Everything that was said in a task.")
    query: Sentence | None = Field(None, description="What a search finds.")


class ConfirmedErasureBody(ErasureBody):
    """The same, with the plan that was looked at."""

    model_config = _example(person="Grace", digest="0" * 64)
    digest: str = Field(min_length=64, max_length=64, description="Of the plan.")
