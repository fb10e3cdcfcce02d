"""The index of one brain in memory: looks at every item for every query."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from math import log

from enplace.records.encoding import Encoding
from enplace.records.gather import Gather
from enplace.records.memory import Document, Memory
from enplace.records.recollection import Candidate, Gathered, Standing
from enplace.records.standing import moment_of
from enplace.records.words import fold
from enplace.stores import vectors
from enplace.stores.entries import Entry, barred, chunk_ref, entries_of
from enplace.stores.generators import (
    MOST_EDGES,
    Edge,
    Generator,
    generate,
    goes_on,
    most_meant,
    walked,
    worth_scoring,
)
from enplace.stores.inmemory.filters import lets_through
from enplace.stores.inmemory.state import Index, Item, Place, Shelf, State
from enplace.stores.moments import to_text, to_time

BESIDE = (-2, -1, 1, 2)
"""Where neighbours stand."""
K1 = 1.2
B = 0.75
LEAST_WEIGHT = 1e-6
"""Of a term that half of the items hold, or more."""


class InMemoryIndex:
    """Implements `ports.IndexStore`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def gather(self, asked: Gather) -> Gathered:
        """See `ports.IndexStore`."""
        return gather(self._state, asked)

    async def speakers(self) -> Sequence[str]:
        """See `ports.IndexStore`."""
        said = Counter(i.speaker for i in self._state.index.items.values() if i.speaker)
        return sorted(said, key=lambda name: (-said[name], name))

    async def texts(self, candidates: Sequence[Candidate]) -> Mapping[int, str]:
        """See `ports.IndexStore`."""
        texts = {item.ref: item.text for item in self._state.index.items.values()}
        return {c.row: texts[c.ref] for c in candidates if c.ref in texts}

    async def adopt(self, embedder: str) -> bool:
        """See `ports.IndexStore`."""
        return self._shelf(embedder).answers

    async def unencoded(self, embedder: str, limit: int) -> Sequence[tuple[int, str]]:
        """See `ports.IndexStore`."""
        encoded = self._shelf(embedder).pooled
        newest_first = reversed(self._state.index.items.values())
        waiting = [(item.row, item.to_encode) for item in newest_first if item.row not in encoded]
        return waiting[:limit]

    async def waiting(self, embedder: str) -> int:
        """See `ports.IndexStore`."""
        shelf = self._state.index.shelves.get(embedder)
        items = self._state.index.items
        return len(items) if shelf is None else len(items.keys() - shelf.pooled.keys())

    async def encode(self, embedder: str, encodings: Sequence[tuple[int, Encoding]]) -> None:
        """See `ports.IndexStore`."""
        shelf = self._shelf(embedder)
        for row, encoding in encodings:
            if row not in self._state.index.items or row in shelf.pooled:
                continue
            shelf.pooled[row] = vectors.code_of(encoding.pooled)
            if encoding.terms:
                dimensions = len(encoding.tokens) // 4 // len(encoding.terms)
                shelf.tokens[row] = vectors.codes_of(encoding.tokens, dimensions)

    async def settle(self, embedder: str) -> None:
        """See `ports.IndexStore`."""
        shelf = self._shelf(embedder)
        shelf.answers = True
        self._state.index.shelves = {embedder: shelf}

    async def embedders(self) -> Mapping[str, bool]:
        """See `ports.IndexStore`."""
        return {name: shelf.answers for name, shelf in self._state.index.shelves.items()}

    def _shelf(self, embedder: str) -> Shelf:
        """The vectors of an embedder; a new one takes the place of any other that is not used."""
        index = self._state.index
        if embedder not in index.shelves:
            index.shelves = {name: shelf for name, shelf in index.shelves.items() if shelf.answers}
            index.shelves[embedder] = Shelf()
        return index.shelves[embedder]


# Writing


def add(state: State, entry: Entry, name: str | None = None, session: str = "") -> None:
    """Make something findable.

    Args:
        state: The brain.
        entry: What is to be found.
        name: Of the task or document that it stands in, beside others.
        session: Visit of the task, where the caller knows it.
    """
    index = state.index
    place, spot = None, entry.spot
    if name is not None:
        place, spot = _spot(index, name, session, entry)
    _put(index, entry, place, spot)


