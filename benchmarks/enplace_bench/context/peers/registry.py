"""Which peers there are."""

import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from enplace_bench.context.payload import Replay, Strategy
from enplace_bench.context.peers.coding_agents import ClaudeCode, Codex
from enplace_bench.context.peers.frameworks import (
    Adk,
    DeepAgents,
    LangChain,
    Letta,
    Letta70,
    OpenHands,
    OpenHands80,
)
from enplace_bench.context.peers.plain import ClearToolUses, FullHistory, Masking, Sliding
from enplace_bench.context.peers.remote import Remote
from enplace_bench.context.peers.summaries import Corrected, Extractive, Summariser
from enplace_bench.context.peers.summarising import Summarised
from enplace_bench.context.sessions import Session

_EDGES: tuple[Summariser, ...] = (Extractive(), Corrected())

_PLAIN: tuple[Strategy, ...] = (
    FullHistory(),
    Sliding(name="sliding window, per call", keep=1.0),
    Sliding(name="sliding window, trim to 50 %", keep=0.5),
    Masking(name="observation masking, last 10"),
    Masking(name="observation masking, batches of 10", batch=10),
    ClearToolUses(name="clear_tool_uses, keep 3"),
    ClearToolUses(name="clear_tool_uses, keep 3, clear_at_least .2W", clear_at_least=0.2),
)


_SUMMARISED: dict[str, Callable[[Summariser, Session, int, int], Replay]] = {
    "Claude Code-like": ClaudeCode,
    "Codex-like": Codex,
    "Letta-like": Letta,
    "Letta-like, oldest 70 %": Letta70,
    "LangChain-like": LangChain,
    "deepagents-like": DeepAgents,
    "OpenHands-like, 4/80": OpenHands80,
    "OpenHands-like, 2/240": OpenHands,
    "ADK-like": Adk,
}


_REMOTE: tuple[tuple[str, str, str, str, bool], ...] = (
    ("LangChain SummarizationMiddleware", "LANGCHAIN", "langchain_summarization", "", True),
    ("LangChain ContextEditing", "LANGCHAIN", "langchain_editing", "", False),
    ("deepagents", "DEEPAGENTS", "deepagents", "", True),
    ("google-adk, every 3 turns", "GOOGLE_ADK", "google_adk", "turns", True),
    ("google-adk, by tokens", "GOOGLE_ADK", "google_adk", "tokens", True),
    ("OpenHands, its preset", "OPENHANDS", "openhands", "80", True),
    ("OpenHands, SDK defaults", "OPENHANDS", "openhands", "", True),
    ("pydantic-ai-harness, summarizing", "PYDANTIC_AI", "pydantic_ai", "summarizing", True),
    ("pydantic-ai-harness, tiers", "PYDANTIC_AI", "pydantic_ai", "tiers", True),
)
"""Name, what `ENPLACE_PEER_` is followed by, adapter, variant, whether a model writes a summary."""


def remote_peers(environ: Mapping[str, str]) -> Iterator[Remote]:
    """Those whose environment is told."""
    for peer, variable, adapter, variant, summarises in _REMOTE:
        python = environ.get(f"ENPLACE_PEER_{variable}")
        if not python:
            continue
        for summariser in _EDGES if summarises else _EDGES[:1]:
            yield Remote(
                peer=peer,
                adapter=adapter,
                python=python,
                variant=variant,
                summariser=summariser,
            )


def _listed() -> Iterator[Strategy]:
    yield from _PLAIN
    for peer, start in _SUMMARISED.items():
        yield from (Summarised(peer, start, summariser) for summariser in _EDGES)
    yield from remote_peers(os.environ)


def _same(strategy: Strategy) -> Strategy:
    return strategy


PEERS: dict[str, Callable[[], Strategy]] = {
    strategy.name: partial(_same, strategy) for strategy in _listed()
}
"""By name."""
