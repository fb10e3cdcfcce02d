"""How text breaks into the terms of a full-text index."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enplace.records.stop_words import STOP_WORDS
from enplace.records.words import MOST_CHARACTERS, content_terms, fold, terms, words

ANY_TEXT = st.text(st.characters(), max_size=80)  # lone surrogates too
TRICKY = st.text(
    st.sampled_from("aB3 é'\u2019-_./\\@:,+#()~猫がガ학교ไำ\u0301\u3099\u094d\u200b\u00ad\ud800")
    | st.characters(),
    max_size=40,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ""),
        ("?!", ""),
        ("The cats were RUNNING", "the cat were run"),
        ("Parrot\u2019s cage, the parrots' cages", "parrot cage the parrot cage"),
        ("I don't, can\u2019t, won't; you'll", "i do you"),
        ("won the ca, shan", "won the ca shan"),
        ("O'Brien", "obrien o brien"),
        ("well-known", "wellknown well known"),
        ("first...second--third", "first second third"),
        ("co\u00adoperate co\u200doperate", "cooper cooper"),
        ("x" * 100, "x" * MOST_CHARACTERS),
    ],
)
def test_english(text: str, found: str) -> None:
    assert terms(text) == found.split()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("parseHTTPHeader_v2", "parsehttpheaderv2 pars http header v2"),
        ("user_id userId UserIDs", "userid user id userid user id userid user id"),
        ("src/turn.py", "srcturnpi src turnpi turn py"),
        (r"C:\temp\a.txt", "c tempatxt temp atxt a txt"),
        ("foo.bar-baz", "foobarbaz foo bar baz"),
        ("ERR_CONN_42", "errconn42 err conn 42"),
        ("std::vector self._x __init__.py", "stdvector std vector selfx self x initpi init py"),
        ("HTTP2Server mp3player", "http2server http2 server mp3player"),
        ("C++, C# and F#", "cplusplu c csharp c and fsharp f"),
        ("v1.2.3", "v123 v1 2 3"),
        ("f00ba4 F00BA4", "f00ba4 f00ba4"),
    ],
)
def test_code(text: str, found: str) -> None:
    assert terms(text) == found.split()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("jane.doe@example.com", "janedoeexamplecom janedo jane doe examplecom exampl com"),
        ("https://www.example.com/ab?c=12", "examplecomab examplecom exampl com ab c 12"),
        ("+1 (555) 123-4567", "15551234567 1 555 123 4567"),
        ("(030) 1234567", "0301234567 030 1234567"),
        ("555-123-4567", "5551234567 555 123 4567"),
        ("2023-10-13", "20231013 2023 10 13"),
        ("$1,250,000.50 and 3.5", "1250000 50 and 3 5"),
        ("2,3 or 9-5", "2 3 or 9 5"),
    ],
)
def test_addresses_and_numbers(text: str, found: str) -> None:
    assert terms(text) == found.split()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Zoë e\u0301cole ÉCOLE", "zoe ecol ecol"),
        ("Straße STRASSE Łódź Øyvind", "strass strass lodz oyvind"),
        ("ΟΔΟΣ οδός", "οδοσ οδοσ"),
        ("Ёлка ёлки", "елка елки"),
        ("שָׁלוֹם مُحَمَّد", "שלום محمد"),
        ("हिन्दी भाषा १२", "हिन्दी भाषा 12"),
        ("我喜欢北京", "我喜 喜欢 欢北 北京"),
        ("猫", "猫"),
        ("猫が好き", "猫 が 好 き"),
        ("パン ﾊﾟﾝ ハン", "パン パン ハン"),
        ("Python開発2023年", "python 開発 2023 年"),
        ("도서관에서", "도서 서관 관에 에서"),
        ("집 집에 집에서", "집 집에 집 집에 에서 집"),
        ("ภาษาไทย", "ภา าษ ษา าไ ไท ทย"),
        ("ง่าย\u200bดี", "ง่า าย ดี"),
        ("\uff50\uff41\uff52\uff52\uff4f\uff54 \U0001d40f\U0001d41a", "parrot pa"),
    ],
)
def test_other_languages(text: str, found: str) -> None:
    assert [unicodedata.normalize("NFC", term) for term in terms(text)] == found.split()


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("userId", "the column user_id is null"),
        ("user-id", "UserId"),
        ("rank.py", "see src/fetch/rank.py"),
        ("+15551234567", "call +1 (555) 123-4567"),
        ("1000", "1,000 crowns"),
        ("학교", "학교에서 만났다"),
        ("책", "책을 읽었다"),
        ("北京", "我住在北京市"),
        ("ไทย", "ภาษาไทยง่าย"),
        ("猫", "私は猫が好きです"),
        ("Muller", "Herr Müller"),
        ("McDonald's", "mcdonald"),
    ],
)
def test_other_spellings_find_each_other(question: str, text: str) -> None:
    assert not set(content_terms(question)).isdisjoint(content_terms(text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What did I tell you about my parrot's cages?", "parrot cage"),
        ("Is it a bus? It's the bus.", "bu bu"),
        ("x = is_valid", "isvalid valid"),
        ("私は猫が好き", "私 猫 好"),
        ("thanks!", ""),
    ],
)
def test_what_a_text_is_about(text: str, found: str) -> None:
    assert content_terms(text) == found.split()


@given(st.lists(st.sampled_from(sorted(STOP_WORDS))))
def test_stop_words_alone_are_about_nothing(said: list[str]) -> None:
    assert content_terms(" ".join(said)) == []


@given(ANY_TEXT | TRICKY)
def test_a_term_is_short_and_plain_whatever_is_said(text: str) -> None:
    for term in terms(text):
        assert term
        assert not any(code.isspace() or (code.isascii() and not code.isalnum()) for code in term)
        assert term == term.lower()
        assert len(term) <= max(MOST_CHARACTERS, 2 * len(text))


@given(TRICKY, TRICKY, TRICKY)
def test_what_stands_in_a_text_is_found_in_it(before: str, text: str, after: str) -> None:
    assert set(terms(text)) <= set(terms(f"{before}\n{text}\n{after}"))


@given(ANY_TEXT | TRICKY)
def test_content_is_part_of_the_terms_in_their_order(text: str) -> None:
    rest = iter(terms(text))
    assert all(term in rest for term in content_terms(text))


@given(ANY_TEXT | TRICKY)
def test_how_accents_are_encoded_makes_no_difference(text: str) -> None:
    assert terms(unicodedata.normalize("NFD", text)) == terms(unicodedata.normalize("NFC", text))


@given(ANY_TEXT)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(f"  {text}\n") == fold(fold(text))


@given(ANY_TEXT)
def test_words_of_words_are_the_words(text: str) -> None:
    assert words(" ".join(words(text))) == words(text)
