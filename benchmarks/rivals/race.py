"""The race: rivals and ours in turn on one machine, in one run, and their answers compared."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from ..machine import publish
from . import ours
from .cases import CASES, RING, RUNS, STEP_SIZE

HERE = Path(__file__).parent
# Ours is thousands of times faster: more calls make its medians as steady as theirs.
OUR_RUNS = 101
# Both sides compute in double precision what is compared here.
AGREEMENT = 1e-9


def main() -> None:
    """Print and keep both tables; a wrong answer stops the race."""
    python = interpreter()
    order = {"cases": CASES, "step_size": STEP_SIZE, "runs": RUNS}
    theirs = ask(python, "with_mfglib.py", order)
    rows = [against_mfglib(case, found) for case, found in zip(CASES, theirs, strict=True)]
    title = f"One mirror-descent step against MFGLib {version(python, 'mfglib')}"
    publish("rivals_mfglib", f"{title}, single precision", rows)

    found = ask(python, "with_open_spiel.py", RING | {"runs": RUNS})
    title = f"One mirror-descent step against OpenSpiel {version(python, 'open-spiel')}"
    publish("rivals_open_spiel", f"{title}, C++ game, double precision", [against_ring(found)])


def against_mfglib(case: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """A row: times in single precision, answers in double."""
    with jax.enable_x64(True):
        game, mechanism = ours.build(case, found["path"])
        exact = ours.measure(game, mechanism, STEP_SIZE, case["updates"], 1)
    error = max(relative(exact[stage], found[stage]) for stage in ("before", "after"))
    check(case["name"], error)
    game, mechanism = ours.build(case, found["path"])
    fast = ours.measure(game, mechanism, STEP_SIZE, case["updates"], OUR_RUNS)
    shape = f"{game.num_states} x {game.num_actions}, {game.horizon} rounds"
    return {"game": case["name"], "size": shape} | compare(fast, found, error)


def against_ring(found: dict[str, Any]) -> dict[str, Any]:
    """OpenSpiel computes in double precision: so do we."""
    with jax.enable_x64(True):
        game = ours.RingCrowd.of(RING["size"], RING["horizon"])
        fast = ours.measure(game, jnp.zeros(()), STEP_SIZE, 1, OUR_RUNS)
    error = relative(fast["before"], found["before"])
    check(RING["name"], error)
    shape = f"{game.num_states} x {game.num_actions}, {game.horizon} rounds"
    return {"game": RING["name"], "size": shape} | compare(fast, found, error)


def compare(fast: dict[str, float], found: dict[str, Any], error: float) -> dict[str, Any]:
    """The columns that both tables share."""
    return {
        "its step (ms)": found["step"] * 1e3,
        "ours (ms)": fast["step"] * 1e3,
        "ratio": found["step"] / fast["step"],
        "its exploitability (ms)": found["exploitability"] * 1e3,
        "ours, exploitability (ms)": fast["exploitability"] * 1e3,
        "ratio, exploitability": found["exploitability"] / fast["exploitability"],
        "largest relative difference of answers": error,
    }


def relative(ours: float, theirs: float) -> float:
    """Their difference as a share of theirs."""
    return abs(ours - theirs) / abs(theirs)


def check(name: str, error: float) -> None:
    """Nothing if the answers agree: a fast wrong answer is worthless."""
    if not error <= AGREEMENT:
        raise SystemExit(f"expected answers on {name} to agree to {AGREEMENT:g}, got {error:g}")


def interpreter() -> str:
    """The Python that has the rivals: RIVALS_PYTHON, `.venv-rivals`, or this one."""
    named = os.environ.get("RIVALS_PYTHON")
    usual = HERE.parent.parent / ".venv-rivals" / "bin" / "python"
    python = named or (str(usual) if usual.exists() else sys.executable)
    if shutil.which(python) is None:
        raise SystemExit(f"expected a Python with MFGLib and OpenSpiel, got {python}; make rivals")
    return python


def ask(python: str, script: str, order: dict[str, Any]) -> Any:
    """What a rival's script answers; it runs in a process of its own, with its own threads."""
    command = [python, str(HERE / script)]
    done = subprocess.run(
        command, input=json.dumps(order), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{script} failed; `make rivals` installs what it needs:\n{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def version(python: str, package: str) -> str:
    """The version of a package there."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()
