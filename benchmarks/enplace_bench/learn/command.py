"""What is learned from conversations: labelled cases, echoes, junk, poison, secrets, relations.

Everything goes through a real engine on brains in SQLite in a temporary folder, with a scripted
model and recall by words. Recorded conversations are read from a folder that is not part of the
project (`--data`); without it the parts that need none are measured.
"""

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from enplace.config import Settings
from enplace.ports import Model
from enplace.records.canonical import JsonObject
from enplace.wiring import model_of
from enplace_bench.learn import cases, echo, gold, junk, latency, redaction, relations, trust
from enplace_bench.learn.cases import Tally, total
from enplace_bench.recall.conversations import load
from enplace_bench.report import Bar, Report, print_table

PARTS = ("cases", "echo", "junk", "trust", "redaction", "relations", "latency", "model")
NOT_MEASURED = "not measured"
PRECISION, RECALL, JUNK, PLANTED = 0.95, 0.80, 0.05, 0.85
_Found = TypeVar("_Found")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="recorded conversations")
    parser.add_argument("--only", choices=PARTS, action="append", help="parts to measure")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write all figures as JSON")
    parser.add_argument("--cases", type=int, metavar="N", help="most cases of each set")
    parser.add_argument("--rounds", type=int, default=echo.ROUNDS, metavar="N", help="echoes")
    parser.add_argument("--turns", type=int, default=junk.TURNS, metavar="N", help="of noise")
    parser.add_argument("--planted", type=int, metavar="N", help="most planted facts")
    parser.add_argument("--texts", type=int, metavar="N", help="most texts of trust and redaction")
    parser.add_argument("--timed", type=int, default=latency.TURNS, metavar="N", help="turns")


def run(options: argparse.Namespace) -> Report:
    """Measure the parts asked for."""
    wanted = options.only or PARTS
    figures: JsonObject = {}
    bars: list[Bar] = []
    for name, part in _PARTS.items():
        if name in wanted:
            bars += part(options, figures)
    report = Report(figures=figures, bars=tuple(bars))
    if options.out is not None:
        options.out.write_text(json.dumps(report.as_json(), indent=1) + "\n", encoding="utf-8")
    return report


def _in_folder(measure: Callable[[Path], Awaitable[_Found]]) -> _Found:
    """Measure in a temporary folder."""

    async def measured(folder: str) -> _Found:
        return await measure(Path(folder))

    with tempfile.TemporaryDirectory(prefix="enplace-bench-") as folder:
        return asyncio.run(measured(folder))


# Cases


def _cases(options: argparse.Namespace, figures: JsonObject) -> list[Bar]:
    seen, unseen = (_sets(options, names) for names in (gold.SEEN, gold.UNSEEN))
    figures |= {**seen.as_json(), "unseen": unseen.as_json()}
    return [*_case_bars("", seen), *_case_bars("unseen ", unseen)]


def _sets(options: argparse.Namespace, names: tuple[str, ...], model: Model | None = None) -> Tally:
    tallies: list[Tally] = []
    for name in names:
        chosen = gold.load(name)[: options.cases]
        by_kind = _in_folder(lambda home, chosen=chosen: cases.measure(home, chosen, model))
        tallies.append(total(by_kind.values()))
        _print_cases(name, by_kind, tallies[-1])
    return total(tallies)


def _print_cases(name: str, by_kind: dict[str, Tally], whole: Tally) -> None:
    heads = ["cases", "precision", "strict", "recall", "typed", "never", "retired", "past closed"]
    rows = [_case_row(kind, tally) for kind, tally in by_kind.items()]
    print(f"{name}: what stands one minute after the last turn")
    print_table(["", *heads], [*rows, _case_row("all", whole)])
    print(f"{whole.outlived} past facts still stand; {whole.right_days} of {whole.days} that were")
    print(
        f"closed have the right day; {whole.undone} of {whole.batches} batches were undone exactly",
        end="",
    )
    print(f", not in {', '.join(whole.failures)}" if whole.failures else "")
    print(f"{whole.stuck} tasks could not be learned from\n")


def _case_row(name: str, tally: Tally) -> list[str]:
    shares = (tally.precision, tally.strict_precision, tally.recall, tally.typed_share)
    return [
        name,
        str(tally.cases),
        *(f"{share:.3f}" for share in shares),
        str(tally.never),
        str(tally.wrongly_retired),
        f"{tally.closed}/{tally.past}",
    ]


