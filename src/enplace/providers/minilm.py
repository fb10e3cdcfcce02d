"""An embedder in this process: all-MiniLM-L6-v2 through onnxruntime. Needs the extra `recall`.

Its vectors are centred and brought from 384 to 256 dimensions, so that the sign of each dimension
alone says much. Centre and axes (principal components) were fitted once, on dialogues under the MIT
licence: those of MemoryBank, and of tau-bench and tau2-bench.
"""

import asyncio
import importlib
import importlib.util
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from enplace.errors import EmbedderError, ModelUnavailable
from enplace.providers.wordpiece import WordPiece
from enplace.records.encoding import EmbedderCard, Encoding
from enplace.records.stop_words import STOP_WORDS
from enplace.records.words import terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

DIMENSIONS = 256
CARD = EmbedderCard(
    name="all-minilm-l6-v2/int8/pca256/1",
    pooled_dimensions=DIMENSIONS,
    token_dimensions=DIMENSIONS,
)

WINDOW_PIECES = 200
"""Read at once. The model was trained on 128 and can take 510."""
MOST_WINDOWS = 12
"""Of one text; what comes after them is not read."""
MOST_TOKENS = 32
"""Vectors of one text: of the first pieces that differ. What comes after them is in its pooled
vector alone; measured on conversations, more of them find no more."""
BATCH_PIECES = 400
"""Computed together: more are no quicker, and take more memory."""
TURN_CHARACTERS = 2_000
"""Of texts that are computed before somebody else's have their turn: about 0.1 s."""
KEPT_TEXTS = 256
KEPT_CHARACTERS = 1_000
"""Texts that come alone and are no longer than this are kept with their encodings: queries."""

FILES = Path(__file__).with_name("all_minilm_l6_v2")


def is_installed() -> bool:
    """Whether the runtime is there."""
    return all(importlib.util.find_spec(name) for name in ("numpy", "onnxruntime"))


class MiniLMEmbedder:
    """Encodes in this process, one batch at a time. Implements `ports.Embedder`.

    A text has a vector for each piece of its words that say what it is about; where none does, for
    each piece of all its words. The weights are loaded with the first call and let go by `aclose`;
    the embedders of a process share them.

    Args:
        locate: Finds the weights; called once, on a thread of its own.
        threads: Of the computation. One, unless the machine has cores to spare.
    """

    def __init__(self, locate: Callable[[], Path], *, threads: int = 1) -> None:
        self.card = CARD
        self._locate = locate
        self._threads = threads
        self._runtime: _Runtime | None = None
        self._turn = asyncio.Lock()
        self._kept: OrderedDict[str, Encoding] = OrderedDict()

    async def encode(self, texts: Sequence[str]) -> Sequence[Encoding]:
        """See `ports.Embedder`. Other calls get in between, so a query need not wait for many."""
        if len(texts) == 1 and texts[0] in self._kept:
            self._kept.move_to_end(texts[0])
            return [self._kept[texts[0]]]
        encodings: dict[int, Encoding] = {}
        for places in _groups(texts):
            group = [texts[place] for place in places]
            async with self._turn:
                made = await asyncio.to_thread(self._encode, group)
            encodings.update(zip(places, made, strict=True))
        if len(texts) == 1 and len(texts[0]) <= KEPT_CHARACTERS:
            self._kept[texts[0]] = encodings[0]
            if len(self._kept) > KEPT_TEXTS:
                self._kept.popitem(last=False)
        return [encodings[place] for place in range(len(texts))]

    async def aclose(self) -> None:
        """See `ports.Embedder`. Another call loads the model again."""
        async with self._turn:
            self._runtime = None

    def _encode(self, texts: Sequence[str]) -> list[Encoding]:
        if self._runtime is None:
            self._runtime = self._load()
        return self._runtime.encode(texts)

    def _load(self) -> "_Runtime":
        try:
            path = self._locate()
        except ModelUnavailable as error:
            raise EmbedderError(error.message, **error.details) from error
        try:
            return _shared(path, self._threads)
        except ImportError as error:
            raise EmbedderError(
                f"the embedder needs `pip install 'enplace[recall]'`: {error}"
            ) from error


def _groups(texts: Sequence[str]) -> Iterator[list[int]]:
    """Places of texts that are computed together: of about the same length, and not too many."""
    group: list[int] = []
    characters = 0
    for place in sorted(range(len(texts)), key=lambda place: len(texts[place])):
        characters += len(texts[place])
        if group and characters > TURN_CHARACTERS:
            yield group
            group, characters = [], len(texts[place])
        group.append(place)
    if group:
        yield group


@dataclass(frozen=True, slots=True)
class _Window:
    """A stretch of a text that the model reads at once."""

    text: int
    start: int
    ids: list[int]
    told: list[int]
    """Places of the pieces that get a vector."""


_LOADED: WeakValueDictionary[tuple[Path, int], "_Runtime"] = WeakValueDictionary()
_LOADING = threading.Lock()


def _shared(path: Path, threads: int) -> "_Runtime":
    """The model as another embedder uses it, or loaded. Thread-safe.

    Raises:
        ImportError: A package is missing.
        EmbedderError: The file cannot be loaded.
    """
    import numpy as np

    runtime: Any = importlib.import_module("onnxruntime")
    with _LOADING:
        found = _LOADED.get((path, threads))
        if found is None:
            found = _LOADED[path, threads] = _Runtime(np, runtime, path, threads)
        return found


