"""The index over everything that recall can find: written with each commit, read in one hop.

Runs on the brain's thread. Full text is FTS5; vectors wait in small rows until they are packed into
segments (`vectors.py`).
"""

import json
from collections.abc import Collection, Iterable, Sequence

from enplace.records.gather import Gather
from enplace.records.memory import Document, Memory
from enplace.records.recollection import Candidate, Gathered, Standing
from enplace.records.words import fold
from enplace.stores.entries import Entry, barred, chunk_ref
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
from enplace.stores.moments import to_text, to_time
from enplace.stores.sqlite.file import BrainFile, Row
from enplace.stores.sqlite.filters import compiled
from enplace.stores.sqlite.segments import Compared, Meaning

# What a filter is added to; values are parameters, as everywhere.
_BY_WORDS = """select i.row from items_words w join items i on i.row = w.rowid
where w.items_words match :words"""
_OF_ROWS = "select i.row from items i where i.row in (select value from json_each(:rows))"


# Writing


def add(file: BrainFile, entry: Entry, place: str | None = None, session: str = "") -> None:
    """Make something findable.

    Args:
        file: The brain.
        entry: What is to be found.
        place: Name of the task or document that it stands in, beside others.
        session: Visit of the task, where the caller knows it.
    """
    row_of_place, spot = None, entry.spot
    if place is not None:
        row_of_place, spot = _spot(file, place, session, entry.at, spot)
    _put(file, entry, row_of_place, spot)


def replace(file: BrainFile, ref: str, entry: Entry | None) -> int:
    """Put an entry into the place of what goes by a name; how many items that were.

    It is another item: whoever holds the row of the old one, such as a vector that is being made,
    finds nothing. None makes it unfindable.
    """
    rows = file.rows("items_of", {"ref": ref})
    _drop(file, [row[:4] for row in rows])
    if entry is not None and rows:
        place, spot = rows[0][4:]
        _put(file, entry, place, spot)
    return len(rows)


def _put(file: BrainFile, entry: Entry, place: int | None, spot: int | None) -> None:
    stems, context = entry.stems, entry.context_stems
    row = file.run(
        "add_item",
        {
            "kind": entry.kind,
            "ref": entry.ref,
            "place": place,
            "spot": spot,
            "at": entry.at,
            "speaker": fold(entry.speaker),
            "role": entry.role,
            "people": barred(entry.people),
            "tags": barred(entry.tags),
            "traits": entry.traits,
            "stems": stems,
            "context": context,
        },
    )
    if speaker := fold(entry.speaker):
        file.run("count_speaker", {"name": speaker, "items": 1})
    file.run("add_item_words", {"row": row, "stems": stems, "context": context})
    file.run("grow_totals", {"items": 1, "stems": stems.count(" ") + 1})


def hide(file: BrainFile, memory: Memory) -> None:
    """Make a memory unfindable."""
    if isinstance(memory, Document):
        for spot in range(1, len(memory.chunks) + 1):
            _drop(file, file.rows("item_rows", {"ref": chunk_ref(memory.id, spot)}))
    else:
        _drop(file, file.rows("item_rows", {"ref": memory.id}))


def hide_said(file: BrainFile, task_id: str, parent: int) -> None:
    """Make unfindable what was said after an event, on a branch that is left now."""
    _drop(file, file.rows("said_after", {"task_id": task_id, "parent": parent}))


def _drop(file: BrainFile, rows: Iterable[Row]) -> None:
    for row, stems, context, speaker in rows:
        if speaker:
            file.run("count_speaker", {"name": speaker, "items": -1})
        file.run("drop_item_words", {"row": row, "stems": stems, "context": context})
        file.run("drop_item", {"row": row})
        file.run("drop_vectors", {"row": row})
        file.run("count_gone", {"row": row})
        file.run("grow_totals", {"items": -1, "stems": -(stems.count(" ") + 1)})


def _spot(file: BrainFile, name: str, session: str, at: str, spot: int | None) -> tuple[int, int]:
    """The next spot of a place; a new place after a silence or with another session."""
    known = file.row("place_of", {"name": name})
    if known is not None:
        place, spots, last_at, held = known
        if goes_on(held, session, last_at, at):
            next_spot: int = spots + 1 if spot is None else spot
            file.run("grow_place", {"place": place, "spot": next_spot, "at": max(at, last_at)})
            return place, next_spot
    place = file.run("add_place", {"name": name, "session": session, "at": at})
    file.run("grow_place", {"place": place, "spot": spot or 1, "at": at})
    return place, spot or 1


# Reading