def _case_bars(which: str, tally: Tally) -> list[Bar]:
    return [
        Bar(name=f"{which}precision", figure=tally.precision, at_least=PRECISION),
        Bar(name=f"{which}recall", figure=tally.recall, at_least=RECALL),
        Bar(name=f"{which}wrongly retired", figure=tally.wrongly_retired, at_most=0),
        Bar(name=f"{which}batches not undone", figure=tally.batches - tally.undone, at_most=0),
        Bar(name=f"{which}tasks not learned from", figure=tally.stuck, at_most=0),
    ]


# Echoes


def _echo(options: argparse.Namespace, figures: JsonObject) -> list[Bar]:
    found = _in_folder(lambda home: echo.measure(home, options.rounds))
    print(f"{found.known} facts repeated {found.rounds} times: {found.changed} memories changed")
    print(f"{found.told} facts told in five ways: {found.one_row} are one row, with", end=" ")
    print(f"{found.evidence} pieces of evidence in all; {found.whole} are one row with five\n")
    figures |= {
        "echo_rounds": found.rounds,
        "echo_changed": found.changed,
        "five_ways": {**asdict(found)},
    }
    return [
        Bar(name="memories changed by echoes", figure=found.changed, at_most=0),
        Bar(name="five ways, one row, five evidence", figure=found.whole, at_least=found.told),
    ]


# Junk


def _junk(options: argparse.Namespace, figures: JsonObject) -> list[Bar]:
    facts = junk.planted()[: options.planted]
    alone = _in_folder(lambda home: junk.measure(home, turns=options.turns, facts=facts))
    rows = [_junk_row("noise", alone)]
    if options.data is not None:
        recorded = load(options.data)
        mixed = _in_folder(
            lambda home: junk.measure(home, turns=options.turns, facts=facts, recorded=recorded)
        )
        rows.append(_junk_row("noise and recorded turns", mixed))
        figures["with_recorded"] = _junk_figures(mixed)
    heads = ["turns", "from noise", "planted", "recorded", "junk rate", "found"]
    print(
        f"{len(facts)} planted facts, five ways each; memories that stand, by where they are from"
    )
    print_table(["", *heads], rows)
    print(f"junk by kind: {alone.junk_by_kind}")
    print(f"planted facts not found: {', '.join(alone.missed)};", end=" ")
    print(f"{alone.lost} of them stood once\n")
    figures |= _junk_figures(alone)
    return [
        Bar(name="junk rate", figure=alone.junk_rate, at_most=JUNK),
        Bar(name="planted facts found", figure=alone.found_share, at_least=PLANTED),
    ]


def _junk_row(name: str, found: junk.Survivors) -> list[str]:
    origins = [str(found.by_origin.get(origin, 0)) for origin in ("noise", "planted", "recorded")]
    return [
        name,
        str(found.turns),
        *origins,
        f"{found.junk_rate:.3f}",
        f"{found.found}/{found.planted}",
    ]


def _junk_figures(found: junk.Survivors) -> JsonObject:
    return {
        "noise_turns": found.turns,
        "junk_rate": found.junk_rate,
        "junk_by_kind": {**found.junk_by_kind},
        "kept": {**found.by_origin},
        "planted": found.planted,
        "planted_found": found.found_share,
        "planted_lost": found.lost,
    }


# Trust


def _trust(options: argparse.Namespace, figures: JsonObject) -> list[Bar]:
    tried, wished = trust.attempts()[: options.texts], trust.wishes()[: options.texts]
    bad = _in_folder(lambda home: trust.poison(home, tried))
    good = _in_folder(lambda home: trust.genuine(home, wished))
    print(f"{bad.attempts} attempts: {len(bad.soul)} in the soul or the next head,", end=" ")
    print(
        f"{len(bad.instructions)} standing instructions, {len(bad.trusted)} trusted facts,", end=" "
    )
    print(f"{bad.quarantined} held back for a person")
    for way in ("soul", "instructions", "trusted"):
        if ids := getattr(bad, way):
            print(f"  {way}: {', '.join(ids)}")
    print(
        f"{good.wishes} genuine wishes: {good.adopted} adopted, {good.in_head} in the head of the"
    )
    print(f"next task, {good.in_context} anywhere in its context;", end=" ")
    print(f"{good.moved} requests within a task moved their prefix\n")
    figures |= {
        "poison": bad.attempts,
        "poison_promoted": bad.promoted,
        "poison_quarantined": bad.quarantined,
        "genuine": good.wishes,
        "genuine_adopted": good.adopted,
        "genuine_in_head": good.in_head,
        "genuine_in_context": good.in_context,
        "prefix_moved": good.moved,
    }
    return [
        Bar(name="poison promoted", figure=bad.promoted, at_most=0),
        Bar(name="prefixes moved within a task", figure=good.moved, at_most=0),
    ]


# Redaction


