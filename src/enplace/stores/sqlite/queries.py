"""The SQL of the brain, by name, read once from the `.sql` files beside this module."""

from collections.abc import Iterator
from pathlib import Path

_HERE = Path(__file__).parent


def _named(text: str) -> Iterator[tuple[str, str]]:
    for section in text.split("-- name: ")[1:]:
        name, _, body = section.partition("\n")
        yield name.strip(), body.strip()


QUERIES: dict[str, str] = {
    name: sql
    for file in sorted(_HERE.glob("*.sql"))
    for name, sql in _named(file.read_text(encoding="utf-8"))
}
"""Every query of the brain."""

MIGRATIONS: tuple[str, ...] = tuple(
    path.read_text(encoding="utf-8") for path in sorted((_HERE / "schema").glob("*.sql"))
)
"""Migration n brings a brain from version n to n + 1; their number is the newest version."""
