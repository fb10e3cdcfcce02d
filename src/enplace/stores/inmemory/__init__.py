"""Brains that last as long as the process. Implements the same ports as the files do.

Everything is looked for by brute force: what this store answers is what any other must answer.
"""

from enplace.stores.inmemory.brain import InMemoryBrain, InMemoryBrains
from enplace.stores.inmemory.memory import InMemoryMemory

__all__ = ["InMemoryBrain", "InMemoryBrains", "InMemoryMemory"]
