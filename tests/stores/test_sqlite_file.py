"""The brain as a file: many processes, foreign files, other releases, errors of the system."""

import hashlib
import shutil
import sqlite3
import threading
from asyncio import gather
from collections.abc import Callable, Iterator
from contextlib import aclosing, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from inline_snapshot import snapshot
from tests.forks import Talk

import enplace
from enplace.errors import BrainBusy, BrainDamaged, BrainTooNew, StoreError
from enplace.providers.scripted import ScriptedModel
from enplace.records.changeset import Changeset
from enplace.records.event import UserSpoke
from enplace.records.memory import Fact, Note
from enplace.records.standing import moment_of
from enplace.stores.entries import barred, entries_of, said_entry
from enplace.stores.moments import to_text
from enplace.stores.sqlite.brain import SqliteBrain, SqliteBrains
from enplace.stores.sqlite.file import BrainFile
from enplace.stores.sqlite.queries import MIGRATIONS

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
CHILD = Path(__file__).with_name("commit_child.py")
GOLDEN = Path(__file__).parents[1] / "golden"

PROCESSES = 8
COMMITS = 100
"""Of each process; the benchmark runs ten times as many."""


async def tell(brain: SqliteBrain, text: str) -> None:
    await brain.commit(Changeset(at=NOW, task_id="one", events=(UserSpoke(text=text),)))


async def told(brain: SqliteBrain) -> list[str]:
    return [e.text for e in await brain.log.read("one") if isinstance(e, UserSpoke)]


async def make_brain(home: Path, owner: str = "ada") -> Path:
    """A brain with one event, closed: a single file."""
    async with aclosing(SqliteBrains(home)) as brains:
        brain = await brains.open(owner)
        await tell(brain, "hello")
        path = brain.path
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    return path


def sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def print_of(folder: Path) -> dict[str, str]:
    """Names and hashes of all files below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# Several processes


async def test_processes_that_open_and_write_at_once_lose_nothing(tmp_path: Path) -> None:
    children = [Talk(CHILD, tmp_path, f"p{n}", str(COMMITS)) for n in range(PROCESSES)]
    for child in children:
        assert child.output.readline() == "ready\n"
    for child in children:
        child.input.write("go\n")
        child.input.flush()
    for child in children:
        code, _, errors = child.finish()
        assert (code, errors) == (0, "")
    async with aclosing(SqliteBrains(tmp_path)) as brains:
        brain = await brains.open("ada")
        logs = {t.task_id: await brain.log.read(t.task_id) for t in await brain.log.tasks()}
    assert set(logs) == {"shared", *(f"p{n}" for n in range(PROCESSES))}
    positions: list[int] = []
    texts: set[str] = set()
    for events in logs.values():
        ordinals = [event.place.ordinal for event in events if event.place is not None]
        assert ordinals == list(range(1, len(events) + 1))
        positions += [event.place.position for event in events if event.place is not None]
        texts |= {event.text for event in events if isinstance(event, UserSpoke)}
    assert sorted(positions) == list(range(1, PROCESSES * COMMITS + 1))
    assert texts == {f"p{p} {n}" for p in range(PROCESSES) for n in range(COMMITS)}


# What is no brain of ours


async def refused(home: Path, error: type[StoreError]) -> None:
    """Opening fails as it should, again too, and touches nothing."""
    before = print_of(home)
    async with aclosing(SqliteBrains(home)) as brains:
        for _ in range(2):
            with pytest.raises(error) as raised:
                await brains.open("ada")
            assert type(raised.value) is error
            assert str(home) in str(raised.value)
    assert print_of(home) == before


@pytest.mark.parametrize(
    "content", [b"This is a letter, not a brain." * 100, b"\x00" * 8192, b"SQLite format 3\x00" * 9]
)
async def test_a_file_of_another_kind_is_damage(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "brains").mkdir()
    (tmp_path / "brains" / "ada.db").write_bytes(content)
    await refused(tmp_path, BrainDamaged)


async def test_a_torn_brain_is_damage(tmp_path: Path) -> None:
    path = await make_brain(tmp_path)
    path.write_bytes(path.read_bytes()[:5000])

    async def visit() -> None:
        async with aclosing(SqliteBrains(tmp_path)) as brains:
            brain = await brains.open("ada")
            await told(brain)
            await tell(brain, "more")

    with pytest.raises(BrainDamaged):
        await visit()


@pytest.mark.parametrize("table", ["letters (text)", "events (text)", "brain (key, value)"])
async def test_the_database_of_another_program_is_damage(tmp_path: Path, table: str) -> None:
    (tmp_path / "brains").mkdir()
    sql(tmp_path / "brains" / "ada.db", f"create table {table}")
    await refused(tmp_path, BrainDamaged)


async def test_the_brain_of_another_owner_is_damage(tmp_path: Path) -> None:
    bobs = await make_brain(tmp_path, "bob")
    bobs.rename(bobs.with_name("ada.db"))
    await refused(tmp_path, BrainDamaged)


async def test_a_brain_without_an_owner_is_damage(tmp_path: Path) -> None:
    sql(await make_brain(tmp_path), "delete from brain")
    await refused(tmp_path, BrainDamaged)


@pytest.mark.parametrize("journal", ["wal", "delete"])
async def test_a_brain_of_a_newer_release_is_left_alone(tmp_path: Path, journal: str) -> None:
    path = await make_brain(tmp_path)
    newer = len(MIGRATIONS) + 1
    sql(path, f"pragma user_version = {newer}", f"pragma journal_mode = {journal}")
    await refused(tmp_path, BrainTooNew)
    async with aclosing(SqliteBrains(tmp_path)) as brains:
        with pytest.raises(BrainTooNew) as error:
            await brains.open("ada")
    assert error.value.details == {"path": str(path), "version": newer}


async def test_an_empty_file_becomes_a_brain(tmp_path: Path) -> None:
    """A process that died right after creating it left nothing behind that could be lost."""
    (tmp_path / "brains").mkdir()
    (tmp_path / "brains" / "ada.db").touch()
    async with aclosing(SqliteBrains(tmp_path)) as brains:
        brain = await brains.open("ada")
        await tell(brain, "hello")
        assert await told(brain) == ["hello"]


# Open files


def threads_of_brains() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("enplace-brain")]


async def test_few_open_files_serve_many_owners(tmp_path: Path) -> None:
    owners = ["ada", "bob", "cy", "dee", "eve"]
    before = len(threads_of_brains())
    async with aclosing(SqliteBrains(tmp_path, most_open=2)) as brains:
        for n in range(3):
            for owner in owners:
                await tell(await brains.open(owner), f"{owner} {n}")
                assert len(threads_of_brains()) - before <= 2
        for owner in reversed(owners):
            assert await told(await brains.open(owner)) == [f"{owner} {n}" for n in range(3)]
    assert len(threads_of_brains()) == before


async def test_a_brain_that_was_closed_over_its_holder_opens_again(tmp_path: Path) -> None:
    before = len(threads_of_brains())
    async with aclosing(SqliteBrains(tmp_path, most_open=1)) as brains:
        adas = await brains.open("ada")
        await tell(adas, "first")
        await tell(await brains.open("bob"), "between")
        await tell(adas, "second")
        again = await brains.open("ada")
        await tell(again, "third")
        assert await told(adas) == await told(again) == ["first", "second", "third"]
    assert len(threads_of_brains()) == before


async def test_a_brain_opened_twice_at_once_is_one_brain(tmp_path: Path) -> None:
    before = len(threads_of_brains())
    async with aclosing(SqliteBrains(tmp_path)) as brains:
        opened = await gather(*(brains.open("ada") for _ in range(5)))
        assert len({id(brain) for brain in opened}) == 1
        await gather(*(tell(brain, str(n)) for n, brain in enumerate(opened)))
        assert sorted(await told(opened[0])) == ["0", "1", "2", "3", "4"]
    assert len(threads_of_brains()) == before


async def test_owners_opened_at_once_beyond_the_limit_are_all_served(tmp_path: Path) -> None:
    before = len(threads_of_brains())
    owners = ["ada", "bob", "cy", "dee", "eve"]
    async with aclosing(SqliteBrains(tmp_path, most_open=2)) as brains:

        async def visit(owner: str) -> list[str]:
            for n in range(5):
                await tell(await brains.open(owner), f"{owner} {n}")
            return await told(await brains.open(owner))

        found = await gather(*(visit(owner) for owner in owners))
        assert found == [[f"{owner} {n}" for n in range(5)] for owner in owners]
    assert len(threads_of_brains()) == before


async def test_what_was_committed_is_seen_by_everybody_at_once(tmp_path: Path) -> None:
    async with aclosing(SqliteBrains(tmp_path)) as mine, aclosing(SqliteBrains(tmp_path)) as yours:
        one, other = await mine.open("ada"), await yours.open("ada")
        for n in range(20):
            writer, reader = (one, other) if n % 2 else (other, one)
            await tell(writer, str(n))
            assert (await told(reader))[-1] == str(n)
        with sqlite3.connect(one.path) as reader_connection:
            assert reader_connection.execute("pragma quick_check").fetchone() == ("ok",)
        reader_connection.close()


# Errors of the system


def errors_of_sqlite(error: type[sqlite3.Error] = sqlite3.Error) -> Iterator[type[sqlite3.Error]]:
    yield error
    for narrower in error.__subclasses__():
        yield from errors_of_sqlite(narrower)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[BrainFile]:
    opened = BrainFile(tmp_path / "ada.db", "ada", patience_s=0.0)
    yield opened
    opened.close()


def failing(error: Exception) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work


@pytest.mark.parametrize("error", list(errors_of_sqlite()))
def test_no_error_of_sqlite_comes_out_as_it_is(file: BrainFile, error: type[sqlite3.Error]) -> None:
    for run in (file.read, file.write):
        with pytest.raises(StoreError) as raised:
            run(failing(error("out of order")))
        assert type(raised.value) is StoreError
        assert isinstance(raised.value.__cause__, error)
        assert raised.value.details == {"path": str(file.path)}


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        (sqlite3.SQLITE_BUSY, BrainBusy),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, BrainBusy),
        (sqlite3.SQLITE_BUSY_RECOVERY, BrainBusy),
        (sqlite3.SQLITE_LOCKED, BrainBusy),
        (sqlite3.SQLITE_NOTADB, BrainDamaged),
        (sqlite3.SQLITE_CORRUPT, BrainDamaged),
        (sqlite3.SQLITE_CORRUPT_INDEX, BrainDamaged),
        (sqlite3.SQLITE_FULL, StoreError),
        (sqlite3.SQLITE_IOERR_WRITE, StoreError),
        (sqlite3.SQLITE_READONLY, StoreError),
    ],
)
def test_the_code_decides_what_an_error_becomes(
    file: BrainFile, code: int, ours: type[StoreError]
) -> None:
    error = sqlite3.OperationalError("out of order")
    error.sqlite_errorcode = code
    with pytest.raises(StoreError) as raised:
        file.read(failing(error))
    assert type(raised.value) is ours


def test_an_error_of_the_system_is_a_store_error(file: BrainFile) -> None:
    with pytest.raises(StoreError):
        file.read(failing(PermissionError("no")))


async def test_a_home_that_is_no_folder_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    async with aclosing(SqliteBrains(tmp_path / "home")) as brains:
        with pytest.raises(StoreError):
            await brains.open("ada")


async def test_locks_that_cannot_be_made_are_a_store_error(tmp_path: Path) -> None:
    async with aclosing(SqliteBrains(tmp_path)) as brains:
        brain = await brains.open("ada")
        (tmp_path / "locks").write_text("a file")
        with pytest.raises(StoreError):
            async with brain.lease("one"):
                pytest.fail("held by nothing")


async def test_a_folder_under_the_name_of_a_brain_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "brains" / "ada.db").mkdir(parents=True)
    async with aclosing(SqliteBrains(tmp_path)) as brains:
        with pytest.raises(StoreError):
            await brains.open("ada")


def test_a_file_held_by_others_is_busy_when_patience_is_over(file: BrainFile) -> None:
    file.write(lambda: None)
    with closing(sqlite3.connect(file.path, isolation_level=None)) as other:
        other.execute("begin immediate")
        file.read(lambda: None)  # readers never wait
        waiting = sqlite3.connect(file.path, timeout=0.0, isolation_level=None)
        with closing(waiting), pytest.raises(sqlite3.OperationalError) as raised:
            waiting.execute("begin immediate")
        with pytest.raises(BrainBusy):
            file.read(failing(raised.value))
        other.execute("rollback")
    file.write(lambda: None)


@pytest.mark.parametrize(
    "note",
    [
        Note(task_id="one", key="k", value="v", written_at=NOW, priority=2**70),
        Note(task_id="one", key="k", value="lone \ud800", written_at=NOW),
    ],
    ids=["a number beyond 64 bits", "a lone surrogate"],
)
async def test_a_value_that_sqlite_cannot_hold_is_a_store_error_and_leaves_nothing(
    tmp_path: Path, note: Note
) -> None:
    async with aclosing(SqliteBrains(tmp_path)) as brains:
        brain = await brains.open("ada")
        with pytest.raises(StoreError):
            await brain.commit(
                Changeset(
                    at=NOW,
                    task_id="one",
                    events=(UserSpoke(text="hello"),),
                    memories=(Fact(id="f1", sentence="Ada.", recorded_at=NOW),),
                    notes=(note,),
                )
            )
        assert await told(brain) == []
        assert await brain.memory.facts(NOW) == []
        await tell(brain, "it goes on")
        assert await told(brain) == ["it goes on"]


async def test_an_event_that_is_no_text_is_a_store_error_and_leaves_nothing(tmp_path: Path) -> None:
    async with aclosing(SqliteBrains(tmp_path)) as brains:
        brain = await brains.open("ada")
        with pytest.raises(StoreError):
            await tell(brain, "lone \ud800")
        assert await brain.log.tasks() == []


# Golden brains


def copy_of(version: str, home: Path) -> Path:
    """A golden brain where an engine finds it; the original is never opened."""
    (home / "brains").mkdir()
    return Path(shutil.copy(GOLDEN / f"brain-{version}.db", home / "brains" / "ada.db"))


def rows_of(path: Path) -> str:
    """All rows of all tables as text; the shadow tables of the full-text index left out."""
    lines: list[str] = []
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute(
            "select name from pragma_table_list where type = 'table' and schema = 'main'"
            " and name not like 'sqlite_%' order by name"
        )
        for (table,) in tables.fetchall():
            found = connection.execute(f"select * from {table} order by 1, 2").fetchall()
            lines.append(f"{table}: {len(found)}")
            lines += ["  " + " | ".join(str(value) for value in row) for row in found]
    return "\n".join(lines)


def test_golden_brains_are_single_files() -> None:
    """One for each release: see CHANGELOG.md."""
    assert {path.name for path in GOLDEN.iterdir() if path.is_file()} == snapshot(
        {"brain-0.1.0.db", "brain-0.2.0.db", "make_brain.py"}
    )


async def test_the_brain_of_release_0_1_0_opens_and_shows_what_it_holds(tmp_path: Path) -> None:
    path = copy_of("0.1.0", tmp_path)
    async with aclosing(SqliteBrains(tmp_path)) as brains:
        await brains.open("ada")
    assert rows_of(path) == snapshot("""\
