"""Which files can be read, by their names, and how."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from enplace.records.memory import Media

Way = Literal["text", "notebook", "html", "docx", "pptx", "xlsx", "pdf", "epub"]
"""How a file is turned into text. All but the first two need the extra `documents` and are read in a
process of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How files of a kind are read."""

    way: Way
    media: Media = "text/markdown"
    edition: int = 1
    """Grows when the same file gives another text; files read before are then read again."""


_MARKDOWN = Format(way="text", media="text/markdown")
_PLAIN = Format(way="text", media="text/plain")
_RST = Format(way="text", media="text/x-rst")
_PYTHON = Format(way="text", media="text/x-python")
_CODE = Format(way="text", media="text/x-code")

_BY_SUFFIX: Mapping[Format, str] = {
    _MARKDOWN: ".md .markdown .mdx .mdown .qmd .rmd",
    _RST: ".rst .rest",
    _PLAIN: """.txt .text .log .org .adoc .asciidoc .tex .bib .json .jsonl .yaml .yml .toml .ini
        .cfg .conf .properties .xml .srt .vtt .po .diff .patch .eml""",
    _PYTHON: ".py .pyi",
    _CODE: """.js .mjs .cjs .jsx .ts .mts .cts .tsx .vue .svelte .java .kt .kts .scala .groovy .c .h
        .cc .cpp .cxx .hpp .hh .cs .fs .go .rs .rb .php .swift .m .mm .pl .pm .lua .r .jl .dart .ex
        .exs .erl .hrl .hs .ml .mli .clj .cljs .lisp .el .scm .sh .bash .zsh .fish .ps1 .bat .sql
        .graphql .proto .tf .nix .zig .nim .v .sv .vhd .f90 .f .pas .asm .s .css .scss .sass .less
        .cmake .gradle""",
    Format(way="text", media="text/csv"): ".csv .tsv",
    Format(way="notebook"): ".ipynb",
    Format(way="html"): ".html .htm .xhtml",
    Format(way="docx"): ".docx",
    Format(way="pptx"): ".pptx",
    Format(way="xlsx"): ".xlsx .xlsm",
    Format(way="pdf"): ".pdf",
    Format(way="epub"): ".epub",
}
_BY_NAME: Mapping[Format, str] = {
    _MARKDOWN: "readme changelog contributing",
    _PLAIN: "license licence copying notice authors todo news install",
    _CODE: "makefile gnumakefile dockerfile containerfile justfile rakefile gemfile jenkinsfile",
}
_SUFFIXES = {suffix: format for format, names in _BY_SUFFIX.items() for suffix in names.split()}
_NAMES = {name: format for format, names in _BY_NAME.items() for name in names.split()}


def format_of(name: str) -> Format | None:
    """How a file of this name is read; None where the name says nothing."""
    path = PurePath(name.lower())
    return _SUFFIXES.get(path.suffix) or _NAMES.get(path.name)


def format_asked(name: str) -> Format:
    """The same for a file that somebody asked for: it is taken for text where nothing is known."""
    return format_of(name) or _PLAIN
