"""Settings from the environment, read once, here and nowhere else."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self, cast, get_args

from enplace.errors import ConfigError

Provider = Literal["local", "openai", "openai_responses", "anthropic", "gemini"]
EmbeddingProvider = Literal["default", "local", "openai", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment says. Every field has its variable in its description."""

    home: Path
    """ENPLACE_HOME: where brains and models are kept. Default: ~/.enplace."""
    provider: Provider = "local"
    """LLM_PROVIDER: `local` is the embedded model; `openai` (chat completions),
    `openai_responses`, `anthropic` and `gemini` are any endpoints that are compatible with
    theirs."""
    model: str = ""
    """LLM_MODEL: the provider's name of the model; needed with a provider."""
    api_key: str = ""
    """LLM_API_KEY."""
    base_url: str = ""
    """LLM_BASE_URL: of a compatible endpoint. Default: the provider's own."""
    window_tokens: int = 128_000
    """LLM_WINDOW_TOKENS: context window of a provider's model."""
    max_tokens: int | None = None
    """MAX_TOKENS: most tokens of one answer. Default: 4,096, or what the local model's card says."""
    local_model: Path | None = None
    """ENPLACE_LOCAL_MODEL: a GGUF file to use instead of the default model."""
    local_threads: int = 1
    """ENPLACE_LOCAL_THREADS: threads of the embedded model."""
    embedding_provider: EmbeddingProvider = "default"
    """EMBEDDING_PROVIDER: `local` is the embedded embedder; `openai` any endpoint that is
    compatible with theirs; `none` recalls by words alone. Default: `local` where the extra
    `recall` is installed, else `none`."""
    embedding_model: str = "text-embedding-3-small"
    """EMBEDDING_MODEL: the provider's name of the embedder."""
    embedding_api_key: str = ""
    """EMBEDDING_API_KEY. Default: LLM_API_KEY."""
    embedding_base_url: str = ""
    """EMBEDDING_BASE_URL: of a compatible endpoint. Default: the provider's own."""
    embedding_dimensions: int | None = None
    """EMBEDDING_DIM: dimensions to ask for. Default: the model's own."""
    compacts: bool = True
    """REACTIVE_COMPACT_ENABLED: `true` or `false`. Where it is false nothing ever goes out of view,
    and a context over the window is refused."""
    keeps_files: bool = True
    """FEATURE_STRUCTURED_FILE_EXTRACTION: `true` or `false`. Whether what a task has seen of files
    is kept apart, so that a collapse does not lose it."""
    redacts: bool = True
    """REDACT_SECRETS: `true` or `false`. Whether secrets are left out of what is kept."""
    learns: bool = True
    """LEARNING_ENABLED: `true` or `false`. Where it is false conversations are learned from only by
    hand."""
    learning_idle_s: int = 20
    """LEARNING_IDLE_S: seconds without a new turn after which an owner's turns are learned from."""
    learning_turns: int = 12
    """LEARNING_TURNS: turns after which that does not wait for a pause."""
    catalog: Path | None = None
    """CATALOG_DIR: a folder with a folder `agents`, in which each agent has one. Default: no agents,
    or the stock ones where ENPLACE_AGENT names one."""
    agent: str = ""
    """ENPLACE_AGENT: the agent that answers. Default: the model with every tool there is."""
    roots: tuple[Path, ...] = ()
    """ALLOWED_ROOTS: folders, with commas between them, that the model may read and change through
    tools; relative paths start in the first. Default: none, and then there are no such tools."""
    shell: bool = False
    """SHELL_ENABLED: `true` or `false`. Whether the model may run commands in these folders."""
    mcp_servers: Path | None = None
    """MCP_SERVERS: a JSON file of MCP servers whose tools the model is given."""
    jobs_url: str = ""
    """JOBS_URL: `sqlite:////path.db` or `postgresql://...`: where work beside the turns is kept, so
    that it outlives this process and workers on other machines do it too. Default: this process."""
    engine_api_key: str = ""
    """ENGINE_API_KEY: the key that clients of the server send."""
    engine_key_hash: str = ""
    """ENGINE_KEY_HASH: SHA-256 of that key in hex, instead of the key itself."""
    engine_owner: str = "default"
    """ENGINE_OWNER: whose memory the key opens."""
    engine_asks_people: bool = False
    """ENGINE_ASKS_PEOPLE: `true` or `false`. Whether the server's model is offered `ask_person`."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read all settings.

        Args:
            environ: Instead of the process environment.

        Raises:
            ConfigError: A value is missing or wrong; the error names the variable.
        """
        env = os.environ if environ is None else environ
        defaults = cls(home=Path.home() / ".enplace")
        provider = env.get("LLM_PROVIDER") or "local"
        if provider not in get_args(Provider):
            choices = ", ".join(get_args(Provider))
            raise ConfigError(f"LLM_PROVIDER is {provider!r}; it is one of: {choices}")
        if provider != "local" and not env.get("LLM_MODEL"):
            raise ConfigError(f"LLM_PROVIDER is {provider!r}, so LLM_MODEL must name a model")
        embedding = env.get("EMBEDDING_PROVIDER") or defaults.embedding_provider
        if embedding not in get_args(EmbeddingProvider):
            choices = ", ".join(get_args(EmbeddingProvider))
            raise ConfigError(f"EMBEDDING_PROVIDER is {embedding!r}; it is one of: {choices}")
        local_model = env.get("ENPLACE_LOCAL_MODEL")
        roots = _folders(env, "ALLOWED_ROOTS")
        if _flag(env, "SHELL_ENABLED", default=False) and not roots:
            raise ConfigError("SHELL_ENABLED is true, so ALLOWED_ROOTS must name a folder")
        mcp_servers = env.get("MCP_SERVERS")
        catalog = env.get("CATALOG_DIR")
        return cls(
            home=Path(env.get("ENPLACE_HOME") or defaults.home).expanduser(),
            provider=cast(Provider, provider),
            model=env.get("LLM_MODEL", ""),
            api_key=env.get("LLM_API_KEY", ""),
            base_url=env.get("LLM_BASE_URL", ""),
            window_tokens=_positive(env, "LLM_WINDOW_TOKENS", defaults.window_tokens),
            max_tokens=_positive(env, "MAX_TOKENS", 0) or None,
            local_model=Path(local_model).expanduser() if local_model else None,
            embedding_provider=cast(EmbeddingProvider, embedding),
            embedding_model=env.get("EMBEDDING_MODEL") or defaults.embedding_model,
            embedding_api_key=env.get("EMBEDDING_API_KEY", ""),
            embedding_base_url=env.get("EMBEDDING_BASE_URL", ""),
            embedding_dimensions=_positive(env, "EMBEDDING_DIM", 0) or None,
            compacts=_flag(env, "REACTIVE_COMPACT_ENABLED", default=defaults.compacts),
            keeps_files=_flag(
                env, "FEATURE_STRUCTURED_FILE_EXTRACTION", default=defaults.keeps_files
            ),
            redacts=_flag(env, "REDACT_SECRETS", default=defaults.redacts),
            learns=_flag(env, "LEARNING_ENABLED", default=defaults.learns),
            learning_idle_s=_positive(env, "LEARNING_IDLE_S", defaults.learning_idle_s),
            learning_turns=_positive(env, "LEARNING_TURNS", defaults.learning_turns),
            catalog=Path(catalog).expanduser() if catalog else None,
            agent=env.get("ENPLACE_AGENT", ""),
            roots=roots,
            shell=_flag(env, "SHELL_ENABLED", default=defaults.shell),
            mcp_servers=Path(mcp_servers).expanduser() if mcp_servers else None,
            jobs_url=env.get("JOBS_URL", ""),
            engine_api_key=env.get("ENGINE_API_KEY", ""),
            engine_key_hash=_hash(env, "ENGINE_KEY_HASH"),
            engine_owner=env.get("ENGINE_OWNER") or defaults.engine_owner,
            engine_asks_people=_flag(
                env, "ENGINE_ASKS_PEOPLE", default=defaults.engine_asks_people
            ),
            local_threads=_positive(env, "ENPLACE_LOCAL_THREADS", defaults.local_threads),
        )


def _flag(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = env.get(name, "")
    if not text:
        return default
    if text.lower() not in {"true", "false"}:
        raise ConfigError(f"{name} is {text!r}; it is true or false")
    return text.lower() == "true"


def _folders(env: Mapping[str, str], name: str) -> tuple[Path, ...]:
    named = [text.strip() for text in env.get(name, "").split(",")]
    folders = tuple(Path(text).expanduser() for text in named if text)
    for folder in folders:
        if not folder.is_absolute():
            raise ConfigError(f"{name} names {str(folder)!r}; a folder is given by its whole path")
    return folders


def _hash(env: Mapping[str, str], name: str) -> str:
    text = env.get(name, "").lower()
    if text and not re.fullmatch(r"[0-9a-f]{64}", text):
        raise ConfigError(f"{name} must be the SHA-256 of a key: 64 hex digits")
    return text


def _positive(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name)
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ConfigError(f"{name} is {text!r}; it must be a whole number of at least 1")
    return int(text)
