"""The peers that need no package of others, and what is said of those that do."""

from collections.abc import Sequence

import pytest

from enplace_bench.recall.conversations import Conversation, Question, Turn
from enplace_bench.recall.peers.peer import Encoder, KnownVectors, Peer, PeerMissingError, load
from enplace_bench.recall.peers.pooled import Pooled
from enplace_bench.recall.peers.registry import PEERS, ask, runnable
from enplace_bench.recall.peers.rrf import Rrf
from enplace_bench.recall.peers.sqlite_fts import SqliteFts

SAID = {
    "t1": "My parrot eats walnuts.",
    "t2": "The boat is moored in Gothenburg.",
    "t3": "Walnuts are what the boats carry.",
}


def embed(texts: Sequence[str]) -> list[list[float]]:
    """Parrots point one way, boats the other."""
    return [
        [1.0, 0.0] if "parrot" in text else [0.0, 1.0] if "boat" in text else [0.6, 0.8]
        for text in texts
    ]


ENCODER = Encoder(embed=embed)


def conversation() -> Conversation:
    return Conversation(
        set_name="made",
        id="c",
        turns=tuple(
            Turn(id=name, session=1, at=None, speaker="Ada", role=None, text=text)
            for name, text in SAID.items()
        ),
        questions=(
            Question(index=0, text="Who sang?", kind="hop", evidence=()),
            Question(index=1, text="Where are the boats?", kind="hop", evidence=("t2",)),
            Question(index=2, text="What does my parrot eat?", kind="hop", evidence=("t1",)),
        ),
    )


@pytest.mark.parametrize(
    ("peer", "boats", "parrots"),
    [
        (SqliteFts(ENCODER), {"t2", "t3"}, ["t1"]),
        (Pooled(ENCODER), {"t1", "t2", "t3"}, ["t1", "t2", "t3"]),
        (Rrf(ENCODER), {"t1", "t2", "t3"}, ["t1", "t2", "t3"]),
    ],
    ids=["sqlite-fts5", "pooled", "rrf"],
)
def test_a_yardstick_ranks(peer: Peer, boats: set[str], parrots: list[str]) -> None:
    peer.build(conversation().turns, embed(list(SAID.values())))
    first, second = ask(peer, conversation(), ENCODER)  # built again, it holds nothing twice
    assert (first.question, second.question) == (1, 2)
    assert set(first.ranked) == boats
    assert first.ranked[0] != "t1"
    assert list(second.ranked) == parrots
    assert (first.policy, first.set_name) == (peer.name, "made")
    assert peer.search("boats", [0.0, 1.0], 1) in (["t2"], ["t3"])
    peer.close()


def test_a_question_of_stop_words_finds_nothing_by_words() -> None:
    peer = SqliteFts(ENCODER)
    peer.build(conversation().turns, [])
    assert peer.search('What about "it"?', [], 5) == []
    assert peer.search('"boat" AND (NOT', [], 5) != []
    peer.close()


def test_who_cannot_run_is_named_with_what_is_needed() -> None:
    peers, lines = runnable(ENCODER, ["sqlite-fts5", "taosmd-late"])
    assert [peer.name for peer in peers] == ["sqlite-fts5"]
    assert lines == ["taosmd-late: needs an encoder that gives a vector per token"]
    with pytest.raises(PeerMissingError, match="not installed: pip install no-such-package"):
        load("no_such_package", "no-such-package")


def test_names_are_those_that_peers_give_themselves() -> None:
    peers, lines = runnable(ENCODER)
    names = {peer.name for peer in peers} | {line.partition(":")[0] for line in lines}
    assert names == set(PEERS)
    for peer in peers:
        assert peer.version
        peer.close()


def test_known_vectors_embed_what_they_were_not_given() -> None:
    asked: list[str] = []

    def slow(texts: Sequence[str]) -> list[list[float]]:
        asked.extend(texts)
        return embed(texts)

    vectors = KnownVectors(slow)
    vectors.learn(["a parrot"], [[9.0]])
    assert vectors.embed(["a parrot", "a boat", "a boat"]) == [[9.0], [0.0, 1.0], [0.0, 1.0]]
    assert vectors.embed(["a boat"]) == [[0.0, 1.0]]
    assert asked == ["a boat"]
