"""How texts fall into pieces. What is expected was made by the reference tokenizer."""

import pytest

from enplace.providers import minilm
from enplace.providers.wordpiece import WordPiece

PIECES = (minilm.FILES / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1]
VOCABULARY = WordPiece.of_file(minilm.FILES / "vocab.txt")

CASES = [
    ("Hello, world!", "hello , world !"),
    ("Zoë's naïve café", "zoe ' s naive cafe"),
    ("don't", "don ' t"),
    ("user_id=42", "user _ id = 42"),
    ("C++ and F#", "c + + and f #"),
    ("5€ or £3.50", "5 ##€ or £3 . 50"),
    ("unaffable", "una ##ffa ##ble"),
    ("猫が好き", "[UNK] か [UNK] き"),
    ("안녕", "ᄋ ##ᅡ ##ᆫ ##ᄂ ##ᅧ ##ᆼ"),
    ("🎉 party", "[UNK] party"),
    ("İstanbul ΔΛΣ", "istanbul δ ##λ ##\u03c3"),
    ("x" * 101, "[UNK]"),
    ("tab\tand\u200bzero\u00a0width", "tab and ##zer ##o width"),
    ("\x00\ufffdnul", "nu ##l"),
    ("\ufb01ne ½ x²", "\ufb01 ##ne ½ x ##²"),
    ("e\u0301", "e"),
    ("हिन्दी", "ह ##ि ##न ##द ##ी"),
    ("", ""),
    (" \n ", ""),
]


@pytest.mark.parametrize(("text", "pieces"), CASES)
def test_a_text_has_the_pieces_of_the_reference(text: str, pieces: str) -> None:
    ids = [piece for _, found in VOCABULARY.read(text) for piece in found]
    assert " ".join(PIECES[piece] for piece in ids) == pieces


def test_pieces_come_with_their_word() -> None:
    assert [(word, len(ids)) for word, ids in VOCABULARY.read("The Unaffable café?")] == [
        ("the", 1),
        ("unaffable", 3),
        ("cafe", 1),
        ("?", 1),
    ]


def test_what_a_user_writes_is_no_mark_of_the_model() -> None:
    marks = {VOCABULARY.start, VOCABULARY.end, VOCABULARY.unknown}
    found = VOCABULARY.read("[CLS] [SEP] [UNK] [MASK]")
    assert marks.isdisjoint(piece for _, ids in found for piece in ids)


def test_half_of_a_character_is_not_read() -> None:
    assert VOCABULARY.read("a\ud800b") == VOCABULARY.read("ab")


def test_the_vocabulary_is_whole() -> None:
    assert (len(PIECES), PIECES[VOCABULARY.start], PIECES[0]) == (30_522, "[CLS]", "[PAD]")
