"""What the rooms ask of the world. Records in, records out; adapters stand at the edges."""

from enplace.ports.brain import Brain, Brains, Erasing, Journal, Portable
from enplace.ports.model import Clock, CostOf, Embedder, Model, PriceBook, TextKind, TokenCounter
from enplace.ports.store import IndexStore, LessonStore, LogStore, MemoryStore, NoteStore
from enplace.ports.tool import LongTerm, Recall, TellingTool, Tool, Toolbox
from enplace.ports.work import Jobs, Library, Work

__all__ = [
    "Brain",
    "Brains",
    "Clock",
    "CostOf",
    "Embedder",
    "Erasing",
    "IndexStore",
    "Jobs",
    "Journal",
    "LessonStore",
    "Library",
    "LogStore",
    "LongTerm",
    "MemoryStore",
    "Model",
    "NoteStore",
    "Portable",
    "PriceBook",
    "Recall",
    "TellingTool",
    "TextKind",
    "TokenCounter",
    "Tool",
    "Toolbox",
    "Work",
]
