"""Picks stores and providers: the only place that knows all of them."""

import importlib.util
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

from enplace.config import Settings
from enplace.desk import SYSTEM_PROMPT, TurnOptions
from enplace.engine import Engine, EngineOptions, LearningOptions, Ports
from enplace.errors import ConfigError, ModelUnavailable
from enplace.ports import (
    Brains,
    Clock,
    Embedder,
    Jobs,
    Model,
    PriceBook,
    TokenCounter,
    Tool,
    Toolbox,
)
from enplace.prepare.compact.policy import CompactionOptions
from enplace.providers import minilm, weights
from enplace.providers.caches import profile_of, provider_at
from enplace.providers.clock import SystemClock
from enplace.providers.counts import best_counter
from enplace.providers.embedded import (
    DEFAULT_SYSTEM_PROMPT,
    EmbeddedModel,
    default_card,
    own_card,
)
from enplace.providers.prices import FixedPrices, GenaiPrices
from enplace.readers.agents import STOCK, read_agents
from enplace.readers.files import FileLibrary
from enplace.records.agent import AgentDefinition
from enplace.records.media import MediaRule
from enplace.records.model import ModelCard
from enplace.records.price import Price
from enplace.stores.sqlite.brain import SqliteBrains
from enplace.tools.asking import AskPerson
from enplace.tools.function import FunctionTool
from enplace.tools.log import LOG_TOOLS, log_tools
from enplace.tools.mcp.servers import read_servers
from enplace.tools.mcp.toolbox import McpToolbox
from enplace.tools.memory import MEMORY_TOOLS, memory_tools
from enplace.tools.roots import Roots
from enplace.tools.workspace import workspace_tools

Agents: TypeAlias = Sequence[AgentDefinition] | Path | str
"""Definitions, the folder that holds them, or "stock"."""

DEFAULT_OUTPUT_TOKENS = 4_096
OPENAI_URL = "https://api.openai.com/v1"
ENGINE_TOOL_NAMES = frozenset({*MEMORY_TOOLS, *LOG_TOOLS, AskPerson.spec.name})