def _put(index: Index, entry: Entry, place: int | None, spot: int | None) -> None:
    stems, context = tuple(entry.stems.split()), tuple(entry.context_stems.split())
    index.last_row += 1
    index.items[index.last_row] = Item(
        row=index.last_row,
        kind=entry.kind,
        ref=entry.ref,
        place=place,
        spot=spot,
        at=entry.at,
        speaker=fold(entry.speaker),
        role=entry.role,
        people=barred(entry.people),
        tags=barred(entry.tags),
        traits=int(entry.traits),
        text=entry.text,
        to_encode=entry.to_encode,
        stems=stems,
        context=context,
        counts=Counter(stems + context),
    )


def show(state: State, memory: Memory) -> None:
    """Make a memory findable, if it is one to be found."""
    for entry in entries_of(memory, to_text(moment_of(memory))):
        add(state, entry, memory.id if isinstance(memory, Document) else None)


def changed(state: State, before: Memory, after: Memory) -> None:
    """Make a memory findable as it stands now; it keeps its row where nothing of it changed."""
    if _shown(before) != _shown(after):
        hide(state.index, _refs(before))
        show(state, after)


def replace(state: State, ref: str, entry: Entry | None) -> int:
    """Put an entry into the place of what goes by a name; how many items that were.

    It is another item, without vectors. None makes it unfindable.
    """
    index = state.index
    old = [item for item in index.items.values() if item.ref == ref]
    hide(index, [ref])
    if entry is not None and old:
        _put(index, entry, old[0].place, old[0].spot)
    return len(old)


def hide(index: Index, refs: Iterable[str]) -> None:
    """Make unfindable what goes by these names."""
    gone = set(refs)
    for row in [item.row for item in index.items.values() if item.ref in gone]:
        del index.items[row]
        for shelf in index.shelves.values():
            shelf.pooled.pop(row, None)
            shelf.tokens.pop(row, None)


def _shown(memory: Memory) -> list[Entry]:
    return list(entries_of(memory, to_text(moment_of(memory))))


def _refs(memory: Memory) -> list[str]:
    if isinstance(memory, Document):
        return [chunk_ref(memory.id, spot) for spot in range(1, len(memory.chunks) + 1)]
    return [memory.id]


def _spot(index: Index, name: str, session: str, entry: Entry) -> tuple[int, int]:
    """The next spot of a place; a new place after a silence or with another session."""
    place = index.places.get(name)
    if place is None or not goes_on(place.session, session, place.last_at, entry.at):
        index.last_place += 1
        place = Place(index.last_place, session, 0, entry.at)
        index.places[name] = place
    place.spots = place.spots + 1 if entry.spot is None else entry.spot
    place.last_at = max(place.last_at, entry.at)
    return place.number, place.spots


# Reading


def gather(state: State, asked: Gather) -> Gathered:
    """All candidates for a query, each once, with their neighbours."""
    items = list(state.index.items.values())
    frequencies = {term: sum(term in item.counts for item in items) for term in asked.query.terms}
    paths: dict[int, float] = {}

    def by_graph() -> Iterable[int]:
        paths.update(_paths(state, asked))
        return paths

    generators: list[Generator] = [
        ("words", lambda: _by_words(items, asked, frequencies)),
        ("graph", by_graph),
        ("time", lambda: _by_time(items, asked)),
        ("meaning", lambda: _by_meaning(state, asked)),
    ]
    found, lost = generate(generators, asked.until_s)
    kept = [item for item in items if item.row in found and lets_through(asked, item)]
    around = {(i.place, i.spot + step) for i in kept if i.spot is not None for step in BESIDE}
    shown = {item.row for item in kept} | {
        item.row
        for item in items
        if item.place is not None
        and (item.place, item.spot) in around
        and lets_through(asked, item)
    }
    candidates = [
        _candidate(state, item, tuple(found.get(item.row, ())), paths.get(item.row, 0.0))
        for item in items
        if item.row in shown
    ]
    compared, matches = _compared(state, asked, candidates)
    return Gathered(
        candidates=compared,
        matches=matches,
        items=len(items),
        # an item without a word counts as one word
        average_stems=sum(max(1, len(item.stems)) for item in items) / max(1, len(items)),
        frequencies=frequencies,
        lost=tuple(lost),
    )


def _by_words(items: Sequence[Item], asked: Gather, frequencies: Mapping[str, int]) -> list[int]:
    """The best items by BM25, of equally good ones the oldest.

    Source: the formula of SQLite's FTS5 with its constants, in its order of operations, so that
    even what differs by a rounding error is ordered alike.
    """
    chosen = worth_scoring(asked.query.terms, frequencies, asked.most_read)
    if not chosen:
        return []
    average = sum(item.counts.total() for item in items) / len(items)
    weights = {term: _weight(len(items), frequencies[term]) for term in chosen}
    scored: list[tuple[float, int]] = []
    for item in items:
        if any(term in item.counts for term in chosen) and lets_through(asked, item):
            length = 1 - B + B * item.counts.total() / average
            score = 0.0
            for term, weight in weights.items():
                often = float(item.counts[term])
                score += weight * ((often * (K1 + 1.0)) / (often + K1 * length))
            scored.append((-score, item.row))
    return [row for _, row in sorted(scored)[: asked.limit]]


