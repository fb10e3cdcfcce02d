"""How a prompt falls into passages, and which of them only show how something looks."""

import re
from collections.abc import Iterator

_SHOWN = re.compile(
    r"```.*?(?:```|\Z)|<(?:example|sample)s?\b[^>]*>.*?(?:</(?:example|sample)s?>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_EMPTY = re.compile(r"\n[^\S\n]*\n")
_HEADING = re.compile(
    r"\s*(?:#{1,6} .*|\*\*[^*]{1,80}\*\*:?|[^.!?|,]{1,60}:|[^.!?|,:a-zß-ÿ]{4,60})\s*$"
)
_SHOWING = re.compile(
    r"\b(?:examples?|samples?|templates?|formats?|beispiele?|vorlagen?|ejemplos?|plantillas?|formato"
    r"|exemples?|modèles?|esempi)\b",
    re.IGNORECASE,
)
_SPEAKER = re.compile(
    r"\W{0,3}(?:user|human|assistant|ai|bot|input|output|example|eingabe|ausgabe|entrada|salida)"
    r"\W{0,3}:",
    re.IGNORECASE,
)


def is_heading(line: str) -> bool:
    """Whether a line only says what stands below it."""
    return bool(_HEADING.match(line))


def passages(text: str) -> Iterator[list[str]]:
    """The passages of a prompt that say something themselves, each as its lines.

    Left out are what is fenced or tagged as an example, what stands below a heading of examples
    or formats, and dialogues that show how to answer.
    """
    below_examples = False
    for block in _EMPTY.split(_SHOWN.sub("\n\n", text)):
        lines = [line for line in block.splitlines() if line.strip()]
        if not lines:
            continue
        if is_heading(lines[0]) or _SHOWING.fullmatch(lines[0].strip()):
            below_examples = bool(_SHOWING.search(lines[0]))
        kept = [line for line in lines if not _SPEAKER.match(line)]
        if kept and not below_examples:
            yield kept
