"""Every benchmark imports and says how it is run; every kept figure has one that made it."""

import ast
import importlib
import re
from pathlib import Path

import pytest

from benchmarks.machine import ACCELERATORS

HERE = Path(__file__).parents[2] / "benchmarks"
# What benchmarks share; nobody runs these.
SHARED = ("accelerated", "contenders", "kept", "machine")
MODULES = sorted(
    file.stem for file in HERE.glob("*.py") if file.stem not in ("__init__", "__main__")
)
RESULTS = sorted(file.name for file in (HERE / "results").iterdir())


@pytest.mark.parametrize("name", MODULES)
def test_a_benchmark_imports_and_says_how_it_is_run(name):
    module = importlib.import_module(f"benchmarks.{name}")
    assert module.__doc__ and len(module.__doc__.splitlines()[0]) > 20
    if name not in SHARED:
        assert callable(module.main)
        assert f"python -m benchmarks.{name}" in module.__doc__


def names_in(file: Path) -> list[str]:
    """Patterns of the words in a program's texts; what is filled in later stands for any word."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    filled = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    inside = {id(part) for node in filled for part in node.values}
    patterns = [
        "".join(
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+"
            for part in node.values
        )
        for node in filled
        # A text that is all filled in would be any word.
        if any(isinstance(part, ast.Constant) and "_" in str(part.value) for part in node.values)
    ]
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in inside
        ):
            patterns += re.findall(r"\w+", node.value)
    return patterns


@pytest.fixture(scope="module")
def known():
    programs = [file for file in HERE.rglob("*.py") if file.name != "readme.py"]
    pages = [*(HERE.parent / "docs").rglob("*.md"), HERE.parent / "README.md"]
    found = {pattern for file in programs for pattern in names_in(file)}
    return found | {word for page in pages for word in re.findall(r"\w+", page.read_text("utf-8"))}


@pytest.mark.parametrize("name", RESULTS)
def test_no_kept_figure_is_an_orphan(name, known):
    stem = re.sub(rf"_({'|'.join(ACCELERATORS)})$", "", name.partition(".")[0])
    assert any(re.fullmatch(pattern, stem) for pattern in known), f"{name} is nobody's"


def test_an_orphan_would_be_found(known):
    assert not any(re.fullmatch(pattern, "nobody_made_this") for pattern in known)
