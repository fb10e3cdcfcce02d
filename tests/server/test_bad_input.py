"""What is refused: always in the envelope, with the documented status, and nothing is stored."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
import pytest
from tests.server.hall import KEY, OTHER_KEY, Hall, told_in

from enplace.providers.scripted import call
from enplace.records.context import Context
from enplace_bench import conformance

pytestmark = pytest.mark.usefixtures("loaded_weights")

CASES = 100
"""Requests that schemathesis makes up; `enplace-bench conformance` makes more."""


@pytest.fixture
async def hall() -> Hall:
    """A hall in which one turn was carried."""
    hall = Hall()
    await hall.execute("hello", idempotency_key="k")
    return hall


@asynccontextmanager
async def nothing_stored(hall: Hall) -> AsyncGenerator[None, None]:
    """The block changes no log and calls no model."""
    before = await state_of(hall)
    yield
    assert await state_of(hall) == before


async def state_of(hall: Hall) -> object:
    owners = [hall.engine.owner(name) for name in ("ada", "grace", "default")]
    tasks = [(owner, await owner.tasks()) for owner in owners]
    logs = [await owner.log(task.task_id) for owner, found in tasks for task in found]
    dead = [await owner.dead_branches(task.task_id) for owner, found in tasks for task in found]
    return [found for _, found in tasks], logs, dead, len(hall.model.requests)


def check_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The envelope of a refusal; its details."""
    assert (response.status_code, response.headers["content-type"]) == (status, "application/json")
    body: dict[str, Any] = response.json()
    assert set(body) == {"error", "message", "details"}
    assert body["error"] == code
    assert isinstance(body["message"], str)
    assert body["message"]
    assert isinstance(body["details"], dict)
    return cast(dict[str, Any], body["details"])


GOOD: dict[str, Any] = {"task_id": "t", "message": "and now"}
LONG = "x" * 257
VALUES: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown field": ({**GOOD, "histroy": []}, "BAD_INPUT"),
    "a history": ({**GOOD, "messages": [{"role": "user", "content": "hi"}]}, "BAD_INPUT"),
    "no message": ({"task_id": "t"}, "BAD_INPUT"),
    "no task": ({"message": "hello"}, "BAD_INPUT"),
    "an empty message": ({**GOOD, "message": ""}, "BAD_INPUT"),
    "white space": ({**GOOD, "message": " \t\n\u00a0"}, "BAD_INPUT"),
    "a NUL": ({**GOOD, "message": "a\x00b"}, "BAD_INPUT"),
    "a lone surrogate": ({**GOOD, "message": "a\ud800b"}, "BAD_INPUT"),
    "a lone low surrogate": ({**GOOD, "message": "\udfff"}, "BAD_INPUT"),
    "surrogates in the wrong order": ({**GOOD, "message": "\ude00\ud83d"}, "BAD_INPUT"),
    "a number as message": ({**GOOD, "message": 7}, "BAD_INPUT"),
    "null as message": ({**GOOD, "message": None}, "BAD_INPUT"),
    "a list as message": ({**GOOD, "message": ["hello"]}, "BAD_INPUT"),
    "an empty task": ({**GOOD, "task_id": ""}, "BAD_INPUT"),
    "a task of white space": ({**GOOD, "task_id": "  "}, "BAD_INPUT"),
    "a long task": ({**GOOD, "task_id": LONG}, "BAD_INPUT"),
    "a task with a line break": ({**GOOD, "task_id": "a\nb"}, "BAD_INPUT"),
    "a task with a NUL": ({**GOOD, "task_id": "a\x00"}, "BAD_INPUT"),
    "a task with a surrogate": ({**GOOD, "task_id": "\ud800"}, "BAD_INPUT"),
    "an empty key": ({**GOOD, "idempotency_key": ""}, "BAD_INPUT"),
    "a key of white space": ({**GOOD, "idempotency_key": " "}, "BAD_INPUT"),
    "a long key": ({**GOOD, "idempotency_key": LONG}, "BAD_INPUT"),
    "a key with a surrogate": ({**GOOD, "idempotency_key": "\udc00"}, "BAD_INPUT"),
    "edit of no id": ({**GOOD, "edit_message_id": "first"}, "BAD_INPUT"),
    "edit of zero": ({**GOOD, "edit_message_id": "0"}, "BAD_INPUT"),
    "edit of a negative id": ({**GOOD, "edit_message_id": "-1"}, "BAD_INPUT"),
    "edit of passing text": ({**GOOD, "edit_message_id": "2.1"}, "BAD_INPUT"),
    "edit of a huge id": ({**GOOD, "edit_message_id": "9" * 16}, "BAD_INPUT"),
    "edit of digits that are not ASCII": ({**GOOD, "edit_message_id": "\u0662"}, "BAD_INPUT"),
    "edit with a line break": ({**GOOD, "edit_message_id": "2\n"}, "BAD_INPUT"),
    "edit with a number": ({**GOOD, "edit_message_id": 2}, "BAD_INPUT"),
    "retry of an empty id": ({**GOOD, "retry_message_id": ""}, "BAD_INPUT"),
    "edit and retry": ({**GOOD, "edit_message_id": "2", "retry_message_id": "2"}, "BAD_INPUT"),
    "a surrogate as a field": ({**GOOD, "\ud800": 1}, "BAD_INPUT"),
}


