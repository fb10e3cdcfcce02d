"""Settings from the environment."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import enplace
from enplace.config import Settings
from enplace.errors import ConfigError, ModelUnavailable
from enplace.providers.embedded import EmbeddedModel
from enplace.providers.openai_chat import OpenAIChatModel
from enplace.providers.scripted import CARD, ScriptedModel
from enplace.wiring import ENGINE_TOOL_NAMES, embedded_model, model_of

HOME = Path.home() / ".enplace"
PROVIDER = {"LLM_PROVIDER": "openai", "LLM_MODEL": "gpt-x"}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, Settings(home=HOME)),
        ({"ENPLACE_HOME": ""}, Settings(home=HOME)),
        ({"ENPLACE_HOME": "/data/brains"}, Settings(home=Path("/data/brains"))),
        ({"ENPLACE_HOME": "~/brains"}, Settings(home=Path.home() / "brains")),
        ({"LLM_PROVIDER": "local"}, Settings(home=HOME)),
        ({"LLM_MODEL": "gpt-x"}, Settings(home=HOME, model="gpt-x")),
        (PROVIDER, Settings(home=HOME, provider="openai", model="gpt-x")),
        (
            {**PROVIDER, "LLM_API_KEY": "secret", "LLM_BASE_URL": "http://localhost:1/v1"},
            Settings(
                home=HOME,
                provider="openai",
                model="gpt-x",
                api_key="secret",
                base_url="http://localhost:1/v1",
            ),
        ),
        ({"LLM_BASE_URL": ""}, Settings(home=HOME)),
        ({"LLM_WINDOW_TOKENS": "8192"}, Settings(home=HOME, window_tokens=8_192)),
        ({"LLM_WINDOW_TOKENS": ""}, Settings(home=HOME)),
        ({"REDACT_SECRETS": "false"}, Settings(home=HOME, redacts=False)),
        ({"REDACT_SECRETS": "TRUE"}, Settings(home=HOME)),
        ({"REDACT_SECRETS": ""}, Settings(home=HOME)),
        ({"MAX_TOKENS": "64"}, Settings(home=HOME, max_tokens=64)),
        ({"MAX_TOKENS": ""}, Settings(home=HOME)),
        ({"ENPLACE_LOCAL_MODEL": "/m.gguf"}, Settings(home=HOME, local_model=Path("/m.gguf"))),
        ({"ENPLACE_LOCAL_MODEL": ""}, Settings(home=HOME)),
        ({"LEARNING_ENABLED": "False"}, Settings(home=HOME, learns=False)),
        (
            {"LEARNING_ENABLED": "true", "LEARNING_IDLE_S": "5", "LEARNING_TURNS": "3"},
            Settings(home=HOME, learning_idle_s=5, learning_turns=3),
        ),
        ({"ALLOWED_ROOTS": "", "SHELL_ENABLED": "false"}, Settings(home=HOME)),
        (
            {"ALLOWED_ROOTS": "/srv/a, ~/b ,", "SHELL_ENABLED": "True"},
            Settings(home=HOME, roots=(Path("/srv/a"), Path.home() / "b"), shell=True),
        ),
        ({"MCP_SERVERS": "/etc/mcp.json"}, Settings(home=HOME, mcp_servers=Path("/etc/mcp.json"))),
        ({"MCP_SERVERS": ""}, Settings(home=HOME)),
        ({"ENGINE_ASKS_PEOPLE": "true"}, Settings(home=HOME, engine_asks_people=True)),
        ({"ENPLACE_LOCAL_THREADS": "4"}, Settings(home=HOME, local_threads=4)),
    ],
)
def test_settings_are_read_from_the_environment(
    environ: dict[str, str], expected: Settings
) -> None:
    assert Settings.from_env(environ) == expected


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"LLM_PROVIDER": "openia", "LLM_MODEL": "m"}, "LLM_PROVIDER"),
        ({"LLM_PROVIDER": "OpenAI", "LLM_MODEL": "m"}, "LLM_PROVIDER"),
        ({"REDACT_SECRETS": "0"}, "REDACT_SECRETS"),
        ({"REDACT_SECRETS": "off"}, "REDACT_SECRETS"),
        ({"LLM_PROVIDER": "openai"}, "LLM_MODEL"),
        ({"LLM_PROVIDER": "openai", "LLM_MODEL": ""}, "LLM_MODEL"),
        ({"MAX_TOKENS": "0"}, "MAX_TOKENS"),
        ({"MAX_TOKENS": "-5"}, "MAX_TOKENS"),
        ({"MAX_TOKENS": "1.5"}, "MAX_TOKENS"),
        ({"MAX_TOKENS": "many"}, "MAX_TOKENS"),
        ({"MAX_TOKENS": "²"}, "MAX_TOKENS"),
        ({"MAX_TOKENS": "1_000"}, "MAX_TOKENS"),
        ({"LLM_WINDOW_TOKENS": "big"}, "LLM_WINDOW_TOKENS"),
        ({"ENPLACE_LOCAL_THREADS": "0"}, "ENPLACE_LOCAL_THREADS"),
        ({"LEARNING_ENABLED": "1"}, "LEARNING_ENABLED"),
        ({"ALLOWED_ROOTS": "/srv/a,b"}, "ALLOWED_ROOTS"),
        ({"ALLOWED_ROOTS": "/srv/a", "SHELL_ENABLED": "1"}, "SHELL_ENABLED"),
        ({"SHELL_ENABLED": "true"}, "ALLOWED_ROOTS"),
        ({"LEARNING_IDLE_S": "0"}, "LEARNING_IDLE_S"),
        ({"LEARNING_TURNS": "many"}, "LEARNING_TURNS"),
        ({"ENGINE_ASKS_PEOPLE": "yes"}, "ENGINE_ASKS_PEOPLE"),
    ],
)
def test_a_wrong_setting_is_named(environ: dict[str, str], name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        Settings.from_env(environ)


def test_an_empty_provider_is_the_local_one() -> None:
    assert Settings.from_env({"LLM_PROVIDER": ""}).provider == "local"


def test_without_a_mapping_the_process_environment_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ENPLACE_HOME", "/data/brains")
    monkeypatch.setenv("MAX_TOKENS", "77")
    settings = Settings.from_env()
    assert (settings.home, settings.max_tokens) == (Path("/data/brains"), 77)


def test_a_provider_s_model_gets_a_card_of_the_settings(tmp_path: Path) -> None:
    environ = {**PROVIDER, "LLM_WINDOW_TOKENS": "9000", "MAX_TOKENS": "90"}
    model = model_of(Settings.from_env(environ), tmp_path)
    assert isinstance(model, OpenAIChatModel)
    assert model.card.name == "gpt-x"
    assert (model.card.window_tokens, model.card.output_tokens) == (9_000, 90)


def test_the_local_model_gets_a_card_of_its_own(tmp_path: Path) -> None:
    model = model_of(Settings.from_env({"MAX_TOKENS": "90"}), tmp_path)
    assert isinstance(model, EmbeddedModel)
    assert model.card.name == "smollm2-135m-instruct"
    assert model.card.output_tokens == 90
    assert not model.card.uses_engine_tools


async def tools_of(home: Path, **given: Any) -> list[str]:
    """The names of the tools that an engine offers its model; those of the engine itself are off."""
    model = ScriptedModel(["ok"], card=replace(CARD, uses_engine_tools=False))
    brains = enplace.InMemoryBrains()
    environment = given.pop("environment", {})
    engine = enplace.open(
        home, model=model, brains=brains, embedder=None, environment=environment, **given
    )
    async with engine:
        async for _ in engine.owner("ada").execute("t", "hello"):
            pass
    return [spec.name for spec in model.requests[0].tools]


FILE_TOOLS = ["edit_file", "find_files", "list_files", "read_file", "search_files", "write_file"]


async def test_an_engine_has_tools_for_files_only_in_allowed_folders(tmp_path: Path) -> None:
    assert await tools_of(tmp_path) == []
    assert await tools_of(tmp_path, roots=[tmp_path]) == FILE_TOOLS
    allowed = {"ALLOWED_ROOTS": str(tmp_path)}
    assert await tools_of(tmp_path, environment=allowed) == FILE_TOOLS
    assert await tools_of(tmp_path, environment=allowed, roots=[]) == []
    with_shell = {**allowed, "SHELL_ENABLED": "true"}
    assert await tools_of(tmp_path, environment=with_shell) == sorted([*FILE_TOOLS, "shell"])
    assert await tools_of(tmp_path, environment=with_shell, shell=False) == FILE_TOOLS


async def test_a_tool_of_ones_own_takes_the_place_of_one_of_these(tmp_path: Path) -> None:
    def read_file(path: str) -> str:
        """Read it in another way."""
        return path

    assert await tools_of(tmp_path, roots=[tmp_path], tools=[read_file]) == FILE_TOOLS


def test_roots_that_cannot_be_used_are_told_when_the_engine_is_opened(tmp_path: Path) -> None:
    model, nowhere = ScriptedModel([]), {"ALLOWED_ROOTS": "/nowhere/at/all"}
    with pytest.raises(ConfigError, match="not a folder"):
        enplace.open(tmp_path, model=model, roots=[tmp_path / "none"], environment={})
    with pytest.raises(ConfigError, match="not a folder"):
        enplace.open(tmp_path, model=model, environment=nowhere)
    for home in (tmp_path, tmp_path / "below" / "home"):
        with pytest.raises(ConfigError, match="holds the brains"):
            enplace.open(home, model=model, roots=[tmp_path], environment={})
    with pytest.raises(ConfigError, match="needs allowed roots"):
        enplace.open(tmp_path, model=model, shell=True, environment={})


async def test_a_local_file_that_is_not_there_is_named_with_the_first_call(tmp_path: Path) -> None:

    missing = tmp_path / "mine.gguf"
    model = embedded_model(Settings.from_env({"ENPLACE_LOCAL_MODEL": str(missing)}), tmp_path)
    assert model.card.name == "mine"
    engine = enplace.open(tmp_path, model=model, brains=enplace.InMemoryBrains(), environment={})
    with pytest.raises(ModelUnavailable, match=r"mine\.gguf"):
        async for _ in engine.owner("ada").execute("t", "hello"):
            pass


def test_the_catalog_and_the_main_agent_come_from_the_settings(tmp_path: Path) -> None:
    settings = Settings.from_env({"CATALOG_DIR": str(tmp_path), "ENPLACE_AGENT": "planner"})
    assert (settings.catalog, settings.agent) == (tmp_path, "planner")
    with pytest.raises(ConfigError, match="agents cannot be read"):
        enplace.open(tmp_path, environment={"CATALOG_DIR": str(tmp_path)})


async def test_a_main_agent_without_a_catalog_is_a_stock_one(tmp_path: Path) -> None:
    async with enplace.open(tmp_path, environment={"ENPLACE_AGENT": "planner"}) as engine:
        assert {agent.name for agent in (await engine.catalogue()).agents} >= {"coder", "tester"}
    with pytest.raises(ConfigError, match="main agent 'cook'"):
        enplace.open(tmp_path, environment={"ENPLACE_AGENT": "cook"})


async def test_the_names_of_the_engines_tools_are_those_of_the_tools(tmp_path: Path) -> None:
    model = enplace.ScriptedModel(["hello"])
    async with enplace.open(tmp_path, model=model, asks_people=True, environment={}) as engine:
        _ = [event async for event in engine.owner().execute("t", "hi")]
    assert {tool.name for tool in model.requests[0].tools} == ENGINE_TOOL_NAMES
