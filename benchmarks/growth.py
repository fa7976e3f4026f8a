"""How a design iteration grows with grid, rounds and solver steps, and a trial with bidders.

    python -m benchmarks.growth
    python -m benchmarks.growth rounds

An iteration is one step of the default recipe as it runs in a design: the bidders from where they
were, value, gradient and move; judgements, every tenth step, are not in it. The sweep over rounds
has the published seconds of one gradient on one H100 beside it.

Each size runs in a process of its own, so that its peak resident memory is its own. Exponents are
those of processor seconds, which do not depend on who else uses the machine, by least squares on
logarithms; intervals are 95 % ones, of exponents fitted to three sizes or more. Residuals, of the
bidders and of the gradient's linear system, are the largest of the timed steps.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from .machine import publish

STEPS = 6
GRIDS = (50, 100, 200, 500, 1000, 2000)
HORIZONS = (4, 5, 10, 25, 50, 100, 200)
# Seconds of one gradient on one H100, as the paper's table 2 gives them.
PUBLISHED = {5: 0.09, 10: 0.21, 25: 0.67, 50: 1.72}
SOLVER_STEPS = (15, 30, 60, 120, 240)
AGENTS = (100, 1_000, 10_000, 100_000)
# Every sweep passes through the default recipe on the published grid.
GRID, HORIZON, WARM_STEPS = 100, 4, 20
# The grid grows at this horizon, whose largest sizes the requirements name.
LONG = 10


class EnoughError(Exception):
    """The steps that were to be timed are done: no certificate is wanted here."""


def iteration(grid: int, horizon: int, solver_steps: int) -> dict[str, float]:
    """Seconds of one design iteration, on the clock and of processors, medians after the first."""
    import dataclasses
    import resource

    import jax

    import incentax as ix

    setting = (
        ix.problems["a1"].with_options(num_values=grid, num_bids=grid, horizon=horizon).setting
    )
    recipe = setting.recipe()
    seconds: list[float] = []
    worked: list[float] = []
    residuals: list[tuple[float, float]] = []

    def watch(progress: ix.Progress) -> None:
        seconds.append(progress.record.seconds)
        worked.append(time.process_time())
        residuals.append((progress.record.residual, progress.record.adjoint_residual))
        if len(seconds) == STEPS:
            raise EnoughError

    try:
        ix.design(
            setting.population(),
            setting.mechanism(jax.random.key(0)),
            maximize=setting.objective(),
            optimizer=recipe.optimizer(recipe.num_steps),
            schedule=dataclasses.replace(recipe.schedule, solver_steps=solver_steps),
            audit_every=0,
            callback=watch,
        )
    except EnoughError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    # The first step is the one that compiles.
    residual, adjoint_residual = np.max(residuals[1:], axis=0)
    return {
        "seconds": median(np.diff(seconds)),
        "processor seconds": median(np.diff(worked)),
        "peak (MiB)": peak,
        "residual": float(residual),
        "adjoint residual": float(adjoint_residual),
    }


def trial(num_agents: int) -> dict[str, float]:
    """Seconds of one trial of the sale to so many bidders, median of several."""
    import resource

    import jax

    import incentax as ix
    from incentax.auctions import simulate

    setting = ix.problems["a1"].setting
    game, mechanism = setting.population().game, setting.mechanism(jax.random.key(0))
    solver = ix.MirrorDescent(temperature=1e-2, learning_rate=20.0, num_steps=50)
    policy = np.asarray(ix.solve(game, mechanism, solver=solver).policy)
    seconds, worked = [], []
    for seed in range(STEPS):
        began, idle = time.perf_counter(), time.process_time()
        simulate(game, mechanism, policy, num_agents=num_agents, num_trials=1, seed=seed)
        seconds.append(time.perf_counter() - began)
        worked.append(time.process_time() - idle)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    return {
        "seconds": median(seconds[1:]),
        "processor seconds": median(worked[1:]),
        "peak (MiB)": peak,
    }


def apart(kind: str, *numbers: int) -> dict[str, float]:
    """One measurement in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.growth", kind, *map(str, numbers)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def exponents(name: str, sizes: list[int], seconds: list[float]) -> dict[str, Any]:
    """The slope on logarithmic axes, and its interval where sizes are more than a line needs.

    >>> exponents("of n", [1, 2, 4], [3.0, 6.0, 12.0])
    {'of n': 1.0, 'of n, 95 % interval': '1.00 to 1.00'}
    """
    # Not in the processes that measure, whose memory is told.
    from incentax.reproduction.amid.theory import fitted_slope

    fit = fitted_slope(np.array(sizes, float), np.array(seconds))
    interval = f"{fit.low:.2f} to {fit.high:.2f}" if len(sizes) > 2 else "-"
    return {name: fit.slope, f"{name}, 95 % interval": interval}


class Sweep(NamedTuple):
    """What grows, in which sizes, at what cost; exponents are those of size to `power`, `of`."""

    what: str
    name: str
    sizes: tuple[int, ...]
    measure: Callable[[int], dict[str, float]]
    of: str
    power: int = 1
    published: Mapping[int, float] | None = None

    def rows(self) -> list[dict[str, Any]]:
        """One row per size, each with the exponents of the sweep."""
        found = [self.measure(size) for size in self.sizes]
        amounts = [size**self.power for size in self.sizes]
        worked = [row["processor seconds"] for row in found]
        # Overheads weigh on the smaller half, caches that are too small on the larger.
        half = len(amounts) // 2
        slopes = exponents(f"exponent of {self.of}", amounts, worked)
        slopes |= exponents("larger half", amounts[half:], worked[half:])
        rows = [
            {"what grows": self.name, "size": size, **row, **slopes}
            for size, row in zip(self.sizes, found, strict=True)
        ]
        if self.published is not None:
            rows = [
                row | {"a gradient on one H100, as published (s)": self.published.get(size, "-")}
                for size, row in zip(self.sizes, rows, strict=True)
            ]
        return rows


ITERATION = "One design iteration of the default recipe on A1"
SWEEPS = {
    "grid": Sweep(
        ITERATION,
        f"|S| = |A|, H = {LONG}",
        GRIDS,
        lambda n: apart("iteration", n, LONG, WARM_STEPS),
        "|S||A|H",
        2,
    ),
    "rounds": Sweep(
        ITERATION,
        "H",
        HORIZONS,
        lambda h: apart("iteration", GRID, h, WARM_STEPS),
        "|S||A|H",
        published=PUBLISHED,
    ),
    "steps": Sweep(
        ITERATION, "T", SOLVER_STEPS, lambda t: apart("iteration", GRID, HORIZON, t), "T"
    ),
    "agents": Sweep("One trial of the sale on A1", "N", AGENTS, lambda n: apart("trial", n), "N"),
}


def main(names: tuple[str, ...] = tuple(SWEEPS)) -> None:
    """Print and keep a table for each sweep."""
    for name in names:
        sweep = SWEEPS[name]
        publish(f"growth_{name}", f"{sweep.what} as {sweep.name} grows", sweep.rows())


if __name__ == "__main__":
    kind, *numbers = sys.argv[1:] or [""]
    if kind in ("iteration", "trial"):
        measure = {"iteration": iteration, "trial": trial}[kind]
        print(json.dumps(measure(*map(int, numbers))))
    else:
        main(tuple(sys.argv[1:]) or tuple(SWEEPS))
