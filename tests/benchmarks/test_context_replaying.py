"""Made sessions through made strategies: figures, ratios, and the exchange file."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from enplace.records.price import Rates
from enplace_bench.context import exchange, ratios
from enplace_bench.context.history import FullHistory, Sliding
from enplace_bench.context.measuring import UNITS, Measured, measure, units
from enplace_bench.context.payload import (
    AuxCall,
    Block,
    Payload,
    Refused,
    Replay,
    Strategy,
    fixed_prefix,
)
from enplace_bench.context.probes import Probes, probes_of
from enplace_bench.context.replaying import Billed, Case, Meter, calls_of
from enplace_bench.context.rereads import rereads_of
from enplace_bench.context.sessions import Session, session_of
from enplace_bench.context.simulator import PlainPrefix

PREFIX = 2_000
FILE = "\n".join(f"{i:6}→line {i} of the file" for i in range(1, 20))


def recorded() -> Session:
    """Two reads of a file with a meta event and some thought between them."""
    read = {"name": "Read", "args": {"file_path": "/repo/a.go"}}
    events: list[dict[str, Any]] = [
        {"role": "user", "text": "Never touch parseConfig please."},
        {"role": "assistant", "text": "reading", "tool_calls": [{"id": "1", **read}]},
        {"role": "tool", "text": FILE, "tool_call_id": "1", "name": "Read"},
        {"role": "meta", "text": "", "kind": "microcompact", "ids": []},
        {"role": "assistant", "text": "thinking " * 40},
        {"role": "user", "text": "go on"},
        {"role": "assistant", "text": "parseConfig", "tool_calls": [{"id": "2", **read}]},
        {"role": "tool", "text": FILE, "tool_call_id": "2", "name": "Read"},
        {"role": "assistant", "text": "done"},
    ]
    events = [{"t": 10.0 * i, **event} for i, event in enumerate(events)]
    return session_of({"id": "s", "cwd": "/repo", "chars_per_token": 4, "events": events})


def case() -> Case:
    session = recorded()
    rows: list[Mapping[str, Any]] = [
        {"ident": "parseConfig", "kind": "symbol", "origin": "user", "where": "text", "used": 5,
         "last": 0, "dist": 9_000, "occ": [0], "evidence": "Never touch parseConfig please."},
        {"type": "directive", "event": 0, "text": "Never touch parseConfig please."},
    ]  # fmt: skip
    return Case(
        session=session,
        probes=probes_of(session, rows),
        rereads=rereads_of(session),
        prefix_tokens=PREFIX,
    )


@dataclass
class Scripted:
    """A strategy that says at each call what a function makes of it."""

    made: Callable[[int], Payload | Refused]
    name: str = "scripted"

    def replay(self, session: Session, window: int, prefix_tokens: int) -> Replay:
        return self

    def call(self, index: int) -> Payload | Refused:
        return self.made(index)


def payload(*texts: str, **rest: Any) -> Payload:
    blocks = [Block(text, 1_000, "user") for text in texts]
    return Payload(blocks=(fixed_prefix(PREFIX), *blocks), **rest)


def value(measured: Measured, name: str) -> float:
    return measured.figures[name].value


def test_probe_files_count_events_without_the_meta_ones() -> None:
    (probe,) = case().probes.probes
    assert probe.used == 6


def test_the_whole_history_keeps_everything_and_breaks_nothing() -> None:
    measured = measure(FullHistory(), case(), 10_000)
    for name in ("kept", "in_context", "recoverable", "directives", "rereads_current"):
        assert value(measured, name) == 1.0, name
    for name in ("overflow", "breaks_per_100", "refetches_per_100", "rereads_stale"):
        assert value(measured, name) == 0.0, name
    assert len(measured.cpu_s) == 4


def test_a_call_over_the_window_is_not_sent_keeps_nothing_and_costs_nothing() -> None:
    session = recorded()
    sizes = [call.tokens for call in calls_of(FullHistory(), case(), 10_000)]
    measured = measure(FullHistory(), case(), sizes[1])
    assert value(measured, "overflow") == 0.5
    assert (value(measured, "kept"), value(measured, "rereads_reachable")) == (0.0, 0.0)
    assert (value(measured, "directives"), value(measured, "directives_last_sent")) == (0.0, 1.0)
    assert measured.figures["units"].whole == 2
    assert len(session.calls) == 4


def test_a_refusal_counts_like_a_call_over_the_window() -> None:
    measured = measure(Scripted(lambda _: Refused(tokens=9)), case(), 10_000)
    assert value(measured, "overflow") == 1.0
    assert measured.figures["units"].whole == 0


def test_a_break_is_counted_and_so_is_whether_it_was_announced() -> None:
    announced = {1: "", 4: "", 6: "snipped", 8: ""}
    texts = {1: ["a"], 4: ["a", "b"], 6: ["b"], 8: ["c"]}
    script = Scripted(lambda at: payload(*texts[at], announced=announced[at]))
    measured = measure(script, case(), 10_000)
    assert value(measured, "breaks_per_100") == 50
    assert value(measured, "unannounced_per_100") == 25
    assert (value(measured, "kept"), value(measured, "refetches_per_100")) == (0.0, 25.0)


def test_units_are_the_tokens_at_their_prices() -> None:
    billed = Billed(hit=1_000, written=100, uncached=10, aux_hit=500, aux_uncached=7)
    assert units(billed, UNITS) == pytest.approx(150 + 125 + 17)
    measured = measure(Scripted(lambda _: payload("a")), case(), 10_000)
    first, others = 1.25 * 3_000, 0.1 * 3_000
    assert value(measured, "units") == pytest.approx((first + 3 * others) / 4)


def test_a_call_beside_the_turn_reads_what_it_extends_and_leaves_nothing() -> None:
    base = payload("a", "b")
    question = Block("summarise", 50, "user")
    meter = Meter({"": PlainPrefix()})
    meter.send(0, base)
    aux = AuxCall(blocks=(*base.blocks, question), output_tokens=300)
    alone = AuxCall(blocks=(question,), output_tokens=20)
    meter.send(1, payload("short", aux=(aux, alone, aux)))
    billed = meter.billed[""]
    assert (billed.aux_hit, billed.aux_uncached, billed.aux_output) == (8_000, 150, 620)
    summarised = measure(
        Scripted(lambda at: payload("a", aux=(alone,) if at == 8 else ())), case(), 10_000
    )
    assert value(summarised, "units_of_summary_output") == pytest.approx(5 * 20 / 4)
    assert value(summarised, "aux_calls_per_100") == 25


def test_memories_come_before_the_call_behind_their_message() -> None:
    told: list[tuple[str, int]] = []

    class Remembers:
        name = "remembers"

        def replay(self, session: Session, window: int, prefix_tokens: int) -> Replay:
            return self

        def remember(self, index: int, texts: Sequence[str]) -> None:
            told.append((texts[0], index))

        def call(self, index: int) -> Payload | Refused:
            told.append(("call", index))
            return payload("a")

    both = Case(session=recorded(), memories={0: ["first"], 5: ["second"]}, prefix_tokens=PREFIX)
    assert len(list(calls_of(Remembers(), both, 10_000))) == 4
    assert told == [
        ("first", 0), ("call", 1), ("call", 4), ("second", 5), ("call", 6), ("call", 8),
    ]  # fmt: skip
    with pytest.raises(TypeError, match="no place for memories"):
        list(calls_of(FullHistory(), both, 10_000))


@pytest.mark.parametrize("rates", ratios.PRICES, ids=lambda r: f"{r.hit}/{r.write}")
def test_doing_nothing_costs_as_much_as_doing_nothing(rates: Rates) -> None:
    same = FullHistory(with_ids=True)
    worst = ratios.Against([case()]).worst(lambda _: same, 10_000, knows_prices=False)[rates]
    assert (worst.ratio, worst.final) == (1.0, 1.0)


def test_the_worst_ratio_is_that_of_the_worst_stopping_point() -> None:
    nothing = [ratios.Spent(hit=100), ratios.Spent(hit=100), ratios.Spent(hit=100)]
    ours = [ratios.Spent(hit=100), ratios.Spent(fresh=100), None]
    rates = Rates(hit=0.1, write=1.0)
    assert ratios.ratios(ours, nothing, rates) == pytest.approx([1.0, 110 / 20])


def test_a_strategy_that_knows_prices_is_asked_for_each() -> None:
    asked: list[Rates] = []

    def priced(rates: Rates) -> Strategy:
        asked.append(rates)
        return FullHistory()

    ratios.Against([case()]).worst(priced, 10_000, knows_prices=True)
    assert asked == [*ratios.PRICES]


def test_an_exchange_file_has_every_text_once_and_every_call(tmp_path: Path) -> None:
    path = tmp_path / "exchange.jsonl"
    strategy = Sliding(keep=0.6)
    with exchange.Writer(path) as writer:
        for window in (10_000, 2_100):
            writer.begin(strategy.name, window, PREFIX)
            measure(strategy, case(), window, writer.call)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    heads = [i for i, line in enumerate(lines) if "format" in line]
    assert [lines[i]["window"] for i in heads] == [10_000, 2_100]
    assert lines[0] == {
        "format": "enplace-replay/1",
        "strategy": strategy.name,
        "window": 10_000,
        "prefix_tokens": PREFIX,
        "chars_per_token": "as in the data",
    }
    run = lines[1 : heads[1]]
    texts = {line["block"]: line["text"] for line in run if "block" in line}
    assert len(texts) == sum("block" in line for line in run)
    assert all(sha256(text.encode()).hexdigest() == name for name, text in texts.items())
    calls = [line for line in run if "call" in line]
    assert [line["call"] for line in calls] == [1, 4, 6, 8]
    for line in calls:
        assert line["aux"] is False
        assert [block["id"] for block in line["blocks"] if block["id"] not in texts] == []
        assert line["blocks"][0]["tokens"] == PREFIX
        assert line["breakpoints"] == sorted({*line["breakpoints"]})
        assert set(line["blocks"][1]) == {"id", "tokens", "role", "source", "refs"}
    assert calls[-1]["blocks"][1]["source"] == [0]


def test_calls_beside_the_turn_and_refusals_are_in_the_exchange_file(tmp_path: Path) -> None:
    aux = AuxCall(blocks=(Block("old", 5, "user"),), output_tokens=77)
    script = Scripted(lambda at: Refused(tokens=1) if at == 4 else payload("a", aux=(aux,)))
    path = tmp_path / "exchange.jsonl"
    with exchange.Writer(path) as writer:
        writer.begin(script.name, 10_000, PREFIX)
        measure(script, case(), 10_000, writer.call)
    calls = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    calls = [line for line in calls if "call" in line]
    assert [(line["call"], line.get("aux")) for line in calls[:4]] == [
        (1, True), (1, False), (4, None), (6, True),
    ]  # fmt: skip
    assert calls[0]["output_tokens"] == 77
    assert calls[2] == {"session": "s", "call": 4, "overflow": True}


def test_a_session_without_probes_has_no_figure_for_them() -> None:
    bare = Case(session=recorded(), probes=Probes(), prefix_tokens=PREFIX)
    assert "kept" not in measure(FullHistory(), bare, 10_000).figures
