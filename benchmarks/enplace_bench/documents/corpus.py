"""The Python documentation as Debian packages it: 500 pages of HTML. Fetched, never committed."""

import shlex
import subprocess
from pathlib import Path

PACKAGES = ("python3.11-doc", "python3.13-doc")
"""The first that the system's Debian or Ubuntu has."""
PATTERNS = ("*.html", "!genindex*", "!search.html")
"""The pages; the index and the search page answer nothing."""


class CorpusMissing(Exception):
    """The package cannot be fetched here: name the unpacked folder with `--corpus`."""


def fetch(folder: Path) -> Path:
    """Download and unpack the pages, printing each command; their folder.

    Raises:
        CorpusMissing: There is no such package, or no Debian.
    """
    for package in PACKAGES:
        if _done(["apt-get", "download", package], folder):
            break
    else:
        raise CorpusMissing(CorpusMissing.__doc__)
    archives = sorted(path.name for path in folder.glob("*.deb"))
    if not archives or not _done(["dpkg-deb", "-x", archives[0], "unpacked"], folder):
        raise CorpusMissing(CorpusMissing.__doc__)
    pages = sorted((folder / "unpacked/usr/share/doc").glob("python3*/html"))
    if not pages:
        raise CorpusMissing(CorpusMissing.__doc__)
    return pages[0]


def _done(command: list[str], folder: Path) -> bool:
    print(f"$ {shlex.join(command)}", flush=True)
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except OSError as error:
        print(f"  {error}", flush=True)
        return False
    if done.returncode:
        print(f"  {done.stderr.strip()}", flush=True)
    return not done.returncode
