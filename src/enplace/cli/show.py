"""How things look on a terminal, and as JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

from enplace.engine import LearningStatus
from enplace.engine.explaining import Explained
from enplace.records.agent_event import PersonAsked
from enplace.records.block import (
    Block,
    FileBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    ToolResultBlock,
)
from enplace.records.context import Context
from enplace.records.event import Event, UsageReported
from enplace.records.learning import Batch, Quote
from enplace.records.memory import Change, Document, Fact, Memory, Person
from enplace.records.recollection import Recollection
from enplace.records.standing import kind_of, text_of
from enplace.records.telling import Told
from enplace.records.write import Write, Written
from enplace.stores.codec import encode_event

MOST_CHARACTERS = 100


def usage_line(event: UsageReported) -> str:
    """What a model call consumed, and what the cache gave."""
    usage = event.usage
    line = (
        f"{usage.input_tokens} tokens in, {usage.cache_hit_tokens} of them from the cache"
        f" ({event.expected_hit_tokens} expected), {usage.output_tokens} out"
    )
    return f"{line}; {event.break_reason}" if event.break_reason else line


def question_line(asked: PersonAsked, *, whole: bool = False) -> str:
    """What a person is asked, in one line; with `whole` where, until when and its id as well."""
    question = asked.question
    options = f"  ({', '.join(question.options)})" if question.options else ""
    line = f"{' '.join(question.text.split())}{options}"
    if not whole or asked.place is None:
        return line
    until = f"until {asked.expires_at:%Y-%m-%d %H:%M}"
    return f"{asked.place.at:%Y-%m-%d %H:%M}  {asked.place.task_id}: {line}  [{asked.request_id}, {until}]"


def question_json(asked: PersonAsked) -> dict[str, Any]:
    """What a person is asked, under the names that the HTTP API gives it."""
    return jsonable(
        {
            "request_id": asked.request_id,
            "task_id": asked.place.task_id if asked.place else "",
            "kind": asked.question.question_kind,
            "question": asked.question.text,
            "options": asked.question.options,
            "tool": asked.tool,
            "input": asked.input,
            "created_at": asked.place.at if asked.place else None,
            "expires_at": asked.expires_at,
        }
    )


def event_json(event: Event) -> str:
    """One event as one line of JSON."""
    return encode_event(event)


def jsonable(value: dict[str, Any]) -> Any:
    """The fields of a record as JSON values: times as ISO 8601 text, and null for infinity."""
    text = json.dumps(value, default=_as_text)
    return json.loads(text, parse_constant=lambda _: None)


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def context_lines(context: Context) -> Iterator[str]:
    """The manifest of a context, then its blocks in the order they are sent."""
    epoch = context.epoch.place
    yield (
        f"task {context.task_id}, model {context.model}, epoch e{epoch.ordinal if epoch else '?'}"
        f" ({context.epoch.reason}), about {context.estimated_tokens} tokens,"
        f" {context.expected_hit_tokens} of them expected in the cache"
    )
    yield f"{'segment':<10} {'tokens':>7} {'blocks':>7}  why"
    for size in context.manifest:
        yield f"{size.segment:<10} {size.tokens:>7} {size.blocks:>7}  {size.why}"
    yield ""
    for tool in context.tools:
        yield f"tools      {tool.name}: {_short(tool.description)}"
    for block in context.system:
        yield f"{block.segment:<10} {_short(_text(block.block))}"
    for message in context.messages:
        for block in message.blocks:
            why = f"  <- {block.why}" if block.why else ""
            source = f"e{block.source}" if block.source else ""
            text = _short(_text(block.block))
            yield f"{block.segment:<10} {message.role:<10}{source:<6} {text}{why}"


# Memory


def memory_json(memory: Memory) -> dict[str, Any]:
    """A memory as a JSON value, with the name of its kind."""
    return {"memory_kind": kind_of(memory), **jsonable(asdict(memory))}


def memory_line(memory: Memory) -> str:
    """A memory in one line."""
    told = [] if memory.state == "active" else [memory.state]
    if isinstance(memory, Fact):
        told += [f"since {memory.valid_from:%Y-%m-%d}"] if memory.valid_from else []
        told += [f"until {memory.valid_until:%Y-%m-%d}"] if memory.valid_until else []
    if isinstance(memory, Person) and memory.merged_into:
        told.append(f"is {memory.merged_into}")
    beside = f"  [{', '.join(told)}]" if told else ""
    return f"{memory.id}  {memory.recorded_at:%Y-%m-%d}  {memory_text(memory)}{beside}"


def memory_text(memory: Memory) -> str:
    """What a memory says."""
    if isinstance(memory, Document):
        return f"{memory.name} ({len(memory.text)} characters, {len(memory.chunks)} pieces)"
    return text_of(memory)


def memory_lines(memory: Memory) -> Iterator[str]:
    """All fields of a memory that say something, a line each."""
    yield f"{kind_of(memory)} {memory.id}, version {memory.version}"
    for name, value in asdict(memory).items():
        if name in {"id", "version", "chunks", "evidence"} or value in (None, "", ()):
            continue
        shown = str(value)
        if isinstance(value, datetime):
            shown = value.isoformat(sep=" ", timespec="seconds")
        elif isinstance(value, tuple):
            shown = ", ".join(cast(tuple[str, ...], value))
        yield f"{name:<13} {shown}"


def change_line(change: Change) -> str:
    """What became of a memory, in one line."""
    when = f"{change.at:%Y-%m-%d %H:%M}" if change.at else ""
    told = [change.state, f"confidence {change.confidence:.2f}", f"trust {change.trust}"]
    told += [f"until {change.valid_until:%Y-%m-%d}"] if change.valid_until else []
    told += [f"by {change.by}"] if change.by else []
    told += [change.reason] if change.reason else []
    return f"{when}  write {change.write:<5} {change.action:<12} {', '.join(told)}"


def write_line(write: Write) -> str:
    """A write in one line."""
    undone = "  [undone]" if write.undone else ""
    key = f"  [key {write.key}]" if write.key else ""
    what = f"{write.operation.op} {write.target}"
    return f"{write.id:>5}  {write.at:%Y-%m-%d %H:%M}  {write.outcome:<12} {what}{undone}{key}"


def written_json(done: Written) -> dict[str, Any]:
    """What became of a write as a JSON value."""
    return {**jsonable(asdict(done)), "memory": memory_json(done.memory)}


def written_lines(done: Written) -> Iterator[str]:
    """What became of a write, and advice where there is any."""
    told = [f"write {done.write}"] if done.write else []
    told += [f"closed {id_}" for id_ in done.closed]
    told += [f"contradicts {id_}" for id_ in done.disputes]
    beside = f"  [{', '.join(told)}]" if told else ""
    yield f"{done.outcome} {done.memory.id}: {memory_text(done.memory)}{beside}"
    if done.advice:
        yield f"  {done.advice}"


def found_lines(found: Recollection, *, explain: bool) -> Iterator[str]:
    """What a search brought, best first; with `explain` also why, and what was dropped."""
    for memory in found.memories:
        told = [memory.id, *filter(None, (memory.speaker, memory.source, memory.label))]
        yield f"{memory.score:.2f}  {memory.at:%Y-%m-%d}  {memory.text}  [{', '.join(told)}]"
        if explain:
            signals = ", ".join(f"{name} {value:.2f}" for name, value in memory.signals)
            yield f"      {memory.why}: {signals}"
    for lost in found.lost:
        yield f"incomplete: {lost.reason}"
    if explain:
        for dropped in found.dropped:
            yield f"dropped by {dropped.stage}: {dropped.id}, {dropped.score:.2f}"
    if not found.memories:
        yield found.silence or found.query.reason or "nothing relevant is remembered"


# Learning


def status_lines(status: LearningStatus) -> Iterator[str]:
    """How far learning has come, a line for each thing worth knowing."""
    yield f"learning    {'on' if status.in_background else 'switched off: only by hand'}"
    tasks = ", ".join(due.task_id for due in status.due)
    lag = f"{status.lag_events} events of {tasks}, for {status.lag_s:.0f} s" if tasks else "nothing"
    yield f"waiting     {lag}"
    yield f"batches     {status.batches}, from {status.heard} utterances"
    yield f"learned     {_counted(status.outcomes) or 'nothing'}"
    if status.confirmed_ratio is not None:
        yield f"confirmed   {status.confirmed_ratio:.2f} times what was added"
    yield f"dropped     {_counted(status.dropped) or 'nothing'}"
    if status.asked_tokens:
        yield f"asked       {status.asked_tokens} tokens of the model"
    if status.rolled_back:
        yield f"taken back  {status.rolled_back} batches"
    if status.set_aside:
        yield f"set aside   {status.set_aside} utterances that learning failed at"
    for attempt in status.failing:
        yield f"failing     {attempt.task_id}, {attempt.tries} times: {attempt.trouble}"


def batch_line(batch: Batch) -> str:
    """A batch in one line."""
    report = batch.report
    told = [] if batch.state == "done" else [batch.state.replace("_", " ")]
    told += [report.trouble] if report.trouble else []
    beside = f"  [{', '.join(told)}]" if told else ""
    done = _counted(report.outcomes) or "nothing learned"
    heard = f"{report.heard} heard, {done}"
    return f"{batch.id}  {batch.at:%Y-%m-%d %H:%M}  {batch.task_id}: {heard}{beside}"


def told_lines(batch: Batch, events: Iterable[Told]) -> Iterator[str]:
    """A batch and what it did, a line each."""
    yield batch_line(batch)
    for event in events:
        if not event.name.startswith("learn."):
            yield f"  {event.name.partition('.')[2]:<12}{event.memory}: {event.text}"
    if batch.report.dropped:
        yield f"  {'dropped':<12}{_counted(batch.report.dropped)}"


def quote_line(quote: Quote) -> str:
    """What was said for a memory, in one line."""
    place = f"{quote.span.task_id} e{quote.span.ordinal}"
    if quote.at is None:
        return f"said       {place}: not in this log"
    speaker = f" {quote.speaker}" if quote.speaker else ""
    return f"said       {place}, {quote.at:%Y-%m-%d}{speaker}: {_short(quote.text)}"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())


# Blocks


def _text(block: Block) -> str:
    match block:
        case TextBlock():
            return block.text
        case ToolCallBlock():
            return f"calls {block.tool} {block.arguments}"
        case ToolResultBlock():
            return f"{block.tool} answers {block.text}"
        case ThinkingBlock():
            return "thinks, sealed" if block.is_redacted else f"thinks {block.text}"
        case ImageBlock():
            return f"image, {block.media_type}, {block.width}x{block.height}"
        case FileBlock():
            return f"file {block.name}, {block.media_type}"


def explained_lines(told: Sequence[Explained]) -> Iterator[str]:
    """What shaped a task's contexts, a line each."""
    for each in told:
        money = f"  {each.cost} {each.currency}" if each.cost else ""
        tokens = f"{each.tokens} tokens" if each.tokens else ""
        saved = f", {each.saved_tokens} spared" if each.saved_tokens else ""
        yield f"e{each.ordinal:<6}{each.what:<10}{tokens}{saved}{money}  {each.why}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST_CHARACTERS else f"{line[: MOST_CHARACTERS - 1]}…"