@pytest.mark.parametrize(("body", "code"), VALUES.values(), ids=VALUES.keys())
async def test_a_value_that_is_not_acceptable(hall: Hall, body: dict[str, Any], code: str) -> None:
    async with nothing_stored(hall):
        check_problem(await hall.ask("POST", "/execute", content=json.dumps(body)), 422, code)


async def test_a_field_that_is_wrong_is_named(hall: Hall) -> None:
    response = await hall.ask("POST", "/execute", json={**GOOD, "histroy": []})
    details = check_problem(response, 422, "BAD_INPUT")
    assert [field["field"] for field in details["fields"]] == ["body.histroy"]


SHAPES: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 422),
    "no JSON": (b"message=hello", 400),
    "half of it": (b'{"task_id": "t", "mess', 400),
    "broken UTF-8": (b'{"task_id": "t", "message": "\xff\xfe"}', 400),
    "a surrogate in UTF-8": (b'{"task_id": "t", "message": "\xed\xa0\x80"}', 422),
    "a bare NUL": (b"\x00", 400),
    "a NUL in a string": (b'{"task_id": "t", "message": "a\x00b"}', 400),
    "a list": (b"[1, 2]", 422),
    "a string": (b'"hello"', 422),
    "null": (b"null", 422),
    "not a number": (b"NaN", 422),
    "deep nesting": (b"[" * 100_000 + b"]" * 100_000, 400),
    "a number without end": (b'{"task_id": ' + b"9" * 10_000 + b', "message": "hello"}', 400),
}


