"""The engine: one model and one place for brains, for any number of owners."""

from typing import Self

from enplace.engine.acceptance import accept_name
from enplace.engine.owner import OwnerEngine
from enplace.engine.parts import EngineOptions, Ports
from enplace.ports import Model

DEFAULT_OWNER = "default"


class Engine:
    """Gives state to model calls. Make one with `enplace.open`; close it, or use `async with`."""

    def __init__(self, ports: Ports, options: EngineOptions) -> None:
        self._ports = ports
        self._options = options
        self._owners: dict[str, OwnerEngine] = {}

    @property
    def model(self) -> Model:
        """The model that answers."""
        return self._ports.model

    def owner(self, name: str = DEFAULT_OWNER) -> OwnerEngine:
        """The engine as one owner sees it. Opens nothing yet.

        Raises:
            BadInput: Not a usable name.
        """
        accept_name(name, "owner")
        if name not in self._owners:
            self._owners[name] = OwnerEngine(name, self._ports, self._options)
        return self._owners[name]

    async def aclose(self) -> None:
        """Close the model and all brains."""
        await self._ports.model.aclose()
        await self._ports.brains.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
