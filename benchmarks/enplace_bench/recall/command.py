"""What comes back from memory: recorded conversations, a made world, silence, speed and size.

Conversations are read from a folder that is not part of the project (`--data`); without it the
parts that need none are measured. Peers that are installed run beside, over the same vectors.
"""

import argparse
import asyncio
import json
import tempfile
from array import array
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

from enplace.config import Settings
from enplace.ports import Embedder
from enplace.providers import minilm
from enplace.records.canonical import Json, JsonObject
from enplace.wiring import embedder_of
from enplace_bench.recall import exchange, metrics, scale, silence, structured
from enplace_bench.recall.conversations import SETS, Conversation, load
from enplace_bench.recall.dialogues import OWNER, Answered, answer, ranked_of, told
from enplace_bench.recall.metrics import Mean, Scored
from enplace_bench.recall.peers.peer import Encoder
from enplace_bench.recall.peers.registry import PEERS, ask, runnable
from enplace_bench.recall.silence import Opened
from enplace_bench.report import Bar, Report, print_table

OURS, OURS_BY_WORDS = "search", "search-by-words"
"""Names of our ranked lists: with the embedder, and without any."""
SHOWN = ("recall@5", "recall@10", "recall@20", "any@10", "mrr", "ndcg@10", "session_any@5")
BEAM_BUDGET = "budget_recall@4000"
ALONE: tuple[structured.Telling, ...] = ("episodes", "vague episodes")
PARTS = ("dialogues", "structured", "silence", "scale", "writes")
SIZES = (1_000, 10_000, 100_000)
LATENCY_MS = {1_000: 5.0, 10_000: 8.0, 100_000: 40.0}
QUERIES = 1_000
WRITES = 3_000


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    names = ", ".join(known.name for known in SETS)
    parser.add_argument("--data", type=Path, metavar="FOLDER", help=f"conversations: {names}")
    parser.add_argument("--only", choices=PARTS, action="append", help="parts to measure")
    parser.add_argument("--peers", nargs="*", choices=[*PEERS], default=[], help="to run beside")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write all figures as JSON")
    parser.add_argument("--exchange", type=Path, metavar="FILE", help="write our ranked lists")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N")
    parser.add_argument("--queries", type=int, default=QUERIES, metavar="N")


def run(options: argparse.Namespace) -> Report:
    """Measure the parts asked for."""
    report = asyncio.run(_run(options))
    if options.out is not None:
        options.out.write_text(json.dumps(report.as_json(), indent=1) + "\n", encoding="utf-8")
    return report


async def _run(options: argparse.Namespace) -> Report:
    settings = Settings.from_env()
    embedder = embedder_of(settings, settings.home) if minilm.is_installed() else None
    wanted = options.only or PARTS
    figures: JsonObject = {}
    bars: list[Bar] = []
    if options.data is not None:
        conversations = load(options.data)
        homes = Homes(Path(tempfile.mkdtemp(prefix="enplace-bench-")))
        if "dialogues" in wanted:
            bars += await _dialogues(conversations, embedder, options, homes, figures)
        if "silence" in wanted:
            bars += await _silence(conversations, embedder, homes, figures)
    if "structured" in wanted:
        bars += await _structured(embedder, figures)
    if "scale" in wanted:
        bars += await _latency(options.sizes, options.queries, figures)
    if "writes" in wanted:
        bars += await _writes(figures)
    if embedder is not None:
        await embedder.aclose()
    return Report(figures=figures, bars=tuple(bars))


async def _dialogues(
    conversations: Sequence[Conversation],
    embedder: Embedder | None,
    options: argparse.Namespace,
    homes: "Homes",
    figures: JsonObject,
) -> list[Bar]:
    answered: dict[str, list[Answered]] = {}
    for name, use in ((OURS_BY_WORDS, None), (OURS, embedder)):
        if name == OURS_BY_WORDS or use is not None:
            answered[name] = [await answer(c, homes.of(c, use), use, name) for c in conversations]
    scored = {name: [s for one in them for s in one.scored] for name, them in answered.items()}
    if options.exchange is not None:
        lists = [one for them in answered.values() for a in them for one in a.lists]
        exchange.write(options.exchange, lists)
    if options.peers and embedder is not None:
        scored |= await _peers(conversations, embedder, options.peers)
    for set_name in dict.fromkeys(c.set_name for c in conversations):
        _print_set(set_name, scored, figures)
    sizes = [
        a.bytes_per_memory for a in answered.get(OURS, ()) if a.conversation.set_name == "locomo"
    ]
    _print_costs(answered, figures)
    return _dialogue_bars(scored, sizes)