class _Runtime:
    """The model, its vocabulary and its axes, loaded. Thread-safe."""

    def __init__(self, np: Any, runtime: Any, path: Path, threads: int) -> None:
        self._np = np
        self._failures = _errors_of(runtime)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
        # Without this, threads that wait spin and starve each other on a busy machine.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session: Any = runtime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except self._failures as error:
            raise EmbedderError(
                f"{path} cannot be loaded: {error}. Delete it, and it is fetched again.",
                path=str(path),
            ) from error
        self._vocabulary = WordPiece.of_file(FILES / "vocab.txt")
        with np.load(FILES / "projection.npz") as stored:
            self._pooled = _Axes(np, stored["pooled_mean"], stored["pooled_axes"])
            self._tokens = _Axes(np, stored["token_mean"], stored["token_axes"])

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        """Encodings of texts, in order."""
        said: list[tuple[str, ...]] = []
        windows: list[_Window] = []
        for place, text in enumerate(texts):
            ids, told, words = self._read(text)
            said.append(words)
            windows += _windows(place, ids, told)
        parts: list[dict[int, tuple[Floats, Floats]]] = [{} for _ in texts]
        for batch in _batches(windows):
            for window, hidden in zip(batch, self._hidden(batch), strict=True):
                parts[window.text][window.start] = (hidden, hidden[1:-1][window.told])
        return [self._encoding(*pair) for pair in zip(parts, said, strict=True)]

    def _read(self, text: str) -> tuple[list[int], list[int], tuple[str, ...]]:
        """The pieces of a text, the places of those that get a vector, and their words' terms."""
        ids: list[int] = []
        telling: list[tuple[int, str]] = []
        others: list[tuple[int, str]] = []
        for word, pieces in self._vocabulary.read(text):
            term = _term_of(word)
            if term:
                places = range(len(ids), len(ids) + len(pieces))
                kind = others if word in STOP_WORDS else telling
                kind.extend((place, term) for place in places)
            ids += pieces
            if len(ids) >= WINDOW_PIECES * MOST_WINDOWS:
                break
        first: dict[int, tuple[int, str]] = {}
        for place, term in telling or others:
            first.setdefault(ids[place], (place, term))
        kept = list(first.values())[:MOST_TOKENS]
        return ids or [self._vocabulary.unknown], [p for p, _ in kept], tuple(t for _, t in kept)

    def _hidden(self, windows: Sequence[_Window]) -> "Iterator[Floats]":
        """What the model makes of each piece of each window, its start and end with them."""
        np = self._np
        longest = max(len(window.ids) for window in windows) + 2
        ids = np.zeros((len(windows), longest), np.int64)
        mask = np.zeros_like(ids)
        for row, window in enumerate(windows):
            whole = [self._vocabulary.start, *window.ids, self._vocabulary.end]
            ids[row, : len(whole)] = whole
            mask[row, : len(whole)] = 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        try:
            (made,) = self._session.run(None, given)
        except self._failures as error:
            raise EmbedderError(f"the embedder failed: {error}") from error
        for row, window in enumerate(windows):
            yield made[row, : len(window.ids) + 2]

    def _encoding(
        self, parts: "dict[int, tuple[Floats, Floats]]", said: tuple[str, ...]
    ) -> Encoding:
        np = self._np
        hidden = np.concatenate([parts[start][0] for start in sorted(parts)])
        told = np.concatenate([parts[start][1] for start in sorted(parts)])
        mean = hidden.mean(axis=0, keepdims=True)
        mean /= np.linalg.norm(mean)
        return Encoding(
            pooled=self._pooled.project(mean),
            tokens=self._tokens.project(told) if said else b"",
            terms=said,
        )


class _Axes:
    """A centre, and the axes through it that vectors are brought to."""

    def __init__(self, np: Any, centre: "Floats", axes: "Floats") -> None:
        self._np = np
        self._centre = centre.astype(np.float32)
        self._axes = np.ascontiguousarray(axes.astype(np.float32).T)

    def project(self, vectors: "Floats") -> bytes:
        """Rows of vectors, each of unit length afterwards, one after the other."""
        brought = (vectors - self._centre) @ self._axes
        brought /= self._np.linalg.norm(brought, axis=1, keepdims=True)
        return brought.tobytes()


def _windows(text: int, ids: list[int], told: list[int]) -> Iterator[_Window]:
    end = min(len(ids), WINDOW_PIECES * MOST_WINDOWS)
    for start in range(0, end, WINDOW_PIECES):
        stop = min(start + WINDOW_PIECES, end)
        places = [place - start for place in told if start <= place < stop]
        yield _Window(text, start, ids[start:stop], places)


def _batches(windows: Iterable[_Window]) -> Iterator[list[_Window]]:
    """Windows that are computed together, the shorter ones first."""
    batch: list[_Window] = []
    for window in sorted(windows, key=lambda window: len(window.ids)):
        if batch and (len(batch) + 1) * len(window.ids) > BATCH_PIECES:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch


@lru_cache(maxsize=32_768)
def _term_of(word: str) -> str:
    """What the index keeps of a word; empty for punctuation marks and symbols."""
    return next(iter(terms(word)), "")


def _errors_of(runtime: Any) -> tuple[type[Exception], ...]:
    """What the runtime raises. Its errors have no common parent."""
    module = importlib.import_module(f"{runtime.__name__}.capi.onnxruntime_pybind11_state")
    named: dict[str, object] = vars(module)
    return tuple(
        kind for kind in named.values() if isinstance(kind, type) and issubclass(kind, Exception)
    )