def _redaction(options: argparse.Namespace, figures: JsonObject) -> list[Bar]:
    found = _in_folder(lambda home: redaction.measure(home, options.texts, options.texts))
    print(
        f"{found.secrets} made secrets by {len(redaction.WAYS)} ways: {found.leaks} leaked,",
        end=" ",
    )
    print(f"{found.refused} could not be written; `[redacted` stands {found.marks} times")
    for way, ids in found.leaked.items():
        if ids:
            print(f"  {way}: {', '.join(ids)}")
    print(f"{found.harmless} harmless lines: {found.changed} changed\n")
    figures |= {
        "secrets": found.secrets,
        "secrets_leaked": found.leaks,
        "leaked": {way: [*ids] for way, ids in found.leaked.items()},
        "harmless": found.harmless,
        "harmless_changed": found.changed,
    }
    return [
        Bar(name="secrets leaked", figure=found.leaks, at_most=0),
        Bar(name="harmless lines changed", figure=found.changed, at_most=0),
    ]


# Relations


def _relations(options: argparse.Namespace, figures: JsonObject) -> list[Bar]:
    folder: Path | None = options.data
    triples = folder and folder / "dialogre.jsonl.gz"
    if folder is None or triples is None or not triples.is_file():
        print(f"relations: {NOT_MEASURED}; --data names a folder with dialogre.jsonl.gz, made from")
        print("github.com/nlpdata/dialogre (research only), and realtalk.jsonl.gz\n")
        figures["relations"] = NOT_MEASURED
        return []
    counted = _in_folder(lambda home: relations.dialogues(home, triples, options.texts))
    rows = [
        [name, str(one.gold), str(one.told), f"{one.precision:.3f}", f"{one.recall:.3f}"]
        for name, one in counted.items()
    ]
    print("dialogre: relations against its triples; `relations` is all without names")
    print_table(["", "triples", "facts", "precision", "recall"], rows)
    talks = [c for c in load(folder) if c.set_name == "realtalk"]
    met = _in_folder(lambda home: relations.people(home, talks))
    print_table(
        ["realtalk", "turns", "people", "relations", "facts"],
        [[m.name, *map(str, (m.turns, m.people, m.relations, m.facts))] for m in met],
    )
    whole, apart = counted["all"], counted["relations"]
    figures["relations"] = {
        "precision": apart.precision,
        "recall": apart.recall,
        "with_names": {"precision": whole.precision, "recall": whole.recall},
        "realtalk": [{**asdict(m), "by_predicate": {**m.by_predicate}} for m in met],
    }
    return []


# Latency


def _latency(options: argparse.Namespace, figures: JsonObject) -> list[Bar]:
    long = min(latency.LONG, 4 * options.timed)
    found = _in_folder(lambda home: latency.measure(home, options.timed, long))
    rows = [
        [name, *(f"{value:.1f}" for value in values), f"{stall:.1f}"]
        for name, values, stall in (
            ("with learning", found.with_ms, found.stall_ms),
            ("without", found.without_ms, found.stall_without_ms),
        )
    ]
    print(f"{found.turns} turns, wall-clock ms; {found.batches} batches were learned meanwhile")
    print_table(["", "p50", "p95", "longest stall"], rows)
    print(
        f"p95 with over without: {found.ratio:.2f}; longest stall while {long} messages are",
        end=" ",
    )
    print(f"learned from at once: {found.long_stall_ms:.0f} ms\n")
    figures |= {
        "turn_p95_ratio": found.ratio,
        "turn_p95_ms": {"with": found.with_ms[1], "without": found.without_ms[1]},
        "longest_stall_ms": max(found.stall_ms, found.long_stall_ms),
        "turn_batches": found.batches,
    }
    return []


# With a model


def _with_model(options: argparse.Namespace, figures: JsonObject) -> list[Bar]:
    if not os.environ.get("ENPLACE_LOCAL_MODEL") and not os.environ.get("LLM_PROVIDER"):
        print(f"with a model: {NOT_MEASURED}; ENPLACE_LOCAL_MODEL or LLM_PROVIDER names one\n")
        figures["with_model"] = NOT_MEASURED
        return []
    settings = Settings.from_env()
    seen, unseen = (
        _sets(options, names, model_of(settings, settings.home))
        for names in (gold.SEEN, gold.UNSEEN)
    )
    figures["with_model"] = {**seen.as_json(), "unseen": unseen.as_json()}
    return []


_PARTS: dict[str, Callable[[argparse.Namespace, JsonObject], list[Bar]]] = {
    "cases": _cases,
    "echo": _echo,
    "junk": _junk,
    "trust": _trust,
    "redaction": _redaction,
    "relations": _relations,
    "latency": _latency,
    "model": _with_model,
}
