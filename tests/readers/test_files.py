"""Which files a folder holds, and what each says."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.readers import making

from enplace.errors import BadInput, ConfigError, UnreadableFile
from enplace.readers.conversion import ReadingLimits, process_environment
from enplace.readers.files import FileLibrary
from enplace.records.reading import Reading, SourceFile


def written(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


async def read(folder: Path, name: str, content: str | bytes) -> Reading:
    written(folder, {name: content})
    library = FileLibrary()
    try:
        return await library.read(SourceFile(name=name, path=str(folder / name)))
    finally:
        await library.aclose()


async def names(folder: Path, *patterns: str, prefix: str = "") -> list[str]:
    listing = await FileLibrary().list(str(folder), patterns=patterns, prefix=prefix)
    return [file.name for file in listing.files]


# Folders


async def test_a_folder_is_read_without_what_is_hidden_foreign_or_unknown(tmp_path: Path) -> None:
    home = written(
        tmp_path / "notes",
        dict.fromkeys(("b.md", "a/c.py", "README", ".env", ".git/d.md", "p.png"), "x")
        | {"node_modules/e.md": "x", "py/pyvenv.cfg": "x", "py/lib/f.py": "x"},
    )
    assert await names(home) == ["notes/README", "notes/a/c.py", "notes/b.md"]
    assert await names(home, prefix="mine") == ["mine/README", "mine/a/c.py", "mine/b.md"]
    assert await names(home / "b.md") == ["b.md"]


async def test_patterns_choose_and_leave_out(tmp_path: Path) -> None:
    home = written(
        tmp_path / "n", dict.fromkeys(("a.md", "d/b.md", "d/e/c.md", "d/x.unknown"), "x")
    )
    assert await names(home, "*.md") == ["n/a.md", "n/d/b.md", "n/d/e/c.md"]
    assert await names(home, "d/*.md") == ["n/d/b.md"]
    assert await names(home, "d/**", "!e/**", "!**/e/*") == ["n/d/b.md", "n/d/x.unknown"]
    assert await names(home, "?.md", "!b*") == ["n/a.md", "n/d/e/c.md"]


async def test_links_are_not_followed_and_told(tmp_path: Path) -> None:
    home = written(tmp_path, {"n/a.md": "x", "secret.md": "x"}) / "n"
    (home / "b.md").symlink_to(tmp_path / "secret.md")
    listing = await FileLibrary().list(str(home))
    assert [file.name for file in listing.files] == ["n/a.md"]
    assert listing.passed_over == (("n/b.md", "it is a link"),)


async def test_a_place_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no file or folder"):
        await FileLibrary().list(str(tmp_path / "gone"))


async def test_only_what_is_surely_gone_is_missing(tmp_path: Path) -> None:
    paths = [str(written(tmp_path, {"a.md": "x"}) / name) for name in ("a.md", "b.md", "a.md/c")]
    assert await FileLibrary().missing(paths) == paths[1:]


# Files


async def test_a_web_page_is_read_without_what_stands_around_it(tmp_path: Path) -> None:
    text = (await read(tmp_path, "a.html", making.PAGE)).text
    assert text == (
        "# Garden\n\nRoses need water.\n\n## Tools\n\n* spade\n\n```\ndig(2)\n  deeper\n```\n\n"
        "| Tool | Price |\n| --- | --- |\n| spade | 12 |\n"
    )


async def test_a_word_document_keeps_its_headings(tmp_path: Path) -> None:
    body = making.paragraph("Garden", "Heading1") + making.paragraph("Roses need water.")
    assert (await read(tmp_path, "a.docx", making.docx(body))).text == (
        "# Garden\n\nRoses need water.\n"
    )


async def test_the_pages_of_a_pdf_are_its_headings(tmp_path: Path) -> None:
    content = making.pdf(["Roses need water.", "", "Spades cost twelve."])
    assert (await read(tmp_path, "a.pdf", content)).text == (
        "## Page 1\n\nRoses need water.\n\n## Page 3\n\nSpades cost twelve.\n"
    )


async def test_the_sheets_of_a_workbook_are_tables(tmp_path: Path) -> None:
    content = making.xlsx({"Tools": [["Tool", "Price"], ["spade", 12.0], [None, "a|b"]]})
    assert (await read(tmp_path, "a.xlsx", content)).text == (
        "## Sheet Tools\n\n| Tool | Price |\n| --- | --- |\n| spade | 12 |\n|  | a\\|b |\n"
    )


async def test_the_slides_of_a_presentation_are_its_headings(tmp_path: Path) -> None:
    content = making.pptx_of([("Garden", "Roses need water.", "Say it slowly."), ("Tools", "", "")])
    assert (await read(tmp_path, "a.pptx", content)).text == (
        "## Slide 1: Garden\n\nRoses need water.\n\nNotes: Say it slowly.\n\n## Slide 2: Tools\n"
    )


async def test_the_chapters_of_a_book_are_read_in_order(tmp_path: Path) -> None:
    chapters = {"z one.html": "<h1>One</h1><p>a</p>", "a.html": "<h1>Two</h1><p>b</p>"}
    content = making.epub({name.replace(" ", "%20"): text for name, text in chapters.items()})
    assert (await read(tmp_path, "a.epub", content)).text == "# One\n\na\n\n# Two\n\nb\n"


async def test_a_notebook_is_read_with_what_it_printed(tmp_path: Path) -> None:
    book = """{"cells": [{"cell_type": "markdown", "source": ["# Garden\\n", "Roses."]},
        {"cell_type": "code", "source": "2 + 2", "outputs": [{"data": {"text/plain": ["4"]}}]}],
        "metadata": {"language_info": {"name": "python"}}, "nbformat": 4}"""
    assert (await read(tmp_path, "a.ipynb", book)).text == (
        "# Garden\nRoses.\n\n```python\n2 + 2\n```\n\n```text\n4\n```\n"
    )


async def test_the_same_bytes_have_the_same_fingerprint_however_they_are_read(
    tmp_path: Path,
) -> None:
    written(tmp_path, {"a.html": making.PAGE, "b.md": "# A"})
    library = FileLibrary()
    for name in ("a.html", "b.md"):
        file = SourceFile(name=name, path=str(tmp_path / name))
        assert (await library.read(file)).fingerprint == await library.fingerprint(file)
    await library.aclose()


# Files that give nothing, or too much


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.pdf", b"%PDF-1.4 nothing more", "cannot be opened"),
        ("a.docx", b"no archive", "damaged"),
        ("a.xlsx", making.zipped({"a": "b"}), "damaged"),
        ("a.epub", making.zipped({"META-INF/container.xml": "<a/>"}), "no package file"),
        ("a.ipynb", "{}", "no cells"),
        ("a.txt", b"\x00\x01", "binary"),
        ("a.md", " \n", "holds no text"),
        ("a.pdf", making.pdf([""]), "holds no text"),
    ],
)
async def test_a_broken_file_says_what_is_wrong(
    tmp_path: Path, name: str, content: str | bytes, why: str
) -> None:
    with pytest.raises(UnreadableFile, match=why):
        await read(tmp_path, name, content)


async def test_a_file_that_takes_too_much_is_given_up_and_the_next_is_read(tmp_path: Path) -> None:
    written(
        tmp_path,
        {
            "slow.docx": making.docx(making.paragraph("water ") * 60_000),
            "bomb.epub": making.zipped({"META-INF/container.xml": "a" * 150_000_000}),
            "good.html": making.PAGE,
        },
    )
    listing = await FileLibrary().list(str(tmp_path), patterns=("*",))
    files = {file.name.rpartition("/")[2]: file for file in listing.files}
    slow = FileLibrary(ReadingLimits(seconds=2.0))
    with pytest.raises(UnreadableFile, match="more than 2 s"):
        await slow.read(files["slow.docx"])
    assert "Roses" in (await slow.read(files["good.html"])).text
    await slow.aclose()
    small = FileLibrary(ReadingLimits(memory_bytes=250_000_000))
    with pytest.raises(UnreadableFile, match="memory"):
        await small.read(files["bomb.epub"])
    assert "Roses" in (await small.read(files["good.html"])).text
    await small.aclose()


async def test_long_texts_and_large_files_are_refused(tmp_path: Path) -> None:
    written(tmp_path, {"a.html": making.PAGE, "a.md": "long " * 30})
    library = FileLibrary(ReadingLimits(characters=100))
    for name in ("a.html", "a.md"):
        with pytest.raises(UnreadableFile, match="more than 100 characters"):
            await library.read(SourceFile(name=name, path=str(tmp_path / name)))
    await library.aclose()
    with pytest.raises(UnreadableFile, match="larger than 100 bytes"):
        await FileLibrary(ReadingLimits(file_bytes=100)).fingerprint(
            SourceFile(name="a.md", path=str(tmp_path / "a.md"))
        )


async def test_a_format_whose_library_is_missing_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(ConfigError, match=r"pip install 'enplace\[documents\]'"):
        await read(tmp_path, "a.pdf", making.pdf(["a"]))


def test_what_reads_a_foreign_file_is_told_no_variable_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LLM_API_KEY", "a key")
    assert set(process_environment() or ()) == {"PYTHONPATH", "PYTHONUTF8", "OMP_NUM_THREADS"}
