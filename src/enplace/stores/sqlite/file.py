"""One brain file: opening, migrating, and transactions that wait instead of failing.

Everything here blocks and runs on the brain's own thread (`brain.py`).
"""

import logging
import sqlite3
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from enplace.errors import BrainBusy, BrainDamaged, BrainTooNew, StoreError
from enplace.records.traits import traits_of
from enplace.records.words import fold
from enplace.stores.codec import decode_event
from enplace.stores.entries import index_terms, said_text
from enplace.stores.moments import to_text, to_time
from enplace.stores.sqlite.queries import MIGRATIONS, QUERIES

_log = logging.getLogger("enplace.stores")

Result = TypeVar("Result")
Row = tuple[Any, ...]
"""A row as sqlite3 gives it; each caller names the columns it asked for."""

_FOREIGN = """
select (select user_version from pragma_user_version) = 0 and exists (select 1 from sqlite_schema)
"""
"""One statement, so that it sees one state while another process migrates."""
_EMPTY_LOG = "pragma wal_checkpoint(truncate)"
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_NOT_A_BRAIN = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}


class BrainFile:
    """A SQLite file that holds one owner's brain. Opens itself when it is first needed."""

    def __init__(self, path: Path, owner: str, *, patience_s: float = 120.0) -> None:
        self.path = path
        self.owner = owner
        self._patience_s = patience_s
        self._connection: sqlite3.Connection | None = None

    def rows(self, query: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """All rows of a named query."""
        return self._opened().execute(QUERIES[query], dict(parameters or {})).fetchall()

    def ask(self, statement: str, parameters: Mapping[str, object]) -> list[Row]:
        """All rows of a statement that was put together from parts of this package."""
        return self._opened().execute(statement, dict(parameters)).fetchall()

    def each(self, query: str, parameters: Mapping[str, object]) -> Iterator[Row]:
        """The rows of a named query, one by one."""
        return self._opened().execute(QUERIES[query], dict(parameters))

    def row(self, query: str, parameters: Mapping[str, object] | None = None) -> Row | None:
        """The first row of a named query."""
        return self._opened().execute(QUERIES[query], dict(parameters or {})).fetchone()

    def run(self, query: str, parameters: Mapping[str, object]) -> int:
        """Run a named query inside `write`; the row id of what it inserted, 0 for nothing."""
        cursor = self._opened().execute(QUERIES[query], dict(parameters))
        return (cursor.lastrowid or 0) if cursor.rowcount > 0 else 0

    def read(self, work: Callable[[], Result]) -> Result:
        """Run queries that see one state of the file, waiting where it is held by others."""
        return self._patiently(lambda: self._within_transaction(work, "begin"))

    def write(self, work: Callable[[], Result]) -> Result:
        """Write in one transaction: all of it is in the file, or nothing is.

        Raises:
            BrainBusy: Others held the file for longer than the patience of this brain.
        """
        return self._patiently(lambda: self._within_transaction(work, "begin immediate"))

    def state(self) -> tuple[int, int, int]:
        """Differs whenever anything may have been written, by anybody."""
        connection = self._opened()
        (others,) = connection.execute("pragma data_version").fetchone()
        return id(connection), connection.total_changes, others

    def pack(self) -> bool:
        """Write the file anew, so that nothing that was deleted is left in it or beside it.

        Returns:
            False where others held it; then the next opening does it.
        """
        with _mapped(self.path):
            return _packed(self._opened())

    def paths(self) -> list[Path]:
        """The file, and those that SQLite keeps beside it."""
        beside = [self.path.with_name(f"{self.path.name}{end}") for end in ("-wal", "-shm")]
        return [self.path, *(path for path in beside if path.exists())]

    def values(self) -> Iterator[tuple[str, object]]:
        """Every value of every table with the name of its column, the schema's own among them."""
        connection = self._opened()
        tables = connection.execute(
            "select name from sqlite_schema where type = 'table' and rootpage > 0"
        ).fetchall()
        for (table,) in [*tables, ("sqlite_schema",)]:
            rows = connection.execute(f'select * from "{table}"')
            columns = [f"{table}.{column[0]}" for column in rows.description]
            for row in rows:
                yield from zip(columns, row, strict=True)

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _within_transaction(self, work: Callable[[], Result], begin: str) -> Result:
        connection = self._opened()
        connection.execute(begin)
        try:
            result = work()
            connection.execute("commit")
        except BaseException:
            if connection.in_transaction:
                connection.execute("rollback")
            raise
        return result

    def _patiently(self, work: Callable[[], Result]) -> Result:
        """SQLite's own busy handler gives up early in some states and is unfair: ask again."""
        deadline = time.monotonic() + self._patience_s
        while True:
            try:
                with _mapped(self.path):
                    return work()
            except BrainBusy:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.005)

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # nobody else's to read
        connection = sqlite3.connect(
            self.path,
            timeout=min(10.0, self._patience_s),
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.execute("pragma synchronous = normal")
            _teach(connection)
            _require_ours(connection, self.path)
            if connection.execute("pragma journal_mode").fetchone()[0] != "wal":
                connection.execute("pragma journal_mode = wal")
            if _version(connection) != len(MIGRATIONS):
                self._migrate(connection)
            self._check_owner(connection)
            if connection.execute(QUERIES["is_unpacked"]).fetchone():
                _finish_packing(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        connection.execute("begin immediate")
        try:
            _require_ours(connection, self.path)
            found = _version(connection)  # again, now that nobody else can be migrating
            for script in MIGRATIONS[found:]:
                for statement in _statements(script):
                    connection.execute(statement)
            if found == 0:
                connection.execute("insert into brain values ('owner', ?)", (self.owner,))
            connection.execute(f"pragma user_version = {len(MIGRATIONS)}")
            connection.execute("commit")
        except BaseException:
            connection.execute("rollback")
            raise
        if found and found < len(MIGRATIONS):
            _log.info(
                "brain migrated from version %s to %s",
                found,
                len(MIGRATIONS),
                extra={"action": "migrate", "path": str(self.path)},
            )

    def _check_owner(self, connection: sqlite3.Connection) -> None:
        row = connection.execute("select value from brain where key = 'owner'").fetchone()
        if row is None or row[0] != self.owner:
            raise BrainDamaged(
                f"{self.path} is not the brain of {self.owner!r}", path=str(self.path)
            )


def _packed(connection: sqlite3.Connection) -> bool:
    """Vacuum and empty the write-ahead log; whether nobody was in the way."""
    connection.execute("vacuum")
    if connection.execute(_EMPTY_LOG).fetchone()[0]:
        return False
    connection.execute(QUERIES["packed"])
    return not connection.execute(_EMPTY_LOG).fetchone()[0]


def _finish_packing(connection: sqlite3.Connection) -> None:
    """Do what an erasure did not come to: its process ended, or others held the file."""
    try:
        _packed(connection)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in _BUSY:
            raise


def _teach(connection: sqlite3.Connection) -> None:
    """Functions that migrations need, so that old rows are indexed like new ones."""

    def folded(text: str | None) -> str | None:
        return None if text is None else fold(text)

    def moment(text: str | None) -> str | None:
        return None if text is None else to_text(to_time(text))

    def said(body: str) -> str:
        return said_text(decode_event(body))

    def traits(text: str) -> int:
        return traits_of(text)

    functions: dict[str, Callable[..., str | int | None]] = {
        "enplace_fold": folded,
        "enplace_moment": moment,
        "enplace_said": said,
        "enplace_terms": index_terms,
        "enplace_traits": traits,
    }
    for name, function in functions.items():
        connection.create_function(name, 1, function, deterministic=True)


def _require_ours(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse what is no brain of this release or an older one, before anything is written."""
    found = _version(connection)
    if found > len(MIGRATIONS):
        raise BrainTooNew(
            f"{path} has version {found}, this release reads up to {len(MIGRATIONS)}:"
            " install a newer enplace",
            path=str(path),
            version=found,
        )
    if connection.execute(_FOREIGN).fetchone()[0]:
        raise BrainDamaged(f"{path} is the database of another program", path=str(path))


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one: `executescript` would commit in between."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""


@contextmanager
def _mapped(path: Path) -> Generator[None, None, None]:
    """Every error of sqlite3 as one of ours."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        where = {"path": str(path)}
        if code in _BUSY:
            raise BrainBusy(f"{path} is held by another process", **where) from error
        if code in _NOT_A_BRAIN:
            raise BrainDamaged(f"{path} cannot be read as a brain: {error}", **where) from error
        raise StoreError(f"{path}: {error}", **where) from error
    except (OSError, OverflowError, UnicodeEncodeError) as error:
        raise StoreError(f"{path}: {error}", path=str(path)) from error
