"""The command `enplace-bench context` on a made folder."""

import gzip
import json
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from enplace_bench.context import plots
from enplace_bench.context.page import Page
from enplace_bench.context.results import Result, bars
from enplace_bench.context.shares import Interval, Share, interval, percentile, pooled
from enplace_bench.main import main
from enplace_bench.report import Bar


def folder(root: Path) -> Path:
    """One session of Claude Code in `coding/dev`, and its probes beside it."""
    events: list[dict[str, Any]] = [{"role": "user", "text": "fix loadSettings", "t": 0.0}]
    used = 3_000
    for i in range(12):
        usage = {"in": 1, "cr": used if i else 0, "cw": 1_000 + (0 if i else used), "out": 1}
        used += 1_000
        events.append(
            {"role": "assistant", "text": "a " * 2_000, "t": 10.0 + 20 * i, "usage": usage}
        )
        events.append({"role": "user", "text": "go on", "t": 11.0 + 20 * i})
    session = {
        "id": "s1", "source": "made", "agent": "Claude Code", "cwd": "/repo",
        "chars_per_token": 4, "events": events,
    }  # fmt: skip
    probe = {
        "session": "s1", "ident": "loadSettings", "kind": "symbol", "origin": "user",
        "where": "args", "used": 23, "last": 0, "dist": 9_000, "occ": [0],
        "evidence": "fix loadSettings",
    }  # fmt: skip
    data = root / "coding" / "dev"
    beside = root / "probes" / "dev"
    data.mkdir(parents=True)
    beside.mkdir(parents=True)
    with gzip.open(data / "one.json.gz", "wt", encoding="utf-8") as file:
        json.dump(session, file)
    with gzip.open(beside / "coding.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(json.dumps(probe) + "\n")
    return data


def test_one_strategy_on_a_made_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, drawn = tmp_path / "figures.json", tmp_path / "plots"
    arguments = [
        "context", "--data", str(folder(tmp_path)), "--only", "full history", "--window",
        "14000,64000", "--out", str(out), "--plots", str(drawn), "--exchange",
        str(tmp_path / "exchange.jsonl"), "--json",
    ]  # fmt: skip
    assert main(arguments) in {0, 1}
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    replays = told["replay"]
    assert replays["64000"]["full history"]["kept"][0] == 1.0
    assert replays["14000"]["full history"]["kept"][0] == 0.0
    assert replays["14000"]["full history"]["overflow"] > 0.0
    assert told["validation"]["sessions"] == 1
    assert set(told["ratios"]["64000"]["full history"]) >= {"0.1/1.25", "0.02/1"}
    assert told["probes"] == {"probes": 1, "directives": 0}
    assert json.loads(out.read_text(encoding="utf-8"))["replay"] == replays
    assert "| full history |" in out.with_suffix(".md").read_text(encoding="utf-8")
    assert (drawn / "context-kept-64k.svg").read_text(encoding="utf-8").startswith("<svg")


def test_without_a_folder_nothing_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["context", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["ok"] is True


def test_an_unknown_strategy_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no strategy 'hope'"):
        main(["context", "--data", str(folder(tmp_path)), "--only", "hope"])


def test_sessions_add_up_and_chance_is_bounded_by_them() -> None:
    sessions = [{"kept": Share(1, 2)}, {"kept": Share(3, 4)}, {"other": Share(1, 1)}]
    assert pooled(sessions)["kept"] == Share(4, 6)
    found = interval(sessions, "kept")
    assert found.value == pytest.approx(4 / 6)
    assert 0.5 <= found.low <= found.value <= found.high <= 0.75
    assert interval(sessions, "other") == Interval(value=1.0, low=1.0, high=1.0)
    assert percentile([], 0.5) == 0.0
    assert percentile([3.0, 1.0, 2.0], 0.95) == 3.0


def result(name: str, **figures: float) -> Result:
    shares = {figure: Share(value, 1) for figure, value in figures.items()}
    return Result(
        strategy=name, window=64_000, sessions=[shares], cpu_s=[[0.001] * 90], stale_lines=0
    )


def test_context_is_held_against_the_best_peer_that_is_as_cheap() -> None:
    ours = result("enplace", in_context=0.8, units=5_000.0)
    peers = [
        result("cheap", in_context=0.7, units=4_000.0),
        result("dear", in_context=0.9, units=9_000.0),
    ]
    (bar,) = [bar for bar in bars(ours, peers) if "in context" in bar.name]
    assert (bar.figure, bar.at_least, bar.ok) == (0.8, 0.7, True)


def test_what_falls_short_stands_first_on_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    page = Page()
    page.section("Part")
    page.table(["", "a|b"], [["row", "1"]])
    text = page.markdown(
        "Title",
        [Bar(name="kept", figure=1, at_least=0.5), Bar(name="missed", figure=1, at_most=0.5)],
    )
    assert text.index("missed") < text.index("kept") < text.index("## Part")
    assert "a\\|b" in text
    assert "row" in capsys.readouterr().out


@pytest.mark.parametrize("kept", [0.0, 0.5, 1.0])
def test_labels_of_a_plot_do_not_stand_over_each_other(kept: float) -> None:
    points = [
        plots.Point(name=f"p<{i}>", cost=100.0, kept=kept, low=kept, high=kept) for i in range(40)
    ]
    svg = plots.frontier("t", "x", "y", points)
    found = [text for text in ElementTree.fromstring(svg).iter() if (text.text or "")[:2] == "p<"]
    heights = sorted(float(text.attrib["y"]) for text in found)
    assert len(heights) == 40
    assert min(b - a for a, b in pairwise(heights)) >= plots.LABEL - 0.11
