"""Long-term memory over HTTP: search, explicit writes, and taking it elsewhere."""

import re
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Body, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from enplace.engine import OwnerEngine
from enplace.errors import BadInput, MemoryNotFound, StaleMemory
from enplace.records.erasure import ErasurePlan
from enplace.records.filter import OfKind
from enplace.records.memory import Fact, Memory, Person
from enplace.records.recollection import MemoryKind, RecalledMemory
from enplace.records.write import Written
from enplace.server.entrance import PROBLEMS, Caller
from enplace.server.memory_answers import (
    AnyMemory,
    ErasureAnswer,
    ErasurePlanAnswer,
    FoundEpisode,
    FoundFact,
    FoundPerson,
    FullSoulAnswer,
    HistoryAnswer,
    ImportedAnswer,
    SearchAnswer,
    SoulAnswer,
    WriteAnswer,
    WrittenAnswer,
    erasure_answer,
    erasure_plan_answer,
    found_answer,
    full_soul_answer,
    history_answer,
    imported_answer,
    memory_answer,
    search_answer,
    soul_answer,
    write_answer,
    written_answer,
)
from enplace.server.memory_bodies import (
    CloseBody,
    ConfirmBody,
    ConfirmedErasureBody,
    DocumentBody,
    EpisodeBody,
    ErasureBody,
    FactBody,
    MergeBody,
    Moment,
    PersonBody,
    QueryBody,
    RelationBody,
    SearchBody,
    SplitBody,
)

MOST_BYTES = {"/memory/import": 1 << 28, "/memory/documents": 1 << 25}
"""Of bodies that may be larger than others."""
LINES = "application/x-ndjson"

IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=256, description="The same again writes nothing."),
]
IfMatch = Annotated[
    str | None, Header(description="Version that the memory must have, as its ETag gave it.")
]
MemoryId = Annotated[str, Path(alias="id", min_length=1, max_length=256)]
_ETAG: dict[str, Any] = {
    "ETag": {"description": "The memory's version.", "schema": {"type": "string"}}
}
WITH_ETAG: dict[int | str, dict[str, Any]] = {200: {"headers": _ETAG}, **PROBLEMS}
"""What an endpoint that writes a memory may answer."""

memory_routes = APIRouter(prefix="/memory", tags=["memory"])


# Search


@memory_routes.post("/search", responses=PROBLEMS)
async def search(body: SearchBody, owner: Caller) -> SearchAnswer:
    """Search everything that is remembered: facts, episodes, people, documents, what was said."""
    found = await owner.recall(
        body.query,
        policy=body.policy,
        limit=body.limit,
        filter=body.filter.filter() if body.filter else None,
        at=body.at,
        as_known=body.as_known,
        history=body.history,
        task_id=body.task_id or "",
    )
    return search_answer(found, explain=body.explain)


@memory_routes.post("/knowledge/search", responses=PROBLEMS)
async def search_knowledge(body: QueryBody, owner: Caller) -> list[FoundFact]:
    """Search facts that hold now."""
    pairs = await _found(owner, body.query, body.limit, ("fact",))
    answers = [found_answer(recalled, memory) for recalled, memory in pairs]
    return [answer for answer in answers if isinstance(answer, FoundFact)]


@memory_routes.post("/episodes/search", responses=PROBLEMS)
async def search_episodes(body: QueryBody, owner: Caller) -> list[FoundEpisode]:
    """Search what happened."""
    pairs = await _found(owner, body.query, body.limit, ("episode",))
    answers = [found_answer(recalled, memory) for recalled, memory in pairs]
    return [answer for answer in answers if isinstance(answer, FoundEpisode)]


@memory_routes.post("/social/search", responses=PROBLEMS)
async def search_people(body: QueryBody, owner: Caller) -> list[FoundPerson | FoundFact]:
    """Search people, and how they are related."""
    pairs = await _found(owner, body.query, 100, ("person", "fact"))
    social = [
        found_answer(recalled, memory)
        for recalled, memory in pairs
        if isinstance(memory, Person)
        or (isinstance(memory, Fact) and memory.fact_kind == "relation")
    ]
    found = [answer for answer in social if isinstance(answer, FoundPerson | FoundFact)]
    return found[: body.limit]


async def _found(
    owner: OwnerEngine, query: str, limit: int, kinds: tuple[MemoryKind, ...]
) -> Sequence[tuple[RecalledMemory, Memory]]:
    """What a search finds, with the memories themselves; those forgotten meanwhile are left out."""
    found = await owner.recall(query, limit=limit, filter=OfKind(kinds))
    pairs: list[tuple[RecalledMemory, Memory]] = []
    for recalled in found.memories:
        try:
            pairs.append((recalled, await owner.memory.get(recalled.id)))
        except MemoryNotFound:
            continue
    return pairs


# The soul


@memory_routes.get("/soul", responses=PROBLEMS)
async def soul(owner: Caller) -> SoulAnswer:
    """The owner's core identity."""
    return soul_answer(await owner.soul())