attempts: 0
batches: 0
brain: 1
  owner | ada
changes: 5
  1 | 1 | fb0621b9809ae462d | recorded | 2026-11-21T09:00:03.000000+00:00 | active | None | None | 1.0 | None | user | [] | None | None | \n\
  2 | 2 | f913cc124a2c14ce0 | recorded | 2026-11-21T09:00:04.000000+00:00 | active | None | None | 1.0 | None | user | [] | None | None | \n\
  3 | 3 | f708e5172c75f4dcc | recorded | 2026-11-21T09:00:05.000000+00:00 | active | None | None | 1.0 | None | user | [] | None | None | \n\
  4 | 4 | f287d718d8259ab3b | recorded | 2026-11-21T09:00:17.000000+00:00 | active | None | None | 1.0 | None | inference | [] | None | None | \n\
  5 | 2 | fb0621b9809ae462d | closed | 2026-11-21T09:00:04.000000+00:00 | active | None | 2026-11-21T09:00:04.000000+00:00 | 1.0 | None | user | [] | None | f913cc124a2c14ce0 | superseded by name
cursors: 0
due: 2
  music | 32 | turn completed
  trip | 19 | turn completed
embedders: 0
events: 37
  1 | trip | 1 | None |  | working_memory_update | 2026-11-21T09:00:06.000000+00:00 | {"note":{"task_id":"trip","key":"budget","value":"300 euros","written_at":"2026-11-21T09:00:06Z","note_kind":"note","priority":2,"expires_at":null},"by":"caller","kind":"working_memory_update","place":null} | 0
  2 | trip | 2 | 1 | 13d0a635eb884a63bd0011b5fc40882e | thread_lifecycle | 2026-11-21T09:00:08.000000+00:00 | {"turn_id":"13d0a635eb884a63bd0011b5fc40882e","session_id":"82165bcc7e0c4700a90e58e1bc5f43fa","message_digest":"1fe9df8e223634a6d700f4292dca857a6be2e03ee244261a529e82d6536b3ae5","idempotency_key":"k1","phase":"started","kind":"thread_lifecycle","place":null} | 0
  3 | trip | 3 | 2 | 13d0a635eb884a63bd0011b5fc40882e | user_message | 2026-11-21T09:00:08.000000+00:00 | {"text":"What is the weather in Kiel?","kind":"user_message","place":null} | 0
  4 | trip | 4 | 3 | 13d0a635eb884a63bd0011b5fc40882e | epoch_opened | 2026-11-21T09:00:11.000000+00:00 | {"reason":"task_start","model":"scripted","system":"75357d685f238b6afd7738be9786fdafde641eb6ca9a3be7471939715a68a4de","tools":"7374359fd7494edab9d17e10f4179e1649ba64404cb8e7b19ff68f6956093332","soul":"9f2f4f98d4ab8199ed1df48aa0b686b59adbf5284fe807b4f2947abe456223d4","kind":"epoch_opened","place":null} | 0
  5 | trip | 5 | 4 | 13d0a635eb884a63bd0011b5fc40882e | context_frame | 2026-11-21T09:00:11.000000+00:00 | {"frames":[{"segment":"notes","text":"44ddcc4494953883ea2312e001e76fae4e56f13ddd5cef2174babbbe810223a6","shows":["budget"],"corrects":[],"why":"changed"}],"why":"looked for weather, kiel","kind":"context_frame","place":null} | 0
  6 | trip | 6 | 5 | 13d0a635eb884a63bd0011b5fc40882e | assistant_message | 2026-11-21T09:00:15.000000+00:00 | {"blocks":[{"text":"Let me look.","kind":"text"},{"id":"c1","tool":"weather","arguments":"{\\"city\\": \\"Kiel\\"}","kind":"tool_call"},{"id":"c2","tool":"remember","arguments":"{\\"sentence\\": \\"Ada plans a trip to Kiel.\\"}","kind":"tool_call"}],"stop":"tool_calls","model":"scripted","raw":null,"kind":"assistant_message","place":null} | 0
  7 | trip | 7 | 6 | 13d0a635eb884a63bd0011b5fc40882e | usage | 2026-11-21T09:00:15.000000+00:00 | {"usage":{"input_tokens":352,"output_tokens":22,"cache_hit_tokens":0,"cache_write_tokens":352},"purpose":"turn","model":"scripted","counted_tokens":352,"expected_hit_tokens":0,"break_reason":null,"prefix":"3fe49e9ad5054e487bcf9484c13939df0e19c712614fc7bbcc2a63b09460cd61","cost":null,"kind":"usage","place":null} | 0
  8 | trip | 8 | 7 | 13d0a635eb884a63bd0011b5fc40882e | tool_call | 2026-11-21T09:00:16.000000+00:00 | {"tool_call_id":"c1","tool":"weather","input":{"city":"Kiel"},"kind":"tool_call","place":null} | 0
  9 | trip | 9 | 8 | 13d0a635eb884a63bd0011b5fc40882e | tool_call | 2026-11-21T09:00:16.000000+00:00 | {"tool_call_id":"c2","tool":"remember","input":{"sentence":"Ada plans a trip to Kiel."},"kind":"tool_call","place":null} | 0
  10 | trip | 10 | 9 | 13d0a635eb884a63bd0011b5fc40882e | tool_result | 2026-11-21T09:00:18.000000+00:00 | {"tool_call_id":"c1","tool":"weather","blocks":[{"text":"Kiel: rain, 7 °C","kind":"text"}],"is_error":false,"effects":[],"kind":"tool_result","place":null} | 0
  11 | trip | 11 | 10 | 13d0a635eb884a63bd0011b5fc40882e | tool_result | 2026-11-21T09:00:19.000000+00:00 | {"tool_call_id":"c2","tool":"remember","blocks":[{"text":"Remembered: Ada plans a trip to Kiel.","kind":"text"}],"is_error":false,"effects":[],"kind":"tool_result","place":null} | 0
  12 | trip | 12 | 11 | 13d0a635eb884a63bd0011b5fc40882e | assistant_message | 2026-11-21T09:00:21.000000+00:00 | {"blocks":[{"id":"c3","tool":"note","arguments":"{\\"key\\": \\"packing\\", \\"value\\": \\"umbrella\\", \\"ttl_s\\": 86400}","kind":"tool_call"}],"stop":"tool_calls","model":"scripted","raw":null,"kind":"assistant_message","place":null} | 0
  13 | trip | 13 | 12 | 13d0a635eb884a63bd0011b5fc40882e | usage | 2026-11-21T09:00:21.000000+00:00 | {"usage":{"input_tokens":396,"output_tokens":15,"cache_hit_tokens":377,"cache_write_tokens":19},"purpose":"turn","model":"scripted","counted_tokens":396,"expected_hit_tokens":374,"break_reason":null,"prefix":"bf94dfa699a6471b206680ccf2c5473f5ae4dc31d2519967dcf6256f9cee16e3","cost":null,"kind":"usage","place":null} | 0
  14 | trip | 14 | 13 | 13d0a635eb884a63bd0011b5fc40882e | tool_call | 2026-11-21T09:00:22.000000+00:00 | {"tool_call_id":"c3","tool":"note","input":{"key":"packing","value":"umbrella","ttl_s":86400},"kind":"tool_call","place":null} | 0
  15 | trip | 15 | 14 | 13d0a635eb884a63bd0011b5fc40882e | working_memory_update | 2026-11-21T09:00:24.000000+00:00 | {"note":{"task_id":"trip","key":"packing","value":"umbrella","written_at":"2026-11-21T09:00:23Z","note_kind":"note","priority":0,"expires_at":"2026-11-22T09:00:23Z"},"by":"model","kind":"working_memory_update","place":null} | 0
  16 | trip | 16 | 15 | 13d0a635eb884a63bd0011b5fc40882e | tool_result | 2026-11-21T09:00:24.000000+00:00 | {"tool_call_id":"c3","tool":"note","blocks":[{"text":"Noted under 'packing'.","kind":"text"}],"is_error":false,"effects":[],"kind":"tool_result","place":null} | 0
  17 | trip | 17 | 16 | 13d0a635eb884a63bd0011b5fc40882e | assistant_message | 2026-11-21T09:00:34.000000+00:00 | {"blocks":[{"text":"It rains in Kiel; take an umbrella. ☔","kind":"text"}],"stop":"end","model":"scripted","raw":null,"kind":"assistant_message","place":null} | 0
  18 | trip | 18 | 17 | 13d0a635eb884a63bd0011b5fc40882e | usage | 2026-11-21T09:00:34.000000+00:00 | {"usage":{"input_tokens":424,"output_tokens":10,"cache_hit_tokens":418,"cache_write_tokens":6},"purpose":"turn","model":"scripted","counted_tokens":424,"expected_hit_tokens":411,"break_reason":null,"prefix":"ea4f2aa715b603e6edb228b032c5005d6ddc88d4e715e9ee39031880f47a4f60","cost":null,"kind":"usage","place":null} | 0
  19 | trip | 19 | 18 | 13d0a635eb884a63bd0011b5fc40882e | thread_lifecycle | 2026-11-21T09:00:35.000000+00:00 | {"turn_id":"13d0a635eb884a63bd0011b5fc40882e","usage":{"input_tokens":1172,"output_tokens":47,"cache_hit_tokens":795,"cache_write_tokens":377},"phase":"completed","kind":"thread_lifecycle","place":null} | 0
  20 | music | 1 | None | ee470c6efb7b4f19acef9966fcef2a5b | thread_lifecycle | 2026-11-21T09:00:37.000000+00:00 | {"turn_id":"ee470c6efb7b4f19acef9966fcef2a5b","session_id":"82165bcc7e0c4700a90e58e1bc5f43fa","message_digest":"f6932e982bc4d07bdd07c66ccb55f213a56e07fbc110be1951917ba5001cd418","idempotency_key":null,"phase":"started","kind":"thread_lifecycle","place":null} | 0
  21 | music | 2 | 1 | ee470c6efb7b4f19acef9966fcef2a5b | user_message | 2026-11-21T09:00:37.000000+00:00 | {"text":"Where does Ada live, what does she play?","kind":"user_message","place":null} | 0
  22 | music | 3 | 2 | ee470c6efb7b4f19acef9966fcef2a5b | epoch_opened | 2026-11-21T09:00:40.000000+00:00 | {"reason":"task_start","model":"scripted","system":"75357d685f238b6afd7738be9786fdafde641eb6ca9a3be7471939715a68a4de","tools":"7374359fd7494edab9d17e10f4179e1649ba64404cb8e7b19ff68f6956093332","soul":"9f2f4f98d4ab8199ed1df48aa0b686b59adbf5284fe807b4f2947abe456223d4","kind":"epoch_opened","place":null} | 0
  23 | music | 4 | 3 | ee470c6efb7b4f19acef9966fcef2a5b | context_frame | 2026-11-21T09:00:40.000000+00:00 | {"frames":[{"segment":"memory","text":"8aede06e148b8fd677bcaa62d938199c93db05e63443985580e6267a06f98e90","shows":["f708e5172c75f4dcc"],"corrects":[],"why":"f708e5172c75f4dcc: shares ada, play (0.83)"}],"why":"looked for ada, liv, play; left out: 2 gate","kind":"context_frame","place":null} | 0
  24 | music | 5 | 4 | ee470c6efb7b4f19acef9966fcef2a5b | assistant_message | 2026-11-21T09:00:41.000000+00:00 | {"blocks":[{"id":"c1","tool":"broken","arguments":"{}","kind":"tool_call"},{"id":"c2","tool":"recall","arguments":"{\\"query\\": \\"cello\\"}","kind":"tool_call"}],"stop":"tool_calls","model":"scripted","raw":null,"kind":"assistant_message","place":null} | 0
  25 | music | 6 | 5 | ee470c6efb7b4f19acef9966fcef2a5b | usage | 2026-11-21T09:00:41.000000+00:00 | {"usage":{"input_tokens":362,"output_tokens":9,"cache_hit_tokens":332,"cache_write_tokens":30},"purpose":"turn","model":"scripted","counted_tokens":362,"expected_hit_tokens":0,"break_reason":null,"prefix":"bd95c6c7809700ca2b3c041a0b048f70fde5eb8e4deb1de1ebdf75c7237767dd","cost":null,"kind":"usage","place":null} | 0
  26 | music | 7 | 6 | ee470c6efb7b4f19acef9966fcef2a5b | tool_call | 2026-11-21T09:00:42.000000+00:00 | {"tool_call_id":"c1","tool":"broken","input":{},"kind":"tool_call","place":null} | 0
  27 | music | 8 | 7 | ee470c6efb7b4f19acef9966fcef2a5b | tool_call | 2026-11-21T09:00:42.000000+00:00 | {"tool_call_id":"c2","tool":"recall","input":{"query":"cello"},"kind":"tool_call","place":null} | 0
  28 | music | 9 | 8 | ee470c6efb7b4f19acef9966fcef2a5b | tool_result | 2026-11-21T09:00:44.000000+00:00 | {"tool_call_id":"c1","tool":"broken","blocks":[{"text":"ValueError: it is broken","kind":"text"}],"is_error":true,"effects":[],"kind":"tool_result","place":null} | 0
  29 | music | 10 | 9 | ee470c6efb7b4f19acef9966fcef2a5b | tool_result | 2026-11-21T09:00:45.000000+00:00 | {"tool_call_id":"c2","tool":"recall","blocks":[{"text":"- Ada plays the cello. (2026-11-21)","kind":"text"}],"is_error":false,"effects":[],"kind":"tool_result","place":null} | 0
  30 | music | 11 | 10 | ee470c6efb7b4f19acef9966fcef2a5b | assistant_message | 2026-11-21T09:00:51.000000+00:00 | {"blocks":[{"text":"Ada plays the cello.","kind":"text"}],"stop":"end","model":"scripted","raw":null,"kind":"assistant_message","place":null} | 0
  31 | music | 12 | 11 | ee470c6efb7b4f19acef9966fcef2a5b | usage | 2026-11-21T09:00:51.000000+00:00 | {"usage":{"input_tokens":393,"output_tokens":5,"cache_hit_tokens":373,"cache_write_tokens":20},"purpose":"turn","model":"scripted","counted_tokens":393,"expected_hit_tokens":371,"break_reason":null,"prefix":"5c8c2327b3270716442a802609fef6c49a1fa7f1cdc2ac279fc89f08867ea3fd","cost":null,"kind":"usage","place":null} | 0
  32 | music | 13 | 12 | ee470c6efb7b4f19acef9966fcef2a5b | thread_lifecycle | 2026-11-21T09:00:52.000000+00:00 | {"turn_id":"ee470c6efb7b4f19acef9966fcef2a5b","usage":{"input_tokens":755,"output_tokens":14,"cache_hit_tokens":705,"cache_write_tokens":50},"phase":"completed","kind":"thread_lifecycle","place":null} | 0
  33 | music | 14 | 13 | 4845bc7ac436491c870dbc4e9dbc32b8 | thread_lifecycle | 2026-11-21T09:00:55.000000+00:00 | {"turn_id":"4845bc7ac436491c870dbc4e9dbc32b8","session_id":"df52b0d4399b44d7af6cef5d3a5ce038","message_digest":"f510476e58cb5e16b53c6fc2d0ea71ea299f218c65ce190a6f8a6a7df4696d5a","idempotency_key":null,"phase":"started","kind":"thread_lifecycle","place":null} | 0
  34 | music | 15 | 14 | 4845bc7ac436491c870dbc4e9dbc32b8 | user_message | 2026-11-21T09:00:55.000000+00:00 | {"text":"And now?","kind":"user_message","place":null} | 0
  35 | music | 16 | 15 | 4845bc7ac436491c870dbc4e9dbc32b8 | context_frame | 2026-11-21T09:00:58.000000+00:00 | {"frames":[],"why":"the message names nothing to look for","kind":"context_frame","place":null} | 0
  36 | music | 17 | 16 | 4845bc7ac436491c870dbc4e9dbc32b8 | error | 2026-11-21T09:00:59.000000+00:00 | {"error":"LLM_UNAVAILABLE","message":"the model is away","details":{},"kind":"error","place":null} | 0
  37 | music | 18 | 17 | 4845bc7ac436491c870dbc4e9dbc32b8 | thread_lifecycle | 2026-11-21T09:00:59.000000+00:00 | {"turn_id":"4845bc7ac436491c870dbc4e9dbc32b8","error":"LLM_UNAVAILABLE","phase":"errored","kind":"thread_lifecycle","place":null} | 0
