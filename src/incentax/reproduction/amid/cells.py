"""The experiments behind the page, cut into cells that are made one by one and kept."""

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np

from ...equilibrium import MirrorDescent, solve
from ...precision import in_float64
from ...problems import problems
from ...simplex import Entropy, Euclidean
from ..frame import Cell, Rows
from .clearing import GRIDS, OWN_BIDS, PROBLEMS, clearing_rows
from .contest import played
from .cost import ADJOINTS, gradient_cost
from .fair import fair_rows, has_first_price
from .finite import Crowds, finite_rows
from .rivals import METHODS, OURS, RIVALS
from .tuning import tuned


class Budget(NamedTuple):
    """How much of everything: `full` fits a night on two cores, `quick` ten minutes."""

    name: str
    seeds: int
    steps: int | None
    trials: int
    seconds: float
    settings: tuple[str, ...]
    contested: tuple[str, ...]
    tuning_seeds: int
    horizons: tuple[int, ...]
    cost_steps: int
    env_steps: int
    episodes: int
    crowds: tuple[Crowds, ...]


_ALL = tuple(f"a{k}" for k in range(1, 11)) + ("beach-bar",)

FULL = Budget(
    name="full",
    seeds=10,
    steps=None,
    trials=1000,
    # On two cores most settings make all their steps in less; A3, A7 and A8 plan fewer.
    seconds=20.0,
    settings=_ALL,
    contested=_ALL,
    tuning_seeds=2,
    horizons=(5, 10, 25, 50),
    cost_steps=400,
    env_steps=1_000_000,
    episodes=25_000,
    # What a kink adds differs from game to game, and only in the mean over games falls like 1 / N.
    crowds=(
        Crowds("a1", designs=5),
        Crowds("a2", designs=5),
        Crowds("a3", games=20, trials=500, deviations=100),
    ),
)
QUICK = Budget(
    name="quick",
    seeds=1,
    steps=60,
    trials=100,
    seconds=6.0,
    settings=("a1", "a6", "a9"),
    contested=("a1",),
    # Two rates to each of three rivals would be half of the ten minutes: A1 is what rates are for.
    tuning_seeds=0,
    horizons=(5,),
    cost_steps=100,
    env_steps=20_000,
    episodes=5_000,
    crowds=(
        Crowds("a1", 60, trials=100, deviations=40),
        Crowds("a2", 30, trials=100, deviations=40),
        Crowds("a3", 10, trials=100, deviations=40),
    ),
)


def finite_cells(budget: Budget) -> Iterator[Cell]:
    """Learned mechanisms of A1 to A3 among N bidders, beside their mean-field value."""
    for crowd in budget.crowds:
        for seed in range(crowd.designs):
            name = f"finite-{crowd.problem}-{seed}"
            yield Cell(name, functools.partial(finite_rows, crowd, seed))


def entropy_cells(budget: Budget) -> Iterator[Cell]:
    """First price of A1 at temperatures from 1e-4 to 1e-1, under both mirror maps."""
    for temperature in (1e-4, 1e-3, 1e-2, 1e-1):
        for mirror in (Entropy(), Euclidean()):
            name = f"entropy-{type(mirror).__name__.lower()}-{temperature:g}"
            yield Cell(name, functools.partial(_at_temperature, temperature, mirror))


def settings_cells(budget: Budget, *names: str) -> Iterator[Cell]:
    """Settings by design, and by its rivals in the time that took: values, caps, curves.

    Without names all settings of the budget; of the names those that are among them.
    """
    for name in [n for n in budget.settings if not names or n in names]:
        for seed in range(budget.seeds):
            methods = METHODS if name in budget.contested else (OURS,)
            contest = contest_of(name, budget)
            yield from contest.cells(seed, methods)


