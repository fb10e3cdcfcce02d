"""Python functions as tools."""

import inspect
from collections.abc import Callable
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, create_model

from enplace.errors import UsageError
from enplace.records.block import TextBlock
from enplace.records.canonical import JsonObject
from enplace.records.tool import ToolCall, ToolOutcome, ToolSpec

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class FunctionTool:
    """A function that the model may call. Implements `ports.Tool`.

    Name, description and schema come from the function: its name, its docstring, its typed
    parameters. A parameter annotated with `ToolCall` gets the call itself, with its id as the
    idempotency key, and is hidden from the model.

    Args:
        function: Plain or async. What it returns is shown to the model as text, or is a whole
            `ToolOutcome`.
        idempotent: Running a call again under the same call id changes nothing more. Only such
            a tool is run again after a crash in the middle of it.

    Raises:
        UsageError: A parameter has no annotation, or cannot be given by its name.
    """

    def __init__(self, function: Callable[..., Any], *, idempotent: bool = False) -> None:
        parameters = inspect.signature(function, eval_str=True).parameters
        fields: dict[str, Any] = {}
        self._call_parameter: str | None = None
        for name, parameter in parameters.items():
            if parameter.annotation is ToolCall:
                self._call_parameter = name
            elif parameter.kind not in _BY_NAME:
                raise UsageError(f"parameter {name!r} of {function.__name__} has no fixed name")
            elif parameter.annotation is inspect.Parameter.empty:
                raise UsageError(f"parameter {name!r} of {function.__name__} has no annotation")
            else:
                required = parameter.default is inspect.Parameter.empty
                # Under a name of its own: a parameter may be called as pydantic calls its methods.
                field = Field(... if required else parameter.default, alias=name)
                fields[f"given_{name}"] = (parameter.annotation, field)
        self._function = function
        self._input: type[BaseModel] = create_model(
            function.__name__, __config__=ConfigDict(extra="forbid"), **fields
        )
        self.spec = ToolSpec(
            name=function.__name__,
            description=inspect.getdoc(function) or "",
            schema=cast(JsonObject, self._input.model_json_schema()),
            idempotent=idempotent,
        )

    async def run(self, call: ToolCall) -> ToolOutcome:
        """See `ports.Tool`. Input that does not fit the schema is an error in words."""
        given = self._input.model_validate(call.input)
        arguments = {
            name.removeprefix("given_"): getattr(given, name) for name in self._input.model_fields
        }
        if self._call_parameter is not None:
            arguments[self._call_parameter] = call
        returned = self._function(**arguments)
        if inspect.isawaitable(returned):
            returned = await returned
        if isinstance(returned, ToolOutcome):
            return returned
        return ToolOutcome(blocks=(TextBlock(text=str(returned)),))
