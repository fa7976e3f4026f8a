import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import incentax.report
from incentax.report.html import html_number, render, write_report
from incentax.report.run import read_run

from .synthetic import HELD_OUT, RESULT, VALUES, write_game, write_run

VOID = {"meta", "br", "img", "link", "input", "hr"}
HOSTILE = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> $\\frac{ {{ 7*7 }} </pre></svg>"
)


class Page(HTMLParser):
    """Every tag of a page, with a check that they nest."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.data, self.text = [], [], [], text
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.data.append(data)

    @property
    def words(self):
        return " ".join(" ".join(self.data).split())

    def find(self, tag):
        return [attributes for found, attributes in self.tags if found == tag]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A case of `RUNS` to its directory, with the report written once."""
    root = tmp_path_factory.mktemp("runs")

    def make(case):
        directory = root / case
        if not directory.exists():
            write_report(RUNS[case](directory))
        return directory

    return make


def page(directory):
    return Page((directory / "report.html").read_text(encoding="utf-8"))


RUNS = {
    "auction": lambda d: write_run(d, result={"held_out": HELD_OUT}, config={"values": VALUES}),
    "game": write_game,
    "interrupted": lambda d: write_run(d, without=("result.json", "response.safetensors")),
    "config only": lambda d: write_run(
        d, without=("result.json", "response.safetensors", "history.parquet")
    ),
    "bare": lambda d: write_run(
        d,
        config=dict.fromkeys(
            (
                "title",
                "summary",
                "source",
                "kind",
                "rule",
                "adjoint",
                "seed",
                "settings",
                "citations",
            )
        ),
        result=dict.fromkeys(
            ("value", "baselines", "cap", "exploitability", "status", "versions", "certificate")
        ),
        response={},
    ),
    "not a number": lambda d: write_run(
        d,
        result={"value": float("nan"), "cap": float("inf"), "exploitability": float("nan")},
        response={},
    ),
    "hostile": lambda d: write_run(
        d,
        response={},
        config={
            "problem": HOSTILE,
            "title": HOSTILE,
            "summary": HOSTILE,
            "source": HOSTILE,
            "objective": HOSTILE,
            "settings": {HOSTILE: HOSTILE, "nested": {"a": [HOSTILE]}},
            "citations": [HOSTILE],
            "values": VALUES | {"file": HOSTILE, HOSTILE: HOSTILE},
        },
        result={
            "problem": HOSTILE,
            "objective": HOSTILE,
            "rule": HOSTILE,
            "baselines": {HOSTILE: 0.1, "long" * 300: 0.1},
            "status": HOSTILE,
            "versions": {HOSTILE: HOSTILE},
            "certificate": [RESULT["certificate"][0] | {"name": HOSTILE, "meaning": HOSTILE}],
            "held_out": HELD_OUT | {"rows": [HELD_OUT["rows"][0] | {"mechanism": HOSTILE}]},
        },
    ),
}


@pytest.mark.parametrize("case", RUNS)
def test_the_page_is_whole_and_fetches_nothing(made, case):
    found = page(made(case))
    assert found.text.startswith("<!doctype html>")
    tags = {tag for tag, _ in found.tags}
    assert not tags & {"script", "link", "iframe", "object", "embed", "img", "base", "form"}
    for _, attributes in found.tags:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "xlink:href", "srcset", "data", "poster"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/png;base64,"))
    assert not re.findall(r"url\((?!#)|@import", found.text)
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    # Every reference inside the page finds its target.
    used = re.findall(r'(?:url\(|href=")#([^)"]+)', found.text)
    assert set(used) <= set(ids)


def test_the_first_screen_answers(made):
    found = page(made("auction"))
    answer = found.words.partition("What happened")[0]
    for words in (
        "A1: four rounds, uniform values",
        "revenue, maximised 0.2480",
        "0.82 % below the proven cap 0.2500",
        "certified : 3 of 3 checks hold",
        "Converged: the value moved less",
        "first price 0.1571 +57.8 %",
        "Hypergradient",
    ):
        assert words in answer


def test_the_rest_of_the_page(made):
    words = page(made("auction")).words
    for expected in ("myerson price 0.2440", "bidders.csv", "clipped share 0.10 %", "jax 0.10.0"):
        assert expected in words
    assert "seed 0" in words and "@inproceedings{corecco2025amid" in words


def test_a_failed_check_is_said_first(tmp_path):
    checks = [RESULT["certificate"][0] | {"holds": False}, *RESULT["certificate"][1:]]
    run = read_run(write_run(tmp_path / "run", result={"certificate": checks}))
    words = Page(render(run, {})).words
    assert "✗ not certified : 1 of 3 checks fails: exploitability" in words


def test_an_interrupted_run_says_so(made):
    words = page(made("interrupted")).words
    assert "unfinished" in words and "not solved anew" in words
    assert "Interrupted: no result was written" in words
    assert "steps 40 of 300" in words


def test_hostile_names_are_shown_as_they_are(made):
    found = page(made("hostile"))
    assert found.words.count("<script>alert(1)</script>") > 10
    assert "{{ 7*7 }}" in found.words


@pytest.mark.parametrize("case", ["auction", "game"])
def test_the_same_run_gives_the_same_page(made, case):
    directory = made(case)
    first = {path: path.read_bytes() for path in _written(directory)}
    write_report(directory)
    second = {path: path.read_bytes() for path in _written(directory)}
    assert first == second and len(first) > 5


def test_files_are_moved_into_place(tmp_path):
    directory = RUNS["config only"](tmp_path / "run")
    (directory / "figures").mkdir()
    (directory / "figures" / "price.svg").write_text("of an earlier run")
    (directory / "figures" / "mine.svg").write_text("of the user")
    assert write_report(directory) == directory / "report.html"
    names = {path.name for path in (directory / "figures").iterdir()}
    assert "price.svg" not in names and "mine.svg" in names
    assert not any(name.startswith(".") for name in names | set(map(str, directory.iterdir())))


def test_a_place_that_cannot_be_written_to(tmp_path):
    directory = write_run(tmp_path / "run")
    (directory / "figures").write_text("in the way")
    with pytest.raises(ValueError, match=r"expected a run directory that can be written to, got"):
        write_report(directory)
    assert not (directory / "report.html").exists()


@pytest.mark.parametrize(
    ("x", "text"),
    [(None, "–"), (-0.5, "−0.5000"), (3e20, "3.000&thinsp;×&thinsp;10<sup>20</sup>"), (7, "7")],
)
def test_numbers_on_the_page(x, text):
    assert html_number(x) == text


def test_the_room_imports_nothing_of_the_core():
    allowed = set(
        """
        __future__ collections contextlib dataclasses difflib fnmatch html importlib io json math
        numbers os pathlib re tempfile typing jinja2 markupsafe matplotlib numpy polars rich
        safetensors
    """.split()
    )
    for path in Path(incentax.report.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert {alias.name.split(".")[0] for alias in node.names} <= allowed, path.name
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 1 or (node.module or "").split(".")[0] in allowed, path.name


def _written(directory):
    return [directory / "report.html", *(directory / "figures").glob("*.svg")]
