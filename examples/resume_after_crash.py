"""A turn that was broken goes on behind its last finished tool call."""
# Prints:
#   first try: tool ran 1 time(s), then the process stopped listening
#   second try: tool ran 1 time(s), answer: Paid.

import asyncio
import sys
from contextlib import aclosing

import enplace
from enplace import Context, Reply, ScriptedModel
from enplace.providers.scripted import call

payments: list[int] = []


def pay(amount: int) -> str:
    """Pay; must never happen twice."""
    payments.append(amount)
    return "paid"


def plan(context: Context) -> Reply | str:
    """A stand-in for a model: pays once, then says so."""
    paid = any(message.role == "tool" for message in context.messages)
    return "Paid." if paid else call(("p1", "pay", {"amount": 10}))


async def main(home: str) -> None:
    """Break a turn after its tool, then ask again with the same idempotency key."""
    async with enplace.open(home, model=ScriptedModel(plan), tools=[pay]) as engine:
        turn = engine.owner("Ada").execute("bill", "Pay it.", idempotency_key="bill-7")
        async with aclosing(turn) as events:
            async for event in events:
                if event.kind == "tool_result":
                    break
        print(f"first try: tool ran {len(payments)} time(s), then the process stopped listening")
    async with enplace.open(home, model=ScriptedModel(plan), tools=[pay]) as engine:
        answer = ""
        async for event in engine.owner("Ada").execute("bill", "Pay it.", idempotency_key="bill-7"):
            if event.kind == "assistant_message":
                answer = event.text
        print(f"second try: tool ran {len(payments)} time(s), answer: {answer}")


asyncio.run(main(sys.argv[1]))
