"""The tables of turns of phrase that lie beside these modules, and the shorthand they are in.

A line holds a few words and then a pattern. In patterns, `{NAME}` stands for a pattern that the
table or its reader defines, `~work` for `work`, `works`, `worked` and `working`, and `{x}` for the
object. `NAME = ...` defines one for the lines below it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.resources import files

from enplace.records.lazy_pattern import lazy_pattern
from enplace.upload.learning.language.lexicon import IRREGULAR

_DEFINED = lazy_pattern(r"([A-Z_]+) = (.*)")
_LEMMA = lazy_pattern(r"~([a-z]+)")
_NAMED = lazy_pattern(r"\{([A-Z_]+)\}")


def lines_of(
    name: str, columns: int, words: Mapping[str, str]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """The lines of a table: its first columns, and its pattern written out.

    Args:
        name: Of the file.
        columns: How many words stand before the pattern.
        words: Patterns that the table may name.
    """
    known = dict(words)
    for line in files(__package__ or "").joinpath(name).read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if found := _DEFINED.fullmatch(line):
            known[found[1]] = written_out(found[2], known)
            continue
        *head, pattern = line.split(None, columns)
        yield tuple(head), written_out(pattern, known)


def written_out(pattern: str, words: Mapping[str, str]) -> str:
    """A pattern without shorthand."""
    named = _NAMED.sub(lambda found: words[found[1]], pattern)
    return _LEMMA.sub(lambda found: any_of(forms(found[1])), named)


def any_of(words: Iterable[str]) -> str:
    """A pattern for one of several words, the longest first."""
    return f"(?:{'|'.join(re.escape(word) for word in sorted(words, key=len, reverse=True))})"


@lru_cache(maxsize=512)
def forms(lemma: str) -> tuple[str, ...]:
    """A verb as it stands with `I` and with `she`, in the past, and with `-ing`."""
    if lemma in IRREGULAR:
        third, past, *rest = IRREGULAR[lemma].split()
        return (lemma, third, past, *rest, _going(lemma))
    if lemma.endswith("e"):
        return lemma, f"{lemma}s", f"{lemma}d", _going(lemma)
    if re.search(r"[^aeiou]y$", lemma):
        return lemma, f"{lemma[:-1]}ies", f"{lemma[:-1]}ied", _going(lemma)
    third = f"{lemma}es" if re.search(r"(?:s|x|z|ch|sh|o)$", lemma) else f"{lemma}s"
    return lemma, third, f"{_doubled(lemma)}ed", _going(lemma)


def _going(lemma: str) -> str:
    stem = lemma[:-1] if re.search(r"[^eoy]e$", lemma) and lemma != "be" else lemma
    return f"{_doubled(stem) if stem == lemma else stem}ing"


def _doubled(lemma: str) -> str:
    short = re.fullmatch(r"[^aeiou]*[aeiou][bdgklmnprt]", lemma) or lemma in {"commit", "transfer"}
    return lemma + lemma[-1] if short else lemma
