"""The owner's files as documents: found by words, meaning and both; cited, unchanged, stopped.

The corpus is the Python documentation, fetched from Debian's package registry (the commands are
printed) or named with `--corpus`: about 11,000 pieces.
"""

import argparse
import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from enplace.config import Settings
from enplace.engine import EngineOptions, LearningOptions, OwnerEngine
from enplace.ports import Embedder
from enplace.providers import minilm
from enplace.providers.scripted import ScriptedModel
from enplace.records.canonical import Json, JsonObject
from enplace.records.encoding import EmbedderCard, Encoding
from enplace.wiring import embedder_of
from enplace.wiring import open as open_engine
from enplace_bench.documents import asking, corpus
from enplace_bench.documents.asking import Citations, Found
from enplace_bench.documents.questions import SETS, Question, load
from enplace_bench.report import Bar, Report, print_table

STOP_SHARE = 0.3
"""Of the files, after which the first ingest is stopped, to be taken up again."""
TELL_EVERY_S = 5.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--corpus", type=Path, metavar="FOLDER", help="the unpacked pages")
    parser.add_argument("--home", type=Path, metavar="FOLDER", help="keep the brain, or go on")
    parser.add_argument("--by-words", action="store_true", help="without vectors")
    parser.add_argument(
        "--misses", action="store_true", help="print what was not found of the first set"
    )


def run(options: argparse.Namespace) -> Report:
    """Measure all of it."""
    with tempfile.TemporaryDirectory(prefix="enplace-bench-") as folder:
        pages = options.corpus or corpus.fetch(Path(folder))
        home = options.home or Path(folder, "home")
        settings = Settings.from_env()
        has_vectors = minilm.is_installed() and not options.by_words
        embedder = embedder_of(settings, settings.home) if has_vectors else None
        return asyncio.run(_run(pages, home, embedder, tells_misses=options.misses))


class CountingEmbedder:
    """Counts what another one is asked for. Implements `ports.Embedder`."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self.texts = 0

    @property
    def card(self) -> EmbedderCard:
        """See `ports.Embedder`."""
        return self._inner.card

    async def encode(self, texts: Sequence[str]) -> Sequence[Encoding]:
        """See `ports.Embedder`."""
        self.texts += len(texts)
        return await self._inner.encode(texts)

    async def aclose(self) -> None:
        """See `ports.Embedder`."""
        await self._inner.aclose()


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One ingest of the corpus."""

    outcomes: Counter[str]
    chunks: int
    seconds: float


async def _run(pages: Path, home: Path, inner: Embedder | None, *, tells_misses: bool) -> Report:
    embedder = CountingEmbedder(inner) if inner is not None else None
    figures: JsonObject = {}
    citations = Citations()
    async with _open(home, embedder) as engine:
        owner = engine.owner("bench")
        bars = await _ingested(owner, pages, embedder, figures)
        found: dict[str, list[Found]] = {}
        questions = load()
        found["both"] = await asking.by_product(owner, questions, citations)
        if embedder is not None:
            brain = await engine.brains.open("bench")
            found["semantic"] = await asking.by_meaning(
                brain, embedder, questions, owner.memory.now()
            )
        shown = await asking.unasked(owner, questions)
        async with _open(home, None) as plain:
            found["keyword"] = await asking.by_product(plain.owner("bench"), questions, citations)
    bars += _judged(found, shown, figures, tells_misses=tells_misses)
    figures |= {"citations_checked": citations.checked, "citations_wrong": citations.wrong}
    bars += [
        Bar(name="citations followed", figure=citations.checked, at_least=1),
        Bar(name="citations that miss what was quoted", figure=citations.wrong, at_most=0),
    ]
    return Report(figures=figures, bars=tuple(bars))


def _open(home: Path, embedder: Embedder | None):
    return open_engine(
        home,
        model=ScriptedModel(lambda _: "ok"),
        embedder=embedder,
        options=EngineOptions(learning=LearningOptions(in_background=False)),
    )


