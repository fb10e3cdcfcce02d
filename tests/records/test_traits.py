"""What kind of thing somebody said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace.records.traits import Trait, own_words, traits_of


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("The parrot sings.", 0),
        ("It's mine.", 1),
        ("I like my tea.", 2),
        ("I like my tea, and we like ours, don't we?", 3),
        ("Mice sing", 0),
    ],
)
def test_how_often_somebody_speaks_of_themselves(text: str, times: int) -> None:
    assert own_words(traits_of(text)) == times


@pytest.mark.parametrize(
    ("text", "trait", "has"),
    [
        ("Wow, a parrot!", Trait.REACTION, True),
        ("That sounds great", Trait.REACTION, False),
        ("A parrot, wow!", Trait.REACTION, False),
        ("Do you sing?", Trait.QUESTION, True),
        ('She said "do you sing?"', Trait.QUESTION, True),
        ("Do you sing? [image: a parrot.]", Trait.QUESTION, True),
        ("Do you sing? I do.", Trait.QUESTION, False),
        ("We sailed yesterday.", Trait.TIME, True),
        ("We sailed in 1999.", Trait.TIME, True),
        ("We sailed to 5000 places.", Trait.TIME, False),
        ("Always answer in verse.", Trait.STANDING, True),
        ("Please always answer in verse.", Trait.STANDING, True),
        ("From now on add a joke whenever I ask for news.", Trait.STANDING, True),
        ("I always sail.", Trait.STANDING, False),
        ("x" * 300 + " never sing when I ask", Trait.STANDING, False),
        ("", Trait.QUESTION, False),
    ],
)
def test_traits(text: str, trait: int, has: bool) -> None:
    assert bool(traits_of(text) & trait) == has


def test_the_numbers_are_stored_and_never_change() -> None:
    text = "Wow, always tell me of my parrot today when I ask: do I?"
    assert traits_of(text) == 1 + 2 + 4 + 8 + 16 + 32 + 64


@given(st.text(st.characters()))
def test_any_text_has_traits(text: str) -> None:
    assert 0 <= traits_of(text) < 128
    assert 0 <= own_words(traits_of(text)) <= 3
