"""A head that waits, and what a compaction makes of it."""

from dataclasses import replace

from tests.prepare.compact.driven import TTL_S, Task, Use, epochs, only

from enplace.prepare.compact.policy import CompactionOptions
from enplace.records.agent_event import CatalogueReloaded
from enplace.records.event import Compacted
from enplace.records.tool import ToolSpec

ROOT = "/srv"
TOOL = ToolSpec(name="read_file", description="Read.", schema={"type": "object"})


def rereading(task: Task, turns: int) -> list[str]:
    """Look at the same file again and again; how the compactions came about."""
    for n in range(turns):
        task.say(f"Look again, {n}.", [lambda _: use(task)], [lambda _: use(task)])
    return [event.strategy for event in only(Compacted, task.log)]


def use(task: Task) -> Use:
    shown = "\n".join(f"{n}\tline {n} as it is, {task.calls}" for n in range(1, 60))
    return Use("read_file", {"path": f"{ROOT}/a.py"}, shown)


def a_task() -> Task:
    return Task(options=CompactionOptions(collapses=False), tools=(TOOL,), window=20_000)


def reload(task: Task) -> None:
    task.defers = True
    task.system = "Be thorough."
    task.tools = (replace(TOOL, description="Read a file."),)


def test_a_warm_snip_costs_what_it_would_without_a_head_that_waits() -> None:
    alone, waiting = a_task(), a_task()
    rereading(alone, 2)
    rereading(waiting, 2)
    reload(waiting)
    assert rereading(alone, 6) == rereading(waiting, 6)
    assert "snip" in rereading(waiting, 0)
    snipped = [m.context for m in waiting.moments if m.context.break_reason == "snip"]
    assert snipped
    assert all(context.expected_hit_tokens > 0 for context in snipped)
    assert {context.head for context in snipped} == {waiting.moments[0].context.head}
    assert [c.expected_hit_tokens for c in snipped] == [
        m.context.expected_hit_tokens for m in alone.moments if m.context.break_reason == "snip"
    ]
    assert len(only(CatalogueReloaded, waiting.log)) == 1


def test_a_snip_behind_a_cold_cache_takes_the_head_that_waits() -> None:
    task = a_task()
    rereading(task, 2)
    reload(task)
    task.wait(TTL_S + 1)
    rereading(task, 2)
    assert task.moments[-1].context.head != task.moments[0].context.head
    assert [epoch.reason for epoch in epochs(task.log)][1] in {"cold_cache", "snip"}
    assert only(CatalogueReloaded, task.log) == []


def test_a_replayed_view_knows_the_head_that_a_snip_left() -> None:
    task = a_task()
    rereading(task, 2)
    reload(task)
    rereading(task, 6)
    again = task.replayed(task.log).context(task.history, task.wanted, task.time)
    assert "snip" in [epoch.reason for epoch in epochs(task.log)]
    task.preparer.catch_up(task.history)
    warm = task.preparer.context(task.history, task.wanted, task.time)
    assert again.prefix == warm.prefix
