"""Tools for models that cannot call them: every answer is one tagged JSON object.

`{"say": "..."}` speaks, `{"tool": "NAME", "args": {...}}` calls. The provider holds the model to
the schema; the model's own text is kept and sent back as it is. Without tools it is plain chat.
Such models read text only: images and files are named in words, and thoughts are left out.
"""

from enplace.errors import ModelGarbled
from enplace.records.block import TextBlock, ToolCallBlock, ToolResultBlock
from enplace.records.canonical import Json, JsonObject, canonical, json_object
from enplace.records.context import Context, ContextMessage
from enplace.records.message import Reply, Stop
from enplace.records.usage import Usage
from enplace.wire.media import as_text_only
from enplace.wire.openai_chat import to_openai


def to_envelope(context: Context) -> JsonObject:
    """The body of a chat completions request with the envelope's schema instead of tools."""
    context = as_text_only(context)
    body = to_openai(context)
    if not context.tools:
        return body
    del body["tools"]
    system = "\n\n".join(b.block.text for b in context.system if isinstance(b.block, TextBlock))
    lines = [f"- {t.name}: {t.description} Arguments: {canonical(t.schema)}" for t in context.tools]
    listed = "\n".join(lines)
    body["messages"] = [
        {
            "role": "system",
            "content": f'{system}\n\nAnswer as JSON: the key "say" speaks to the user, the keys'
            f' "tool" and "args" call one of these tools:\n{listed}',
        },
        *(_message(message) for message in context.messages),
    ]
    body["json_schema"] = {"anyOf": [_SAY, *(_call(t.name, t.schema) for t in context.tools)]}
    return body


def from_envelope(raw: str, context: Context, usage: Usage, stop: Stop) -> Reply:
    """The reply in a model's text.

    Raises:
        ModelGarbled: The text is no envelope, for instance because it was cut off.
    """
    if not context.tools:
        return Reply(blocks=(TextBlock(text=raw),) if raw else (), usage=usage, stop=stop)
    match json_object(raw):
        case {"say": str(text)}:
            return Reply(blocks=(TextBlock(text=text),), usage=usage, stop=stop, raw=raw)
        case {"tool": str(tool), "args": dict(args)}:
            # What was asked names the call: no two requests of a turn are the same.
            call_id = f"call_{context.turn_id[:12]}_{context.prefix[:12]}"
            call = ToolCallBlock(id=call_id, tool=tool, arguments=canonical(args))
            return Reply(blocks=(call,), usage=usage, stop="tool_calls", raw=raw)
        case _:
            raise ModelGarbled(f"no envelope: {raw[:200]!r}")


_SAY: JsonObject = {
    "type": "object",
    "properties": {"say": {"type": "string", "maxLength": 1_000}},
    "required": ["say"],
    "additionalProperties": False,
}


def _call(name: str, schema: JsonObject) -> JsonObject:
    return {
        "type": "object",
        "properties": {"tool": {"const": name}, "args": schema},
        "required": ["tool", "args"],
        "additionalProperties": False,
    }


def _message(message: ContextMessage) -> Json:
    """Results of tools come back in a user's message; such models know no other role."""
    if message.role == "tool":
        results = [b.block for b in message.blocks if isinstance(b.block, ToolResultBlock)]
        lines = [f"Result of {result.tool}: {result.text}" for result in results]
        return {"role": "user", "content": "\n".join(lines)}
    spoken = message.raw if message.raw is not None else message.text
    return {"role": message.role, "content": spoken}
