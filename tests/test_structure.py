"""How the house is built: layers, abstract or final, documented, lazy, and without side effects."""

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from abc import ABC
from dataclasses import is_dataclass
from pathlib import Path

import pytest

import incentax as ix

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "incentax"


def modules():
    # `__main__` runs the command line when imported; it holds nothing else.
    found = pkgutil.walk_packages([str(SOURCE)], "incentax.")
    return [m.name for m in found if not m.name.endswith("__main__")]


def classes():
    for name in modules():
        for _, kind in inspect.getmembers(importlib.import_module(name), inspect.isclass):
            if kind.__module__ == name:
                yield kind


def is_abstract(kind):
    return kind.__name__.startswith("Abstract") or bool(getattr(kind, "__abstractmethods__", ()))


OURS = sorted({f"{kind.__module__}.{kind.__qualname__}": kind for kind in classes()}.items())


@pytest.mark.parametrize("kind", [kind for _, kind in OURS], ids=[name for name, _ in OURS])
def test_every_class_is_abstract_or_has_no_subclasses(kind):
    """Concrete classes are never subclassed, but for errors, which form a tree."""
    if issubclass(kind, Exception):
        return
    parents = [base for base in kind.__mro__[1:] if base.__module__.startswith("incentax")]
    concrete = [base.__name__ for base in parents if not is_abstract(base) and base is not ABC]
    assert not concrete, f"{kind.__name__} subclasses the concrete {concrete}"
    # A frozen record may be abstract for sharing fields alone.
    if kind.__name__.startswith("Abstract") and not is_dataclass(kind):
        declares = bool(kind.__abstractmethods__) or any(
            "Abstract" in str(note) for note in vars(kind).get("__annotations__", {}).values()
        )
        assert declares, f"{kind.__name__} leaves nothing to its subclasses"


@pytest.mark.parametrize("kind", [kind for _, kind in OURS], ids=[name for name, _ in OURS])
def test_no_method_is_overridden_twice(kind):
    """Along each line of descent a method has one body."""
    for name in vars(kind):
        if name.startswith("__") or not callable(getattr(kind, name, None)):
            continue
        bodies = [
            base
            for base in kind.__mro__
            if base.__module__.startswith("incentax")
            and name in vars(base)
            and not getattr(vars(base)[name], "__isabstractmethod__", False)
        ]
        assert len(bodies) <= 1, f"{kind.__name__}.{name} is defined by {bodies}"


@pytest.mark.parametrize("name", [n for n in ix.__all__ if n not in ("__version__",)])
def test_every_public_name_is_documented(name):
    offer = getattr(ix, name)
    if not (inspect.isclass(offer) or inspect.isroutine(offer)):
        return
    own = offer.__doc__ and offer.__doc__.strip()
    assert own and len(own.splitlines()[0]) > 10, f"{name} has no docstring of its own"


def type_checking_names():
    tree = ast.parse((SOURCE / "__init__.py").read_text(encoding="utf-8"))
    (block,) = [
        node
        for node in tree.body
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
    ]
    return {
        (statement.module, alias.name)
        for statement in block.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
        if alias.name == alias.asname
    }


def test_type_checkers_and_the_interpreter_see_the_same_names():
    lazy = {(room, name) for room, names in ix._ROOMS.items() for name in names}
    assert lazy == type_checking_names()
    assert set(ix.__all__) == {name for _, name in lazy} | {"__version__", *ix._SUBPACKAGES}
    assert sorted(dir(ix)) == sorted(ix.__all__)


def test_every_public_name_is_there():
    for name in ix.__all__:
        assert getattr(ix, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'Desing'"):
        ix.Desing  # noqa: B018


def test_rooms_do_not_hide_what_they_offer():
    """Two rooms are called like a function and a table in them; the offer wins in any order."""
    importlib.import_module("incentax.design")
    importlib.import_module("incentax.problems")
    assert callable(ix.design) and "a1" in ix.problems


QUIET = """
import os, random, sys, warnings
import jax, numpy, polars
before = dict(jax.config.values), numpy.random.get_state()[1].tolist(), random.getstate()
environment, filters = dict(os.environ), list(warnings.filters)
import incentax
for name in incentax.__all__:
    getattr(incentax, name)
import incentax.report, incentax.testing
assert dict(jax.config.values) == before[0], "jax.config"
assert numpy.random.get_state()[1].tolist() == before[1], "numpy's generator"
assert random.getstate() == before[2], "random's generator"
assert environment.items() <= dict(os.environ).items(), "the environment"
added = {str(entry) for entry in warnings.filters} - {str(entry) for entry in filters}
assert not any("incentax" in entry for entry in added), "filters of warnings"
"""


def python(program):
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)


def test_importing_changes_nothing_and_says_nothing():
    done = python(QUIET)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_importing_the_package_alone_does_not_load_jax():
    done = python("import incentax, sys; print('jax' in sys.modules, incentax.__version__)")
    assert done.stdout.split() == ["False", ix.__version__], done.stderr


def test_the_core_needs_no_extra():
    hidden = "matplotlib jinja2 pytest hypothesis beartype".split()
    block = "\n".join(f"sys.modules[{name!r}] = None" for name in hidden)
    done = python(
        f"import sys\n{block}\nimport incentax\nfor n in incentax.__all__: getattr(incentax, n)"
    )
    assert done.returncode == 0, done.stderr


def test_imports_go_down_only():
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", modules())
def test_files_stay_readable(name):
    """One idea a file: at most 300 lines, no catch-alls."""
    spec = importlib.util.find_spec(name)
    lines = Path(spec.origin).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 300, f"{name} has {len(lines)} lines"
    assert name.rsplit(".", 1)[-1] not in ("utils", "helpers", "common")


def test_randomness_has_keys():
    """No hidden seeds: nothing but NumPy generators with a given seed, and JAX keys."""
    for path in SOURCE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?<!jax\.)\brandom\.(seed|random|choice|shuffle|randint)\(", text), (
            path
        )
        assert "default_rng()" not in text and "random.Random()" not in text, path
        if "cli" not in path.parts:
            assert "jax.config.update" not in text, path
