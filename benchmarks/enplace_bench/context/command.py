"""Contexts of recorded sessions: what strategies cost and keep, under simulated prefix caches.

Sessions are read from a folder that is not part of the project (`--data`); probes, and what is
recalled in support dialogues and long chats, from its siblings. Replays are teacher-forced: before
a recorded call a strategy has seen the events before it. Without a folder only the parts are
measured that need none, where they are named: `soak`, `questions` and `rot`, with the embedded model.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from enplace.records.canonical import JsonObject
from enplace.records.price import Rates
from enplace_bench.context import (
    exchange,
    generating,
    placement,
    probes,
    publishing,
    ratios,
    results,
    strategies,
    validation,
)
from enplace_bench.context.live import questions, rot, soak
from enplace_bench.context.live.told import TOLD
from enplace_bench.context.measuring import measure
from enplace_bench.context.page import Page
from enplace_bench.context.probes import Probes
from enplace_bench.context.replaying import PREFIX_TOKENS, Case
from enplace_bench.context.rereads import rereads_of
from enplace_bench.context.results import Result
from enplace_bench.context.sessions import Session, load_sessions
from enplace_bench.report import Bar, Report

WINDOWS = (64_000, 128_000)
RECORDED = ("validation", "replay", "ratios", "memories")
LIVE = ("soak", "questions", "rot")
PARTS = (*RECORDED, *LIVE)
SUPPORT_APART = 1_500


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="recorded sessions")
    parser.add_argument("--window", type=_windows, default=WINDOWS, metavar="TOKENS,TOKENS")
    parser.add_argument("--only", action="append", metavar="STRATEGY", help="what to replay")
    recorded = ", ".join(RECORDED)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=RECORDED, help=recorded)
    parser.add_argument("--sessions", type=int, metavar="N", help="the first N of them")
    parser.add_argument("--generate", action="store_true", help="make probes, use none given")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write JSON, and Markdown beside")
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="write plots")
    parser.add_argument("--exchange", type=Path, metavar="FILE", help="write every request")
    live = parser.add_argument_group("with the embedded model")
    live.add_argument("--turns", type=int, default=soak.TURNS, metavar="N", help="of the soak")
    live.add_argument("--asked", type=int, metavar="N", help="questions: the first N")
    live.add_argument("--lengths", type=_windows, default=rot.LENGTHS, metavar="TOKENS,TOKENS")
    page = parser.add_argument_group("the results page")
    page.add_argument("--publish", type=Path, metavar="FOLDER", help="write it; measure nothing")
    page.add_argument("--results", type=Path, nargs="+", default=[], metavar="FILE", help="--out")


def _windows(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def run(options: argparse.Namespace) -> Report:
    """Measure the parts asked for."""
    page, figures, bars = Page(), JsonObject(), list[Bar]()
    if options.publish is not None:
        page.note(f"written: {publishing.publish(options.results, options.publish)}")
        return Report(figures=figures)
    bars += _live(options, page, figures)
    if options.data is not None:
        bars += _recorded(options, page, figures)
    elif set(options.parts) & set(RECORDED):
        page.note("no --data: no recorded session is measured")
    report = Report(figures=figures, bars=tuple(bars))
    if options.out is not None:
        _keep(options.out, report, page)
    return report


def _live(options: argparse.Namespace, page: Page, figures: JsonObject) -> list[Bar]:
    bars: list[Bar] = []
    if "soak" in options.parts:
        bars += soak.measure(options.turns, soak.WINDOW, page, figures)
    if "questions" in options.parts:
        bars += questions.measure(options.asked or len(TOLD), page, figures)
    if "rot" in options.parts:
        bars += rot.measure(options.asked or rot.ASKED, options.lengths, page, figures)
    return bars


def _keep(path: Path, report: Report, page: Page) -> None:
    """Write all figures and bars as JSON, and the tables as Markdown beside."""
    today = datetime.now(UTC).date().isoformat()
    told = {**report.as_json(), "date": today, "bars": [bar.as_json() for bar in report.bars]}
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    text = page.markdown("Contexts", report.bars)
    path.with_suffix(".md").write_text(text, encoding="utf-8")


def _recorded(options: argparse.Namespace, page: Page, figures: JsonObject) -> list[Bar]:
    bars: list[Bar] = []
    chosen = _chosen(options.only)
    sessions = list(load_sessions(options.data))[: options.sessions]
    if "validation" in options.parts:
        bars += _validation(sessions, page, figures)
    if {"replay", "ratios"} & {*options.parts}:
        cases = _cases(sessions, options, page, figures)
        if "replay" in options.parts:
            bars += _replay(cases, chosen, options, page, figures)
        if "ratios" in options.parts:
            bars += _ratios(cases, chosen, options.window, page, figures)
    if "memories" in options.parts:
        bars += placement.measure(options.data, sessions, chosen, page, figures)
    return bars


def _chosen(only: Sequence[str] | None) -> Mapping[str, strategies.Factory]:
    known = strategies.known(only)
    for name in only or ():
        if name not in known:
            sys.exit(f"no strategy {name!r}; there are: {', '.join(known)}")
    return {name: known[name] for name in only or known}


def _validation(sessions: Sequence[Session], page: Page, figures: JsonObject) -> list[Bar]:
    compared = [one for one in map(validation.compare, sessions) if one]
    if not any(one.agent == validation.CLAUDE for one in compared):
        return []
    page.section("The simulated cache against reported hit rates")
    page.table(validation.HEADINGS, validation.rows(compared))
    error = validation.mean_error(compared)
    figures["validation"] = {"mean_error_points": error, "sessions": len(compared)}
    return [Bar(name="simulator, mean error in points", figure=error, at_most=1.5)]


def _cases(
    sessions: Sequence[Session], options: argparse.Namespace, page: Page, figures: JsonObject
) -> list[Case]:
    files = [] if options.generate else probes.files_for(options.data)
    rows = probes.load_probes(files)
    given = [probes.probes_of(session, rows.get(session.id, ())) for session in sessions]
    if not files or "validation" in options.parts:
        kind = options.data.resolve().parent.name
        apart = generating.APART if kind == "coding" else SUPPORT_APART
        made = [generating.generate(session, apart) for session in sessions]
        if files:
            ours, theirs, both = generating.shared(made, given)
            page.note(f"probes: {theirs} given; {ours} would be generated, {both} of them the same")
        else:
            given = made
    figures["probes"] = {
        "probes": sum(len(one.probes) for one in given),
        "directives": sum(len(one.directives) for one in given),
    }
    prefix = placement.prefix_of(options.data)
    return [_case(session, mine, prefix) for session, mine in zip(sessions, given, strict=True)]


def _case(session: Session, mine: Probes, prefix_tokens: int = PREFIX_TOKENS) -> Case:
    return Case(
        session=session, probes=mine, rereads=rereads_of(session), prefix_tokens=prefix_tokens
    )


def _replay(
    cases: Sequence[Case],
    chosen: Mapping[str, strategies.Factory],
    options: argparse.Namespace,
    page: Page,
    figures: JsonObject,
) -> list[Bar]:
    found: list[Result] = []
    with ExitStack() as stack:
        writer = None
        if options.exchange is not None:
            writer = stack.enter_context(exchange.Writer(options.exchange))
        for window in options.window:
            for name, factory in chosen.items():
                # All strategies at once would be gigabytes: without --only, the engine alone.
                watch = writer if options.only or name == strategies.ENPLACE else None
                if watch:
                    watch.begin(name, window, cases[0].prefix_tokens if cases else 0)
                measured = [
                    measure(factory(), case, window, watch.call if watch else None)
                    for case in cases
                ]
                found.append(results.result_of(name, window, measured))
                print(found[-1].line(), file=sys.stderr, flush=True)
    bars: list[Bar] = []
    told: JsonObject = {}
    for window, them in results.by_window(found).items():
        _show(window, them, page)
        of_window = {one.strategy: one.as_json() for one in them}
        told[str(window)] = {**of_window}
        ours = next((one for one in them if one.strategy == strategies.ENPLACE), None)
        if ours:
            peers = [one for one in them if not one.strategy.startswith(strategies.ENPLACE)]
            bars += results.bars(ours, peers)
        if options.plots is not None:
            publishing.draw(options.plots, window, of_window)
    figures["replay"] = told
    return bars


def _show(window: int, them: Sequence[Result], page: Page) -> None:
    ordered = sorted(them, key=lambda one: -one.value("kept"))
    page.section(f"Replays, window {window:,}", results.LEGEND)
    page.table(results.HEADINGS, [one.row() for one in ordered])
    page.table(results.INTERVAL_HEADINGS, [results.interval_row(one) for one in ordered])
    page.table(results.DISTANCE_HEADINGS, [results.distance_row(one) for one in ordered])
    page.table(results.DOLLAR_HEADINGS, [results.dollar_row(one) for one in ordered])


def _ratios(
    cases: Sequence[Case],
    chosen: Mapping[str, strategies.Factory],
    windows: Sequence[int],
    page: Page,
    figures: JsonObject,
) -> list[Bar]:
    against = ratios.Against(cases)
    heads = ["worst ratio, read / write", *(f"{r.hit:g} / {r.write:g}" for r in ratios.PRICES)]
    bars: list[Bar] = []
    told: JsonObject = {}
    for window in windows:
        rows: list[list[str]] = []
        of_window: JsonObject = {}
        for name, (priced, knows) in strategies.priced(chosen).items():
            worst = against.worst(priced, window, knows_prices=knows)
            print(f"{name}, {window}: ratios done", file=sys.stderr, flush=True)
            rows.append([name, *(_cell(worst[rates]) for rates in ratios.PRICES)])
            of_window[name] = {_named(r): w.as_json() for r, w in worst.items()}
            if knows:
                peak = max(one.ratio for one in worst.values())
                title = f"{window // 1000}k: worst cost over doing nothing, {name}"
                bars.append(Bar(name=title, figure=peak, at_most=1.1))
        page.section(
            f"Cost over doing nothing, window {window:,}",
            "The worst of all sessions and stopping points, and in brackets all sessions at their "
            "ends; calls that were not sent count on neither side.",
        )
        page.table(heads, rows)
        told[str(window)] = of_window
    figures["ratios"] = told
    return bars


def _cell(worst: ratios.Worst) -> str:
    return f"{worst.ratio:.2f} ({worst.final:.2f})"


def _named(rates: Rates) -> str:
    return f"{rates.hit:g}/{rates.write:g}"
