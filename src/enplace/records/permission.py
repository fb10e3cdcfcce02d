"""Which tool calls may run, which need a person's yes, and which never run. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from enplace.records.canonical import JsonObject, canonical
from enplace.records.tool import ToolSpec

Verdict = Literal["allow", "ask", "deny"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionRule:
    """What holds for some calls."""

    tool: str
    """Name of a tool, or a pattern of names with `*` and `?`."""
    verdict: Verdict
    argument: str = ""
    """Name of the argument that `pattern` is about; empty: the rule is about every call."""
    pattern: str = "*"
    """Pattern of its text, with `*` and `?`; other values are matched as JSON."""

    def fits(self, tool: str, given: JsonObject) -> bool:
        """Whether a call falls under it."""
        if not fnmatchcase(tool, self.tool):
            return False
        if not self.argument:
            return True
        if self.argument not in given:
            return False
        value = given[self.argument]
        return fnmatchcase(value if isinstance(value, str) else canonical(value), self.pattern)


def verdict(rules: Iterable[PermissionRule], spec: ToolSpec, given: JsonObject) -> Verdict:
    """What holds for a call: deny before ask before allow; without a rule what its tool wants.

    An `allow` lifts the question of a tool that asks by itself.
    """
    fitting = {rule.verdict for rule in rules if rule.fits(spec.name, given)}
    for strictest in ("deny", "ask", "allow"):
        if strictest in fitting:
            return strictest
    return "ask" if spec.asks else "allow"
