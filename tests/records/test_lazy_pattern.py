import gc
import re
from importlib import import_module
from pkgutil import walk_packages

import pytest

import enplace
from enplace.records.lazy_pattern import LazyPattern, lazy_pattern


def test_a_pattern_does_what_its_compiled_one_does() -> None:
    text, flags = r"(?P<x>a+)|b", re.IGNORECASE
    lazy, compiled = lazy_pattern(text, flags), re.compile(text, flags)
    for _ in range(2):  # the first use compiles it
        assert [found["x"] for found in lazy.finditer("AaB")] == ["Aa", None]
        assert lazy.sub("-", "xab") == compiled.sub("-", "xab") == "x--"
        assert (lazy.pattern, lazy.flags) == (compiled.pattern, compiled.flags)


def test_a_wrong_pattern_is_an_error_at_its_first_use() -> None:
    wrong = lazy_pattern("(")
    with pytest.raises(re.error, match="unterminated"):
        wrong.match("")


def test_every_pattern_of_the_package_compiles() -> None:
    """Or a wrong one would be found by whoever first says something that it is tried on."""
    for module in walk_packages(enplace.__path__, "enplace."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    ours = [each for each in gc.get_objects() if type(each) is LazyPattern]
    assert len({each.pattern for each in ours}) > 900
