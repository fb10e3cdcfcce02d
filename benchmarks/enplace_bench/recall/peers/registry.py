"""Which peers there are, which of them run here, and what they answer."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from time import process_time

from enplace_bench.recall.conversations import Conversation
from enplace_bench.recall.exchange import MOST_RANKED, RankedList
from enplace_bench.recall.peers.bm25s import Bm25s
from enplace_bench.recall.peers.chromadb import Chroma
from enplace_bench.recall.peers.lancedb import Lance
from enplace_bench.recall.peers.langgraph import LangGraph
from enplace_bench.recall.peers.mem0 import Mem0, Mem0Keywords
from enplace_bench.recall.peers.mempalace import MemPalace, MemPalaceUnion
from enplace_bench.recall.peers.peer import Encoder, Peer, PeerMissingError
from enplace_bench.recall.peers.pooled import Pooled
from enplace_bench.recall.peers.rrf import Rrf
from enplace_bench.recall.peers.sqlite_fts import SqliteFts
from enplace_bench.recall.peers.taosmd import Taosmd, TaosmdLate

PEERS: Mapping[str, Callable[[Encoder], Peer]] = {
    Bm25s.name: Bm25s,
    SqliteFts.name: SqliteFts,
    Pooled.name: Pooled,
    Rrf.name: Rrf,
    Chroma.name: Chroma,
    Lance.name: Lance,
    LangGraph.name: LangGraph,
    Mem0.name: Mem0,
    Mem0Keywords.name: Mem0Keywords,
    MemPalace.name: MemPalace,
    MemPalaceUnion.name: MemPalaceUnion,
    Taosmd.name: Taosmd,
    TaosmdLate.name: TaosmdLate,
}


def runnable(encoder: Encoder, names: Iterable[str] = PEERS) -> tuple[list[Peer], list[str]]:
    """The peers that run here; and for each that does not, a line that says what it needs."""
    peers: list[Peer] = []
    lines: list[str] = []
    for name in names:
        try:
            peers.append(PEERS[name](encoder))
        except PeerMissingError as missing:
            lines.append(f"{name}: {missing}")
    return peers, lines


def ask(peer: Peer, conversation: Conversation, encoder: Encoder) -> Iterator[RankedList]:
    """What a peer finds for each question with evidence. CPU time is without the encoding."""
    peer.build(conversation.turns, encoder.embed([turn.line for turn in conversation.turns]))
    asked = [question for question in conversation.questions if question.evidence]
    vectors = encoder.embed([question.text for question in asked])
    for question, vector in zip(asked, vectors, strict=True):
        start = process_time()
        ranked = peer.search(question.text, vector, MOST_RANKED)
        yield RankedList(
            set_name=conversation.set_name,
            conversation=conversation.id,
            question=question.index,
            policy=peer.name,
            ranked=tuple(ranked),
            cpu_ms=1_000 * (process_time() - start),
        )
