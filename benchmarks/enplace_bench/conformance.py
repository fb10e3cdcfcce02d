"""Whether codecs and server keep to what is published.

Both codecs carry a task of three turns against the endpoints of a real server, llama.cpp with the
default model, over HTTP and streaming. What they decode as usage is compared with the server's own
words in the bytes of its streams. Then requests made up from the OpenAPI document of our server, as
it allows them and as it forbids them, are answered by the application in this process. A failure is
a status of 500 or above, or an answer that the document does not describe.
"""

import argparse
import asyncio
import importlib
import json
import os
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import ceil
from typing import TYPE_CHECKING, Any, Literal

import httpx

import enplace
from enplace import AnthropicModel, OpenAIChatModel, ScriptedModel, Settings
from enplace.ports import Model
from enplace.providers.embedded import default_card
from enplace.providers.weights import SMOLLM2
from enplace.records.event import UsageReported
from enplace.records.model import ModelCard
from enplace.records.usage import Usage
from enplace.server.keys import Keys, hash_key
from enplace_bench.report import Bar, Report, print_table

if TYPE_CHECKING:
    from fastapi import FastAPI

CASES = 500
FACT = "Ada's parrot is called Hopper."
MESSAGES = ("What is my parrot called?", "Say that again.", "Thank you.")
KEY = "a key for the benchmark"

Wire = Literal["openai", "anthropic"]


# Codecs against a real server


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a model is served."""

    url: str
    key: str


@contextmanager
def local_endpoint() -> Generator[Endpoint, None, None]:
    """The default model behind its runtime's own HTTP server, with a cache of exact prefixes."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # idle threads of the runtime spin else
    runtime: Any = importlib.import_module("xllamacpp")  # carries no types
    key = secrets.token_hex(16)
    params = runtime.CommonParams()
    params.model.path = str(SMOLLM2.find_or_pull(Settings.from_env().home))
    params.n_ctx = 1_024
    params.n_parallel = 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.cache_ram_mib = 0
    params.warmup = False
    params.verbosity = 0
    params.api_keys = [key]
    server = runtime.Server(params)
    yield Endpoint(url=str(server.listening_address), key=key)
    del server  # ends it