@memory_routes.get("/soul/full", responses=PROBLEMS)
async def full_soul(owner: Caller) -> FullSoulAnswer:
    """The same line by line, with every version of every line."""
    return full_soul_answer(await owner.soul(), await owner.soul(history=True))


# Writes


@memory_routes.post("/facts", responses=WITH_ETAG)
async def remember(
    body: FactBody,
    owner: Caller,
    response: Response,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> WrittenAnswer:
    """Hold a sentence true. `If-Match` is the version of the fact to supersede or correct."""
    done = await owner.memory.remember(
        body.sentence,
        subject=body.subject,
        predicate=body.predicate,
        object=body.object,
        kind=body.kind,
        valid_from=body.valid_from,
        valid_until=body.valid_until,
        confidence=body.confidence,
        half_life_s=body.half_life_s,
        trust=body.trust,
        supersedes=body.supersedes,
        corrects=body.corrects,
        evidence=[span.span() for span in body.evidence],
        tags=body.tags,
        expected_version=_version(if_match),
        idempotency_key=idempotency_key,
    )
    return answered(response, done)


@memory_routes.post("/episodes", responses=WITH_ETAG)
async def keep_episode(
    body: EpisodeBody, owner: Caller, response: Response, idempotency_key: IdempotencyKey = None
) -> WrittenAnswer:
    """Keep something that happened. What nobody would find again is refused, with advice."""
    done = await owner.episodes.remember(
        body.key,
        body.description,
        body.value,
        outcome=body.outcome,
        started_at=body.started_at,
        ended_at=body.ended_at,
        participants=body.participants,
        trust=body.trust,
        evidence=[span.span() for span in body.evidence],
        tags=body.tags,
        idempotency_key=idempotency_key,
    )
    return answered(response, done)


@memory_routes.post("/people", responses=WITH_ETAG)
async def know(
    body: PersonBody, owner: Caller, response: Response, idempotency_key: IdempotencyKey = None
) -> WrittenAnswer:
    """Know somebody by name; one who is known already learns the other names."""
    done = await owner.people.know(
        body.name,
        aliases=body.aliases,
        kind=body.kind,
        trust=body.trust,
        tags=body.tags,
        idempotency_key=idempotency_key,
    )
    return answered(response, done)


@memory_routes.post("/people/merge", responses=WITH_ETAG)
async def merge(body: MergeBody, owner: Caller, response: Response) -> WrittenAnswer:
    """Say that two people are one; `split` takes it back."""
    return answered(response, await owner.people.merge(body.name, body.into))


@memory_routes.post("/people/split", responses=WITH_ETAG)
async def split(body: SplitBody, owner: Caller, response: Response) -> WrittenAnswer:
    """Take a merge back."""
    return answered(response, await owner.people.split(body.name))


@memory_routes.post("/relations", responses=WITH_ETAG)
async def relate(
    body: RelationBody, owner: Caller, response: Response, idempotency_key: IdempotencyKey = None
) -> WrittenAnswer:
    """Say how one person is related to another."""
    done = await owner.people.relate(
        body.source,
        body.relation,
        body.target,
        sentence=body.sentence,
        valid_from=body.valid_from,
        valid_until=body.valid_until,
        trust=body.trust,
        idempotency_key=idempotency_key,
    )
    return answered(response, done)


@memory_routes.post("/documents", responses=WITH_ETAG)
async def add_document(
    body: DocumentBody, owner: Caller, response: Response, idempotency_key: IdempotencyKey = None
) -> WrittenAnswer:
    """Keep a text; one of the same name takes its place."""
    done = await owner.documents.add(
        body.name,
        body.text,
        media=cast(Literal["text/plain", "text/markdown"], body.media),
        tags=body.tags,
        idempotency_key=idempotency_key,
    )
    return answered(response, done)


@memory_routes.get("/writes", responses=PROBLEMS)
async def writes(
    owner: Caller,
    before: Annotated[int | None, Query(ge=1, le=1 << 53)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> list[WriteAnswer]:
    """What was written, the last first; `before` a number goes further back."""
    return [write_answer(write) for write in await owner.memory.writes(before=before, limit=limit)]


@memory_routes.post("/writes/{write}/undo", responses=WITH_ETAG)
async def undo(
    owner: Caller, response: Response, write: Annotated[int, Path(ge=1, le=1 << 53)]
) -> WrittenAnswer:
    """Take a write back, as if it had never been made."""
    return answered(response, await owner.memory.undo(write))


# Erasing


@memory_routes.post("/erase/plan", responses=PROBLEMS)
async def plan_erasure(body: ErasureBody, owner: Caller) -> ErasurePlanAnswer:
    """What would be erased. Nothing is changed; `digest` goes into `/memory/erase`."""
    return erasure_plan_answer(await _plan(owner, body))


@memory_routes.post("/erase", responses=PROBLEMS)
async def erase(body: ConfirmedErasureBody, owner: Caller) -> ErasureAnswer:
    """Erase for good what a plan showed. Refused where by now something else would go."""
    plan = await _plan(owner, body)
    if plan.digest != body.digest:
        raise StaleMemory("this is not what would go now: look at a new plan", digest=plan.digest)
    return erasure_answer(await owner.erasure.execute(plan))


async def _plan(owner: OwnerEngine, body: ErasureBody) -> ErasurePlan:
    return await owner.erasure.plan(
        ids=body.ids,
        person=body.person,
        session=body.session,
        task=body.task_id,
        query=body.query,
    )


# All of it


@memory_routes.get(
    "/export",
    response_class=StreamingResponse,
    responses={**PROBLEMS, 200: {"content": {LINES: {"schema": {"type": "string"}}}}},
)
async def export(owner: Caller) -> StreamingResponse:
    """All that is kept but vectors, as lines of JSON: the same memory gives the same bytes."""
    lines = owner.memory.export()
    first = await anext(lines)  # what is wrong shows before the answer begins

    async def texts() -> AsyncGenerator[str, None]:
        yield f"{first}\n"
        async with aclosing(lines):
            async for line in lines:
                yield f"{line}\n"

    return StreamingResponse(texts(), media_type=LINES)


@memory_routes.post(
    "/import",
    responses=PROBLEMS,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {LINES: {"schema": {"type": "string"}}},
            "description": "As `/memory/export` gave it.",
        }
    },
)
async def import_(request: Request, owner: Caller) -> ImportedAnswer:
    """Add what an export has and this memory has not. A damaged line is named, and nothing added."""
    body = await request.body()
    return imported_answer(await owner.memory.import_(_lines(body)))


def _lines(body: bytes) -> Iterator[str]:
    for number, line in enumerate(body.removesuffix(b"\n").split(b"\n"), start=1):
        try:
            yield line.removesuffix(b"\r").decode()
        except UnicodeDecodeError as error:
            raise BadInput(f"line {number}: no text in UTF-8", line=number) from error


# One memory; declared last, because an id may be any name


@memory_routes.get("/{id}", responses=WITH_ETAG)
async def get(
    owner: Caller,
    response: Response,
    memory_id: MemoryId,
    as_known: Annotated[Moment | None, Query(description="As it stood then.")] = None,
) -> AnyMemory:
    """A memory as it stands, in whatever state."""
    memory = await owner.memory.get(memory_id, as_known=as_known)
    response.headers["ETag"] = f'"{memory.version}"'
    return memory_answer(memory)


@memory_routes.get("/{id}/history", responses=PROBLEMS)
async def history(owner: Caller, memory_id: MemoryId) -> HistoryAnswer:
    """Everything that became of a memory."""
    return history_answer(await owner.memory.history(memory_id))


@memory_routes.post("/{id}/confirm", responses=WITH_ETAG)
async def confirm(
    *,
    owner: Caller,
    response: Response,
    memory_id: MemoryId,
    body: Annotated[ConfirmBody | None, Body()] = None,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> WrittenAnswer:
    """Say that a fact is still true."""
    done = await owner.memory.confirm(
        memory_id,
        trust=body.trust if body else "user",
        expected_version=_version(if_match),
        idempotency_key=idempotency_key,
    )
    return answered(response, done)


@memory_routes.post("/{id}/close", responses=WITH_ETAG)
async def close(
    *,
    owner: Caller,
    response: Response,
    memory_id: MemoryId,
    body: Annotated[CloseBody | None, Body()] = None,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> WrittenAnswer:
    """Say that a fact holds no longer, where nothing takes its place."""
    done = await owner.memory.close(
        memory_id,
        until=body.until if body else None,
        expected_version=_version(if_match),
        idempotency_key=idempotency_key,
    )
    return answered(response, done)


@memory_routes.post("/{id}/forget", responses=WITH_ETAG)
async def forget(
    owner: Caller,
    response: Response,
    memory_id: MemoryId,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> WrittenAnswer:
    """Show a memory to nobody any more; undoing the write brings it back."""
    done = await owner.memory.forget(
        memory_id, expected_version=_version(if_match), idempotency_key=idempotency_key
    )
    return answered(response, done)


@memory_routes.post("/{id}/release", responses=WITH_ETAG)
async def release(
    owner: Caller,
    response: Response,
    memory_id: MemoryId,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> WrittenAnswer:
    """Believe a disputed or quarantined fact after all."""
    done = await owner.memory.release(
        memory_id, expected_version=_version(if_match), idempotency_key=idempotency_key
    )
    return answered(response, done)


def answered(response: Response, done: Written) -> WrittenAnswer:
    """What became of a write, with the memory's version in the header."""
    response.headers["ETag"] = f'"{done.memory.version}"'
    return written_answer(done)


def _version(if_match: str | None) -> int | None:
    """The version that a header names; None where any will do.

    Raises:
        BadInput: It is no ETag of ours.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    found = re.fullmatch(r'"?([1-9][0-9]{0,14})"?', if_match.strip(), re.ASCII)
    if found is None:
        raise BadInput('If-Match is the ETag of a memory, such as "3"', header="If-Match")
    return int(found[1])
