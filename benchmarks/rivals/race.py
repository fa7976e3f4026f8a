"""The race: rivals and ours on one machine, game by game in turn, and their answers compared.

    python -m benchmarks.rivals

Both sides start from the uniform policy. Compared are its exploitability, exploitability and the
whole policy after a few updates, all in double precision, and the policies that the timed steps
themselves end in. Against MFGLib ours is timed as it comes, and with the flags for sparse games.
Ratios are of medians; `lowest` and `highest` are those of a rival's quickest and slowest step.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..machine import publish
from . import flagged, ours
from .cases import CASES, RING, RUNS, STEP_SIZE

HERE = Path(__file__).parent
# Ours is thousands of times faster: more calls make its medians as steady as theirs.
OUR_RUNS = 101
# Both sides compute in double precision what is compared here.
AGREEMENT = 1e-9
# Rounding of single precision, in which MFGLib's steps are timed.
SINGLE = 1e-3
TIMED = f"policies after the {RUNS + 1} timed steps, largest difference"


def main() -> None:
    """Print and keep both tables; a wrong answer stops the race."""
    python = interpreter()
    rows = []
    # Each game is timed on all sides before the next: whatever slows the machine slows them all.
    for case in CASES:
        found = ask(python, "with_mfglib.py", {"case": case, "step_size": STEP_SIZE, "runs": RUNS})
        order = {"case": case, "path": found["path"], "step_size": STEP_SIZE}
        whole = flagged.asked(order | {"runs": OUR_RUNS, "compared": RUNS + 1})
        rows.append(against_mfglib(case, found, whole))
    versions = f"{version(python, 'mfglib')} (torch {version(python, 'torch')})"
    title = f"One mirror-descent step against MFGLib {versions}"
    flags = " ".join(flagged.FLAGS)
    publish("rivals_mfglib", f"{title}, single precision; flags: {flags}", rows)

    found = ask(python, "with_open_spiel.py", RING | {"step_size": STEP_SIZE, "runs": RUNS})
    title = f"One mirror-descent step against OpenSpiel {version(python, 'open-spiel')}"
    publish("rivals_open_spiel", f"{title}, C++ game, double precision", [against_ring(found)])


def against_mfglib(
    case: dict[str, Any], found: dict[str, Any], whole: dict[str, Any]
) -> dict[str, Any]:
    """A row: times in single precision and the policies they end in; answers in double."""
    with jax.enable_x64(True):
        game, mechanism = ours.build(case, found["path"])
        exact = ours.answers(game, mechanism, STEP_SIZE, case["updates"])
        # Refuses a solve that is not its steps; single precision would let more pass.
        ours.drift(ours.Programs(game, mechanism, STEP_SIZE))
    game, mechanism = ours.build(case, found["path"])
    fast = ours.timed(game, mechanism, STEP_SIZE, OUR_RUNS, RUNS + 1)
    gaps = agree(case["name"], exact, found)
    timed = max(apart(np.asarray(p), found["timed policy"]) for p in (fast.policy, whole["policy"]))
    check(f"{case['name']}, policies after the timed steps", timed, SINGLE)
    with_flags = {
        "with flags, in a solve (ms)": whole["in_solve"] * 1e3,
        **ratios("ratio, in a solve with flags", found["steps"], whole["in_solve"]),
    }
    return row(case["name"], game, fast, found) | with_flags | gaps | {TIMED: timed}


def against_ring(found: dict[str, Any]) -> dict[str, Any]:
    """OpenSpiel computes in double precision: so do we.

    Its first timed step agrees; the later ones evaluate a policy that is half updated. How far
    apart that leads is told, not bounded: with its policy held still while a step evaluates it,
    as many steps agree.
    """
    with jax.enable_x64(True):
        game = ours.RingCrowd.of(RING["size"], RING["horizon"])
        fast = ours.timed(game, jnp.zeros(()), STEP_SIZE, OUR_RUNS, RUNS + 1)
        first = ours.answers(game, jnp.zeros(()), STEP_SIZE, 1)
        exact = ours.answers(game, jnp.zeros(()), STEP_SIZE, RUNS + 1)
    gaps = agree(RING["name"], exact, found)
    check(f"{RING['name']}, after the timed steps", apart(fast.policy, found["policy"]), AGREEMENT)
    once = apart(first.policy, found["first policy"])
    check(f"{RING['name']}, after its first step", once, AGREEMENT)
    gaps |= {
        "after its own first step": once,
        f"after its own {RUNS + 1} steps (policy half updated)": apart(
            fast.policy, found["timed policy"]
        ),
    }
    return row(RING["name"], game, fast, found) | gaps


def row(name: str, game: Any, fast: ours.Timed, found: dict[str, Any]) -> dict[str, Any]:
    """The columns of times that both tables share."""
    return {
        "game": name,
        "size": f"{game.num_states} x {game.num_actions}, {game.horizon} rounds",
        "its step (ms)": median(found["steps"]) * 1e3,
        "its quickest": min(found["steps"]) * 1e3,
        "its slowest": max(found["steps"]) * 1e3,
        "ours (ms)": fast.step * 1e3,
        **ratios("ratio", found["steps"], fast.step),
        "ours, in a solve (ms)": fast.in_solve * 1e3,
        **ratios("ratio, in a solve", found["steps"], fast.in_solve),
        "a solve against single steps, relative difference": fast.drift,
        "a call that adds one (ms)": fast.call * 1e3,
        "its exploitability (ms)": found["exploitability"] * 1e3,
        "ours, exploitability (ms)": fast.exploitability * 1e3,
        "ratio, exploitability": found["exploitability"] / fast.exploitability,
    }


def ratios(name: str, theirs: list[float], ours: float) -> dict[str, Any]:
    """How many times their median step takes ours, and how far that goes over their steps."""
    spread = f"{min(theirs) / ours:.0f} to {max(theirs) / ours:.0f}"
    return {name: median(theirs) / ours, f"{name}: lowest to highest": spread}


def agree(name: str, exact: ours.Answers, found: dict[str, Any]) -> dict[str, float]:
    """The columns of differences in double precision, all small enough."""
    gaps = {
        "exploitability before, relative difference": relative(exact.before, found["before"]),
        "after updates": relative(exact.after, found["after"]),
        "policies after updates, largest difference": apart(exact.policy, found["policy"]),
    }
    for what, gap in gaps.items():
        check(f"{name}, {what}", gap, AGREEMENT)
    return gaps


def apart(ours: np.ndarray, theirs: Any) -> float:
    """The largest difference of two policies' probabilities."""
    return float(np.max(np.abs(ours.ravel() - np.asarray(theirs, float).ravel())))


def relative(ours: float, theirs: float) -> float:
    """Their difference as a share of theirs."""
    return abs(ours - theirs) / abs(theirs)


def check(what: str, gap: float, bound: float) -> None:
    """Nothing if the answers agree: a fast wrong answer is worthless."""
    if not gap <= bound:
        raise SystemExit(f"expected no difference above {bound:g} in {what}, got {gap:g}")


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
