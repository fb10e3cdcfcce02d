"""The benchmark of documents, on a corpus of three pages."""

import argparse
from pathlib import Path

from enplace_bench.documents import command
from enplace_bench.documents.questions import SETS, load
from enplace_bench.report import Report

PAGES = {
    "library/decimal.html": "<h1>decimal</h1><p>Exact arithmetic for prices and cents.</p>",
    "library/queue.html": "<h1>queue</h1><p>Pass work between threads safely.</p>",
    "genindex-A.html": "<h1>Index</h1>",
}


def measured(folder: Path) -> Report:
    for name, page in PAGES.items():
        path = folder / "pages" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page)
    options = argparse.Namespace(
        corpus=folder / "pages", home=folder / "home", misses=False, by_words=True
    )
    return command.run(options)


def test_the_sets_are_of_thirty_questions_each_and_no_question_is_asked_twice() -> None:
    questions = load()
    assert [sum(q.set_name == name for q in questions) for name in SETS] == [30, 30, 30]
    assert len({question.text for question in questions}) == 90
    assert all(question.pages for question in questions)


def test_a_page_answers_whatever_the_corpus_is_called() -> None:
    question = next(q for q in load() if "library/decimal" in q.pages)
    assert question.is_answered_by("python/library/decimal.html")
    assert not question.is_answered_by("python/library/xdecimal.html")


def test_all_of_it_is_measured_and_judged(tmp_path: Path) -> None:
    report = measured(tmp_path)
    figures = report.figures
    assert (figures["files"], figures["failed"], figures["encoded_again"]) == (2, 0, 0)
    assert figures["citations_wrong"] == 0
    assert figures["kept_at_stop"] == figures["unchanged_after_stop"] == 1
    assert 0 < float(str(figures["recall5_keyword"])) < 0.5
    assert next(bar.name for bar in report.bars if not bar.ok) == "pieces"
