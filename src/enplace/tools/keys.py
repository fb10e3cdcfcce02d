"""The key under which a tool's effect happens once."""

from enplace.records.canonical import canonical, digest
from enplace.records.tool import ToolCall


def call_key(call: ToolCall) -> str:
    """The same when a call is run again after a crash, and no other call's.

    Some providers count the calls of every answer anew, so the id alone is not enough.
    """
    asked = f"{call.task_id} {call.turn_id} {call.id} {call.tool} {canonical(call.input)}"
    return f"call:{digest(asked)[:32]}"
