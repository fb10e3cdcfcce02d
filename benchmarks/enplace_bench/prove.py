"""Everything the project claims, at full size, one command after the other.

Each command line is printed before it runs, so that anyone can repeat it. A claim is a row of
`STEPS`: a command whose last line of output is one JSON object, the field to read from it (dots
lead into objects and lists, `exit` is the exit code), and the bar. Whoever adds a claim adds a row.
"""

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any, cast

from enplace.records.canonical import JsonObject
from enplace_bench.report import Bar, Report

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(sys.executable).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A field of what a command prints, and the bar it must keep: exactly one limit."""

    field: str
    at_most: float | None = None
    at_least: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command and what it must show."""

    name: str
    command: tuple[str, ...]
    """Its first word lies beside the running Python."""
    claims: tuple[Claim, ...] = ()
    """That the command ends with exit code 0 is always one more."""


STEPS = (
    Step(
        name="demo",
        command=("enplace", "demo", "--json"),
        claims=(
            Claim(field="asked", at_least=5),
            Claim(field="right", at_least=5),  # 80 % of six, rounded up
            Claim(field="cache_hit_share", at_least=0.95),
        ),
    ),
    Step(
        name="turn",
        command=("enplace-bench", "turn", "--json"),
        claims=(
            Claim(field="cpu_ms_at_100", at_most=2.0),
            Claim(field="ratio_5000_to_100", at_most=2.0),
        ),
    ),
    Step(
        name="crash",
        command=("enplace-bench", "crash", "--rounds", "50", "--json"),
        claims=(
            Claim(field="lost", at_most=0),
            Claim(field="repeated", at_most=0),
            Claim(field="late", at_most=0),
            Claim(field="unfinished", at_most=0),
            Claim(field="writers.rows", at_least=8_000),
            Claim(field="writers.errors", at_most=0),
        ),
    ),
    Step(
        name="learn-crash",
        command=("enplace-bench", "learn-crash", "--rounds", "50", "--json"),
        claims=(
            Claim(field="lost", at_most=0),
            Claim(field="repeated", at_most=0),
            Claim(field="stuck", at_most=0),
        ),
    ),
    Step(
        name="recall",
        command=("enplace-bench", "recall", "--json"),
        claims=(
            Claim(field="structured.advice_agreement", at_least=0.95),
            Claim(field="writes.per_s", at_least=600.0),
            Claim(field="writes.found_at_once", at_least=1.0),
        ),
    ),
    Step(
        name="learn",
        command=("enplace-bench", "learn", "--json"),
        claims=(
            Claim(field="precision", at_least=0.95),
            Claim(field="recall", at_least=0.80),
            Claim(field="wrongly_retired", at_most=0),
            Claim(field="unseen.precision", at_least=0.95),
            Claim(field="unseen.recall", at_least=0.80),
            Claim(field="unseen.wrongly_retired", at_most=0),
            Claim(field="echo_changed", at_most=0),
            Claim(field="junk_rate", at_most=0.05),
            Claim(field="planted_found", at_least=0.85),
            Claim(field="poison_promoted", at_most=0),
            Claim(field="prefix_moved", at_most=0),
            Claim(field="secrets_leaked", at_most=0),
            Claim(field="harmless_changed", at_most=0),
        ),
    ),
    Step(
        name="confinement",
        command=("enplace-bench", "confinement", "--json"),
        claims=(
            Claim(field="paths", at_least=2_000),
            Claim(field="leaked", at_most=0),
            Claim(field="changed", at_most=0),
            Claim(field="race_leaked", at_most=0),
            Claim(field="escaped", at_most=0),  # of no commands, where no sandbox starts
            Claim(field="printing.share_of_cap", at_most=1.0),
        ),
    ),
    Step(
        name="vanish",
        command=("enplace-bench", "vanish", "--rounds", "50", "--json"),
        claims=(
            Claim(field="rounds", at_least=50),
            Claim(field="missing", at_most=0),
            Claim(field="repeated", at_most=0),
            Claim(field="disordered", at_most=0),
        ),
    ),
    Step(
        name="hitl",
        command=("enplace-bench", "hitl", "--rounds", "12", "--json"),
        claims=(
            Claim(field="unfinished", at_most=0),
            Claim(field="lost", at_most=0),
            Claim(field="repeated", at_most=0),
            Claim(field="second_refused", at_least=12),
        ),
    ),
    Step(
        name="mcp",
        command=("enplace-bench", "mcp", "--json"),
        claims=(Claim(field="transports", at_least=2),),
    ),
    Step(
        name="agents",
        command=("enplace-bench", "agents", "--embedded", "--json"),
        claims=(
            Claim(field="fixed", at_least=1),
            Claim(field="largest_child_share", at_most=0.25),
            Claim(field="parent.rest", at_most=0),
            Claim(field="embedded.right", at_least=7),
        ),
    ),
    Step(
        name="conformance",
        command=("enplace-bench", "conformance", "--cases", "500", "--json"),
        claims=(
            Claim(field="openai_usage_equal", at_least=1),
            Claim(field="anthropic_usage_equal", at_least=1),
            Claim(field="schemathesis_cases", at_least=500),
            Claim(field="failures", at_most=0),
        ),
    ),
    Step(
        name="prefix",
        command=("enplace-bench", "prefix", "--json"),
        claims=(Claim(field="cached_share", at_least=0.95),),
    ),
    Step(
        name="soak",
        command=("enplace-bench", "context", "--parts", "soak", "--turns", "300", "--json"),
        claims=(
            Claim(field="soak.turns", at_least=300),
            Claim(field="soak.over_window", at_most=0),
            Claim(field="soak.compactions", at_least=10),
            Claim(field="soak.blocked_p95_ms", at_most=20.0),
        ),
    ),
    Step(
        name="support",
        command=("enplace-bench", "support", "--turns", "300", "--json"),
        claims=(
            Claim(field="turns", at_least=300),
            Claim(field="largest_context_share", at_most=1.0),
            Claim(field="facts_found", at_least=20),
            Claim(field="cost_ratio", at_most=1.2),
        ),
    ),
    Step(
        name="questions",
        command=("enplace-bench", "context", "--parts", "questions", "--json"),
        claims=(
            Claim(field="questions.gone", at_least=40),
            Claim(field="questions.fewer_right", at_most=2),
            Claim(field="questions.reachable", at_least=40),
        ),
    ),
    Step(
        name="rot",
        command=("enplace-bench", "context", "--parts", "rot", "--json"),
        claims=(
            Claim(field="rot.asked", at_least=20),
            Claim(field="rot.most_lower", at_most=1),
            Claim(field="rot.not_higher_where_fallen", at_most=0),
        ),
    ),
    Step(
        name="chat",
        command=("enplace-bench", "chat", "--json"),
        claims=(Claim(field="remembered", at_least=1),),
    ),
    Step(
        name="lints",
        command=("enplace-bench", "lints", "--json"),
        claims=(
            Claim(field="known.exact", at_least=30),
            Claim(field="known.silent", at_least=30),
            Claim(field="blind.exact", at_least=27),
            Claim(field="blind.silent", at_least=27),
            Claim(field="turn_cpu_us", at_most=50),
        ),
    ),
    Step(
        name="import",
        command=("enplace-bench", "import", "--json"),
        claims=(Claim(field="import_cpu_s", at_most=0.3), Claim(field="third_party", at_most=0)),
    ),
    Step(name="tests", command=("pytest", "-q", "--hypothesis-profile=full", "tests")),
)


