"""Files of foreign formats as Markdown, by the libraries of the extra `documents`.

Runs in a process of its own (`conversion.py`): what is read here may be hostile.
"""

import importlib
import io
import posixpath
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from enplace.errors import UnreadableFile
from enplace.records.canonical import well_formed

MODULES: Mapping[str, tuple[str, ...]] = {
    "html": ("bs4", "markdownify"),
    "docx": ("bs4", "markdownify", "mammoth"),
    "pptx": ("pptx",),
    "xlsx": ("openpyxl",),
    "pdf": ("pypdfium2",),
    "epub": ("bs4", "markdownify"),
}
"""What each way of reading imports."""

_LEFT_OUT = """script, style, noscript, template, nav, header:not(:has(h1)), footer, aside, svg,
[role=navigation], [role=banner], [role=contentinfo], [role=search], [aria-hidden=true],
a.headerlink"""
_BLANK_LINES = re.compile(r"\n{3,}")
_MOST_COLUMNS = 200
_SHEET_EDGE = 20
"""Empty rows in a row after which a sheet is taken to have ended."""


def text_of(way: str, content: bytes, most_characters: int) -> str:
    """The Markdown of a file.

    Args:
        way: As `formats.Way` has it.
        content: Of the file.
        most_characters: Of the text.

    Raises:
        UnreadableFile: It is damaged, protected, or gives more text than that.
    """
    said = io.StringIO()
    for part in _WAYS[way](content):
        said.write(part)
        if said.tell() > most_characters:
            raise UnreadableFile(f"it gives more than {most_characters:,} characters")
    text = well_formed(said.getvalue()).replace("\0", "")
    return _BLANK_LINES.sub("\n\n", text).strip() + "\n"


def _html(content: bytes) -> Iterator[str]:
    yield _markdown(_soup(content))


def _soup(content: bytes | str) -> Any:
    bs4: Any = importlib.import_module("bs4")
    return bs4.BeautifulSoup(content, "html.parser")


def _markdown(soup: Any) -> str:
    """What a page says, without what stands around it: menus, scripts, links' addresses."""
    markdownify: Any = importlib.import_module("markdownify")
    for element in soup.select(_LEFT_OUT):
        element.decompose()
    mains = soup.select("main, [role=main]") or soup.select("article")
    page = mains[0] if len(mains) == 1 else soup.body or soup
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    try:
        told = markdownify.MarkdownConverter(
            heading_style=markdownify.ATX,
            strip=["a", "img"],
            escape_asterisks=False,
            escape_underscores=False,
        ).convert_soup(page)
    except RecursionError:  # elements nested too deep for it, not for a plain walk
        told = page.get_text("\n", strip=True)
    told = told.strip()
    if title and not page.find("h1"):
        told = f"# {title}\n\n{told}"
    return f"{told}\n"


def _docx(content: bytes) -> Iterator[str]:
    mammoth: Any = importlib.import_module("mammoth")

    def no_image(_: Any) -> dict[str, str]:
        return {"src": ""}

    made = mammoth.convert_to_html(
        io.BytesIO(content), convert_image=mammoth.images.img_element(no_image)
    )
    yield _markdown(_soup(made.value))


def _pptx(content: bytes) -> Iterator[str]:
    pptx: Any = importlib.import_module("pptx")
    for number, slide in enumerate(pptx.Presentation(io.BytesIO(content)).slides, start=1):
        heading = slide.shapes.title
        title = " ".join(heading.text_frame.text.split()) if heading is not None else ""
        yield f"## Slide {number}{': ' if title else ''}{title}\n\n"
        for shape in _shapes(slide.shapes):
            if shape.shape_id != getattr(heading, "shape_id", None):
                yield from _shape(shape)
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            notes = slide.notes_slide.notes_text_frame.text.strip()
            yield f"Notes: {notes}\n\n" if notes else ""


def _shapes(shapes: Any) -> Iterator[Any]:
    """In the order in which they are read, those in groups among them."""
    for shape in sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0)):
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes)
        else:
            yield shape


