"""Filters, asked of one item at a time."""

from enplace.records.filter import About, AllOf, AnyOf, During, Filter, Not, OfKind, Tagged
from enplace.records.gather import Gather
from enplace.records.words import fold
from enplace.stores.entries import barred
from enplace.stores.inmemory.state import Item
from enplace.stores.moments import to_text


def lets_through(asked: Gather, item: Item) -> bool:
    """Whether a request wants to hear of an item at all."""
    task, _, ordinal = item.ref.rpartition(" ")
    if item.kind == "said" and task == asked.but_task != "" and int(ordinal) > asked.but_after:
        return False
    return asked.filter is None or _holds(asked.filter, item)


def _holds(filter_: Filter, item: Item) -> bool:
    match filter_:
        case OfKind(kinds):
            return item.kind in kinds
        case During():
            begun = filter_.start is None or item.at >= to_text(filter_.start)
            return begun and (filter_.end is None or item.at < to_text(filter_.end))
        case About(people):
            return any(item.speaker == fold(name) or _in(name, item.people) for name in people)
        case Tagged(tags):
            return any(_in(tag, item.tags) for tag in tags)
        case AllOf(filters):
            return all(_holds(inner, item) for inner in filters)
        case AnyOf(filters):
            return any(_holds(inner, item) for inner in filters)
        case Not(inner):
            return not _holds(inner, item)


def _in(name: str, names: str) -> bool:
    return bool(name.strip()) and barred((name,)) in names