def recorded(data: Path) -> Step:
    """The recorded sessions, which are no part of the project: a step only where they are given."""
    command = ("enplace-bench", "context", "--data", str(data), "--only", "enplace", "--json")
    return Step(
        name="context",
        command=command,
        claims=(
            Claim(field="replay.64000.enplace.overflow", at_most=0.0),
            Claim(field="replay.64000.enplace.kept.0", at_least=0.93),
            Claim(field="replay.64000.enplace.units.0", at_most=5_500.0),
            Claim(field="replay.64000.enplace.recoverable.0", at_least=0.99),
            Claim(field="replay.128000.enplace.overflow", at_most=0.0),
            Claim(field="replay.128000.enplace.kept.0", at_least=0.97),
            Claim(field="replay.128000.enplace.units.0", at_most=8_000.0),
            Claim(field="replay.128000.enplace.breaks_per_100", at_most=1.5),
        ),
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    names = ", ".join(step.name for step in STEPS)
    parser.add_argument("--only", help=f"run one step: {names}, context")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="recorded sessions: context")


def run(options: argparse.Namespace) -> Report:
    """Run all steps, and go on where one fails."""
    figures: JsonObject = {}
    bars: list[Bar] = []
    steps = STEPS if options.data is None else (*STEPS, recorded(options.data.resolve()))
    for step in steps:
        if options.only in (None, step.name):
            found = prove(step)
            bars += found
            figures |= {bar.name: None if isnan(bar.figure) else bar.figure for bar in found}
    if not bars:
        raise SystemExit(f"no step {options.only!r}")
    return Report(figures={"figures": figures}, bars=tuple(bars))


def prove(step: Step) -> list[Bar]:
    """Run a step; its figures, each with its bar. A figure that is not there is not a number."""
    print(f"$ {shlex.join(step.command)}", flush=True)
    done = subprocess.run(
        [str(SCRIPTS / step.command[0]), *step.command[1:]],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    print(done.stdout, flush=True)
    told = _last_object(done.stdout)
    bars = [
        Bar(
            name=f"{step.name} {claim.field}",
            figure=_number(told, claim.field),
            at_most=claim.at_most,
            at_least=claim.at_least,
        )
        for claim in step.claims
    ]
    return [*bars, Bar(name=f"{step.name} exit", figure=done.returncode, at_most=0)]


def _last_object(output: str) -> Mapping[str, Any]:
    try:
        value: object = json.loads(output.strip().splitlines()[-1])
    except (IndexError, ValueError):
        return {}
    return cast(Mapping[str, Any], value) if isinstance(value, dict) else {}


def _number(told: Mapping[str, Any], field: str) -> float:
    value: Any = told
    for name in field.split("."):
        if isinstance(value, list):
            value = dict(enumerate(cast(list[Any], value))).get(int(name))
        else:
            value = cast(JsonObject, value).get(name) if isinstance(value, dict) else None
    return float(value) if isinstance(value, int | float) else float("nan")
