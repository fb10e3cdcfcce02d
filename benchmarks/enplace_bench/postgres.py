"""A PostgreSQL server of one's own, for as long as it is needed."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

_SYSTEM_USER = "postgres"
"""PostgreSQL refuses to run as root; then it runs as this user."""


def binaries() -> Path | None:
    """Where the newest installed server is; None where there is none."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    return versions[-1].parent if versions else None


def _version(initdb: Path) -> int:
    name = initdb.parts[-3]
    return int(name) if name.isdigit() else 0


@contextmanager
def server(folder: Path) -> Generator[str, None, None]:
    """Run a server with an empty cluster on the loopback; the URL of a database to be made there.

    Args:
        folder: Its data go into a new folder below; others must be able to pass through it.
    """
    bin_ = binaries()
    assert bin_ is not None, "PostgreSQL is not installed"
    data = Path(tempfile.mkdtemp(prefix="postgres-", dir=folder))
    as_user: Sequence[str] = ()
    if os.geteuid() == 0:
        shutil.chown(data, _SYSTEM_USER)
        as_user = ("runuser", "-u", _SYSTEM_USER, "--")
    port = _free_port()
    settings = f"-c listen_addresses=127.0.0.1 -p {port} -k {data}"

    def run(*command: str) -> None:
        subprocess.run(
            [*as_user, *command], check=True, cwd=data, stdout=subprocess.DEVNULL, timeout=60
        )

    initdb = ("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-N", "-U", "enplace")
    run(f"{bin_}/initdb", "-D", str(data), *initdb)
    log = str(data / "log")
    run(f"{bin_}/pg_ctl", "-D", str(data), "-w", "-l", log, "-o", settings, "start")
    try:
        yield f"postgresql://enplace@127.0.0.1:{port}/enplace"
    finally:
        run(f"{bin_}/pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
        shutil.rmtree(data, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