items: 10
  1 | fact | fb0621b9809ae462d | None | None | 2026-11-21T09:00:03.000000+00:00 |  |  | |ada| |  | 0 | ada live oslo | ada live
  2 | fact | f913cc124a2c14ce0 | None | None | 2026-11-21T09:00:04.000000+00:00 |  |  |  |  | 0 | ada live bergen | \n\
  3 | fact | f708e5172c75f4dcc | None | None | 2026-11-21T09:00:05.000000+00:00 |  |  |  |  | 0 | ada plai cello | \n\
  4 | fact | f287d718d8259ab3b | None | None | 2026-11-21T09:00:17.000000+00:00 |  |  |  |  | 0 | ada plan trip kiel | \n\
  5 | said | trip 3 | 1 | 1 | 2026-11-21T09:00:08.000000+00:00 |  | user |  |  | 16 | weather kiel | \n\
  6 | said | trip 6 | 1 | 2 | 2026-11-21T09:00:15.000000+00:00 |  | assistant |  |  | 1 | look | \n\
  7 | said | trip 17 | 1 | 3 | 2026-11-21T09:00:34.000000+00:00 |  | assistant |  |  | 0 | rain kiel take umbrella | \n\
  8 | said | music 2 | 2 | 1 | 2026-11-21T09:00:37.000000+00:00 |  | user |  |  | 16 | ada live plai | \n\
  9 | said | music 11 | 2 | 2 | 2026-11-21T09:00:51.000000+00:00 |  | assistant |  |  | 0 | ada plai cello | \n\
  10 | said | music 15 | 2 | 3 | 2026-11-21T09:00:55.000000+00:00 |  | user |  |  | 16 | and now | \n\
