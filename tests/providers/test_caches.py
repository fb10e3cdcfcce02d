"""The table of caches: which row a model falls into, and what stands in it."""

import math
import re
from pathlib import Path

import pytest

from enplace.providers.caches import ROWS, UNKNOWN, Row, profile_of, provider_at

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("provider", "model", "min_tokens"),
    [
        ("anthropic", "claude-fable-5-1", 512),
        ("anthropic", "claude-opus-5-5", 512),
        ("anthropic", "claude-opus-5", 512),
        ("anthropic", "claude-sonnet-5-5", 512),
        ("anthropic", "claude-haiku-5.5", 512),
        ("anthropic", "claude-sonnet-5", 1_024),
        ("anthropic", "claude-sonnet-4-5-20250929", 1_024),
        ("anthropic", "claude-opus-4-8", 1_024),
        ("anthropic", "claude-opus-4-20250514", 1_024),
        ("anthropic", "claude-3-7-sonnet-latest", 1_024),
        ("anthropic", "claude-opus-4-7", 2_048),
        ("anthropic", "claude-mythos-preview", 2_048),
        ("anthropic", "claude-opus-4-6", 4_096),
        ("anthropic", "claude-haiku-4-5", 4_096),
        ("anthropic", "claude-of-next-year", 4_096),
        ("aws", "us.anthropic.claude-opus-4-7-v1:0", 4_096),
        ("aws", "anthropic.claude-fable-5", 1_024),
        ("openai", "gpt-4o", 1_024),
        ("google", "gemini-2.5-flash", 2_048),
        ("google", "models/gemini-4-argon", 4_096),
    ],
)
def test_shorter_prefixes_are_not_cached(provider: str, model: str, min_tokens: int) -> None:
    assert profile_of(provider, model).min_tokens == min_tokens


@pytest.mark.parametrize("model", ["gpt-5.6-sol", "gpt-5.10", "gpt-6-luna", "openai/gpt-6.1-sol"])
def test_newer_models_of_openai_have_markers_and_write_fees(model: str) -> None:
    profile = profile_of("openai", model)
    assert (profile.ttl_s, profile.long_ttl_s) == (1_800, 43_200)
    assert (profile.write_ratio, profile.long_write_ratio) == (1.25, 2.5)
    assert (profile.matching, profile.markers, profile.lookback_markers) == ("own_markers", 4, 80)
    assert (profile.lookback_blocks, profile.block_tokens) == (0, 1)


@pytest.mark.parametrize("model", ["gpt-5.5", "gpt-4.1-mini", "o3", "openai/o4-mini"])
def test_older_ones_match_by_steps_of_128_and_write_for_nothing(model: str) -> None:
    profile = profile_of("openai", model)
    assert (profile.ttl_s, profile.long_ttl_s, profile.write_ratio) == (300, 0, 1)
    assert (profile.matching, profile.markers, profile.block_tokens) == ("prefix", 0, 128)


def test_claude_looks_back_twenty_blocks_from_each_of_four_markers() -> None:
    profile = profile_of("anthropic", "claude-opus-5-5")
    assert (profile.ttl_s, profile.long_ttl_s) == (300, 3_600)
    assert (profile.write_ratio, profile.long_write_ratio) == (1.25, 2)
    assert (profile.matching, profile.markers, profile.lookback_blocks) == ("markers", 4, 20)


def test_deepseek_finds_whole_units_only() -> None:
    assert profile_of("deepseek", "deepseek-v4-pro").matching == "units"


def test_nothing_but_pressure_evicts_from_an_own_server() -> None:
    for provider in ("vllm", "sglang", "llama.cpp", "local"):
        profile = profile_of(provider, "any.gguf")
        assert (profile.ttl_s, profile.write_ratio) == (math.inf, 1)
    assert profile_of("vllm", "any").block_tokens == 16


@pytest.mark.parametrize(
    ("provider", "model", "maker"),
    [
        ("openrouter", "anthropic/claude-opus-5.5", "anthropic"),
        ("azure", "gpt-6-sol", "openai"),
        ("", "gemini-4-argon", "google"),
        ("", "GROK-4.7", "x-ai"),
    ],
)
def test_a_model_that_runs_nowhere_without_its_maker_caches_as_there(
    provider: str, model: str, maker: str
) -> None:
    assert profile_of(provider, model) == profile_of(maker, model) != UNKNOWN


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("", ""),
        ("openrouter", "deepseek/deepseek-v4-pro"),  # caches as whoever runs it
        ("openai", "gpt-oss-120b"),
        ("somebody", "their-model"),
    ],
)
def test_of_an_unknown_model_little_is_promised(provider: str, model: str) -> None:
    assert profile_of(provider, model) == UNKNOWN


def test_no_row_promises_less_than_the_default() -> None:
    for row in ROWS:
        assert row.profile.ttl_s >= UNKNOWN.ttl_s
        assert row.profile.min_tokens <= UNKNOWN.min_tokens
        assert row.profile.write_ratio <= UNKNOWN.write_ratio
        assert row.profile.block_tokens <= UNKNOWN.block_tokens


def test_every_row_says_where_it_comes_from_and_when_that_was_read() -> None:
    assert [row for row in ROWS if "2026-1" not in row.profile.source] == []


def test_every_row_can_be_reached() -> None:
    names = {
        "claude-opus-5", "claude-haiku-5-5", "claude-opus-4-7", "claude-haiku-4-5", "gpt-6",
        "claude-sonnet-5", "claude-3-opus", "claude", "nova", "gpt-4o", "gemini-2", "gemini-3",
        "grok", "kimi-k3", "any",
    }  # fmt: skip
    reached = {(row.provider, id(profile_of(row.provider, name))) for row in ROWS for name in names}
    assert [row for row in ROWS if (row.provider, id(row.profile)) not in reached] == []


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://api.anthropic.com", "anthropic"),
        ("https://api.openai.com/v1", "openai"),
        ("https://mine.openai.azure.com/openai/v1", "azure"),
        ("https://bedrock-runtime.us-east-1.amazonaws.com", "aws"),
        ("https://generativelanguage.googleapis.com/v1beta/openai/", "google"),
        ("https://api.deepseek.com/anthropic", "deepseek"),
        ("http://localhost:8000/v1", ""),
        ("https://notapi.openai.com.example", ""),
        ("", ""),
    ],
)
def test_an_address_names_its_provider(url: str, provider: str) -> None:
    assert provider_at(url) == provider


def test_the_table_of_the_page_is_the_one_in_the_code() -> None:
    page = (ROOT / "docs" / "reference" / "prices.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if re.match(r"\| [\w.-]+ \| (`|all )", line)]
    assert rows == [line_of(row) for row in ROWS]


def line_of(row: Row) -> str:
    profile = row.profile
    has_long = profile.long_ttl_s > 0
    back = f"{profile.lookback_blocks} blocks" if profile.lookback_blocks else ""
    if profile.lookback_markers:
        back = f"{profile.lookback_markers} markers"
    pattern = row.models.pattern.replace("|", "\\|")
    cells = (
        row.provider,
        f"`{pattern}`" if pattern else "all",
        profile.min_tokens,
        f"{profile.ttl_s:g}",
        f"{profile.long_ttl_s:g}" if has_long else "",
        f"{profile.write_ratio:g}",
        f"{profile.long_write_ratio:g}" if has_long else "",
        profile.matching,
        profile.markers or "",
        back,
        profile.block_tokens,
    )
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
