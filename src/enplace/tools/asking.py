"""The engine's own tool with which a model asks the person."""

from typing import cast

from enplace.records.block import TextBlock
from enplace.records.question import Question
from enplace.records.tool import ToolCall, ToolOutcome, ToolSpec

MOST_CHARACTERS = 2_000
"""Of a question, and of an option."""
MOST_OPTIONS = 20


class AskPerson:
    """Asks the person, and gives back what was said. Implements `ports.Tool`."""

    spec = ToolSpec(
        name="ask_person",
        description="Ask the person something that only they can decide or know, and wait for the"
        " answer; it may take days, so do first what needs no answer. Give options where there are"
        " a few to choose from; the person may still say something else.",
        schema={
            "type": "object",
            "properties": {
                "question": {"type": "string"},
                "options": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["question"],
            "additionalProperties": False,
        },
        idempotent=True,
    )

    async def run(self, call: ToolCall) -> ToolOutcome:
        """See `ports.Tool`."""
        if call.answer is not None:
            said = [call.answer.text, call.answer.feedback]
            return _told("\n\n".join(text for text in said if text.strip()))
        question, options = call.input.get("question"), call.input.get("options") or []
        if not _is_text(question):
            return _told(f"question is a text of 1 to {MOST_CHARACTERS} characters", is_error=True)
        if not isinstance(options, list) or not all(map(_is_text, options)):
            return _told("options are a list of short texts", is_error=True)
        if len(options) > MOST_OPTIONS:
            return _told(f"at most {MOST_OPTIONS} options can be given", is_error=True)
        asked = Question(text=cast(str, question), options=cast(tuple[str, ...], tuple(options)))
        return ToolOutcome(blocks=(), asks=asked)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value.strip()) > 0 and len(value) <= MOST_CHARACTERS


def _told(text: str, *, is_error: bool = False) -> ToolOutcome:
    return ToolOutcome(blocks=(TextBlock(text=text),), is_error=is_error)
