"""How providers cache prompts: what no price book carries, as a table with a source for every row.

Prices change and come from a book (`providers/prices.py`); behaviour changes rarely and stands
here: how long a prefix stays, how long it must be, how it is found again, and what a write costs in
prices of an input token where the book has no price for it.
"""

import math
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from enplace.records.model import CacheProfile

UNKNOWN = CacheProfile(
    ttl_s=300.0,
    min_tokens=4_096,
    lookback_blocks=20,
    block_tokens=128,
    source="none: the least that any known provider promises",
)
"""Of a model that is in no row: relied on, it promises too little rather than too much."""


@dataclass(frozen=True, slots=True)
class Row:
    """Models of one provider that cache alike."""

    provider: str
    models: re.Pattern[str]
    """Found in the model's name, in lower case; an empty pattern is in every name."""
    profile: CacheProfile


_CLAUDE = CacheProfile(
    min_tokens=4_096,
    long_ttl_s=3_600.0,
    matching="markers",
    markers=4,
    lookback_blocks=20,
    source="platform.claude.com/docs/en/build-with-claude/prompt-caching, 2026-11",
)
"""A use prolongs the time without a fee. Others found (albedo's table, 2026-09) that it counts from
the start of that request, so that a long answer uses it up; the page does not say."""
_BEDROCK = replace(
    _CLAUDE,
    source="docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html, 2026-11; minimums:"
    " docs.litellm.ai/docs/completion/prompt_caching, 2026-10; Nova: from memory",
)
_OPENAI = CacheProfile(
    ttl_s=1_800.0,
    min_tokens=1_024,
    long_ttl_s=43_200.0,
    long_write_ratio=2.5,
    matching="own_markers",
    markers=4,
    lookback_markers=80,
    source="developers.openai.com/api/docs/guides/prompt-caching, 2026-11",
)
"""Both times are the least that is promised; one of the four markers is the provider's own, unless
that is switched off. The 12 hours are on its price list of 2026-10-26, at 2.5 times the input (a
comment in genai-prices 0.2.3); what documents its SDKs still calls 30 minutes the only value."""
_OPENAI_OLD = CacheProfile(
    min_tokens=1_024,
    write_ratio=1.0,
    block_tokens=128,
    source="developers.openai.com/docs/guides/prompt-caching, 2026-11",
)
"""In memory: 5 to 10 minutes idle, an hour at most. Its retention of `24h` is a limit from above,
"about 30 minutes" as a rule, and promises nothing, so it is no longer time here."""
_GEMINI = CacheProfile(
    min_tokens=4_096,
    write_ratio=1.0,
    source="ai.google.dev/gemini-api/docs/caching, 2026-11",
)
"""Implicit caching: nothing is promised but that an entry is gone after 24 hours. An older copy of
the page has 1,024 for 2.5 and 3 Flash, and 4,096 for 2.5 Pro; the newest has 2,048 for both 2.5."""
_FREE = CacheProfile(min_tokens=1_024, write_ratio=1.0, block_tokens=128)
"""Automatic, without a fee for writes; what is not published is taken from OpenAI's older models."""
_KIMI = "forum.moonshot.ai/t/613 and genai-prices 0.2.3, 2026-11; the minimum is unpublished"
_ZAI = "docs.z.ai/guides/capabilities/cache, 2026-11: neither time nor minimum"
_OWN_SERVER = CacheProfile(ttl_s=math.inf, write_ratio=1.0)
"""Only pressure evicts, and nothing costs."""
_LLAMA = "github.com/ggml-org/llama.cpp, slots: the longest common prefix, 2026-11"


def _row(provider: str, models: str, profile: CacheProfile, **own: Any) -> Row:
    return Row(provider, re.compile(models), replace(profile, **own))