@pytest.mark.parametrize(("content", "status"), SHAPES.values(), ids=SHAPES.keys())
async def test_a_body_of_the_wrong_shape(hall: Hall, content: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    async with nothing_stored(hall):
        response = await hall.ask("POST", "/execute", content=content, headers=headers)
        code = {400: "BAD_REQUEST", 422: "BAD_INPUT"}[status]
        check_problem(response, status, code)


@pytest.mark.parametrize("type_", ["text/plain", "application/x-www-form-urlencoded", "", "()"])
async def test_a_body_of_another_type(hall: Hall, type_: str) -> None:
    async with nothing_stored(hall):
        response = await hall.ask(
            "POST", "/execute", content=json.dumps(GOOD), headers={"Content-Type": type_}
        )
        check_problem(response, 422, "BAD_INPUT")


async def test_a_body_of_ten_megabytes(hall: Hall) -> None:
    async with nothing_stored(hall):
        response = await hall.ask("POST", "/execute", json={**GOOD, "message": "x" * 10_000_000})
        assert check_problem(response, 413, "BODY_TOO_LARGE") == {"most_bytes": 1 << 20}


async def test_a_body_without_end_is_refused_while_it_comes(hall: Hall) -> None:
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * (1 << 16)

    async with nothing_stored(hall):
        response = await hall.ask("POST", "/execute", content=body())
        check_problem(response, 413, "BODY_TOO_LARGE")
    assert sent == 17


@pytest.mark.parametrize(
    "key",
    [None, "", "wrong", KEY.upper(), f"{KEY}x", KEY[:-1], b"\xff\xfe", b"\x80" * 10_000],
    ids=["none", "empty", "wrong", "upper", "longer", "shorter", "no text", "long"],
)
@pytest.mark.parametrize(
    ("method", "url"), [("POST", "/execute"), ("GET", "/execute/replay?task_id=t")]
)
async def test_a_wrong_key(hall: Hall, method: str, url: str, key: str | bytes | None) -> None:
    body = json.dumps(GOOD) if method == "POST" else None
    async with nothing_stored(hall):
        response = await hall.ask(method, url, content=body, headers={"X-Engine-Key": key})
        check_problem(response, 401, "INVALID_KEY")


async def test_without_a_key_the_values_of_a_body_are_not_looked_at(hall: Hall) -> None:
    response = await hall.ask("POST", "/execute", json={}, headers={"X-Engine-Key": None})
    check_problem(response, 401, "INVALID_KEY")


async def test_another_owner_s_key_opens_another_memory(hall: Hall) -> None:
    headers = {"X-Engine-Key": OTHER_KEY}
    async with nothing_stored(hall):
        response = await hall.ask("GET", "/execute/replay?task_id=t", headers=headers)
        check_problem(response, 404, "TASK_NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "url", "status", "code"),
    [
        ("GET", "/execute", 405, "METHOD_NOT_ALLOWED"),
        ("PUT", "/execute", 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", "/execute", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/execute/replay", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/health", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/nowhere", 404, "NOT_FOUND"),
        ("POST", "/execute/../../etc/passwd", 404, "NOT_FOUND"),
    ],
)
async def test_a_wrong_method_or_path(
    hall: Hall, method: str, url: str, status: int, code: str
) -> None:
    async with nothing_stored(hall):
        check_problem(await hall.ask(method, url, json=GOOD), status, code)


# Events and tasks that are not there


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 422, "BAD_INPUT"),
        ("?task_id=", 422, "BAD_INPUT"),
        (f"?task_id={LONG}", 422, "BAD_INPUT"),
        ("?task_id=unknown", 404, "TASK_NOT_FOUND"),
        ("?task_id=%ED%A0%80", 404, "TASK_NOT_FOUND"),
        ("?task_id=%00", 404, "TASK_NOT_FOUND"),
        ("?task_id=t&after=first", 422, "BAD_INPUT"),
        ("?task_id=t&after=-1", 422, "BAD_INPUT"),
        ("?task_id=t&after=1e3", 422, "BAD_INPUT"),
        ("?task_id=t&after=1.", 422, "BAD_INPUT"),
        (f"?task_id=t&after={'9' * 16}", 422, "BAD_INPUT"),
        ("?task_id=t&after=%D9%A2", 422, "BAD_INPUT"),
        ("?task_id=t&after=1%0A", 422, "BAD_INPUT"),
    ],
)
async def test_a_replay_of_what_is_not_there(
    hall: Hall, query: str, status: int, code: str
) -> None:
    async with nothing_stored(hall):
        check_problem(await hall.ask("GET", f"/execute/replay{query}"), status, code)


