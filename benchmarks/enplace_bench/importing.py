"""What `import enplace` and `enplace.open()` cost.

Each sample is a fresh interpreter that reports its own CPU time (`time.process_time`): up to its
first statement, which is the bare start and shown apart, and for the statement measured. Bytecode
is cached, as after the first run. A module counts as third-party where its file lies in
`site-packages` and it is not our own.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from statistics import median

from enplace_bench.report import Bar, Report, print_table

SAMPLES = 7
IMPORT_CPU_S = 0.3

_PROBE = """
import sys, time
before = set(sys.modules)
start = time.process_time()
{statement}
cost = time.process_time() - start
import json
tops = {{
    name.partition(".")[0]
    for name in set(sys.modules) - before
    if "site-packages" in (getattr(sys.modules[name], "__file__", None) or "")
}} - {{"enplace"}}
print(json.dumps({{"start": start, "cost": cost, "tops": sorted(tops)}}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one statement costs, in CPU-seconds; median over the samples."""

    start_s: float
    """Of the bare interpreter."""
    cost_s: float
    packages: tuple[str, ...]
    """Third-party packages that it loaded, by top-level name."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--samples", type=int, default=SAMPLES, help="interpreters per statement")


def run(options: argparse.Namespace) -> Report:
    """Measure both statements."""
    imported = sample("import enplace", options.samples)
    with tempfile.TemporaryDirectory() as home:
        opened = sample(
            f"import enplace; enplace.open({home!r}, environment={{}})", options.samples
        )
    rows = [
        _row("interpreter start", imported.start_s, ()),
        _row("import enplace", imported.cost_s, imported.packages),
        _row("import and enplace.open()", opened.cost_s, opened.packages),
    ]
    print_table(["statement", "CPU s", "third-party"], rows)
    print(f"enplace.open() loads {', '.join(opened.packages) or 'nothing'}\n")
    return Report(
        figures={
            "start_cpu_s": imported.start_s,
            "import_cpu_s": imported.cost_s,
            "third_party": len(imported.packages),
            "open_cpu_s": opened.cost_s,
            "open_third_party": list(opened.packages),
        },
        bars=(
            Bar(name="import CPU s", figure=imported.cost_s, at_most=IMPORT_CPU_S),
            Bar(name="import third-party packages", figure=len(imported.packages), at_most=0),
        ),
    )


def sample(statement: str, samples: int) -> Cost:
    """Run a statement in fresh interpreters; one more, not counted, fills the caches."""
    command = [sys.executable, "-c", _PROBE.format(statement=statement)]
    found = [json.loads(subprocess.check_output(command)) for _ in range(samples + 1)][1:]
    return Cost(
        start_s=median(probe["start"] for probe in found),
        cost_s=median(probe["cost"] for probe in found),
        packages=tuple(found[-1]["tops"]),
    )


def _row(name: str, cost_s: float, packages: tuple[str, ...]) -> list[str]:
    return [name, f"{cost_s:.3f}", str(len(packages))]
