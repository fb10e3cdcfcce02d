"""Owners and their tasks, leases, sessions, and replay of what was asked before."""

from enplace.engine.engine import Engine
from enplace.engine.owner import OwnerEngine, Remembered
from enplace.engine.parts import EngineOptions, Ports
from enplace.engine.turns import OpenTurn

__all__ = ["Engine", "EngineOptions", "OpenTurn", "OwnerEngine", "Ports", "Remembered"]