@dataclass(frozen=True, slots=True)
class Homes:
    """Where the brains of a run are: each conversation is told once with vectors, once without."""

    folder: Path

    def of(self, conversation: Conversation, embedder: Embedder | None) -> Path:
        """The folder of a conversation's brain."""
        kind = "words" if embedder is None else "vectors"
        return self.folder / f"{conversation.set_name}-{conversation.id}-{kind}"


async def _silence(
    conversations: Sequence[Conversation],
    embedder: Embedder | None,
    homes: Homes,
    figures: JsonObject,
) -> list[Bar]:
    @asynccontextmanager
    async def opened(conversation: Conversation, use: bool) -> AsyncGenerator[Opened, None]:
        chosen = embedder if use else None
        home = homes.of(conversation, chosen)
        async with told(conversation, home, chosen) as (engine, clock):
            yield Opened(brain=await engine.brains.open(OWNER), embedder=chosen, now=clock.now())

    which = (True, False) if embedder is not None else (False,)
    measured = await silence.measure(conversations, opened, with_embedder=which)
    bars: list[Bar] = []
    for use, found in measured.items():
        print("silence " + ("with vectors" if use else "by words"))
        print_table(silence.HEADINGS, silence.rows(found))
        pooled = found.at_95[silence.POOLED]
        shares: JsonObject = {kind: share.value for kind, share in pooled.items()}
        figures["silence" if use else "silence_by_words"] = shares
        if use:
            bars += [
                Bar(name=f"silence for {kind} at 95 %", figure=pooled[kind].value, at_least=0.9)
                for kind in (silence.GIBBERISH, silence.SMALL_TALK, silence.SWAPPED)
            ]
    return bars


async def _peers(
    conversations: Sequence[Conversation], embedder: Embedder, names: Iterable[str]
) -> dict[str, list[Scored]]:
    """Peers over the same vectors; one that is not installed is named."""
    known: dict[str, list[float]] = {}
    for conversation in conversations:
        texts = [turn.line for turn in conversation.turns]
        texts += [question.text for question in conversation.questions]
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        for text, encoding in zip(missing, await embedder.encode(missing), strict=True):
            known[text] = [*array("f", encoding.pooled)]
    encoder = Encoder(embed=lambda texts: [known[text] for text in texts])
    peers, lines = runnable(encoder, names)
    for line in lines:
        print(line, flush=True)
    scored: dict[str, list[Scored]] = {}
    for peer in peers:
        found: list[Scored] = []
        for conversation in conversations:
            found += metrics.score(conversation, ranked_of(ask(peer, conversation, encoder)))
        scored[f"{peer.name} {peer.version}"] = found
    return scored


def _print_set(set_name: str, scored: dict[str, list[Scored]], figures: JsonObject) -> None:
    rows: list[list[str]] = []
    told: JsonObject = {}
    for name, them in scored.items():
        groups = metrics.by_kind(one for one in them if one.set_name == set_name)
        for kind, group in groups.items():
            means = metrics.means(group, (*SHOWN, BEAM_BUDGET))
            if kind == metrics.ALL or name in {OURS, OURS_BY_WORDS}:
                cells = [str(means[figure]) if figure in means else "" for figure in SHOWN]
                rows.append([f"{name}, {kind} ({len(group)})", *cells])
            rounded: JsonObject = {figure: _rounded(mean) for figure, mean in means.items()}
            told[f"{name}/{kind}"] = rounded
    print(f"{set_name}: percent, with the 95 % interval over questions")
    print_table(["", *SHOWN], rows)
    figures[set_name] = told


def _print_costs(answered: dict[str, list[Answered]], figures: JsonObject) -> None:
    rows: list[list[str]] = []
    costs: JsonObject = {}
    for name, them in answered.items():
        cpu = median(one.cpu_ms for a in them for one in a.lists)
        encoding = median(a.encoding_ms for a in them)
        size = fmean(a.bytes_per_memory for a in them)
        rows.append([name, f"{cpu:.1f}", f"{encoding:.1f}", f"{size:.0f}"])
        costs[name] = {"cpu_ms": cpu, "encoding_ms": encoding, "bytes_per_memory": size}
    print_table(["", "search ms (CPU, p50)", "encoding ms", "index bytes per turn"], rows)
    figures["costs"] = costs


