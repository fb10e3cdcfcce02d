"""What the inflected forms of an English word share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace.records.stems import stem


@pytest.mark.parametrize(
    ("stemmed", "forms"),
    [  # step by step, from Porter's paper
        ("caress", "caress caresses"),
        ("poni", "pony ponies"),
        ("cat", "cat cats"),
        ("agre", "agreed agrees agreeing"),
        ("feed", "feed feeds feeding"),
        ("plaster", "plaster plastered"),
        ("bled", "bled"),
        ("sing", "sing sings singing"),
        ("conflat", "conflated conflate"),
        ("size", "size sized sizes"),
        ("hop", "hop hopping hopped"),
        ("hope", "hope hoped hoping"),
        ("fall", "fall falling falls"),
        ("fail", "failing fail"),
        ("file", "filing file"),
        ("happi", "happy"),
        ("sky", "sky"),
        ("relat", "relational relate relation related"),
        ("condit", "conditional condition conditions"),
        ("gener", "generalization generalizations generalize general"),
        ("oper", "operator operation operate operates"),
        ("feudal", "feudalism feudal"),
        ("decis", "decisiveness decisive decision"),
        ("sensibl", "sensibiliti"),
        ("triplic", "triplicate"),
        ("electr", "electriciti electrical electric"),
        ("good", "goodness"),
        ("reviv", "revival revive"),
        ("adopt", "adoption adopt"),
        ("replac", "replacement replace"),
        ("rate", "rate"),
        ("ceas", "cease"),
        ("control", "controlling control controll"),
        ("roll", "roll"),
        ("yell", "yelled yell"),
        ("toi", "toys"),
        ("boi", "boys boy"),
    ],
)
def test_forms_share_their_stem(stemmed: str, forms: str) -> None:
    assert {form: stem(form) for form in forms.split()} == dict.fromkeys(forms.split(), stemmed)


@pytest.mark.parametrize("word", ["", "as", "is", "v2s", "i18ns", "naïves", "кошки", "日本"])
def test_what_is_no_english_word_stays_as_it_is(word: str) -> None:
    assert stem(word) == word


@given(st.text("abcdeghilmnostuvyz", max_size=14))
def test_a_stem_is_a_lower_case_word_not_longer_than_the_word_and_a_letter(word: str) -> None:
    stemmed = stem(word)
    assert bool(stemmed) == bool(word)
    assert len(stemmed) <= len(word)
    assert not word or (stemmed.isalpha() and stemmed.islower())