def _shape(shape: Any) -> Iterator[str]:
    if getattr(shape, "has_table", False):
        yield from _table([cell.text for cell in row.cells] for row in shape.table.rows)
    elif getattr(shape, "has_chart", False):
        chart = shape.chart
        if chart.has_title and chart.chart_title.has_text_frame:
            yield f"{chart.chart_title.text_frame.text}\n\n"
        for plot in chart.plots:
            rows = [["", *(str(series.name) for series in plot.series)]]
            for at, category in enumerate(plot.categories):
                values = (series.values for series in plot.series)
                cells = [each[at] if at < len(each) else "" for each in values]
                rows.append([str(category), *map(_cell, cells)])
            yield from _table(rows)
    elif shape.has_text_frame:
        for paragraph in shape.text_frame.paragraphs:
            said = paragraph.text.replace("\v", "\n").strip()
            if said:
                yield f"{'  ' * paragraph.level}- {said}\n" if paragraph.level else f"{said}\n"
        yield "\n"


def _xlsx(content: bytes) -> Iterator[str]:
    openpyxl: Any = importlib.import_module("openpyxl")
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    for sheet in book.worksheets:
        yield f"## Sheet {sheet.title}\n\n"
        yield from _table(_rows(sheet))


def _rows(sheet: Any) -> Iterator[list[str]]:
    """The rows of a sheet that hold anything."""
    empty = 0
    for row in sheet.iter_rows(values_only=True, max_col=_MOST_COLUMNS):
        cells = [_cell(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        empty = 0 if cells else empty + 1
        if cells:
            yield cells
        elif empty > _SHEET_EDGE and sheet.max_row is not None and sheet.max_row > 100_000:
            return  # formats that reach to the last row of the sheet


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _pdf(content: bytes) -> Iterator[str]:
    pdfium: Any = importlib.import_module("pypdfium2")
    try:
        document = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        raise UnreadableFile(f"the PDF cannot be opened: {error}") from error
    for number in range(len(document)):
        page = document[number]
        words = page.get_textpage()
        said = words.get_text_bounded().replace("\r\n", "\n").replace("\r", "\n")
        words.close()
        page.close()
        if said.strip():
            yield f"## Page {number + 1}\n\n{_reflowed(said)}\n\n"


_HYPHEN = re.compile(r"(?<=[^\W\d_])[\u00ad\ufffe\u0002]\n?")
"""A hyphen that only ends a line, as PDFium gives it."""


def _reflowed(text: str) -> str:
    """Text of a page without what only its lines needed."""
    return _HYPHEN.sub("", text).strip()


def _epub(content: bytes) -> Iterator[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        names = set(book.namelist())
        container = _soup(book.read("META-INF/container.xml"))
        root = container.find("rootfile")
        package = str(root.get("full-path")) if root else ""
        if package not in names:
            raise UnreadableFile("the book has no package file")
        about = _soup(book.read(package))
        hrefs = {item.get("id"): str(item.get("href") or "") for item in about.find_all("item")}
        for reference in about.find_all("itemref"):
            href = hrefs.get(reference.get("idref"), "")
            for name in (unquote(href), href):
                path = posixpath.normpath(posixpath.join(posixpath.dirname(package), name))
                if href and path in names:
                    yield f"{_markdown(_soup(book.read(path)))}\n"
                    break


def _table(rows: Iterable[list[str]]) -> Iterator[str]:
    """A Markdown table, line by line; its first row is its head."""
    for number, cells in enumerate(rows):
        plain = (" ".join(cell.split()).replace("|", "\\|") for cell in cells)
        yield f"| {' | '.join(plain)} |\n"
        if number == 0:
            yield f"|{' --- |' * len(cells)}\n"
    yield "\n"


_WAYS: Mapping[str, Callable[[bytes], Iterator[str]]] = {
    "html": _html,
    "docx": _docx,
    "pptx": _pptx,
    "xlsx": _xlsx,
    "pdf": _pdf,
    "epub": _epub,
}
