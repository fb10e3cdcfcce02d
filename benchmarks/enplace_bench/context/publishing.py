"""The results page: tables and plots, made of the files that runs wrote with `--out`."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, cast

from enplace_bench.context import plots
from enplace_bench.context.page import markdown_table
from enplace_bench.context.strategies import ENPLACE

Figures: TypeAlias = Mapping[str, Any]
"""As JSON gives them."""

PLOTTED = (
    ("kept", "identifiers kept"),
    ("in_context", "identifiers kept in context"),
    ("kept_args", "identifiers kept that tools were called with"),
)
COLUMNS = (
    ("calls over the window", "overflow", 100.0, "{:.1f} %"),
    ("units per call", "units", 1.0, "{:,.0f}"),
    ("identifiers kept", "kept", 1.0, "{:.3f}"),
    ("of tool arguments", "kept_args", 1.0, "{:.3f}"),
    ("in context", "in_context", 1.0, "{:.3f}"),
    ("by reference", "recoverable", 1.0, "{:.3f}"),
    ("directives", "directives", 1.0, "{:.3f}"),
    ("breaks per 100 calls", "breaks_per_100", 1.0, "{:.2f}"),
    ("CPU p95, ms", "cpu_p95_ms", 1.0, "{:.2f}"),
)
READING = (
    "Recorded coding sessions, call by call, under a simulated prefix cache. Units are input tokens "
    "a call: uncached 1, written 1.25, read .1; summaries charged. Kept: identifiers that the agent "
    "named later and that still stand in the request, word for word; in context: with half the words "
    "around them; by reference: or one reference away. Up and to the left is better."
)


def publish(results: Sequence[Path], folder: Path) -> Path:
    """Write the page and its plots.

    Args:
        results: What runs wrote with `--out`; where two have the same figure, the later one counts.
        folder: Where the page goes.
    """
    told = merged(json.loads(path.read_text(encoding="utf-8")) for path in results)
    folder.mkdir(parents=True, exist_ok=True)
    lines = [*_head(told), *_shortfalls(told)]
    for window, them in told.get("replay", {}).items():
        lines += _replayed(int(window), them, draw(folder, int(window), them))
    lines += _ratios(told.get("ratios", {})) + _memories(told.get("memories", {}))
    if "rot" in told:
        lines += _rot(told["rot"], folder)
    if "questions" in told:
        lines += _questions(told["questions"])
    if "soak" in told:
        lines += _soak(told["soak"])
    lines += _bars("All bars", told.get("bars", []))
    page = folder / "context.md"
    page.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    return page


def merged(runs: Iterable[Figures]) -> dict[str, Any]:
    """The figures of several runs as of one."""
    whole: dict[str, Any] = {}
    bars: dict[str, Any] = {}
    for run in runs:
        bars |= {bar["name"]: bar for bar in run.get("bars", [])}
        for name, value in run.items():
            both = isinstance(value, dict) and isinstance(whole.get(name), dict)
            whole[name] = {**whole[name], **value} if both else value
    return {**whole, "bars": list(bars.values())}


def draw(folder: Path, window: int, them: Mapping[str, Figures]) -> list[str]:
    """Write the plots of one window; gives their file names.

    Args:
        folder: Where they go.
        window: In tokens.
        them: Figures by strategy, those with an interval as value, low, high.
    """
    names: list[str] = []
    for figure, title in PLOTTED:
        points = [
            plots.Point(
                name=name,
                cost=one["units"][0],
                kept=one[figure][0],
                low=one[figure][1],
                high=one[figure][2],
                ours=name.startswith(ENPLACE),
            )
            for name, one in them.items()
        ]
        about = f"Window of {window:,} tokens: {title}"
        svg = plots.frontier(about, "units per call (sent calls)", title, points)
        names.append(f"context-{figure.replace('_', '-')}-{window // 1000}k.svg")
        plots.write(folder / names[-1], svg)
    return names


def _head(told: Figures) -> list[str]:
    where = told.get("machine", "")
    return [
        "# Contexts: what they cost, and what they keep",
        "",
        f"Measured {told.get('date', '')} on {where}. How each figure comes about, and the commands:"
        " [benchmarks](../../benchmarks/README.md#context). This page is made of the files that the"
        " runs wrote: `enplace-bench context --publish docs/benchmarks --results FILE ...`.",
        "",
    ]


def _shortfalls(told: Figures) -> list[str]:
    missed = [bar for bar in told.get("bars", []) if not bar["ok"]]
    if not missed:
        return ["## What falls short", "", "Nothing that was measured missed its bar.", ""]
    return _bars("What falls short", missed)


def _bars(title: str, bars: Sequence[Figures]) -> list[str]:
    rows = [
        [bar["name"], _number(bar["figure"]), bar["limit"], "ok" if bar["ok"] else "**missed**"]
        for bar in bars
    ]
    return [f"## {title}", "", *markdown_table(("figure", "measured", "bar", ""), rows)]


def _replayed(window: int, them: Mapping[str, Figures], drawn: Sequence[str]) -> list[str]:
    ordered = sorted(them.items(), key=lambda item: -_first(item[1]["kept"]))
    rows = [[name, *_cells(one)] for name, one in ordered]
    return [
        f"## Replays, window of {window:,} tokens",
        "",
        READING,
        "",
        *markdown_table(("", *(column[0] for column in COLUMNS)), rows),
        *(f"![{name}]({name})" for name in drawn),
        "",
    ]


def _cells(one: Figures) -> Iterator[str]:
    for _, name, times, form in COLUMNS:
        yield form.format(times * _first(one[name])) if name in one else ""


def _first(value: Any) -> float:
    """A figure without its interval."""
    whole = cast(list[float], value) if isinstance(value, list) else [value]
    return float(whole[0])


def _ratios(windows: Mapping[str, Mapping[str, Mapping[str, Figures]]]) -> list[str]:
    lines: list[str] = []
    for window, them in windows.items():
        prices = list(dict.fromkeys(price for one in them.values() for price in one))
        rows = [[name, *(f"{one[p]['worst']:.2f}" for p in prices)] for name, one in them.items()]
        lines += [
            f"## Worst cost over doing nothing, window of {int(window):,} tokens",
            "",
            "Of all sessions and stopping points, by price of reading and of writing.",
            "",
            *markdown_table(("", *prices), rows),
        ]
    return lines


def _memories(kinds: Mapping[str, Mapping[str, float]]) -> list[str]:
    if not kinds:
        return []
    names = list(dict.fromkeys(name for one in kinds.values() for name in one))
    rows = [[name, *(f"x{one[name]:.3f}" for one in kinds.values())] for name in names]
    about = "Dollars over the same without memories, ten memories for every user message."
    return ["## What recalled memory costs", "", about, "", *markdown_table(("", *kinds), rows)]


def _rot(told: Figures, folder: Path) -> list[str]:
    name = "context-rot.svg"
    lines = [
        plots.Curve(name="prepared", points=_pairs(told, "prepared"), ours=True),
        plots.Curve(name="whole history", points=_pairs(told, "raw")),
    ]
    asked = told["asked"]
    about = f"{asked} questions behind a growing history, embedded model"
    svg = plots.curves(about, "tokens of history", "right answers", asked, lines)
    plots.write(folder / name, svg)
    keys = ("tokens", "raw", "prepared", "prepared_tokens", "compactions")
    rows = [
        [f"{value:,.0f}" for value in row] for row in zip(*(told[k] for k in keys), strict=True)
    ]
    heads = (
        "tokens of history",
        "right, whole history",
        "right, prepared",
        "tokens sent",
        "collapses",
    )
    about = (
        "The same messages and answers, once as they are in a wide window, and once prepared for a "
        "small one: the smallest embedded model, greedy answers."
    )
    return ["## Context rot", "", about, "", *markdown_table(heads, rows), f"![{name}]({name})", ""]


def _pairs(told: Figures, name: str) -> list[tuple[float, float]]:
    return list(zip(told["tokens"], told[name], strict=True))


def _questions(told: Figures) -> list[str]:
    about = (
        f"{told['asked']} questions about what was said before a collapse, to the embedded model: "
        f"{told['right_before']} right before it at {told['tokens_before']:,.0f} tokens, "
        f"{told['right_after']} behind it at {told['tokens_after']:,.0f}. Behind it the answer stands "
        f"in {told['stands']} of the contexts, and there or one reference away in "
        f"{told['reachable']}."
    )
    return ["## Questions across a collapse", "", about, ""]


def _soak(told: Figures) -> list[str]:
    rows = [[name.replace("_", " "), _number(value)] for name, value in told.items()]
    about = f"{told['turns']} turns with the embedded model and its own cache."
    return ["## A long task in a small window", "", about, "", *markdown_table(("", ""), rows)]


def _number(value: float) -> str:
    return f"{value:,.4g}" if abs(value) < 1_000 else f"{value:,.0f}"
