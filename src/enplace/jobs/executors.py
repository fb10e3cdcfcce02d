"""Which processes are alive, by the database's own clock."""

from pathlib import Path

import sqlalchemy as sa

_CLOCK = {
    "sqlite": "(julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "extract(epoch from clock_timestamp())",
}
"""Seconds since 1970, of a clock that all executors share."""
_LOCK = 7_101_948
"""Held while the table is made: PostgreSQL lets two processes that make it at once collide."""


class Executors:
    """A table of heartbeats. Blocks."""

    def __init__(self, url: sa.URL) -> None:
        self._engine = sa.create_engine(
            url, connect_args={"timeout": 30} if url.get_backend_name() == "sqlite" else {}
        )
        self._now = _CLOCK[self._engine.dialect.name]
        with self._engine.begin() as connection:
            if self._engine.dialect.name == "postgresql":
                connection.execute(sa.text(f"select pg_advisory_xact_lock({_LOCK})"))
            connection.execute(
                sa.text(
                    "create table if not exists enplace_executors"
                    " (id text primary key, beat_at double precision not null)"
                )
            )

    def beat(self, executor_id: str) -> None:
        """Say that an executor is alive."""
        self._run(
            f"insert into enplace_executors (id, beat_at) values (:id, {self._now})"
            " on conflict (id) do update set beat_at = excluded.beat_at",
            id=executor_id,
        )

    def alive(self, within_s: float) -> set[str]:
        """Executors that were alive within the last seconds."""
        query = f"select id from enplace_executors where beat_at > {self._now} - :within_s"
        with self._engine.connect() as connection:
            rows = connection.execute(sa.text(query), {"within_s": within_s})
            return {str(row[0]) for row in rows}

    def forget(self, silent_s: float) -> None:
        """Forget executors that said nothing for so long."""
        self._run(
            f"delete from enplace_executors where beat_at < {self._now} - :silent_s",
            silent_s=silent_s,
        )

    def leave(self, executor_id: str) -> None:
        """Say that an executor is gone."""
        self._run("delete from enplace_executors where id = :id", id=executor_id)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _run(self, statement: str, **parameters: object) -> None:
        with self._engine.begin() as connection:
            connection.execute(sa.text(statement), parameters)


def url_of(text: str) -> sa.URL:
    """A URL with the driver that is installed with the extra `jobs`.

    The folder of a SQLite file is made, and the file is put into the mode in which readers and
    writers do not hold each other up.
    """
    url = sa.make_url(text)
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if url.database:
        Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            connection.execute(sa.text("pragma journal_mode = wal"))
        engine.dispose()
    return url