async def _ingested(
    owner: OwnerEngine, pages: Path, embedder: CountingEmbedder | None, figures: JsonObject
) -> list[Bar]:
    """Ingest, stop, go on, and do it again for nothing."""
    first = await _walk(owner, pages, stop=STOP_SHARE)
    kept = len(await owner.documents.all())
    rest = await _walk(owner, pages)
    again = rest.outcomes["unchanged"]
    chunks = sum(len(document.chunks) for document in await owner.documents.all())
    began = monotonic()
    made = await _encoded(owner)
    encoding_s = monotonic() - began
    writes = [write.id for write in await owner.memory.writes(limit=1)]
    calls = embedder.texts if embedder else 0
    same = await _walk(owner, pages)
    await _encoded(owner)
    repeated = (embedder.texts if embedder else 0) - calls
    wrote = [write.id for write in await owner.memory.writes(limit=1)] != writes
    print_table(
        ["", "files", "pieces written", "seconds"],
        [
            ["stopped", str(first.outcomes.total()), str(first.chunks), f"{first.seconds:.1f}"],
            ["resumed", str(rest.outcomes.total()), str(rest.chunks), f"{rest.seconds:.1f}"],
            ["vectors", "", str(made), f"{encoding_s:.1f}"],
            ["unchanged", str(same.outcomes.total()), str(same.chunks), f"{same.seconds:.1f}"],
        ],
    )
    failed = rest.outcomes["failed"]
    told: JsonObject = {
        "files": same.outcomes.total(),
        "chunks": chunks,
        "failed": failed,
        "ingest_s": round(first.seconds + rest.seconds, 1),
        "encoding_s": round(encoding_s, 1),
        "encoded": made,
        "unchanged_s": round(same.seconds, 2),
        "encoded_again": repeated,
        "kept_at_stop": kept,
        "unchanged_after_stop": again,
    }
    figures |= told
    return [
        Bar(name="files that failed", figure=failed, at_most=0),
        Bar(name="pieces", figure=chunks, at_least=10_000),
        Bar(name="files done before the stop and done again", figure=kept - again, at_most=0),
        Bar(name="texts encoded for an unchanged folder", figure=repeated, at_most=0),
        Bar(name="writes for an unchanged folder", figure=int(wrote), at_most=0),
    ]


async def _walk(owner: OwnerEngine, pages: Path, *, stop: float = 1.0) -> Walk:
    outcomes: Counter[str] = Counter()
    chunks, began, told_at = 0, monotonic(), 0.0
    async with aclosing(
        owner.documents.ingest(str(pages), patterns=corpus.PATTERNS, prefix="python")
    ) as told:
        async for file in told:
            outcomes[file.outcome] += 1
            chunks += file.chunks
            if file.outcome == "failed":
                print(f"failed: {file.name}: {file.reason}", flush=True)
            if monotonic() - told_at > TELL_EVERY_S:
                told_at = monotonic()
                print(f"{file.done} of {file.of} files, {chunks} pieces", flush=True)
            if file.done >= stop * file.of and stop < 1:
                break
    return Walk(outcomes=outcomes, chunks=chunks, seconds=monotonic() - began)


async def _encoded(owner: OwnerEngine) -> int:
    """Wait for the vectors; how many were missing."""
    told_at, of = 0.0, 0
    async for progress in owner.documents.encoded():
        of = progress.of
        if monotonic() - told_at > TELL_EVERY_S and progress.of:
            told_at = monotonic()
            print(f"{progress.done} of {progress.of} vectors", flush=True)
    return of


def _judged(
    found: dict[str, list[Found]],
    shown: Sequence[Found],
    figures: JsonObject,
    *,
    tells_misses: bool,
) -> list[Bar]:
    bars: list[Bar] = []
    rows: list[list[str]] = []
    for way in ("keyword", "semantic", "both"):
        of_sets = [[f for f in found.get(way, ()) if f.question.set_name == s] for s in SETS]
        shares = [asking.share(each) for each in of_sets]
        for name, value in zip(SETS, shares, strict=True):
            figures[f"recall5_{way}" + ("" if name == SETS[0] else f"_{name}")] = round(value, 4)
        rows.append([way, *(f"{value:.3f}" for value in shares)])
    in_turns = [asking.share([f for f in shown if f.question.set_name == s]) for s in SETS]
    rows.append(["shown in a turn", *(f"{value:.3f}" for value in in_turns)])
    figures["shown_in_turn"] = [round(value, 4) for value in in_turns]
    print("share of questions whose page is among the first five pieces")
    print_table(["", *SETS], rows)
    for name in SETS:
        suffix = "" if name == SETS[0] else f"_{name}"
        both = _number(figures[f"recall5_both{suffix}"])
        either = max(_number(figures[f"recall5_{way}{suffix}"]) for way in ("keyword", "semantic"))
        if name == SETS[0]:  # of the others the share is reported
            bars.append(Bar(name="recall@5 by both, first set", figure=both, at_least=0.8))
        gain = f"both less the better of the two, {name} set"
        bars.append(Bar(name=gain, figure=both - either, at_least=0))
    everything = asking.share(found["both"])
    figures["recall5_both_all"] = round(everything, 4)
    print(f"by both, all {len(found['both'])} questions: {everything:.3f}")
    if tells_misses:
        _print_misses(found)
    return bars


def _print_misses(found: dict[str, list[Found]]) -> None:
    questions: dict[Question, dict[str, Found]] = {}
    for way, them in found.items():
        for each in them:
            questions.setdefault(each.question, {})[way] = each
    for question, ways in questions.items():
        is_shown = question.set_name == SETS[0]
        if is_shown and not all(each.is_right for each in ways.values()):
            missed = ", ".join(way for way, each in ways.items() if not each.is_right)
            print(f"{question.set_name}: {question.text}  [missed by {missed}]")
            for way, each in ways.items():
                print(f"    {way}: {', '.join(each.names)}")


def _number(value: Json) -> float:
    assert isinstance(value, int | float)
    return float(value)
