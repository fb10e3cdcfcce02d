"""Owners and their tasks, leases, sessions, and replay of what was asked before."""

from enplace.admission.open_turn import OpenTurn
from enplace.engine.engine import Engine
from enplace.engine.learning import LearningStatus
from enplace.engine.memory import MemoryHistory
from enplace.engine.owner import OwnerEngine
from enplace.engine.parts import EngineOptions, Extractor, LearningOptions, MemoryOptions, Ports

__all__ = [
    "Engine",
    "EngineOptions",
    "Extractor",
    "LearningOptions",
    "LearningStatus",
    "MemoryHistory",
    "MemoryOptions",
    "OpenTurn",
    "OwnerEngine",
    "Ports",
]