def gather(file: BrainFile, asked: Gather, meaning: Meaning) -> Gathered:
    """All candidates for a query, each once, with their neighbours.

    Generators run one after the other on the brain's one thread; one that has not begun when time
    is up is named as lost.
    """
    items, stems = file.row("totals") or (0, 0)
    frequencies = _frequencies(file, asked.query.terms)
    paths: dict[int, float] = {}

    def by_graph() -> Iterable[int]:
        paths.update(_paths(file, asked))
        return paths

    generators: list[Generator] = [
        ("words", lambda: _by_words(file, asked, frequencies)),
        ("graph", by_graph),
        ("time", lambda: _by_time(file, asked)),
        ("meaning", lambda: meaning.nearest(asked)),
    ]
    found, lost = generate(generators, asked.until_s)
    rows = _kept(file, asked, found)
    beside = _kept(file, asked, {r[0] for r in file.rows("around", {"rows": json.dumps(rows)})})
    everything = sorted({*rows, *beside})
    compared = meaning.compared(asked, everything)
    return Gathered(
        candidates=_candidates(file, everything, found, paths, compared),
        matches=compared.matches,
        items=items,
        average_stems=stems / max(1, items),
        frequencies=frequencies,
        lost=tuple(lost),
    )


def _frequencies(file: BrainFile, terms: Sequence[str]) -> dict[str, int]:
    """For each term how many items hold it; 0 where none does."""
    known = dict.fromkeys(terms, 0)
    known.update(file.rows("frequencies", {"terms": json.dumps(list(terms))}))
    return known


def _by_words(file: BrainFile, asked: Gather, frequencies: dict[str, int]) -> list[int]:
    """The best items by BM25; terms so common that scoring them would take long are left out."""
    chosen = worth_scoring(asked.query.terms, frequencies, asked.most_read)
    if not chosen:
        return []
    where, values = compiled(asked)
    statement = f"{_BY_WORDS}{where} order by w.rank, i.row limit :limit"
    words = " OR ".join(f'"{term}"' for term in chosen)
    return [row[0] for row in file.ask(statement, {"words": words, "limit": asked.limit, **values})]


def _paths(file: BrainFile, asked: Gather) -> dict[int, float]:
    """Rows of facts about those named or related to them, with how well each is meant."""

    def edges(names: set[str]) -> list[Edge]:
        near = {"at": to_text(asked.at), "names": json.dumps(sorted(names)), "limit": MOST_EDGES}
        return file.rows("edges", near)

    query = asked.query
    met = walked(query, edges, lambda names: _known_as(file, names))
    best = most_meant(met, asked.limit)
    rows = file.rows("rows_of", {"refs": json.dumps(list(best), ensure_ascii=False)})
    return {row: best[ref] for ref, row in rows}


def _known_as(file: BrainFile, names: Collection[str]) -> dict[str, list[str]]:
    """Of some words those that are somebody's name, each with all names of that person."""
    asked = {"names": json.dumps(sorted(names), ensure_ascii=False)}
    known = [row[0] for row in file.rows("names_among", asked)]
    return {name: [row[0] for row in file.rows("names_beside", {"name": name})] for name in known}


def _by_time(file: BrainFile, asked: Gather) -> list[int]:
    """The newest items of the times that the query speaks of."""
    found: list[int] = []
    for start, end in asked.query.spans:
        span = {"start": to_text(start), "end": to_text(end), "limit": asked.limit}
        found += [row[0] for row in file.rows("by_time", span)]
    return found


def _kept(file: BrainFile, asked: Gather, rows: Collection[int]) -> list[int]:
    """Of these rows those that the request's filter lets through, in order."""
    if not rows:
        return []
    where, values = compiled(asked)
    if not where:
        return sorted(rows)
    statement = f"{_OF_ROWS}{where}"
    parameters = {"rows": json.dumps(sorted(rows)), **values}
    return sorted(row[0] for row in file.ask(statement, parameters))


def _candidates(
    file: BrainFile,
    rows: Sequence[int],
    found: dict[int, list[str]],
    paths: dict[int, float],
    compared: Compared,
) -> tuple[Candidate, ...]:
    return tuple(
        _candidate(row, tuple(found.get(row[0], ())), paths.get(row[0], 0.0), compared)
        for row in file.each("items", {"rows": json.dumps(rows)})
    )


def _candidate(row: Row, sources: tuple[str, ...], path: float, compared: Compared) -> Candidate:
    (number, kind, ref, place, spot, at, speaker, role, people, traits, stems, context,
     state, recorded, confidence, confirmed, half_life_s, trust, start, end) = row  # fmt: skip
    standing = None
    if state is not None:
        standing = Standing(
            state,
            to_time(recorded),
            confidence,
            to_time(confirmed),
            half_life_s,
            trust,
            to_time(start),
            to_time(end),
        )
    return Candidate(
        number,
        kind,
        ref,
        place,
        spot,
        to_time(at),
        speaker,
        role,
        people,
        traits,
        f" {stems} ",
        len(stems.split()),
        f" {context} ",
        standing,
        compared.meanings.get(number),
        path,
        sources,
    )
