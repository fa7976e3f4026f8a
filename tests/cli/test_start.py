"""The command line starts light, and its cache of compiled programs never stands in the way."""

import os
import subprocess
import sys

import pytest

HEAVY = ("matplotlib", "jinja2", "scipy.stats", "scipy.optimize", "torch", "ray", "pandas")
LATER = ("polars", "scipy.sparse")


def python(*words, **variables):
    return subprocess.run(
        [sys.executable, *words],
        env=os.environ | {"JAX_ENABLE_X64": "0"} | variables,
        capture_output=True,
        text=True,
    )


def test_what_a_design_does_not_begin_with_is_not_imported():
    code = f"import sys, incentax.cli; print([n for n in {HEAVY + LATER} if n in sys.modules])"
    assert python("-c", code).stdout.strip() == "[]"


@pytest.mark.parametrize("damage", ["entries of garbage", "no folder"])
def test_a_damaged_cache_is_ignored_without_a_word(tmp_path, damage):
    command = ("-m", "incentax", "solve", "left-right", "--set", "solver_steps=50", "--json")
    if damage == "no folder":
        cache = tmp_path / "file"
        cache.write_text("a file where the folder should be")
    else:
        cache = tmp_path
        assert python(*command, XDG_CACHE_HOME=str(cache)).returncode == 0
        entries = [path for path in (cache / "incentax" / "xla").iterdir() if path.is_file()]
        assert entries
        for entry in entries:
            entry.write_bytes(b"garbage")
    done = python(*command, XDG_CACHE_HOME=str(cache))
    assert (done.returncode, done.stderr) == (0, "")
