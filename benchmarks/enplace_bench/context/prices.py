"""List prices of a few models, to print dollars beside units. Not the engine's price book."""

from dataclasses import dataclass

from enplace_bench.context.replaying import Billed


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPrice:
    """Dollars for a million tokens, and the simulated cache that counts them."""

    model: str
    cache: str
    input: float
    output: float
    hit: float
    write: float
    """Of what the cache is told to keep; automatic caches that charge for it charge all."""


LISTED = (
    ListPrice(
        model="claude-sonnet-4-5", cache="anthropic", input=3.0, output=15.0, hit=0.3, write=3.75
    ),
    ListPrice(
        model="claude-opus-5-5", cache="anthropic", input=4.0, output=20.0, hit=0.2, write=5.0
    ),
    ListPrice(model="gpt-5", cache="openai", input=1.25, output=10.0, hit=0.125, write=1.25),
    ListPrice(model="gpt-6.1-sol", cache="openai", input=2.0, output=10.0, hit=0.1, write=2.5),
    ListPrice(
        model="deepseek-v4-flash", cache="plain", input=0.3, output=1.2, hit=0.006, write=0.3
    ),
)
"""litellm 1.109.1, November 2026, without tiers; the first and third are older list prices."""
SHOWN = "claude-sonnet-4-5"


def dollars(billed: Billed, price: ListPrice) -> float:
    """What these requests cost with their recorded outputs; those beside the turn included."""
    fresh = price.input if price.cache == "anthropic" else price.write
    total = (
        price.hit * (billed.hit + billed.aux_hit)
        + price.write * billed.written
        + fresh * billed.uncached
        + price.input * billed.aux_uncached
        + price.output * (billed.output + billed.aux_output)
    )
    return total / 1_000_000
