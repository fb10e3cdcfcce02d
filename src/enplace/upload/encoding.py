"""Vectors for what was written: made in batches, behind the turn, newest first."""

from enplace.ports import Brain, Embedder

BATCH_ITEMS = 64


async def encode_pending(brain: Brain, embedder: Embedder) -> int:
    """Give every item of a brain a vector, then let the embedder answer.

    Until then the one before it goes on answering. Stopping in between loses nothing: what has a
    vector keeps it.

    Returns:
        How many vectors were made.

    Raises:
        EmbedderError: The embedder failed; call again later.
    """
    name, made = embedder.card.name, 0
    await brain.index.adopt(name)
    while pending := await brain.index.unencoded(name, BATCH_ITEMS):
        encodings = await embedder.encode([text for _, text in pending])
        rows = [row for row, _ in pending]
        await brain.index.encode(name, list(zip(rows, encodings, strict=True)))
        made += len(rows)
    await brain.index.settle(name)
    return made
