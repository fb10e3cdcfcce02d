"""Every strategy that can be replayed, by name."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from enplace.records.price import Rates
from enplace_bench.context.history import FullHistory
from enplace_bench.context.payload import Strategy

Factory = Callable[[], Strategy]
Priced = Callable[[Rates], Strategy]

STRATEGIES: dict[str, Factory] = {"full history": FullHistory}
"""What needs nothing else."""

ENPLACE = "enplace"
MODES = ("", "snip", "collapse")
"""What the engine is let do where it is measured for its prices: all, or one of its two ways."""
_OURS = "enplace_bench.context.enplace_strategy"
_PEERS_ROOM = "enplace_bench.context.peers"
_PEERS = f"{_PEERS_ROOM}.registry"


def known(wanted: Sequence[str] | None = None) -> dict[str, Factory]:
    """All of them: those above, the peers, and the engine itself. The later name wins.

    Args:
        wanted: Names; what none of them can be in is not imported.
    """
    found = dict(STRATEGIES)
    others = [name for name in wanted or () if not name.startswith(ENPLACE)]
    if (wanted is None or others) and find_spec(_PEERS_ROOM) and find_spec(_PEERS):
        peers: Mapping[str, Factory] = import_module(_PEERS).PEERS
        found |= peers
    if (wanted is None or len(others) < len(wanted)) and find_spec(_OURS):
        ours = import_module(_OURS)
        variants: Mapping[str, Factory] = getattr(ours, "VARIANTS", {ENPLACE: ours.EnplaceStrategy})
        found |= variants
    return found


def priced(chosen: Mapping[str, Factory]) -> dict[str, tuple[Priced, bool]]:
    """Strategies for given prices, and whether they look at them.

    The engine decides by prices, and stands here once for each of its `MODES`; its variants are
    left out, and all others are the same for every price.
    """
    found: dict[str, tuple[Priced, bool]] = {}
    for name, factory in chosen.items():
        if name == ENPLACE:
            for mode in MODES:
                found[f"{name} {mode}".strip()] = (_engine(mode), True)
        elif not name.startswith(ENPLACE):
            found[name] = (_whatever(factory), False)
    return found


def _engine(only: str) -> Priced:
    made: Callable[..., Any] = import_module(_OURS).EnplaceStrategy
    return lambda rates: made(rates=rates, only=only)


def _whatever(factory: Factory) -> Priced:
    return lambda _: factory()
