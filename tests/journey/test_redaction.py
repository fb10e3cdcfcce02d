"""No secret becomes part of a brain: a whole conversation, and then the bytes of its file."""

import logging
import string
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.records.test_secrets import drawn, key, token

import enplace
from enplace.engine import Engine, EngineOptions
from enplace.providers.scripted import Answer, ScriptedModel, call
from enplace.records.block import TextBlock, ThinkingBlock
from enplace.records.event import (
    AssistantSpoke,
    Event,
    MessageHeard,
    ToolCalled,
    ToolFinished,
    UserSpoke,
)
from enplace.records.message import Reply
from enplace.records.usage import Usage

pytestmark = pytest.mark.anyio

SECRETS = {name: drawn(40, seed=n) for n, name in enumerate(string.ascii_lowercase, 100)}


def api_key(name: str) -> str:
    return "sk" + "-ant-api03-" + SECRETS[name]


def password(name: str) -> str:
    return "Pw1-" + SECRETS[name][:12]


def bytes_of(home: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


def opened(
    home: Path, answers: list[Answer], *, options: EngineOptions | None = None, env: str = ""
) -> tuple[Engine, ScriptedModel, list[str]]:
    ran: list[str] = []

    def shell(command: str) -> str:
        """Run a command."""
        ran.append(command)
        return f"DEPLOY_KEY={api_key('t')}\n{key()}\nrow\n" + f"token: {SECRETS['u']}\n" * 3_000

    def sign_in(user: str, password: str) -> str:
        """Sign in somewhere."""
        ran.append(password)
        raise ValueError(f"refused: https://{user}:{password}@host/login")

    model = ScriptedModel(answers)
    engine = enplace.open(
        home,
        model=model,
        tools=[shell, sign_in],
        embedder=None,
        system=f"Be brief. The service key is {api_key('s')}.",
        options=options,
        environment={"REDACT_SECRETS": env} if env else {},
    )
    return engine, model, ran


ASKS = call(
    ("c1", "shell", {"command": f"export X={api_key('c')}; env"}),
    ("c2", "sign_in", {"user": "me", "password": password("p")}),
    text=f"I use {api_key('a')} now.",
)
ANSWERS: list[Answer] = [
    Reply(
        blocks=(
            ThinkingBlock(text=f"the key {api_key('h')}", signature="sealed"),
            ThinkingBlock(text="harmless", signature="sealed too"),
            *ASKS.blocks,
        ),
        usage=Usage(),
        stop="tool_calls",
        raw=f"raw {api_key('r')}",
    ),
    "done",
    Reply(blocks=(TextBlock(text=f"It is {api_key('b')}."),), usage=Usage()),
    "fine",
]


async def talk(engine: Engine) -> list[Event]:
    me = engine.owner()
    events = [e async for e in me.execute("t", f"my key is {api_key('m')}, and\n{key(lines=5)}")]
    await me.note("t", "login", f"password: {password('n')}")
    await me.note("t", "api_key", SECRETS["k"])
    await me.remember(f"The user's token is {api_key('f')}.", subject="user", object=api_key("o"))
    await me.episodes.remember(
        "key rotated in the billing service",
        f"Ana and Bo changed the key of the billing service to {api_key('e')} in Lisbon.",
        f"The password of the vault is {password('v')} since then.",
        outcome=f"token={SECRETS['w']}",
    )
    await me.documents.add(
        f"https://me:{password('d')}@wiki/page", f"# Access\n\nAPI_KEY={SECRETS['x']}\n\n{key()}"
    )
    await me.people.know("Ana", aliases=[f"ana {token()}"])
    await me.describe("style", "key", f"Always sign with {api_key('l')}.")
    said = MessageHeard(
        speaker="Bo", text=f"use {api_key('q')}", said_at=datetime(2026, 11, 21, tzinfo=UTC)
    )
    await me.hear("elsewhere", [said])
    events += [e async for e in me.execute("t", "and the vault? the token is what?")]
    events += [e async for e in me.execute("t", f"PASSWORD={password('z')}")]
    await me.compact("t", f"rotation with {api_key('g')}")
    return events


def secrets_of_the_talk() -> list[bytes]:
    own = [value.encode() for value in SECRETS.values()]
    own += [password(name).encode() for name in SECRETS]
    own += [line.encode() for line in key().split("\n")[1:-1]]
    return [*own, token().encode()]


async def test_no_byte_of_a_secret_is_in_the_brain(tmp_path: Path) -> None:
    engine, _, ran = opened(tmp_path, list(ANSWERS))
    await talk(engine)
    before = bytes_of(tmp_path)
    await engine.aclose()
    for stored in (before, bytes_of(tmp_path)):
        assert b"[redacted anthropic key]" in stored
        assert b"[redacted private key]" in stored
        assert [secret for secret in secrets_of_the_talk() if secret in stored] == []
    assert sorted(ran) == sorted([f"export X={api_key('c')}; env", password("p")])


async def test_the_stream_is_the_log_and_the_model_sees_what_is_kept(tmp_path: Path) -> None:
    engine, model, _ = opened(tmp_path, list(ANSWERS))
    events = await talk(engine)
    log = await engine.owner().log("t")
    told = [event for event in events if event.place and not event.place.part]
    assert [event for event in log if event in told] == told
    sent = repr(model.requests)
    assert [s for s in secrets_of_the_talk() if s.decode() in sent] == []
    called = [event.input for event in log if isinstance(event, ToolCalled)]
    assert {"user": "me", "password": "[redacted password]"} in called
    await engine.aclose()


async def test_an_excerpt_is_that_of_the_redacted_output(tmp_path: Path) -> None:
    engine, model, _ = opened(tmp_path, list(ANSWERS))
    await talk(engine)
    log = await engine.owner().log("t")
    finished = [e for e in log if isinstance(e, ToolFinished) and e.excerpt is not None]
    assert finished
    for event in finished:
        assert event.excerpt is not None
        assert event.excerpt.head + event.excerpt.tail < len(event.output)
        shown = event.output[len(event.output) - event.excerpt.tail :]
        assert shown in repr(model.requests[1]).replace("\\n", "\n")
    await engine.aclose()


async def test_sealed_thoughts_with_a_secret_are_left_out_whole(tmp_path: Path) -> None:
    engine, _, _ = opened(tmp_path, list(ANSWERS))
    await talk(engine)
    answers = [e for e in await engine.owner().log("t") if isinstance(e, AssistantSpoke)]
    assert [block.kind for block in answers[0].blocks] == ["text", "tool_call", "tool_call"]
    await engine.aclose()


async def test_a_call_whose_secret_went_with_its_turn_is_not_made_without_it(
    tmp_path: Path,
) -> None:
    engine, _, ran = opened(tmp_path, [ASKS])
    async with aclosing(engine.owner().execute("t", "go", idempotency_key="k")) as events:
        async for event in events:
            if isinstance(event, AssistantSpoke):
                break
    await engine.aclose()
    assert ran == []

    engine, _, ran = opened(tmp_path, ["done"])
    events = engine.owner().execute("t", "go", idempotency_key="k")
    finished = [event async for event in events if isinstance(event, ToolFinished)]
    assert ran == []
    assert [event.is_error for event in finished] == [True, True]
    assert all("held a secret" in event.output for event in finished)
    await engine.aclose()


async def test_it_is_told_in_the_log_without_the_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine, _, _ = opened(tmp_path, ["done"])
    with caplog.at_level(logging.INFO, logger="enplace.upload"):
        async for _ in engine.owner().execute("t", f"key {api_key('m')} and {token()}"):
            pass
    told = [r for r in caplog.records if getattr(r, "action", "") == "redact"]
    assert {"anthropic key": 1, "github token": 1} in [vars(r)["kinds"] for r in told]
    assert not any(SECRETS["m"] in r.getMessage() + repr(vars(r)) for r in told)
    await engine.aclose()


@pytest.mark.parametrize(
    ("options", "env"), [(EngineOptions(redacts=False), ""), (None, "false"), (None, "False")]
)
async def test_it_can_be_switched_off(
    tmp_path: Path, options: EngineOptions | None, env: str
) -> None:
    engine, _, _ = opened(tmp_path, ["done"], options=options, env=env)
    assert not engine.redacts
    async for _ in engine.owner().execute("t", f"key {api_key('m')}"):
        pass
    log = await engine.owner().log("t")
    assert [e.text for e in log if isinstance(e, UserSpoke)] == [f"key {api_key('m')}"]
    await engine.aclose()


async def test_what_an_older_brain_holds_is_not_laid_into_a_context(tmp_path: Path) -> None:
    engine, _, _ = opened(tmp_path, [], options=EngineOptions(redacts=False))
    me = engine.owner()
    await me.remember(f"The deploy key of the garden service is {api_key('f')}.")
    await me.describe("style", "key", f"Always sign with {api_key('l')}.")
    await me.note("t", "login", f"password: {password('n')}")
    await engine.aclose()

    engine, model, _ = opened(tmp_path, ["fine", "fine"])
    question = "what is the deploy key of the garden service?"
    async for _ in engine.owner().execute("t", question):
        pass
    sent = repr(model.requests)
    for secret in (SECRETS["f"], SECRETS["l"], password("n")):
        assert secret not in sent
    assert sent.count("[redacted ") >= 3
    again = await engine.owner().context("t")
    assert again.messages[: len(model.requests[-1].messages)] == model.requests[-1].messages
    await engine.aclose()


async def test_the_same_again_is_the_same_write(tmp_path: Path) -> None:
    engine, _, _ = opened(tmp_path, ["one", "two"])
    me = engine.owner()
    sentence = f"The key is {api_key('f')}."
    assert (await me.remember(sentence)).outcome == "added"
    assert (await me.remember(sentence)).outcome == "duplicate"
    assert (await me.documents.add("d", f"# A\n\n{key()}")).outcome == "added"
    assert (await me.documents.add("d", f"# A\n\n{key()}")).outcome == "duplicate"
    for _ in range(2):
        asked = me.execute("t", f"key {api_key('m')}", idempotency_key="k")
        answers = [event async for event in asked]
        assert answers[1].kind == "user_message"
    assert len([e for e in await me.log("t") if isinstance(e, UserSpoke)]) == 1
    await engine.aclose()