class Contest(NamedTuple):
    """A problem that the default recipe and its rivals play in the same time.

    - `problem`, `num_steps`, `seconds`: limits of the default recipe; no steps are its own.
    - `tuning_seeds`: seeds to tune rivals with; zero leaves them the rates that are best on A1.
    """

    problem: str
    num_steps: int | None
    seconds: float
    tuning_seeds: int

    def cells(self, seed: int, methods: tuple[str, ...] = METHODS) -> Iterator[Cell]:
        """The default recipe with one seed, then each rival, tuned, in the time that took."""
        limits = {"num_steps": self.num_steps, "seconds": self.seconds}
        ours = self.ours(seed)
        yield ours
        for method in [m for m in methods if m != OURS]:
            make = functools.partial(played, self.problem, method, seed, **limits)
            after = (ours, *self.tuning(method))
            yield Cell(f"settings-{self.problem}-{method}-{seed}", make, after)

    def ours(self, seed: int) -> Cell:
        """The default recipe with one seed."""
        limits = {"num_steps": self.num_steps, "seconds": self.seconds}
        make = functools.partial(played, self.problem, OURS, seed, **limits)
        return Cell(f"settings-{self.problem}-{OURS}-{seed}", make)

    def tuning(self, *methods: str) -> Iterator[Cell]:
        """Each rival on its grids, in the time that the default recipe took with the first seed."""
        limits = {"num_steps": self.num_steps, "seeds": self.tuning_seeds}
        for method in methods if self.tuning_seeds else ():
            make = functools.partial(tuned, self.problem, method, **limits)
            yield Cell(f"tuning-{self.problem}-{method}", make, (self.ours(0),))


def contest_of(name: str, budget: Budget) -> Contest:
    """The contest of a problem under the limits of a budget."""
    return Contest(name, budget.steps, budget.seconds, budget.tuning_seeds)


def tuning_cells(budget: Budget) -> Iterator[Cell]:
    """Rivals on their grids of rates, on every contested setting; tuned for A1 where none."""
    for name in budget.contested:
        yield from contest_of(name, budget).tuning(*RIVALS)


def fair_cells(budget: Budget) -> Iterator[Cell]:
    """First price with the best supply and reserve, beside the default recipe's designs."""
    for name in filter(has_first_price, budget.contested):
        contest = contest_of(name, budget)
        designs = tuple(contest.ours(seed) for seed in range(budget.seeds))
        make = functools.partial(fair_rows, name, budget.steps)
        yield Cell(f"fair-{name}", make, designs)


def clearing_cells(budget: Budget) -> Iterator[Cell]:
    """First price by mirror descent and by linear program, on finer and finer bids."""
    for name in PROBLEMS:
        for num_bids in GRIDS if budget.name == "full" else (OWN_BIDS,):
            yield Cell(
                f"clearing-{name}-{num_bids}", functools.partial(clearing_rows, name, num_bids)
            )


def cost_cells(budget: Budget) -> Iterator[Cell]:
    """Seconds and compiled bytes of one gradient, by adjoint and horizon (table 2)."""
    for horizon in budget.horizons:
        for adjoint in ADJOINTS:
            make = functools.partial(_cost, horizon, adjoint, budget.cost_steps)
            yield cost_cell(horizon, adjoint, budget.cost_steps, make)


def cost_cell(horizon: int, adjoint: str, solver_steps: int, make: Callable[[], Rows]) -> Cell:
    """The cell of one gradient, whoever measures it."""
    words = f"one gradient, H = {horizon}, {adjoint}, {solver_steps} solver steps"
    return Cell(f"cost-{horizon}-{adjoint}", make, words=words)


def _cost(horizon: int, adjoint: str, solver_steps: int) -> Rows:
    return [gradient_cost(horizon, adjoint, solver_steps=solver_steps, repeats=2)]


def _at_temperature(temperature: float, mirror: Entropy | Euclidean) -> Rows:
    setting = problems["a1"].setting
    population: Any = setting.population()
    game, mechanism = population.game, setting.baselines()["first_price"]
    with jax.enable_x64(True):
        # A small share of the way to the reply converges at every temperature, given the steps.
        # Arrays, so that one compiled program serves all temperatures.
        solver = MirrorDescent(
            temperature=jax.numpy.asarray(temperature),
            learning_rate=jax.numpy.asarray(0.02 / temperature),
            num_steps=1500,
            mirror=mirror,
        )
        game, mechanism = in_float64((game, mechanism))
        found = jax.device_get(_solved(game, mechanism, solver))
    return [
        {
            "mirror": type(mirror).__name__.lower(),
            "temperature": temperature,
            "revenue": float(np.sum(found.rounds.revenue)),
            "exploitability": float(found.exploitability),
            "residual": float(found.residual),
        }
    ]


@eqx.filter_jit
def _solved(game, mechanism, solver):
    return solve(game, mechanism, solver=solver, throw=False)
