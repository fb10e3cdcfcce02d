"""LangChain's messages and model, for its middleware and that of deepagents."""

from collections.abc import Sequence
from typing import Any

from enplace_bench.context.peers.adapters.messages import Given, Message, call_of, object_of
from enplace_bench.context.peers.adapters.wire import Ask, load

_messages = load("langchain_core.messages")
_chat = load("langchain_core.language_models.chat_models")
_outputs = load("langchain_core.outputs")


class Scripted(_chat.BaseChatModel):
    """A chat model of a known window whose answers come over the line."""

    given: Any
    ask: Any

    def _generate(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        answer = _messages.AIMessage(content=self.ask(*(one.text for one in messages)))
        return _outputs.ChatResult(generations=[_outputs.ChatGeneration(message=answer)])

    @property
    def _llm_type(self) -> str:
        return f"{self.given.provider}-chat"

    def _get_ls_params(self, *args: Any, **kwargs: Any) -> Any:
        return {"ls_provider": self.given.provider, "ls_model_type": "chat"}


def scripted(given: Given, ask: Ask) -> Any:
    """The model of a session."""
    return Scripted(given=given, ask=ask, profile={"max_input_tokens": given.window})


class Conversation:
    """Messages in LangChain's form, and the way back."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._known: dict[str, Message] = {}

    def add(self, message: Message) -> Any:
        """In LangChain's form."""
        self._known[str(message.key)] = message
        common = {"content": message.text, "id": str(message.key)}
        match message.role:
            case "tool":
                status = "error" if message.is_error else "success"
                return _messages.ToolMessage(
                    **common, tool_call_id=message.call_id, name=message.tool or None, status=status
                )
            case "assistant":
                return _messages.AIMessage(
                    **common,
                    tool_calls=[
                        {"id": call.id, "name": call.tool, "args": object_of(call)}
                        for call in message.calls
                    ],
                    usage_metadata=self._usage(message),
                    response_metadata={"model_provider": self._given.provider},
                )
            case "system":
                return _messages.SystemMessage(**common)
            case "user":
                return _messages.HumanMessage(**common)

    def shown(self, messages: Sequence[Any]) -> list[Message]:
        """Back again."""
        return [self._shown(message) for message in messages]

    def _shown(self, message: Any) -> Message:
        known = self._known.get(message.id or "")
        calls = getattr(message, "tool_calls", [])
        if known is None:
            return Message(role="user", text=message.text)
        same_calls = all(
            call["args"] == object_of(old) for call, old in zip(calls, known.calls, strict=True)
        )
        if message.content == known.text and same_calls:
            return known
        return Message(
            role=known.role,
            text=message.text,
            calls=tuple(call_of(call["id"], call["name"], call["args"]) for call in calls),
            call_id=known.call_id,
        )

    def _usage(self, message: Message) -> Any:
        if not message.input_tokens:
            return None
        output = self._given.tokens([message]) - self._given.prefix_tokens
        total = message.input_tokens + output
        counts = (message.input_tokens, output, total)
        return dict(zip(("input_tokens", "output_tokens", "total_tokens"), counts, strict=True))