leases: 2
  music | 2
  trip | 1
memories: 4
  1 | fb0621b9809ae462d | fact | 2026-11-21T09:00:03.000000+00:00 | ada lives in oslo. | ada | lives in | None | None | 15552000.0 | {"id":"fb0621b9809ae462d","sentence":"Ada lives in Oslo.","recorded_at":"2026-11-21T09:00:03Z","subject":"Ada","predicate":"lives in","object":null,"confidence":1.0,"half_life_s":15552000.0,"trust":"user","valid_from":null,"valid_until":null,"supersedes":null,"evidence":[]} | active | None | 2026-11-21T09:00:04.000000+00:00 | 1.0 | None | user | [] | None | f913cc124a2c14ce0 | 2
  2 | f913cc124a2c14ce0 | fact | 2026-11-21T09:00:04.000000+00:00 | ada lives in bergen. | None | None | None | fb0621b9809ae462d | 15552000.0 | {"id":"f913cc124a2c14ce0","sentence":"Ada lives in Bergen.","recorded_at":"2026-11-21T09:00:04Z","subject":null,"predicate":null,"object":null,"confidence":1.0,"half_life_s":15552000.0,"trust":"user","valid_from":null,"valid_until":null,"supersedes":"fb0621b9809ae462d","evidence":[]} | active | None | None | 1.0 | None | user | [] | None | None | 1
  3 | f708e5172c75f4dcc | fact | 2026-11-21T09:00:05.000000+00:00 | ada plays the cello. | None | None | None | None | 15552000.0 | {"id":"f708e5172c75f4dcc","sentence":"Ada plays the cello.","recorded_at":"2026-11-21T09:00:05Z","subject":null,"predicate":null,"object":null,"confidence":1.0,"half_life_s":15552000.0,"trust":"user","valid_from":null,"valid_until":null,"supersedes":null,"evidence":[]} | active | None | None | 1.0 | None | user | [] | None | None | 1
  4 | f287d718d8259ab3b | fact | 2026-11-21T09:00:17.000000+00:00 | ada plans a trip to kiel. | None | None | None | None | 15552000.0 | {"id":"f287d718d8259ab3b","sentence":"Ada plans a trip to Kiel.","recorded_at":"2026-11-21T09:00:17Z","subject":null,"predicate":null,"object":null,"confidence":1.0,"half_life_s":15552000.0,"trust":"inference","valid_from":null,"valid_until":null,"supersedes":null,"evidence":[]} | active | None | None | 1.0 | None | inference | [] | None | None | 1
