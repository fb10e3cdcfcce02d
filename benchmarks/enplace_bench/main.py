"""The command `enplace-bench`."""

import argparse
import json
from collections.abc import Sequence

from enplace_bench import (
    agents,
    chat,
    conformance,
    crash,
    hitl,
    importing,
    learn_crash,
    mcp,
    prefix,
    prove,
    support,
    turn,
    vanish,
)
from enplace_bench.confinement import command as confinement
from enplace_bench.context import command as context
from enplace_bench.documents import command as documents
from enplace_bench.learn import command as learn
from enplace_bench.lints import command as lints
from enplace_bench.recall import command as recall

BENCHES = {
    "turn": turn,
    "crash": crash,
    "learn-crash": learn_crash,
    "vanish": vanish,
    "hitl": hitl,
    "chat": chat,
    "conformance": conformance,
    "prefix": prefix,
    "recall": recall,
    "documents": documents,
    "context": context,
    "learn": learn,
    "confinement": confinement,
    "mcp": mcp,
    "agents": agents,
    "lints": lints,
    "support": support,
    "import": importing,
    "prove": prove,
}
"""Each has `add_options(parser)`, and `run(options)`, which prints tables and gives a report."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one benchmark.

    Returns:
        0 where every bar is kept, 1 where one is missed, 2 where the command line is wrong.
    """
    options = _parser().parse_args(arguments)
    report = BENCHES[options.bench].run(options)
    report.print_bars()
    if options.json:
        print(json.dumps(report.as_json()))
    return 0 if report.ok else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="enplace-bench", description="Measures enplace.")
    benches = parser.add_subparsers(dest="bench", required=True, metavar="NAME")
    for name, bench in BENCHES.items():
        about = (bench.__doc__ or "").strip()
        one = benches.add_parser(name, help=about.splitlines()[0], description=about)
        bench.add_options(one)
        one.add_argument("--json", action="store_true", help="one JSON object as the last line")
    return parser
