"""Checks a model's input against a foreign schema, without running what the schema might do to us.

A schema can hold regular expressions that take years, and references that multiply. So what needs
expressions is left to the server, which must check its input anyway; references lead nowhere
outside of the schema; and a check ends after a moment.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import jsonschema
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

from enplace.errors import BadInput
from enplace.records.canonical import Json, JsonObject

MOST_S = 0.5
"""Seconds for one check."""
MOST_CHARACTERS = 500
"""Of what is said of a misfit."""

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_UNCHECKED = ("pattern", "patternProperties", "unevaluatedProperties", "unevaluatedItems")
"""Keywords that run expressions, or follow references on their own."""

_schemas: Any = jsonschema  # its types are not known throughout
Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]


class _TakesTooLongError(Exception):
    """A check went on for too long."""


class InputCheck:
    """The check of one tool's input.

    Raises:
        BadInput: The schema is none, or cannot be checked against.
    """

    def __init__(self, schema: JsonObject) -> None:
        self._until = 0.0
        kind = _schemas.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
        plain = {key: value for key, value in schema.items() if key != "$schema"}
        _require_own(plain)
        try:
            kind.check_schema(plain, format_checker=None)  # others write other expressions
        except SchemaError as error:
            said = error.message[:MOST_CHARACTERS]
            raise BadInput(f"its schema is not valid: {error.json_path}: {said}") from error
        except RecursionError as error:
            raise BadInput("its schema is nested too deeply") from error
        known = cast(dict[str, Keyword], kind.VALIDATORS)
        changed = {name: self._timed(known[name]) for name in _REFERENCES if name in known}
        changed |= dict.fromkeys(_UNCHECKED, _nothing)
        changed["additionalProperties"] = _unless_patterns(known["additionalProperties"])
        own = cast(Any, Registry)()
        self._validator = _schemas.validators.extend(kind, changed)(plain, registry=own)

    def misfit(self, given: JsonObject) -> str:
        """Where an input does not fit, in words; empty where it does."""
        self._until = time.monotonic() + MOST_S
        try:
            errors = self._validator.iter_errors(given)
            error: ValidationError | None = _schemas.exceptions.best_match(errors)
        except (_TakesTooLongError, RecursionError):
            return "checking it against the tool's schema takes too long"
        except Unresolvable:
            return "the tool's schema refers to something that it does not hold"
        return "" if error is None else f"{error.json_path}: {error.message[:MOST_CHARACTERS]}"

    def _timed(self, keyword: Keyword) -> Keyword:
        """A keyword that looks at the clock: only references can make a check long."""

        def timed(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
            if time.monotonic() > self._until:
                raise _TakesTooLongError
            yield from keyword(validator, value, instance, schema) or ()

        return timed


def _nothing(validator: Any, value: Any, instance: Any, schema: Any) -> None:
    """A keyword that is not checked here."""


def _unless_patterns(keyword: Keyword) -> Keyword:
    """`additionalProperties`: where there are patterns, only they say what is additional."""

    def unless(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any] | None:
        if "patternProperties" in schema:
            return None
        return keyword(validator, value, instance, schema)

    return unless


def _require_own(schema: Json) -> None:
    """Raises `BadInput` where a schema leads to another document, or to another draft's rules."""
    match schema:
        case dict():
            for name in _REFERENCES:
                target = schema.get(name)
                if isinstance(target, str) and not target.startswith("#"):
                    raise BadInput("its schema refers to another document")
            if isinstance(schema.get("$schema"), str):
                raise BadInput("its schema changes its draft inside")
            for value in schema.values():
                _require_own(value)
        case list():
            for value in schema:
                _require_own(value)
        case _:
            return
