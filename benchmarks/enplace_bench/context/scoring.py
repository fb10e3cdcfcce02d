"""What of a session is still in a request: identifiers, their context, references, directives."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from enplace_bench.context.payload import Block, Payload
from enplace_bench.context.probes import Directive, Probe

NEAR = 200
"""Characters to either side within which an identifier's context must stand."""
MOST_IN_RANGE = 20
"""Events a reference may name at once; a longer one is no address."""

_WORDS = re.compile(r"[^\W\d_]{3,}")
_SPACE = re.compile(r"\s+")
_REFERENCE = re.compile(r"\[e(\d+)(?:-e(\d+))?\]")
_STOP_WORDS = """
the and for are but not you all any can had her was one our out has him his how its may new now old
see two way who did get let put say she too use that with have this will your from they know want
been good much some time very when come here just like long make many more only over such take than
them well were what would there their which about could other into then these also first after
because should each where does why before between both being under again same while those through
during
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True, slots=True)
class Kept:
    """Whether what a probe asks for is in a request."""

    verbatim: bool = False
    """As a whole identifier, not inside a longer word."""
    in_context: bool = False
    """Near at least half of the content words of its evidence."""
    recoverable: bool = False
    """Verbatim, or one reference away."""


LOST = Kept()
"""A call that was not sent kept nothing."""


def text_of(payload: Payload) -> str:
    """A request as one text, a line break between blocks."""
    return "\n".join(block.text for block in payload.blocks)


def kept(probe: Probe, text: str, refs: frozenset[int]) -> Kept:
    """Whether an identifier is in a request.

    Args:
        probe: What to look for.
        text: The request (`text_of`).
        refs: Events that its references make recoverable (`backed_refs`).
    """
    words = content_words(probe.evidence, probe.ident)
    verbatim = in_context = False
    for match in _whole(probe.ident).finditer(text):
        verbatim = True
        around = text[max(0, match.start() - NEAR) : match.end() + NEAR]
        if 2 * len(words & _words_of(around)) >= len(words):
            in_context = True
            break
    recoverable = verbatim or not refs.isdisjoint(probe.occurs)
    return Kept(verbatim=verbatim, in_context=in_context, recoverable=recoverable)


def content_words(evidence: str, ident: str) -> frozenset[str]:
    """Words of three letters or more that say something, those of the identifier left out."""
    return _words_of(evidence.replace(ident, " ")) - STOP_WORDS


def backed_refs(blocks: Iterable[Block]) -> frozenset[int]:
    """The events that references in these blocks make recoverable.

    A block counts only with what stands in its text as `[e<number>]` or `[e<a>-e<b>]`, at most 20
    events each: if it claims more events than its text has addresses, none of them counts.
    """
    found: set[int] = set()
    for block in blocks:
        if block.refs and len(set(block.refs)) <= addresses(block.text):
            found.update(block.refs)
    return frozenset(found)


@lru_cache(maxsize=20_000)
def addresses(text: str) -> int:
    """How many events the references in a text name, in the engine's own numbers."""
    numbers: set[int] = set()
    for match in _REFERENCE.finditer(text):
        first = int(match[1])
        last = int(match[2] or first)
        if 0 <= last - first < MOST_IN_RANGE:
            numbers.update(range(first, last + 1))
    return len(numbers)


def has_directive(directive: Directive, folded_text: str) -> bool:
    """Whether a user's sentence stands verbatim in a text whose white space is folded."""
    return folded(directive.text) in folded_text


def folded(text: str) -> str:
    """A text with every run of white space as one blank."""
    return _SPACE.sub(" ", text).strip()


@lru_cache(maxsize=8_192)
def _whole(ident: str) -> re.Pattern[str]:
    before = r"(?<!\w)" if re.match(r"\w", ident) else ""
    after = r"(?!\w)" if re.search(r"\w\Z", ident) else ""
    return re.compile(before + re.escape(ident) + after)


def _words_of(text: str) -> frozenset[str]:
    return frozenset(_WORDS.findall(text.lower()))


def extends(blocks: Sequence[Block], before: Sequence[Block]) -> bool:
    """Whether a request begins with the whole of the one before it."""
    if len(before) > len(blocks):
        return False
    return all(
        a is b or a.text == b.text for a, b in zip(blocks[: len(before)], before, strict=True)
    )