@pytest.mark.parametrize(
    "id_", ["first", "-1", "1.x", "x.1", "1.2.3", "1 2", "\u0662".encode(), b"1.\xb2", "9" * 16]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_last_event_id_that_is_none(hall: Hall, method: str, id_: str | bytes) -> None:
    url = "/execute" if method == "POST" else "/execute/replay?task_id=t"
    body = json.dumps(GOOD) if method == "POST" else None
    async with nothing_stored(hall):
        response = await hall.ask(method, url, content=body, headers={"Last-Event-ID": id_})
        assert response.status_code == 422
        check_problem(response, 422, response.json()["error"])
        assert response.json()["error"] in {"BAD_INPUT", "USAGE"}


async def test_a_request_that_goes_on_starts_no_task(hall: Hall) -> None:
    body = {"task_id": "unknown", "message": "hello"}
    async with nothing_stored(hall):
        response = await hall.ask("POST", "/execute", json=body, headers={"Last-Event-ID": "3"})
        check_problem(response, 404, "TASK_NOT_FOUND")


async def test_an_event_id_beyond_the_log_gives_nothing(hall: Hall) -> None:
    async with nothing_stored(hall):
        response = await hall.ask("GET", "/execute/replay?task_id=t&after=999999999999999")
        assert (response.status_code, response.text) == (200, "")


@pytest.mark.parametrize("field", ["edit_message_id", "retry_message_id"])
@pytest.mark.parametrize("id_", ["1", "e3", "e999999999999999"])
async def test_an_edit_of_what_is_no_message(hall: Hall, field: str, id_: str) -> None:
    async with nothing_stored(hall):
        response = await hall.ask("POST", "/execute", json={**GOOD, field: id_})
        check_problem(response, 404, "MESSAGE_NOT_FOUND")


async def test_an_edit_in_an_unknown_task(hall: Hall) -> None:
    body = {"task_id": "unknown", "message": "hello"}
    async with nothing_stored(hall):
        response = await hall.ask("POST", "/execute", json={**body, "edit_message_id": "2"})
        check_problem(response, 404, "MESSAGE_NOT_FOUND")
        response = await hall.ask("POST", "/execute", json={**body, "retry_message_id": "2"})
        check_problem(response, 404, "TASK_NOT_FOUND")


# Conflicts


async def test_the_same_key_with_another_message(hall: Hall) -> None:
    async with nothing_stored(hall):
        response = await hall.ask("POST", "/execute", json={**GOOD, "idempotency_key": "k"})
        check_problem(response, 409, "IDEMPOTENCY_CONFLICT")


async def test_the_same_key_again_tells_the_same_and_stores_nothing(hall: Hall) -> None:
    async with nothing_stored(hall):
        told = await hall.execute("hello", idempotency_key="k")
        response = await hall.ask("GET", "/execute/replay?task_id=t")
        assert told_in(response.text) == told


async def test_a_message_for_a_task_that_is_busy() -> None:
    going, done = asyncio.Event(), asyncio.Event()

    async def wait() -> str:
        """Wait."""
        going.set()
        await done.wait()
        return "done"

    def script(context: Context) -> Any:
        asked = context.messages[-1].role == "tool"
        return "ok" if asked else call(("c1", "wait", {}))

    hall = Hall(script, tools=[wait])
    first = asyncio.create_task(hall.execute(idempotency_key="k"))
    await going.wait()
    async with nothing_stored(hall):
        for body in (GOOD, {**GOOD, "idempotency_key": "k"}, {**GOOD, "edit_message_id": "2"}):
            response = await hall.ask("POST", "/execute", json=body)
            check_problem(response, 409, "TASK_BUSY")
            assert response.headers["retry-after"] == "1"
    done.set()
    assert (await first)[-1].data["phase"] == "completed"


async def test_a_message_beyond_the_window(hall: Hall) -> None:
    async with nothing_stored(hall):
        response = await hall.ask("POST", "/execute", json={**GOOD, "message": "word " * 200_000})
        check_problem(response, 422, "CONTEXT_OVERFLOW")


# All that a machine can think of


def test_no_request_that_is_made_up_breaks_the_server_or_its_document() -> None:
    answered = conformance.make_up(Hall().app, {"X-Engine-Key": KEY}, CASES)
    assert answered.failures == []
    assert answered.cases >= CASES
    assert {200, 404, 422} <= answered.statuses.keys()
    assert answered.statuses[503] == 0


async def test_without_a_key_only_health_answers() -> None:
    hall = Hall()
    answered = conformance.make_up(hall.app, {}, 40)
    assert answered.failures == []
    assert answered.statuses.keys() <= {400, 401}  # a body that is no JSON is found first
    response = await hall.ask("GET", "/health", headers={"X-Engine-Key": None})
    assert (response.status_code, response.json()["status"]) == (200, "ok")
