"""The results page, from made-up results."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from enplace_bench.context.publishing import merged, publish
from enplace_bench.main import main
from enplace_bench.report import Bar

REPLAYED: dict[str, Any] = {
    "overflow": 0.0, "units": [5_000.0, 4_000.0, 6_000.0], "kept": [0.9, 0.8, 1.0],
    "kept_args": [0.9, 0.8, 1.0], "in_context": [0.7, 0.6, 0.8], "recoverable": [1.0, 1.0, 1.0],
    "breaks_per_100": 3.0, "cpu_p95_ms": 1.0,
}  # fmt: skip
RECORDED: dict[str, Any] = {
    "date": "2026-11-01", "machine": "a machine", "ok": True,
    "replay": {"64000": {"enplace": REPLAYED}},
    "ratios": {"64000": {"enplace": {"0.1/1.25": {"worst": 1.08}}}},
    "memories": {"coding": {"enplace": 1.013}, "chat": {"enplace": 1.11}},
    "bars": [
        Bar(name="kept", figure=0.9, at_least=0.8).as_json(),
        Bar(name="memories in chat", figure=1.11, at_most=1.08).as_json(),
    ],
}  # fmt: skip
LIVE: dict[str, Any] = {
    "date": "2026-11-02", "machine": "a machine", "ok": True,
    "rot": {
        "asked": 20, "tokens": [500, 1_000], "raw": [13, 6], "prepared": [13, 12],
        "prepared_tokens": [500.0, 700.0], "compactions": [0, 1], "most_lower": 0,
    },
    "questions": {
        "asked": 40, "right_before": 7, "right_after": 39, "stands": 39, "reachable": 40,
        "tokens_before": 1_300.0, "tokens_after": 400.0,
    },
    "soak": {"turns": 300, "over_window": 0},
    "bars": [Bar(name="kept", figure=0.7, at_least=0.8).as_json()],
}  # fmt: skip


def written(folder: Path) -> list[Path]:
    paths = [folder / "recorded.json", folder / "live.json"]
    for path, told in zip(paths, (RECORDED, LIVE), strict=True):
        path.write_text(json.dumps(told), encoding="utf-8")
    return paths


def test_a_page_is_made_of_all_results_and_says_first_what_falls_short(tmp_path: Path) -> None:
    out = tmp_path / "page"
    text = publish(written(tmp_path), out).read_text(encoding="utf-8")
    short = text[text.index("## What falls short") : text.index("## Replays")]
    assert "| kept | 0.7 | >= 0.8 | **missed** |" in short
    assert "| memories in chat | 1.11 | <= 1.08 | **missed** |" in short
    assert "| enplace | 0.0 % | 5,000 | 0.900 |" in text
    assert "| 1,000 | 6 | 12 | 700 | 1 |" in text
    assert str(tmp_path) not in text
    for drawn in (*out.glob("*.svg"),):
        assert f"![{drawn.name}]({drawn.name})" in text
        ElementTree.fromstring(drawn.read_text(encoding="utf-8"))
    assert (out / "context-rot.svg").exists()
    assert (out / "context-kept-64k.svg").exists()


def test_later_results_count_and_leave_what_only_earlier_ones_have() -> None:
    whole = merged([RECORDED, LIVE])
    assert whole["date"] == "2026-11-02"
    assert whole["replay"] == RECORDED["replay"]
    assert [bar["figure"] for bar in whole["bars"]] == [0.7, 1.11]
    other: dict[str, Any] = {"replay": {"128000": {}}}
    assert set(merged([RECORDED, other])["replay"]) == {"64000", "128000"}


def test_the_command_writes_the_page_and_measures_nothing(tmp_path: Path) -> None:
    results = [str(path) for path in written(tmp_path)]
    arguments = ["context", "--publish", str(tmp_path / "page"), "--results", *results]
    assert main(arguments) == 0
    assert (tmp_path / "page" / "context.md").exists()