def open(
    home: Path | str | None = None,
    *,
    model: Model | None = None,
    tools: Sequence[Tool | Callable[..., Any]] = (),
    roots: Sequence[Path | str] | None = None,
    shell: bool | None = None,
    system: str | None = None,
    options: EngineOptions | None = None,
    brains: Brains | None = None,
    embedder: Embedder | Literal["default"] | None = "default",
    counter: TokenCounter | None = None,
    clock: Clock | None = None,
    prices: PriceBook | None = None,
    toolboxes: Sequence[Toolbox] = (),
    agents: Agents | None = None,
    agent: str | None = None,
    models: Mapping[str, Model] | None = None,
    asks_people: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Engine:
    """An engine, ready to use. Loads no model and opens no brain before the first call.

    Args:
        home: Folder for brains and models; created when needed. Default: ENPLACE_HOME.
        model: Answers. Default: what the environment names, else the embedded model.
        tools: For the model; a plain function becomes a `FunctionTool` that is not idempotent.
        roots: Folders for the tools that read, search and change files, see `workspace_tools`; with
            none there are no such tools. A tool of yours with the name of one takes its place.
            Default: ALLOWED_ROOTS.
        shell: Whether there is a shell in them, in a sandbox where one starts (then it is started
            once, to see that it does). Default: SHELL_ENABLED.
        system: System prompt: instructions, no knowledge. Default: one that suits the model.
        options: Everything else.
        embedder: Makes vectors for recall; None: recall by words alone. Default: what the
            environment names, else the embedded one where the extra `recall` is installed.
        brains: Where brains are kept. Default: one SQLite file per owner below `home`.
        counter: Counts tokens. Default: the extra `tokens` where installed, else by characters.
        clock: Tells the time.
        prices: Knows what calls cost. Default: for a provider's model the extra `prices`.
        toolboxes: Tools of other processes, beside those of MCP_SERVERS; asked at the first turn
            and at every reload, closed with the engine.
        agents: Whom the model may delegate to: definitions, a folder with one folder per agent, or
            "stock", those that ship. A folder is read again by `Engine.reload`. Default: `agents`
            in CATALOG_DIR.
        agent: The one of them that answers the owner, with its own prompt, tools and model.
            Default: ENPLACE_AGENT.
        models: By the names that agents give them; closed with the engine.
        asks_people: Whether the model is offered `ask_person`. Somebody must look for its questions
            then and answer them: until that its turn waits.
        environment: Instead of the process environment.

    Raises:
        ConfigError: A setting is missing or wrong.
    """
    settings = Settings.from_env(environment)
    folder = settings.home if home is None else Path(home)
    chosen = model if model is not None else model_of(settings, folder)
    own = settings.agent if agent is None else agent
    options = options or EngineOptions()
    turn = options.turn
    prompt = system if system is not None else _prompt_for(chosen, turn)
    limit = min(turn.recall.limit, chosen.card.memories_per_frame)
    turn = replace(
        turn,
        system=prompt,
        recall=replace(turn.recall, limit=limit),
        compaction=_compaction(settings, turn.compaction),
    )
    return Engine(
        Ports(
            brains=brains or SqliteBrains(folder),
            model=chosen,
            counter=counter or best_counter(),
            clock=clock or SystemClock(),
            tools=_tools(
                tools,
                settings.roots if roots is None else roots,
                shell=settings.shell if shell is None else shell,
                home=folder if brains is None else None,
            ),
            engine_tools=lambda memory, log: (
                *memory_tools(memory),
                *log_tools(log),
                *((AskPerson(),) if asks_people else ()),
            ),
            engine_tool_names=ENGINE_TOOL_NAMES,
            prices=prices if prices is not None else prices_of(settings, chosen),
            embedder=embedder_of(settings, folder) if embedder == "default" else embedder,
            jobs=jobs_of(settings),
            toolboxes=(*toolboxes, *toolboxes_of(settings)),
            agents=agents_of(settings, agents, own),
            agent=own,
            models=models or {},
            library=FileLibrary(),
        ),
        replace(
            options,
            turn=turn,
            learning=_learning(settings, options.learning),
            redacts=options.redacts and settings.redacts,
        ),
    )


def model_of(settings: Settings, home: Path) -> Model:
    """The model that the settings name."""
    if settings.provider == "local":
        return embedded_model(settings, home)
    family = settings.provider.removesuffix("_responses")
    host = provider_at(settings.base_url) if settings.base_url else family
    card = ModelCard(
        name=settings.model,
        window_tokens=settings.window_tokens,
        output_tokens=settings.max_tokens or DEFAULT_OUTPUT_TOKENS,
        can_summarise=True,
        can_extract=True,
        media=cast(MediaRule, family),
        cache=profile_of(host, settings.model),
    )
    from enplace.providers import hosted  # its HTTP client is heavy; many never use it

    key, url = settings.api_key, settings.base_url
    match settings.provider:
        case "openai":
            return hosted.OpenAIChatModel(card, api_key=key, base_url=url or hosted.OPENAI_URL)
        case "openai_responses":
            return hosted.OpenAIResponsesModel(card, api_key=key, base_url=url or hosted.OPENAI_URL)
        case "gemini":
            seals = not settings.model.startswith("gemini-2")
            return hosted.GeminiModel(
                card, api_key=key, base_url=url or hosted.GEMINI_URL, needs_seals=seals
            )
        case "anthropic":
            return hosted.AnthropicModel(card, api_key=key, base_url=url or hosted.ANTHROPIC_URL)


def prices_of(settings: Settings, model: Model) -> PriceBook:
    """What calls of a model cost: nothing for the embedded one, else what the book says."""
    if isinstance(model, EmbeddedModel):
        name = model.card.name
        return FixedPrices({name: Price.of(name, input=0, output=0, book="local")})
    book = GenaiPrices(settings.base_url)
    threading.Thread(target=book.load, name="enplace-prices", daemon=True).start()
    return book


def jobs_of(settings: Settings) -> Jobs | None:
    """Where the settings say that work beside the turns is kept; None: in this process.

    Raises:
        ConfigError: The extra `jobs` is not installed.
    """
    if not settings.jobs_url:
        return None
    if importlib.util.find_spec("dbos") is None:
        raise ConfigError("JOBS_URL needs `pip install 'enplace[jobs]'`")
    from enplace.jobs.durable import DurableJobs

    return DurableJobs(settings.jobs_url)


def agents_of(
    settings: Settings, given: Agents | None, agent: str
) -> Callable[[], Sequence[AgentDefinition]]:
    """What reads the definitions of agents: those that were given, else those of the settings.

    Args:
        settings: Name a folder, or none.
        given: As `open` takes it.
        agent: The one that answers; where no folder is named it is a stock one.
    """
    if given is None:
        if settings.catalog is not None:
            given = settings.catalog / "agents"
        else:
            given = "stock" if agent else ()
    if isinstance(given, str | Path):
        folder = STOCK if given == "stock" else Path(given)
        return lambda: read_agents(folder)
    definitions = given
    return lambda: definitions  # a list may change before a reload


def toolboxes_of(settings: Settings) -> tuple[Toolbox, ...]:
    """The MCP servers that the settings name, each as a toolbox; none of them is started yet.

    Raises:
        ConfigError: The file cannot be read or is wrong, or the extra `mcp` is not installed.
    """
    if settings.mcp_servers is None:
        return ()
    return tuple(McpToolbox(server) for server in read_servers(settings.mcp_servers))


def _compaction(settings: Settings, chosen: CompactionOptions | None) -> CompactionOptions | None:
    """What the caller chose, as far as the environment allows it."""
    if chosen is None or not settings.compacts:
        return None
    return replace(chosen, keeps_files=chosen.keeps_files and settings.keeps_files)


def _learning(settings: Settings, chosen: LearningOptions) -> LearningOptions:
    """What the caller chose, else the environment; either can switch it off."""
    default = LearningOptions()
    if (chosen.idle_s, chosen.turns) == (default.idle_s, default.turns):
        idle_s, turns = float(settings.learning_idle_s), settings.learning_turns
        chosen = replace(chosen, idle_s=idle_s, turns=turns)
    return replace(chosen, in_background=chosen.in_background and settings.learns)


def embedded_model(settings: Settings, home: Path) -> EmbeddedModel:
    """The model in this process: the default one, or the GGUF file that the settings name."""
    own = settings.local_model
    card = default_card() if own is None else own_card(own)
    if settings.max_tokens is not None:
        card = replace(card, output_tokens=settings.max_tokens)

    def locate() -> Path:
        if own is None:
            return weights.SMOLLM2.find_or_pull(home)
        if not own.is_file():
            raise ModelUnavailable(f"ENPLACE_LOCAL_MODEL is {own}, and there is no such file")
        return own

    return EmbeddedModel(locate, card, threads=settings.local_threads)


def embedder_of(settings: Settings, home: Path) -> Embedder | None:
    """The embedder that the settings name; None where there is to be none."""
    if settings.embedding_provider == "none":
        return None
    if settings.embedding_provider == "openai":
        from enplace.providers.openai_embeddings import OpenAIEmbedder

        return OpenAIEmbedder(
            settings.embedding_model,
            api_key=settings.embedding_api_key or settings.api_key,
            base_url=settings.embedding_base_url or OPENAI_URL,
            dimensions=settings.embedding_dimensions,
        )
    if settings.embedding_provider == "default" and not minilm.is_installed():
        return None
    return minilm.MiniLMEmbedder(lambda: weights.MINILM.find_or_pull(home))


def _prompt_for(model: Model, turn: TurnOptions) -> str:
    """The default model needs its own words; a prompt that the caller chose stands."""
    plain = turn.system == SYSTEM_PROMPT and model.card.name == default_card().name
    return DEFAULT_SYSTEM_PROMPT if plain else turn.system


def _tools(
    given: Sequence[Tool | Callable[..., Any]],
    folders: Sequence[Path | str],
    *,
    shell: bool,
    home: Path | None,
) -> tuple[Tool, ...]:
    """The caller's tools, and before them those of the allowed folders."""
    own = tuple(_as_tool(tool) for tool in given)
    if not folders:
        if shell:
            raise ConfigError("a shell needs allowed roots")
        return own
    taken = {tool.spec.name for tool in own}
    around = workspace_tools(roots_beside(folders, home), shell=shell)
    return (*(tool for tool in around if tool.spec.name not in taken), *own)


def roots_beside(folders: Sequence[Path | str], home: Path | None) -> Roots:
    """Allowed folders that hold no brains, which a model could read and change there.

    Args:
        folders: As for `Roots`.
        home: Where brains are kept in files; None where they are not.

    Raises:
        ConfigError: They cannot be used.
    """
    roots = Roots(folders)
    if home is not None:
        brains = (home / "brains").resolve()
        for root in roots.folders:
            if brains.is_relative_to(root) or root.is_relative_to(brains):
                raise ConfigError(
                    f"the allowed root {root} holds the brains in {brains}, which the model could"
                    " read and change there; name a narrower root, or set ENPLACE_HOME"
                )
    return roots


def _as_tool(tool: Tool | Callable[..., Any]) -> Tool:
    return tool if isinstance(tool, Tool) else FunctionTool(tool)
