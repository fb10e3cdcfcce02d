"""What the commands do, apart from the demo."""

import argparse
import asyncio
import importlib
import importlib.util
import json
import signal
from dataclasses import asdict

from enplace.cli.show import (
    context_lines,
    explained_lines,
    jsonable,
    written_json,
    written_lines,
)
from enplace.cli.turn import tell
from enplace.config import Settings
from enplace.errors import ConfigError
from enplace.providers import weights
from enplace.wiring import model_of
from enplace.wiring import open as open_engine


async def ask(asked: argparse.Namespace) -> int:
    """Carry a message to its answer; the text as it comes, or every event as JSON."""
    async with open_engine(asks_people=True) as engine:
        owner = engine.owner(asked.owner)
        events = owner.execute(asked.task, asked.message, idempotency_key=asked.key)
        await tell(owner, asked.task, events, as_json=asked.json)
        await owner.learned()  # the next command may come too late for what was said now
    return 0


async def remember(asked: argparse.Namespace) -> int:
    """Store a fact and say what became of it."""
    async with open_engine() as engine:
        done = await engine.owner(asked.owner).remember(asked.sentence, supersedes=asked.supersedes)
    if asked.json:
        told = written_json(done)
        print(json.dumps({**told, "fact": told["memory"]}))  # `fact`: as release 0.2 names it
    else:
        print("\n".join(written_lines(done)))
    return 0


async def recall(asked: argparse.Namespace) -> int:
    """Show what comes back, best first, and why."""
    async with open_engine() as engine:
        found = await engine.owner(asked.owner).recall(asked.text)
    if asked.json:
        print(json.dumps(jsonable(asdict(found))))
        return 0
    for memory in found.memories:
        print(f"{memory.score:.2f}  {memory.text}  [{memory.id}, {memory.why}]")
    for lost in found.lost:
        print(f"incomplete: {lost.reason}")
    if not found.memories:
        print(found.query.reason or "nothing relevant is remembered")
    return 0


async def tasks(asked: argparse.Namespace) -> int:
    """List the owner's tasks, the one changed last first."""
    async with open_engine() as engine:
        found = await engine.owner(asked.owner).tasks()
    if asked.json:
        print(json.dumps([jsonable(asdict(task)) for task in found]))
        return 0
    for task in found:
        print(f"{task.updated_at:%Y-%m-%d %H:%M}  {task.head:>6} events  {task.task_id}")
    if not found:
        print(f"{asked.owner} has no task yet")
    return 0


async def models(asked: argparse.Namespace) -> int:
    """Show the model that the settings name, and what it can do."""
    settings = Settings.from_env()
    card = model_of(settings, settings.home).card
    found = weights.SMOLLM2.find(settings.home)
    rows = {**asdict(card), "provider": settings.provider, "default_weights": str(found or "")}
    if asked.json:
        print(json.dumps(jsonable(rows), allow_nan=False))
        return 0
    print(f"{card.name} (provider {settings.provider})")
    print(f"  window {card.window_tokens} tokens, answers up to {card.output_tokens}")
    print(f"  tools {card.tools}, engine tools {'yes' if card.uses_engine_tools else 'no'}")
    print(f"  embedded default: {found or 'not here yet; fetched at first use'}")
    return 0


async def worker(_: argparse.Namespace) -> int:
    """Do the work that others leave in the jobs, until SIGTERM or SIGINT."""
    if not Settings.from_env().jobs_url:
        raise ConfigError("a worker needs JOBS_URL: where the jobs are kept")
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    async with open_engine() as engine:
        await engine.work()
        print("working; stop with Ctrl-C", flush=True)
        await stop.wait()
    return 0


async def serve(asked: argparse.Namespace) -> int:
    """Serve until stopped; running turns are let end."""
    if importlib.util.find_spec("uvicorn") is None or importlib.util.find_spec("fastapi") is None:
        raise ConfigError("the server needs `pip install 'enplace[server]'`")
    serving = importlib.import_module("enplace.server.serve")
    settings = Settings.from_env()
    keys, fresh = serving.keys_of(settings)
    if fresh is not None:
        print(f"no ENGINE_API_KEY is set; the key of this run is {fresh}", flush=True)
    print(f"http://{asked.host}:{asked.port}", flush=True)
    engine = open_engine(asks_people=settings.engine_asks_people)
    await serving.serve(engine, keys, host=asked.host, port=asked.port)
    return 0


async def context(asked: argparse.Namespace) -> int:
    """Show the last context of a task: its manifest and its blocks, or the request itself."""
    async with open_engine() as engine:
        owner = engine.owner(asked.owner)
        seen, told = await owner.context(asked.task), await owner.explain(asked.task)
        request = engine.model.encode(seen)
    if asked.why and asked.json:
        print(json.dumps({"explained": [asdict(each) for each in told]}))
    elif asked.why:
        print("\n".join(explained_lines(told)))
    elif asked.wire:
        print(json.dumps(request, indent=None if asked.json else 2, ensure_ascii=False))
    elif asked.json:
        print(json.dumps({"manifest": [asdict(size) for size in seen.manifest]}))
    else:
        print("\n".join(context_lines(seen)))
    return 0


async def compact(asked: argparse.Namespace) -> int:
    """Close a part of a task: what stands so far becomes one handoff block."""
    async with open_engine() as engine:
        done = await engine.owner(asked.owner).compact(asked.task, asked.label)
    if asked.json:
        print(json.dumps({"compaction": jsonable(asdict(done)) if done else None}))
    elif done is None:
        print("nothing stands yet that could go")
    else:
        print(f"{done.before_tokens} tokens became {done.after_tokens}: {done.reason}")
    return 0