class Recorder(httpx.AsyncBaseTransport):
    """Sends requests on, and keeps the bytes of every answer as they come."""

    def __init__(self) -> None:
        self.answers: list[bytearray] = []
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`."""
        response = await self._inner.handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)  # as an async transport gives
        answer = bytearray()
        self.answers.append(answer)
        stream = _Kept(response.stream, answer)
        return httpx.Response(response.status_code, headers=response.headers, stream=stream)

    async def aclose(self) -> None:
        """See `httpx.AsyncBaseTransport`."""
        await self._inner.aclose()


class _Kept(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, kept: bytearray) -> None:
        self._stream = stream
        self._kept = kept

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            self._kept += piece
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A task over one of the wires: usage per model call."""

    decoded: tuple[Usage, ...]
    served: tuple[Usage, ...]
    """By the server's own words."""

    @property
    def equal(self) -> bool:
        """Whether every call was read as the server counted it, with a cache that was in use."""
        hits = [usage.cache_hit_tokens > 0 for usage in self.served[1:]]
        return self.decoded == self.served and len(hits) == len(MESSAGES) - 1 and all(hits)


async def carry(wire: Wire, endpoint: Endpoint) -> Carried:
    """Carry the task of three turns over a wire."""
    card = replace(default_card(output_tokens=24), window_tokens=1_024, tools="none")
    recorder = Recorder()
    model = _model(wire, card, endpoint, httpx.AsyncClient(transport=recorder, timeout=120.0))
    decoded: list[Usage] = []
    brains = enplace.InMemoryBrains()
    engine = enplace.open("unused", model=model, brains=brains, embedder=None, environment={})
    async with engine:
        owner = engine.owner()
        await owner.remember(FACT)
        for message in MESSAGES:
            events = [event async for event in owner.execute("conformance", message)]
            decoded += [event.usage for event in events if isinstance(event, UsageReported)]
    served = [served_usage(wire, bytes(answer)) for answer in recorder.answers]
    return Carried(decoded=tuple(decoded), served=tuple(served))


def _model(wire: Wire, card: ModelCard, endpoint: Endpoint, client: httpx.AsyncClient) -> Model:
    if wire == "openai":
        url = f"{endpoint.url}/v1"
        return OpenAIChatModel(card, api_key=endpoint.key, base_url=url, client=client)
    return AnthropicModel(card, api_key=endpoint.key, base_url=endpoint.url, client=client)


def served_usage(wire: Wire, stream: bytes) -> Usage:
    """What a call consumed by the server's own words, read from its bytes without our codecs."""
    lines = stream.decode().splitlines()
    datas = [line.removeprefix("data: ") for line in lines if line.startswith("data: {")]
    events: list[dict[str, Any]] = [json.loads(data) for data in datas]
    if wire == "openai":  # the runtime's timings are counted apart from its usage
        timings = next(event["timings"] for event in events if event.get("timings"))
        return Usage(
            input_tokens=timings["cache_n"] + timings["prompt_n"],
            output_tokens=timings["predicted_n"],
            cache_hit_tokens=timings["cache_n"],
        )
    begun = next(e["message"]["usage"] for e in events if e["type"] == "message_start")
    ended = next(event["usage"] for event in events if event["type"] == "message_delta")
    return Usage(
        input_tokens=begun["cache_read_input_tokens"] + begun["input_tokens"],
        output_tokens=ended["output_tokens"],
        cache_hit_tokens=begun["cache_read_input_tokens"],
    )


# The server against its document


@dataclass(slots=True)
class Answered:
    """What became of the requests that were made up."""

    statuses: Counter[int] = field(default_factory=Counter[int])
    failures: list[str] = field(default_factory=list[str])

    @property
    def cases(self) -> int:
        """How many were made."""
        return self.statuses.total()


CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
"""A request that the document allows may still be refused: not every rule fits into a schema."""


def make_up(app: "FastAPI", headers: Mapping[str, str], cases: int, seed: int = 0) -> Answered:
    """Make up at least so many requests and hold every answer against the document.

    Args:
        app: Answers in this process.
        headers: Of every request.
        cases: Half of them as the document allows, half as it forbids.
        seed: Of what is made up.
    """
    # Heavy, and the other benchmarks measure.
    import hypothesis
    import hypothesis.errors
    from hypothesis import HealthCheck, Phase
    from schemathesis.core.failures import FailureGroup
    from schemathesis.generation import GenerationMode

    answered = Answered()
    schemathesis: Any = importlib.import_module("schemathesis")  # its types are unfinished
    known: Any = importlib.import_module("schemathesis.checks")
    known.load_all_checks()
    schemathesis.serializer.alias("application/x-ndjson", "text/plain")
    checks = known.CHECKS.get_by_names(list(CHECKS))
    document = schemathesis.openapi.from_asgi("/openapi.json", app)

    def ask(case: Any) -> None:
        if answered.cases % 2 and case.headers:  # else hardly a turn would start
            case.headers.pop("last-event-id", None)
        response = case.call(headers=dict(headers))
        answered.statuses[response.status_code] += 1
        try:
            case.validate_response(response, checks=checks, headers=dict(headers))
        except FailureGroup as failure:
            answered.failures.append(str(failure))

    operations = [found.ok() for found in document.get_all_operations()]
    kinds = [(operation, mode) for operation in operations for mode in GenerationMode]
    busy = [kind for kind in kinds if kind[0].path != "/health"]  # which has nothing to vary
    impatient = hypothesis.settings(
        max_examples=ceil(cases / len(busy)) + 1,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
    )
    calm = hypothesis.settings(
        impatient,
        suppress_health_check=(*impatient.suppress_health_check, HealthCheck.filter_too_much),
    )
    for operation, mode in busy:
        made = operation.as_strategy(generation_mode=mode)
        # Where only a key may be sent, a thousand tries make up nothing that is forbidden.
        varies = operation.path_parameters or operation.query or operation.body
        how = calm if varies or mode is GenerationMode.POSITIVE else impatient
        try:
            hypothesis.seed(seed)(how(hypothesis.given(case=made)(ask)))()
        except hypothesis.errors.Unsatisfiable:
            if mode is GenerationMode.POSITIVE:  # where nothing can be wrong, nothing is made up
                raise
        except hypothesis.errors.FailedHealthCheck:
            if how is calm:
                raise
    return answered


def scripted_app() -> "FastAPI":
    """The server's application on a model that always answers, with brains in memory."""
    from enplace.server.app import create_app

    engine = enplace.open(
        "unused",
        model=ScriptedModel(lambda _: "Here I am."),
        brains=enplace.InMemoryBrains(),
        embedder=None,
        environment={},
    )
    return create_app(engine, Keys({hash_key(KEY): "ada"}))


# The benchmark


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--cases", type=int, default=CASES, help="requests that are made up")
    parser.add_argument("--seed", type=int, default=0, help="of those requests")


def run(options: argparse.Namespace) -> Report:
    """Compare usage over both wires, then make up requests."""
    with local_endpoint() as endpoint:
        openai = asyncio.run(carry("openai", endpoint))
        anthropic = asyncio.run(carry("anthropic", endpoint))
    rows = [
        [f"{name} {number}", *(str(figure) for figure in _figures(decoded, served))]
        for name, carried in (("openai", openai), ("anthropic", anthropic))
        for number, (decoded, served) in enumerate(
            zip(carried.decoded, carried.served, strict=True), start=1
        )
    ]
    print_table(["call", "input", "served", "output", "served", "hit", "served"], rows)
    answered = make_up(scripted_app(), {"X-Engine-Key": KEY}, options.cases, options.seed)
    print_table(
        ["status", "answers"],
        [[str(status), str(count)] for status, count in sorted(answered.statuses.items())],
    )
    for failure in answered.failures[:5]:
        print(failure)
    return Report(
        figures={
            "openai_usage_equal": openai.equal,
            "anthropic_usage_equal": anthropic.equal,
            "schemathesis_cases": answered.cases,
            "failures": len(answered.failures),
        },
        bars=(
            Bar(name="usage equal, openai", figure=openai.equal, at_least=1),
            Bar(name="usage equal, anthropic", figure=anthropic.equal, at_least=1),
            Bar(name="requests made up", figure=answered.cases, at_least=options.cases),
            Bar(name="failures", figure=len(answered.failures), at_most=0),
        ),
    )


def _figures(decoded: Usage, served: Usage) -> tuple[int, ...]:
    return (
        decoded.input_tokens,
        served.input_tokens,
        decoded.output_tokens,
        served.output_tokens,
        decoded.cache_hit_tokens,
        served.cache_hit_tokens,
    )
