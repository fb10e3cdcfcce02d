"""SQLite FTS5 as anyone would use it: Porter stems, the words of the question joined by OR."""

import re
import sqlite3
from collections.abc import Sequence

from enplace_bench.recall.conversations import Turn
from enplace_bench.recall.peers.peer import Encoder, Vector

_WORD = re.compile(r"\w+")

STOP_WORDS = frozenset(
    _WORD.findall(
        """
        a about after all am an and any are as at be been before being but by can could did do does
        doing for from had has have having he her here hers him his how i if in into is it its me my
        no not of on or our ours she should so some such than that the their theirs them then there
        these they this those to too up us was we were what when where which while who whom whose why
        will with would you your yours
        """
    )
)
"""Its own list, so that this yardstick stays as it is when ours changes."""


class SqliteFts:
    """Implements `Peer`."""

    name = "sqlite-fts5"
    version = sqlite3.sqlite_version

    def __init__(self, encoder: Encoder) -> None:
        del encoder
        self._ids: list[str] = []
        self._db = sqlite3.connect(":memory:")

    def build(self, turns: Sequence[Turn], vectors: Sequence[Vector]) -> None:
        """See `Peer`."""
        del vectors
        self._ids = [turn.id for turn in turns]
        self._db.execute("DROP TABLE IF EXISTS said")
        self._db.execute("CREATE VIRTUAL TABLE said USING fts5(line, tokenize='porter unicode61')")
        self._db.executemany(
            "INSERT INTO said (rowid, line) VALUES (?, ?)",
            [(place, turn.line) for place, turn in enumerate(turns)],
        )

    def search(self, text: str, vector: Vector, k: int) -> list[str]:
        """See `Peer`."""
        del vector
        words = dict.fromkeys(word.lower() for word in _WORD.findall(text))
        terms = [f'"{word}"' for word in words if word not in STOP_WORDS]
        if not terms:
            return []
        rows = self._db.execute(
            "SELECT rowid FROM said WHERE said MATCH ? ORDER BY bm25(said), rowid LIMIT ?",
            (" OR ".join(terms), k),
        )
        return [self._ids[place] for (place,) in rows]

    def close(self) -> None:
        """See `Peer`."""
        self._db.close()
