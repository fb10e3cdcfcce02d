"""A filter as SQL over `items i`. Values are parameters, never text."""

from enplace.records.filter import About, AllOf, AnyOf, During, Filter, Not, OfKind, Tagged
from enplace.records.gather import Gather
from enplace.records.words import fold
from enplace.stores.entries import barred
from enplace.stores.moments import to_text

Values = dict[str, object]


def compiled(asked: Gather) -> tuple[str, Values]:
    """Conditions that follow a `where`, each with its `and`; empty where all is let through."""
    values: Values = {}
    parts: list[str] = []
    if asked.but_task:
        task = _bind(values, f"{asked.but_task} ")
        own = f"i.kind = 'said' and rtrim(i.ref, '0123456789') = {task}"
        if asked.but_after:
            after = _bind(values, asked.but_after)
            own += f" and cast(substr(i.ref, length({task}) + 1) as integer) > {after}"
        parts.append(f"not ({own})")
    if asked.filter is not None:
        parts.append(_sql(asked.filter, values))
    return "".join(f" and {part}" for part in parts), values


def _sql(filter_: Filter, values: Values) -> str:
    match filter_:
        case OfKind(kinds):
            return _any([f"i.kind = {_bind(values, kind)}" for kind in kinds])
        case During():
            start = f"i.at >= {_bind(values, to_text(filter_.start))}" if filter_.start else "1"
            end = f"i.at < {_bind(values, to_text(filter_.end))}" if filter_.end else "1"
            return f"({start} and {end})"
        case About(people):
            return _any([_says(name, values) for name in people])
        case Tagged(tags):
            return _any([f"instr(i.tags, {_bind(values, _barred(tag))}) > 0" for tag in tags])
        case AllOf(filters):
            return "(" + " and ".join(["1", *(_sql(inner, values) for inner in filters)]) + ")"
        case AnyOf(filters):
            return _any([_sql(inner, values) for inner in filters])
        case Not(inner):
            return f"not {_sql(inner, values)}"


def _says(name: str, values: Values) -> str:
    folded, barred = _bind(values, fold(name)), _bind(values, _barred(name))
    return f"(i.speaker = {folded} or instr(i.people, {barred}) > 0)"


def _any(parts: list[str]) -> str:
    return "(" + " or ".join(["0", *parts]) + ")"


def _barred(name: str) -> str:
    return barred((name,)) or "||"  # which stands nowhere


def _bind(values: Values, value: object) -> str:
    name = f"f{len(values)}"
    values[name] = value
    return f":{name}"