def _weight(items: int, holding: int) -> float:
    """What a term says that this many items hold."""
    weight = log((items - holding + 0.5) / (holding + 0.5))
    return weight if weight > 0.0 else LEAST_WEIGHT


def _paths(state: State, asked: Gather) -> dict[int, float]:
    """Rows of facts about those named or related to them, with how well each is meant."""
    holding = [
        (fact.id, _folded(fact.subject), _folded(fact.object), _folded(fact.predicate))
        for fact in reversed(state.facts)
        if fact.state == "active" and (fact.valid_until is None or fact.valid_until > asked.at)
    ]

    def edges(here: set[str]) -> list[Edge]:
        return [fact for fact in holding if fact[1] in here or fact[2] in here][:MOST_EDGES]

    def known_as(names: Collection[str]) -> dict[str, list[str]]:
        found = {name: sorted(state.names_beside(name)) for name in sorted(names)}
        return {name: others for name, others in found.items() if others}

    met = walked(asked.query, edges, known_as)
    best = most_meant(met, asked.limit)
    return {item.row: best[item.ref] for item in state.index.items.values() if item.ref in best}


def _by_time(items: Sequence[Item], asked: Gather) -> list[int]:
    """The newest items of the times that the query speaks of."""
    found: list[int] = []
    for start, end in asked.query.spans:
        then = [(i.at, i.row) for i in items if to_text(start) <= i.at < to_text(end)]
        found += [row for _, row in sorted(then, reverse=True)[: asked.limit]]
    return found


def _by_meaning(state: State, asked: Gather) -> list[int]:
    """The items whose pooled vectors are nearest to the query's."""
    shelf = _answering(state, asked)
    if shelf is None or asked.encoding is None or not shelf.pooled:
        return []
    rows = sorted(shelf.pooled)
    codes = _matrix([shelf.pooled[row] for row in rows])
    order, _ = vectors.nearest(asked.encoding.pooled, codes, asked.limit)
    return [rows[place] for place in order]


def _compared(
    state: State, asked: Gather, candidates: Sequence[Candidate]
) -> tuple[tuple[Candidate, ...], bytes]:
    """The candidates with what their pooled vectors say of them, and `Gathered.matches`."""
    shelf, encoding = _answering(state, asked), asked.encoding
    if shelf is None or encoding is None or not candidates:
        return tuple(candidates), b""
    rows = [candidate.row for candidate in candidates if candidate.row in shelf.pooled]
    meanings: dict[int, float] = {}
    if rows:
        codes = _matrix([shelf.pooled[row] for row in rows])
        values = vectors.similarities(encoding.pooled, codes).tolist()
        meanings = dict(zip(rows, values, strict=True))
    matches = b""
    tokens = [shelf.tokens.get(candidate.row, b"") for candidate in candidates]
    if encoding.terms and any(tokens):
        dimensions = len(encoding.tokens) // 4 // len(encoding.terms)
        matches = vectors.best_matches(encoding.tokens, dimensions, tokens).tobytes()
    return tuple(c._replace(meaning=meanings.get(c.row)) for c in candidates), matches


def _answering(state: State, asked: Gather) -> Shelf | None:
    shelf = state.index.shelves.get(asked.embedder)
    return shelf if shelf is not None and shelf.answers else None


def _matrix(codes: Sequence[bytes]) -> "vectors.Bytes":
    np = vectors.numpy()
    return np.frombuffer(b"".join(codes), np.uint8).reshape(len(codes), -1)


def _candidate(state: State, item: Item, sources: tuple[str, ...], path: float) -> Candidate:
    return Candidate(
        item.row,
        item.kind,
        item.ref,
        item.place,
        item.spot,
        to_time(item.at),
        item.speaker,
        item.role,
        item.people,
        item.traits,
        f" {' '.join(item.stems)} ",
        len(item.stems),
        f" {' '.join(item.context)} ",
        None if item.kind in {"said", "chunk"} else Standing.of(state.memories[item.ref]),
        path=path,
        sources=sources,
    )


def _folded(text: str | None) -> str | None:
    return None if text is None else fold(text)