names: 0
notes: 2
  trip | budget | 300 euros | note | 2 | 2026-11-21T09:00:06.000000+00:00 | None
  trip | packing | umbrella | note | 0 | 2026-11-21T09:00:23.000000+00:00 | 2026-11-22T09:00:23.000000+00:00
places: 2
  1 | trip |  | 3 | 2026-11-21T09:00:34.000000+00:00
  2 | music |  | 3 | 2026-11-21T09:00:55.000000+00:00
segments: 0
sessions: 2
  82165bcc7e0c4700a90e58e1bc5f43fa | 2026-11-21T09:00:07.000000+00:00 | 2026-11-21T09:00:52.000000+00:00 | 2026-11-21T09:00:53.000000+00:00
  df52b0d4399b44d7af6cef5d3a5ce038 | 2026-11-21T09:00:54.000000+00:00 | 2026-11-21T09:00:59.000000+00:00 | None
soul: 3
  identity | name | 1 | She is called Ada. | 2026-11-21T09:00:00.000000+00:00 | [] | None
  style | length | 1 | Long answers. | 2026-11-21T09:00:01.000000+00:00 | [] | None
  style | length | 2 | Short answers. | 2026-11-21T09:00:02.000000+00:00 | [] | None
speakers: 0
tasks: 2
  music | 18 | 18 | 2026-11-21T09:00:37.000000+00:00 | 2026-11-21T09:00:59.000000+00:00
  trip | 19 | 19 | 2026-11-21T09:00:06.000000+00:00 | 2026-11-21T09:00:35.000000+00:00
