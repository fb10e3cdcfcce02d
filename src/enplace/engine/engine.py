"""The engine: one model and one place for brains, for any number of owners."""

from collections import OrderedDict
from typing import Self

from enplace.engine.acceptance import accept_name
from enplace.engine.catalogue import Catalogue, Offer
from enplace.engine.owner import OwnerEngine
from enplace.engine.parts import EngineOptions, Ports
from enplace.errors import StoreError
from enplace.ports import Brains, Embedder, Model

DEFAULT_OWNER = "default"
MOST_OWNERS = 1_024
"""Most owners whose tasks are kept warm."""


class Engine:
    """Gives state to model calls. Make one with `enplace.open`; close it, or use `async with`."""

    def __init__(self, ports: Ports, options: EngineOptions) -> None:
        self._ports = ports
        self._options = options
        self._owners: OrderedDict[str, OwnerEngine] = OrderedDict()
        self._catalogue = Catalogue(ports)

    @property
    def model(self) -> Model:
        """The model that answers."""
        return self._ports.model

    @property
    def brains(self) -> Brains:
        """Where brains are kept."""
        return self._ports.brains

    @property
    def compaction(self) -> str:
        """Whether contexts are compacted, in words that a person may read."""
        options = self._options.turn.compaction
        if options is None:
            return "switched off: a context over the window is refused"
        return "on" if options.keeps_files else "on, without what is known of files"

    @property
    def redacts(self) -> bool:
        """Whether secrets are left out of what is kept."""
        return self._options.redacts

    @property
    def learning(self) -> str:
        """Whether conversations are learned from, in words that a person may read."""
        if not self._options.learning.in_background:
            return "switched off: only by hand"
        failing = sum(bool(owner.learning.trouble) for owner in self._owners.values())
        return f"failing, owners: {failing}" if failing else "on"

    @property
    def tools(self) -> str:
        """Whether all tools could be had, in words that a person may read."""
        offer = self._catalogue.known
        if offer is None:
            return "not asked for yet"
        missing = [trouble.partition(":")[0] for trouble in offer.troubles]
        return f"without {', '.join(missing)}" if missing else "on"

    @property
    def embedder(self) -> Embedder | None:
        """Makes vectors for recall; None where recall goes by words alone."""
        return self._ports.embedder

    def owner(self, name: str = DEFAULT_OWNER) -> OwnerEngine:
        """The engine as one owner sees it. Opens nothing yet.

        Raises:
            BadInput: Not a usable name.
        """
        accept_name(name, "owner")
        owner = self._owners.pop(name, None) or OwnerEngine(
            name, self._ports, self._options, self._catalogue
        )
        self._owners[name] = owner
        while len(self._owners) > MOST_OWNERS:  # who holds one keeps it; it is only read anew
            self._owners.popitem(last=False)
        return owner

    async def work(self) -> None:
        """Begin to do what others left in the jobs, and what is submitted from now on.

        Without a `Jobs` port it does nothing: each owner's work is done where it falls due.
        """
        if self._ports.jobs is not None:
            await self._ports.jobs.start(self._learn)

    async def _learn(self, owner: str) -> None:
        learning = self.owner(owner).learning
        await learning.run("job", patient=True)
        if learning.trouble:
            raise StoreError(learning.trouble)  # the job is tried again after a pause

    async def catalogue(self) -> Offer:
        """What models are offered: tools, agents, and what could not be reached.

        Raises:
            ConfigError: A definition of an agent is wrong.
        """
        return await self._catalogue.current()

    async def reload(self) -> Offer:
        """Read definitions of agents anew, and ask other processes for their tools again.

        A task that is open takes what changed at its next epoch, and says so once.

        Raises:
            ConfigError: A definition of an agent is wrong; what was offered before stands.
        """
        return await self._catalogue.reload()

    async def aclose(self) -> None:
        """Close the models and all brains."""
        if self._ports.jobs is not None:
            await self._ports.jobs.aclose()
        for owner in self._owners.values():
            await owner.aclose()
        await self._catalogue.aclose()
        for model in (self._ports.model, *self._ports.models.values()):
            await model.aclose()
        if self._ports.embedder is not None:
            await self._ports.embedder.aclose()
        await self._ports.brains.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