def _dialogue_bars(scored: dict[str, list[Scored]], sizes: Sequence[float]) -> list[Bar]:
    bars: list[Bar] = []
    for policy, set_name, figure, least in (
        (OURS, "locomo", "recall@10", 84.0),
        (OURS, "locomo", "session_any@5", 96.5),
        (OURS, "realtalk", "recall@10", 61.0),
        (OURS, "beam100k", "recall@10", 66.0),
        (OURS, "beam100k", BEAM_BUDGET, 74.0),
        (OURS_BY_WORDS, "locomo", "recall@10", 79.0),
        (OURS_BY_WORDS, "realtalk", "recall@10", 55.0),
    ):
        them = [one for one in scored.get(policy, ()) if one.set_name == set_name]
        if figure != "session_any@5":  # that one is over all questions
            them = metrics.by_kind(them).get(metrics.ALL, [])
        values = [one.figures[figure] for one in them if figure in one.figures]
        if values:
            name = f"{set_name} {figure}" + (" by words" if policy == OURS_BY_WORDS else "")
            bars.append(Bar(name=name, figure=100 * fmean(values), at_least=least))
    if sizes:
        bars.append(Bar(name="locomo index bytes per turn", figure=fmean(sizes), at_most=1_500))
    return bars


async def _structured(embedder: Embedder | None, figures: JsonObject) -> list[Bar]:
    bars: list[Bar] = []
    rows: list[list[str]] = []
    told: dict[str, dict[str, float]] = {}
    for name, use in (("by words", None), ("with vectors", embedder)):
        if name == "with vectors" and use is None:
            continue
        with tempfile.TemporaryDirectory() as folder:
            asked = await structured.ask_all(Path(folder), use)
        alone: dict[str, float] = {}
        for telling in ALONE:
            with tempfile.TemporaryDirectory() as folder:
                only = await structured.ask_all(Path(folder), use, telling)
            alone[f"{telling} alone"] = structured.mean_recall(only, "episodes")
        means = {kind: structured.mean_recall(asked, kind) for kind in structured.KINDS}
        told[name] = {**means, **alone}
        rows.append([name, *(f"{value:.3f}" for value in told[name].values())])
        if use is not None:
            bars += [
                Bar(name=f"structured {kind} recall@5", figure=value, at_least=0.9)
                for kind, value in means.items()
            ]
            gain = alone["episodes alone"] - alone["vague episodes alone"]
            bars.append(Bar(name="episodes above vague ones", figure=gain, at_least=0.3))
    agreement = structured.advice_agreement()
    bars.append(Bar(name="advice agrees with people", figure=agreement, at_least=0.95))
    print("a made world: share of what answers a question among the top five")
    print_table(["", *structured.KINDS, *(f"{telling} alone" for telling in ALONE)], rows)
    shares: JsonObject = {name: {**means} for name, means in told.items()}
    figures["structured"] = {**shares, "advice_agreement": agreement}
    return bars


async def _latency(sizes: Sequence[int], queries: int, figures: JsonObject) -> list[Bar]:
    bars: list[Bar] = []
    told: JsonObject = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            found = await scale.latency(Path(folder), size, queries)
        told[str(size)] = {"p50_ms": found.p50_ms, "p99_ms": found.p99_ms}
        if size in LATENCY_MS:
            name = f"recall of {size:,}"
            bars += [
                Bar(name=f"{name}, p50 ms CPU", figure=found.p50_ms, at_most=LATENCY_MS[size]),
                Bar(name=f"{name}, p99 / p50", figure=found.p99_ms / found.p50_ms, at_most=4.0),
            ]
    figures["latency"] = told
    return bars


async def _writes(figures: JsonObject) -> list[Bar]:
    with tempfile.TemporaryDirectory() as folder:
        found = await scale.writes(Path(folder), WRITES)
    figures["writes"] = {
        "per_s": found.per_s,
        "per_cpu_s": found.per_cpu_s,
        "found_at_once": found.found_at_once,
    }
    return [
        Bar(name="explicit writes per second", figure=found.per_s, at_least=600.0),
        Bar(name="the last one found at once", figure=float(found.found_at_once), at_least=1.0),
    ]


def _rounded(mean: Mean) -> list[Json]:
    return [round(mean.value, 4), round(mean.low, 4), round(mean.high, 4), mean.count]