ROWS = (
    # Opus 4.7: older copies and gateways say 4,096; Sonnet 4.6: they say 2,048.
    _row("anthropic", r"claude-(?:fable|mythos-\d|opus-5)", _CLAUDE, min_tokens=512),
    _row("anthropic", r"claude-(?:sonnet|haiku)-5[-.]5", _CLAUDE, min_tokens=512),
    _row(
        "anthropic",
        r"claude-(?:opus-4[-.]7|mythos|3[-.]5-haiku|3-haiku)",
        _CLAUDE,
        min_tokens=2_048,
    ),
    _row("anthropic", r"claude-(?:opus-4[-.][56]|haiku-4[-.]5)", _CLAUDE, min_tokens=4_096),
    _row("anthropic", r"claude-(?:opus-[34]|sonnet-[345])", _CLAUDE, min_tokens=1_024),
    _row("anthropic", r"claude-3(?:[-.][57])?-(?:opus|sonnet)", _CLAUDE, min_tokens=1_024),
    _row("anthropic", r"claude", _CLAUDE),
    _row("aws", r"opus-4[-.][567]|haiku-4[-.]5", _BEDROCK, min_tokens=4_096),
    _row("aws", r"claude-opus-5", _BEDROCK, min_tokens=512),
    _row("aws", r"claude", _BEDROCK, min_tokens=1_024),  # Fable too: 512 at its maker's
    _row(
        "aws",
        r"nova",
        _BEDROCK,
        min_tokens=1_024,
        long_ttl_s=0.0,
        write_ratio=1.0,
        lookback_blocks=0,
    ),
    _row("openai", r"gpt-(?:5\.(?:[6-9]|\d\d)|[6-9]|\d\d)", _OPENAI),
    _row("openai", r"gpt-\d|chatgpt|codex|(?:^|/)o[134]\b", _OPENAI_OLD),
    _row("google", r"gemini-2", _GEMINI, min_tokens=2_048),
    _row("google", r"gemini", _GEMINI),
    _row(
        "x-ai",
        r"grok",
        _FREE,
        min_tokens=128,
        source="docs.x.ai/developers/advanced-api-usage/prompt-caching, 2026-11: evicted at any"
        " time; steps as measured by docs.apiyi.com, 2026-08",
    ),
    _row(
        "deepseek",
        r"",
        _FREE,
        ttl_s=3_600.0,  # "usually within a few hours to a few days"; nothing on it since V4
        min_tokens=64,
        matching="units",
        block_tokens=64,
        source="api-docs.deepseek.com/guides/kv_cache, 2026-11; the 64: the page as of V3",
    ),
    _row("moonshotai", r"k3", _FREE, long_ttl_s=3_600.0, source=_KIMI),
    _row("moonshotai", r"", _FREE, source="nothing published, 2026-11"),
    _row(
        "mistral",
        r"",
        _FREE,
        source="docs.mistral.ai/inference/conversations/advanced/prompt-caching, 2026-11: no time",
    ),
    _row("zai", r"", _FREE, source=_ZAI),
    _row("zhipuai", r"", _FREE, source=_ZAI),
    _row(
        "groq",
        r"",
        _FREE,
        ttl_s=7_200.0,  # an older copy of the page: "within a few hours"
        source="console.groq.com/docs/prompt-caching, 2026-11",
    ),
    _row(
        "minimax",
        r"",
        _CLAUDE,
        min_tokens=512,
        long_ttl_s=0.0,
        source="platform.minimax.io/docs/api-reference/text-prompt-caching, 2026-11; without"
        " markers it caches too, and writes are free",
    ),
    _row(
        "vllm",
        r"",
        _OWN_SERVER,
        min_tokens=16,
        block_tokens=16,
        source="docs.vllm.ai/en/latest/design/prefix_caching, 2026-11; 16 is its default",
    ),
    _row("sglang", r"", _OWN_SERVER, source="its radix tree: from memory, 2026-11"),
    _row("llama.cpp", r"", _OWN_SERVER, source=_LLAMA),
    _row("local", r"", _OWN_SERVER, source=_LLAMA),
)
"""The first row that fits holds."""

_MAKERS = ("anthropic", "openai", "google", "x-ai")
"""Their models run nowhere without them, so a name says enough where the provider is another one or
not known. Open models cache as their host does."""

_HOSTS = {
    "api.anthropic.com": "anthropic",
    "api.openai.com": "openai",
    "openai.azure.com": "azure",
    "services.ai.azure.com": "azure",
    "amazonaws.com": "aws",
    "googleapis.com": "google",
    "api.x.ai": "x-ai",
    "api.deepseek.com": "deepseek",
    "moonshot.ai": "moonshotai",
    "moonshot.cn": "moonshotai",
    "api.mistral.ai": "mistral",
    "api.z.ai": "zai",
    "open.bigmodel.cn": "zhipuai",
    "api.groq.com": "groq",
    "minimax.io": "minimax",
    "minimaxi.com": "minimax",
    "openrouter.ai": "openrouter",
}


@lru_cache(maxsize=256)
def profile_of(provider: str, model: str) -> CacheProfile:
    """How a provider caches prompts for a model; `UNKNOWN` where no row fits.

    Args:
        provider: As price books name it, for instance `anthropic`; empty where not known.
        model: With or without a prefix that names a provider.
    """
    name = model.lower()
    for place in (provider, *_MAKERS):
        for row in ROWS:
            if row.provider == place and row.models.search(name):
                return row.profile
    return UNKNOWN


def provider_at(url: str) -> str:
    """Which provider answers at an address; empty where that is not known."""
    host = urlsplit(url).hostname or ""
    return next((name for end, name in _HOSTS.items() if f".{host}".endswith(f".{end}")), "")