texts: 5
  44ddcc4494953883ea2312e001e76fae4e56f13ddd5cef2174babbbe810223a6 | <notes>
- budget: 300 euros
</notes>
  7374359fd7494edab9d17e10f4179e1649ba64404cb8e7b19ff68f6956093332 | [{"description":"Fail.","name":"broken","schema":{"additionalProperties":false,"properties":{},"title":"broken","type":"object"}},{"description":"Write to this task's working memory; the same key again replaces the note.","name":"note","schema":{"additionalProperties":false,"properties":{"key":{"title":"Key","type":"string"},"kind":{"default":"note","enum":["note","observation","summary"],"title":"Kind","type":"string"},"ttl_s":{"anyOf":[{"type":"number"},{"type":"null"}],"default":null,"title":"Ttl S"},"value":{"title":"Value","type":"string"}},"required":["key","value"],"title":"note","type":"object"}},{"description":"Search long-term memory by keywords.","name":"recall","schema":{"additionalProperties":false,"properties":{"query":{"title":"Query","type":"string"}},"required":["query"],"title":"recall","type":"object"}},{"description":"Store one lasting fact for later tasks: a full sentence in the third person.","name":"remember","schema":{"additionalProperties":false,"properties":{"sentence":{"title":"Sentence","type":"string"}},"required":["sentence"],"title":"remember","type":"object"}},{"description":"Tell the weather of a city.","name":"weather","schema":{"additionalProperties":false,"properties":{"city":{"title":"City","type":"string"}},"required":["city"],"title":"weather","type":"object"}}]
  75357d685f238b6afd7738be9786fdafde641eb6ca9a3be7471939715a68a4de | You are a helpful assistant.
  8aede06e148b8fd677bcaa62d938199c93db05e63443985580e6267a06f98e90 | <memory>
- Ada plays the cello. (2026-11-21)
</memory>
  9f2f4f98d4ab8199ed1df48aa0b686b59adbf5284fe807b4f2947abe456223d4 | About the user:
Who they are: She is called Ada.
How they like to be answered: Short answers.
totals: 1
  10 | 28
