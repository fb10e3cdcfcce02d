"""Running turns: every one is known to the server, also where one follows another at once."""

import asyncio

import enplace
from enplace import InMemoryBrains, ScriptedModel
from enplace.providers.scripted import call
from enplace.server.live import LiveTurns
from enplace.server.live_turn import Ask
from enplace.stores.inmemory import InMemoryBrain


class GatedBrains(InMemoryBrains):
    """Opens brains while its gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.kept_waiting = asyncio.Event()

    async def open(self, owner: str) -> InMemoryBrain:
        if not self.gate.is_set():
            self.kept_waiting.set()
        await self.gate.wait()
        return await super().open(owner)


async def test_a_turn_that_was_asked_for_while_another_ended_is_known_and_waited_for() -> None:
    brains, gates = GatedBrains(), [asyncio.Event(), asyncio.Event()]

    async def wait(number: int) -> str:
        """Wait until a gate opens."""
        await gates[number].wait()
        return "open"

    calls = [call((f"c{number}", "wait", {"number": number})) for number in (0, 1)]
    model = ScriptedModel([calls[0], "First.", calls[1], "Second."])
    async with enplace.open(brains=brains, model=model, tools=[wait], environment={}) as engine:
        owner, live = engine.owner("ada"), LiveTurns()
        first = await live.start(owner, Ask(task_id="t", message="One."))
        brains.gate.clear()
        asking = asyncio.create_task(live.start(owner, Ask(task_id="t", message="Two.")))
        await brains.kept_waiting.wait()
        gates[0].set()
        assert first.running is not None
        await first.running
        brains.gate.set()
        second = await asking
        assert live.of("ada", "t") is second
        draining = asyncio.create_task(live.drain(20))
        gates[1].set()
        assert await draining == 0
        assert second.ended
        events = await owner.log("t")
    assert [event.text for event in events if event.kind == "user_message"] == ["One.", "Two."]
    assert events[-1].kind == "thread_lifecycle"
    assert live.count == 0
