"""Late interaction: how near each word of a query comes to some word of a memory or beside it."""

from collections.abc import Mapping, Sequence

from enplace.fetch.beside import Loan
from enplace.records.encoding import Encoding
from enplace.records.recollection import Gathered


def likeness(
    found: Gathered,
    encoding: Encoding | None,
    rarity: Mapping[str, float],
    loans: Sequence[Loan],
) -> list[float | None]:
    """For each candidate the mean over the query's words of its best match, by their rarity.

    Returns:
        About .2 to .9; None for candidates that have no token vectors.
    """
    if encoding is None or not found.matches:
        return [None] * len(found.candidates)
    import numpy as np  # there are token vectors, so the extra `recall` is installed

    pieces: dict[str, list[int]] = {}
    for index, term in enumerate(encoding.terms):
        pieces.setdefault(term, []).append(index)
    words = [term for term in pieces if rarity.get(term)]
    if not words:
        return [None] * len(found.candidates)
    raw = np.frombuffer(found.matches, np.float32).reshape(len(found.candidates), -1)
    # A word of several tokens matches as well as they do on average.
    own = np.stack([raw[:, pieces[word]].mean(axis=1) for word in words], axis=1)
    best = own.copy()
    if loans:
        columns = zip(*loans, strict=True)
        to, of, worth = (np.array(column) for column in columns)
        np.maximum.at(best, to, own[of] * worth[:, None])
    weights = np.array([rarity[word] for word in words], np.float32)
    has_tokens: list[bool] = np.any(raw, axis=1).tolist()
    nearest: list[float] = (best @ weights / weights.sum()).tolist()
    return [near if has else None for near, has in zip(nearest, has_tokens, strict=True)]