vectors: 0
writes: 4
  1 | 2026-11-21T09:00:03.000000+00:00 | None |  | {"fact":{"id":"fb0621b9809ae462d","sentence":"Ada lives in Oslo.","recorded_at":"2026-11-21T09:00:03Z","subject":"Ada","predicate":"lives in","object":null,"confidence":1.0,"half_life_s":15552000.0,"trust":"user","valid_from":null,"valid_until":null,"supersedes":null,"evidence":[]},"corrects":null,"op":"remember"} | added | fb0621b9809ae462d | 0 | None
  2 | 2026-11-21T09:00:04.000000+00:00 | None |  | {"fact":{"id":"f913cc124a2c14ce0","sentence":"Ada lives in Bergen.","recorded_at":"2026-11-21T09:00:04Z","subject":null,"predicate":null,"object":null,"confidence":1.0,"half_life_s":15552000.0,"trust":"user","valid_from":null,"valid_until":null,"supersedes":"fb0621b9809ae462d","evidence":[]},"corrects":null,"op":"remember"} | superseded | f913cc124a2c14ce0 | 0 | None
  3 | 2026-11-21T09:00:05.000000+00:00 | None |  | {"fact":{"id":"f708e5172c75f4dcc","sentence":"Ada plays the cello.","recorded_at":"2026-11-21T09:00:05Z","subject":null,"predicate":null,"object":null,"confidence":1.0,"half_life_s":15552000.0,"trust":"user","valid_from":null,"valid_until":null,"supersedes":null,"evidence":[]},"corrects":null,"op":"remember"} | added | f708e5172c75f4dcc | 0 | None
  4 | 2026-11-21T09:00:17.000000+00:00 | None |  | {"fact":{"id":"f287d718d8259ab3b","sentence":"Ada plans a trip to Kiel.","recorded_at":"2026-11-21T09:00:17Z","subject":null,"predicate":null,"object":null,"confidence":1.0,"half_life_s":15552000.0,"trust":"inference","valid_from":null,"valid_until":null,"supersedes":null,"evidence":[]},"corrects":null,"op":"remember"} | added | f287d718d8259ab3b | 0 | None\
""")


@pytest.mark.parametrize("release", ["0.1.0", "0.2.0"])
async def test_a_migrated_brain_is_indexed_as_one_that_was_always_here(
    release: str, tmp_path: Path
) -> None:
    path = copy_of(release, tmp_path)
    async with aclosing(SqliteBrains(tmp_path)) as brains:
        brain = await brains.open("ada")
        held = await brain.memory.all(limit=-1, everything=True)
        told = [e for task in await brain.log.tasks() for e in await brain.log.read(task.task_id)]
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(
            "select kind, ref, at, role, people, tags, traits, stems, context from items"
        ).fetchall()
        spots = connection.execute(
            "select p.name, p.spots, group_concat(i.spot) from places p"
            " join items i on i.place = p.place group by p.name order by p.place"
        ).fetchall()
        words = connection.execute("select count(*) from items_words").fetchone()
        totals = connection.execute("select items, stems from totals").fetchone()
    places = [event.place for event in told if event.place is not None]
    said = [
        said_entry(event, place.task_id, place.ordinal, to_text(place.at))
        for event, place in zip(told, places, strict=True)
    ]
    known = [entry for memory in held for entry in entries_of(memory, to_text(moment_of(memory)))]
    entries = [*known, *(entry for entry in said if entry is not None)]
    assert sorted(found) == sorted(
        (e.kind, e.ref, e.at, e.role, barred(e.people), barred(e.tags), e.traits, e.stems,
         e.context_stems) for e in entries
    )  # fmt: skip
    assert spots == [("trip", 3, "1,2,3"), ("music", 3, "1,2,3")]
    assert words[0] == totals[0] == len(entries)
    assert totals[1] == sum(entry.stems.count(" ") + 1 for entry in entries)


class AnHourLater:
    """Implements `ports.Clock`."""

    def now(self) -> datetime:
        return datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize("release", ["0.1.0", "0.2.0"])
async def test_the_brain_of_a_release_goes_on(release: str, tmp_path: Path) -> None:
    copy_of(release, tmp_path)
    model = ScriptedModel(["Still here."])
    async with enplace.open(tmp_path, model=model, clock=AnHourLater(), environment={}) as engine:
        ada = engine.owner("ada")
        facts = [fact.sentence for fact in await ada.facts()]
        lines = [line.text for line in await ada.soul()]
        notes = [note.value for note in await ada.notes("trip")]
        found = [memory.text for memory in (await ada.recall("Where does Ada live?")).memories]
        told_again = [e.kind async for e in ada.execute("trip", WEATHER, idempotency_key="k1")]
        async for _ in ada.execute("trip", "And tomorrow?"):
            pass
    assert facts == ["Ada lives in Bergen.", "Ada plays the cello.", "Ada plans a trip to Kiel."]
    assert lines == ["She is called Ada.", "Short answers."]
    assert notes == ["300 euros", "umbrella"]
    assert found[0] == "Ada lives in Bergen."
    assert told_again == snapshot(
        [
            "thread_lifecycle",
            "user_message",
            "epoch_opened",
            "context_frame",
            "assistant_message",
            "usage",
            "tool_call",
            "tool_call",
            "tool_result",
            "tool_result",
            "assistant_message",
            "usage",
            "tool_call",
            "working_memory_update",
            "tool_result",
            "assistant_message",
            "usage",
            "thread_lifecycle",
        ]
    )
    (context,) = model.requests
    assert [m.text.split("\n")[-1] for m in context.messages if m.role == "user"] == [
        WEATHER,
        "And tomorrow?",
    ]


WEATHER = "What is the weather in Kiel?"


async def test_a_folder_of_brains_is_readable_by_its_user_only(tmp_path: Path) -> None:
    async with aclosing(SqliteBrains(tmp_path / "home")) as brains:
        await brains.open("ada")
    assert (tmp_path / "home" / "brains").stat().st_mode & 0o077 == 0
