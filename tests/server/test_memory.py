"""Memory over HTTP: what is written is found, told and taken back; what is wrong is refused."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from tests.server.hall import KEY, OTHER_KEY, Hall

from enplace.stores.sqlite.brain import SqliteBrains
from enplace_bench import conformance

CASES = 300
LISBON: dict[str, Any] = {
    "sentence": "Ada lives in Lisbon.",
    "subject": "Ada",
    "predicate": "lives_in",
    "object": "Lisbon",
    "valid_from": "2020-01-01T00:00:00Z",
}
PORTO: dict[str, Any] = {
    **LISBON,
    "sentence": "Ada lives in Porto.",
    "object": "Porto",
    "valid_from": "2024-05-31T00:00:00Z",
}
PIPE: dict[str, Any] = {
    "key": "pipe burst in the cellar",
    "description": "A pipe burst in the cellar of Ada's house in Porto in March 2026.",
    "value": "The plumber was called Grace and came at night.",
    "participants": ["Grace"],
}


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncGenerator[Hall, None]:
    hall = Hall(brains=SqliteBrains(tmp_path), embedder=None)
    yield hall
    await hall.engine.aclose()


async def post(hall: Hall, path: str, body: object = None, **headers: str) -> Any:
    """The answer to a request that is let in, with its headers under `headers`."""
    response = await hall.ask("POST", f"/memory{path}", json=body, headers=headers)
    assert response.status_code == 200, response.text
    found: Any = response.json()
    if isinstance(found, dict):
        found["headers"] = response.headers
    return cast(Any, found)


async def get(hall: Hall, path: str, **query: Any) -> Any:
    response = await hall.ask("GET", f"/memory{path}", params=query)
    assert response.status_code == 200, response.text
    return response.json()


async def lines_of(hall: Hall, **headers: str) -> str:
    response = await hall.ask("GET", "/memory/export", headers=headers)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("application/x-ndjson")
    return response.text


@asynccontextmanager
async def nothing_written(hall: Hall) -> AsyncGenerator[None, None]:
    before = await lines_of(hall)
    yield
    assert await lines_of(hall) == before


def check_problem(response: httpx.Response, status: int, code: str) -> Mapping[str, Any]:
    """The envelope of a refusal; its details."""
    assert (response.status_code, response.json().get("error")) == (status, code)
    assert set(response.json()) == {"error", "message", "details"}
    return response.json()["details"]


# Writes


async def test_a_fact_from_its_first_day_to_its_last(hall: Hall) -> None:
    first = await post(hall, "/facts", LISBON)
    lisbon = first["memory"]["id"]
    assert (first["outcome"], first["write"], first["closed"]) == ("added", 1, [])
    assert first["headers"]["etag"] == '"1"'
    second = await post(hall, "/facts", PORTO)
    porto = second["memory"]["id"]
    assert (second["outcome"], second["closed"]) == ("superseded", [lisbon])
    known = await get(hall, f"/{lisbon}")
    assert (known["kind"], known["type"], known["subject"]) == ("fact", "statement", "Ada")
    assert known["content"] == "Ada lives in Lisbon."
    assert known["valid_until"] == "2024-05-31T00:00:00Z"
    history = await get(hall, f"/{lisbon}/history")
    assert [change["action"] for change in history["changes"]] == ["recorded", "closed"]
    assert history["after"]["id"] == porto
    confirmed = await post(hall, f"/{porto}/confirm", {"trust": "operator"})
    assert (confirmed["outcome"], confirmed["headers"]["etag"]) == ("confirmed", '"2"')
    assert (await post(hall, f"/{porto}/confirm"))["outcome"] == "confirmed"
    closed = await post(hall, f"/{porto}/close", {"until": "2025-01-01T00:00:00+01:00"})
    assert closed["memory"]["valid_until"] == "2024-12-31T23:00:00Z"
    assert (await post(hall, f"/writes/{closed['write']}/undo"))["memory"]["valid_until"] is None
    assert (await post(hall, f"/{porto}/forget"))["memory"]["state"] == "forgotten"
    writes = await get(hall, "/writes", limit=3)
    assert [write["operation"] for write in writes] == ["forget", "undo", "close"]
    assert [write["undone"] for write in writes] == [False, False, True]
    assert len(await get(hall, "/writes", before=writes[-1]["id"])) == writes[-1]["id"] - 1


async def test_what_was_never_true_is_corrected(hall: Hall) -> None:
    wrong = (await post(hall, "/facts", LISBON))["memory"]["id"]
    right = await post(hall, "/facts", {"sentence": "Ada never left Faro.", "corrects": wrong})
    assert right["closed"] == [wrong]
    assert (await get(hall, f"/{wrong}"))["state"] == "retired"


async def test_a_fact_in_dispute_is_released(hall: Hall) -> None:
    held = (await post(hall, "/facts", LISBON))["memory"]["id"]
    said = await post(hall, "/facts", {**PORTO, "trust": "foreign"})
    assert (said["outcome"], said["disputes"]) == ("disputed", [held])
    assert (await post(hall, f"/{said['memory']['id']}/release"))["memory"]["state"] == "active"


async def test_the_same_key_answers_the_same(hall: Hall) -> None:
    key = {"Idempotency-Key": "k1"}
    first = await post(hall, "/facts", LISBON, **key)
    async with nothing_written(hall):
        again = await post(hall, "/facts", LISBON, **key)
        assert (again["memory"], again["write"]) == (first["memory"], first["write"])
        response = await hall.ask("POST", "/memory/facts", json=PORTO, headers=key)
        check_problem(response, 409, "IDEMPOTENCY_CONFLICT")


@pytest.mark.parametrize("action", ["confirm", "close", "forget"])
async def test_a_version_that_is_no_longer_there(hall: Hall, action: str) -> None:
    first = await post(hall, "/facts", LISBON)
    id_, etag = first["memory"]["id"], first["headers"]["etag"]
    second = await post(hall, f"/{id_}/confirm", **{"If-Match": etag})
    async with nothing_written(hall):
        response = await hall.ask("POST", f"/memory/{id_}/{action}", headers={"If-Match": etag})
        details = check_problem(response, 409, "STALE_MEMORY")
        assert (details["id"], details["version"]) == (id_, 2)
    now = second["headers"]["etag"]
    assert (await hall.ask("GET", f"/memory/{id_}")).headers["etag"] == now
    await post(hall, f"/{id_}/{action}", **{"If-Match": now})


async def test_a_fact_is_superseded_in_the_version_that_was_seen(hall: Hall) -> None:
    first = await post(hall, "/facts", {"sentence": "Ada owns a kettle."})
    body = {"sentence": "Ada owns two kettles.", "supersedes": first["memory"]["id"]}
    response = await hall.ask("POST", "/memory/facts", json=body, headers={"If-Match": '"9"'})
    check_problem(response, 409, "STALE_MEMORY")
    assert (await post(hall, "/facts", body, **{"If-Match": '"1"'}))["outcome"] == "superseded"


async def test_people_are_known_related_merged_and_split(hall: Hall) -> None:
    grace = await post(hall, "/people", {"name": "Grace", "aliases": ["Amazing Grace"]})
    assert grace["memory"]["aliases"] == ["Amazing Grace"]
    await post(hall, "/people", {"name": "Hopper"})
    related = await post(
        hall, "/relations", {"source": "Bo", "relation": "brother_of", "target": "Hopper"}
    )
    assert related["memory"]["type"] == "relation"
    merged = await post(hall, "/people/merge", {"name": "Hopper", "into": "Grace"})
    assert merged["memory"]["merged_into"] == grace["memory"]["id"]
    assert (await post(hall, "/people/split", {"name": "Hopper"}))["outcome"] == "split"
    found = await post(hall, "/social/search", {"query": "Who is the brother of Hopper?"})
    assert {"relation", "person"} <= {each["type"] for each in found}
    (one,) = await post(hall, "/social/search", {"query": "brother of Hopper", "limit": 1})
    assert one["score"] == 1.0


async def test_a_write_that_changed_nothing_is_undone(hall: Hall) -> None:
    await post(hall, "/people", {"name": "Grace", "aliases": ["Amazing Grace"]})
    last = (await get(hall, "/writes", limit=1))[0]
    assert (await post(hall, f"/writes/{last['id']}/undo"))["outcome"] == "undone"


async def test_an_episode_is_kept_unless_nobody_would_find_it(hall: Hall) -> None:
    kept = await post(hall, "/episodes", PIPE)
    assert kept["memory"]["participants"] == ["Grace"]
    vague = {"key": "chat", "description": "we talked", "value": "things"}
    response = await hall.ask("POST", "/memory/episodes", json=vague)
    assert check_problem(response, 422, "VAGUE_MEMORY")["advice"]
    (found,) = await post(hall, "/episodes/search", {"query": "Who was the plumber?"})
    assert (found["id"], found["type"]) == (kept["memory"]["id"], "episode")
    assert "plumber" in found["content"]


async def test_a_document_may_be_larger_than_other_bodies(hall: Hall) -> None:
    walk = "The long walk is nine miles.\n\n"
    body = {"name": "walks.md", "text": walk * 50_000}
    assert len(body["text"]) > 1 << 20
    added = await post(hall, "/documents", {**body, "text": walk})
    assert added["memory"]["chunks"] == 1
    response = await hall.ask("POST", "/memory/facts", json=body)
    check_problem(response, 413, "BODY_TOO_LARGE")
    assert (await post(hall, "/documents", body))["closed"] == [added["memory"]["id"]]


# Search


async def test_knowledge_is_searched(hall: Hall) -> None:
    await post(hall, "/facts", LISBON)
    await post(hall, "/facts", {**PORTO, "evidence": [{"task_id": "t", "ordinal": 2}]})
    await post(hall, "/episodes", PIPE)
    (found,) = await post(hall, "/knowledge/search", {"query": "Where does Ada live?"})
    assert (
        found.items()
        >= {
            "subject": "Ada",
            "content": "Ada lives in Porto.",
            "type": "statement",
            "confidence": 1.0,
            "source": "trajectory:t",
            "valid_from": "2024-05-31T00:00:00Z",
            "valid_until": None,
            "score": 1.0,
        }.items()
    )
    assert (await post(hall, "/knowledge/search", {"query": "quasar"})) == []


async def test_everything_is_searched_under_conditions(hall: Hall) -> None:
    await post(hall, "/facts", LISBON)
    await post(hall, "/facts", PORTO)
    await post(hall, "/facts", {"sentence": "Ada likes Porto's trams.", "tags": ["trams"]})
    await hall.execute("I saw a tram in Porto.")

    async def texts(**asked: Any) -> set[str]:
        found = await post(hall, "/search", {"query": "Ada Porto Lisbon tram", **asked})
        return {memory["text"] for memory in found["memories"]}

    lives, likes, said = (
        "Ada lives in Porto.",
        "Ada likes Porto's trams.",
        "I saw a tram in Porto.",
    )
    assert await texts() >= {lives, likes, said}
    assert await texts(filter={"kinds": ["said"]}) == {said, "ok"}
    assert await texts(filter={"tags": ["trams"]}) == {likes}
    facts = {"kinds": ["fact"]}
    assert await texts(filter={**facts, "none_of": [{"tags": ["trams"]}]}) == {lives}
    either = [{"tags": ["trams"]}, {"people": ["Lisbon", "Ada"]}]
    assert await texts(filter={"any_of": either}) == {lives, likes}
    assert await texts(filter=facts, at="2021-01-01T00:00:00Z") == {"Ada lives in Lisbon."}
    assert await texts(as_known="2020-06-01T00:00:00Z", filter=facts) == set()
    assert "Ada lives in Lisbon." in await texts(history=True)
    assert said not in await texts(task_id="t")
    assert len(await texts(limit=1)) == 1
    told = await post(hall, "/search", {"query": "Ada Porto", "explain": True, "limit": 1})
    assert told["memories"][0]["signals"]
    assert {each["stage"] for each in told["dropped"]} >= {"limit"}
    assert "porto" in told["terms"]
    nothing = await post(hall, "/search", {"query": "quasar", "policy": "inject"})
    assert (nothing["memories"], nothing["lost"]) == ([], [])
    assert nothing["dropped"] is nothing["terms"] is None


async def test_the_soul(hall: Hall) -> None:
    await hall.owner.describe("identity", "name", "Ada")
    await hall.owner.describe("identity", "name", "Ada Lovelace")
    await hall.owner.describe("values", "tea", "Tea first.")
    soul = await get(hall, "/soul")
    assert (soul["identity"], soul["values"], soul["patterns"]) == (
        "Ada Lovelace",
        ["Tea first."],
        [],
    )
    full = await get(hall, "/soul/full")
    assert [line["version"] for line in full["lines"]] == [2, 1]
    assert len(full["history"]) == 3


# All of it


async def test_a_memory_is_taken_elsewhere(hall: Hall) -> None:
    await post(hall, "/facts", LISBON, **{"Idempotency-Key": "k"})
    await post(hall, "/episodes", PIPE)
    await hall.execute("My kettle is red.")
    text = await lines_of(hall)
    response = await hall.ask(
        "POST", "/memory/import", content=text.encode(), headers={"X-Engine-Key": OTHER_KEY}
    )
    assert response.status_code == 200
    assert response.json()["added"] == json.loads(text.splitlines()[0])["counts"]
    assert await lines_of(hall, **{"X-Engine-Key": OTHER_KEY}) == text
    again = await hall.ask("POST", "/memory/import", content=text.encode())
    assert (again.json()["added"], again.json()["diverged"]) == ({}, [])


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"", 1), (b"{}", 1), (b'{"format":"enplace-memory/1","counts":{}}\n\xff', 2)],
)
async def test_a_damaged_import_is_refused(hall: Hall, content: bytes, line: int) -> None:
    async with nothing_written(hall):
        response = await hall.ask("POST", "/memory/import", content=content)
        assert check_problem(response, 422, "BAD_INPUT")["line"] == line


# What is refused


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/f0", None, 404, "MEMORY_NOT_FOUND"),
        ("GET", "/f0/history", None, 404, "MEMORY_NOT_FOUND"),
        ("POST", "/f0/confirm", None, 404, "MEMORY_NOT_FOUND"),
        ("POST", "/f0/close", {}, 404, "MEMORY_NOT_FOUND"),
        ("POST", "/f0/forget", None, 404, "MEMORY_NOT_FOUND"),
        ("POST", "/f0/release", None, 404, "MEMORY_NOT_FOUND"),
        ("POST", "/writes/7/undo", None, 404, "MEMORY_NOT_FOUND"),
        ("POST", "/writes/0/undo", None, 422, "BAD_INPUT"),
        ("POST", "/writes/first/undo", None, 422, "BAD_INPUT"),
        ("POST", "/people/merge", {"name": "A", "into": "B"}, 404, "MEMORY_NOT_FOUND"),
        ("POST", "/people/split", {"name": "A"}, 422, "USAGE"),
        ("POST", "/facts", {}, 422, "BAD_INPUT"),
        ("POST", "/facts", {"sentence": " "}, 422, "BAD_INPUT"),
        ("POST", "/facts", {"sentence": "a", "truth": 1}, 422, "BAD_INPUT"),
        ("POST", "/facts", {**LISBON, "supersedes": "f0"}, 422, "USAGE"),
        ("POST", "/facts", {**LISBON, "valid_until": "2019-01-01T00:00:00Z"}, 422, "BAD_INPUT"),
        ("POST", "/facts", {**LISBON, "valid_from": "2019-01-01T00:00:00"}, 422, "BAD_INPUT"),
        ("POST", "/facts", {**LISBON, "valid_from": "0001-01-01T00:00:00Z"}, 422, "BAD_INPUT"),
        ("POST", "/search", {"query": "a", "limit": 101}, 422, "BAD_INPUT"),
        ("POST", "/search", {"query": "a", "limit": 0}, 422, "BAD_INPUT"),
        ("POST", "/search", {"query": "a", "filter": {"tag": "b"}}, 422, "BAD_INPUT"),
        ("POST", "/search", {"query": "a", "filter": {"tags": ["b"] * 51}}, 422, "BAD_INPUT"),
        ("GET", "/writes?limit=101", None, 422, "BAD_INPUT"),
        ("DELETE", "/f0", None, 405, "METHOD_NOT_ALLOWED"),
    ],
)
async def test_what_cannot_be_done_is_said(
    hall: Hall, *, method: str, path: str, body: object, status: int, code: str
) -> None:
    async with nothing_written(hall):
        check_problem(await hall.ask(method, f"/memory{path}", json=body), status, code)


async def test_nothing_is_erased_that_was_not_shown(hall: Hall) -> None:
    await post(hall, "/facts", {"sentence": "Grace lives in Porto.", "subject": "Grace"})
    plan = await post(hall, "/erase/plan", {"person": "Grace"})
    assert [each["text"] for each in plan["memories"]] == ["Grace lives in Porto."]
    assert plan["names"] == ["Grace"]
    await post(hall, "/facts", {"sentence": "Grace likes tea.", "subject": "Grace"})
    async with nothing_written(hall):
        confirmed = {"person": "Grace", "digest": plan["digest"]}
        response = await hall.ask("POST", "/memory/erase", json=confirmed)
        check_problem(response, 409, "STALE_MEMORY")
        response = await hall.ask("POST", "/memory/erase", json={"person": "Grace"})
        check_problem(response, 422, "BAD_INPUT")
        response = await hall.ask("POST", "/memory/erase/plan", json={})
        check_problem(response, 422, "BAD_INPUT")

    plan = await post(hall, "/erase/plan", {"person": "Grace"})
    receipt = await post(hall, "/erase", {"person": "Grace", "digest": plan["digest"]})

    assert receipt["clean"]
    assert receipt["deleted"]["memories"] == 2
    assert "Grace" not in "".join(await lines_of(hall))


async def test_a_version_that_is_none(hall: Hall) -> None:
    id_ = (await post(hall, "/facts", LISBON))["memory"]["id"]
    for header in ("", "first", '"0"', '"1", "2"'):
        response = await hall.ask("POST", f"/memory/{id_}/forget", headers={"If-Match": header})
        check_problem(response, 422, "BAD_INPUT")
    await post(hall, f"/{id_}/forget", **{"If-Match": "*"})


async def test_another_owner_s_key_opens_another_memory(hall: Hall) -> None:
    id_ = (await post(hall, "/facts", LISBON))["memory"]["id"]
    headers = {"X-Engine-Key": OTHER_KEY}
    response = await hall.ask("GET", f"/memory/{id_}", headers=headers)
    check_problem(response, 404, "MEMORY_NOT_FOUND")
    response = await hall.ask("GET", "/memory/export", headers={"X-Engine-Key": "wrong"})
    check_problem(response, 401, "INVALID_KEY")


def test_no_request_that_is_made_up_breaks_the_server_or_its_document(tmp_path: Path) -> None:
    hall = Hall(brains=SqliteBrains(tmp_path), embedder=None)
    answered = conformance.make_up(hall.app, {"X-Engine-Key": KEY}, CASES)
    assert answered.failures == []
    assert {200, 404, 422} <= answered.statuses.keys()
    assert answered.statuses[503] == 0


def test_every_endpoint_is_documented() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "http.md"
    told = page.read_text(encoding="utf-8")
    for path, methods in Hall(embedder=None).app.openapi()["paths"].items():
        for method in methods:
            assert f"| `{method.upper()} {path}" in told, path
