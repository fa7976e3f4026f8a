"""The small problems that the tests of the core run on: a game, a mechanism, a score, a solver.

Every row has a smooth score and converges to rounding within its solver's steps, so that one row
serves unrolled and implicit derivatives alike. Adding a game is adding a row.
"""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from incentax import (
    AbstractGame,
    CappedPrice,
    Congestion,
    Entropy,
    Euclidean,
    MirrorDescent,
    Mix,
    Price,
    solve,
)
from incentax._types import Mechanism, Objective
from incentax.auctions import (
    BatchedAuction,
    Constant,
    ConstantRiskAversion,
    Drifting,
    EqualShares,
    FirstPrice,
    Impatient,
    NeuralAuction,
    RiskNeutral,
    StaticAuction,
    UniformPrice,
    gaussian_kernel,
)
from incentax.games import BeachBar, LeftRight, RockPaperScissors

HORIZON, VALUES, BIDS = 2, 4, 5


class Case(NamedTuple):
    """One row."""

    game: AbstractGame
    mechanism: Mechanism
    objective: Objective
    solver: MirrorDescent


def descent(temperature, *, share=0.2, num_steps=250, mirror=None) -> MirrorDescent:
    """Mirror descent that goes `share` of the way to the reply in each step."""
    mirror = Entropy() if mirror is None else mirror
    rate = share / temperature
    return MirrorDescent(temperature, learning_rate=rate, num_steps=num_steps, mirror=mirror)


def left_right(mirror=None, temperature=0.5) -> Case:
    prices = Price(jnp.array([1.0, 2.0]))
    solver = descent(temperature, mirror=mirror)
    return Case(LeftRight(), prices, Congestion(5.0, first_round=1), solver)


def rock_paper_scissors(mirror=None, temperature=1.0) -> Case:
    prices = Price(jnp.array([0.1, -0.2, 0.3]))
    solver = descent(temperature, share=0.05, num_steps=800, mirror=mirror)
    return Case(RockPaperScissors(), prices, Congestion(5.0, first_round=1), solver)


def beach_bar(mirror=None, temperature=0.3) -> Case:
    prices = CappedPrice(jnp.array([0.1, -0.5, 1.0, 0.3]), 0.5)
    solver = descent(temperature, share=0.1, num_steps=400, mirror=mirror)
    return Case(BeachBar.paced(4, 3), prices, Congestion(10.0), solver)


def economy(*, moving=False, utility=None, departure=1.0, reentry=0.0) -> BatchedAuction:
    """An auction of a few values and bids."""
    law = jnp.array([0.1, 0.2, 0.3, 0.4])
    kernel = gaussian_kernel(jnp.arange(VALUES) / VALUES, growth=1.2, spread=0.3)
    return BatchedAuction(
        initial_values=law,
        supply=0.55,
        horizon=HORIZON,
        num_bids=BIDS,
        valuation=Drifting(kernel) if moving else Constant(),
        utility=RiskNeutral() if utility is None else utility,
        departure=departure,
        reentry=reentry,
    )


def neural() -> NeuralAuction:
    return NeuralAuction(HORIZON, BIDS, width=4, key=jax.random.key(1))


def static() -> StaticAuction:
    shading = jax.random.normal(jax.random.key(2), (HORIZON, BIDS))
    return StaticAuction(shading, jnp.array([-0.3, 0.4]))


def auction(game: BatchedAuction, mechanism: Mechanism) -> Case:
    return Case(game, mechanism, Mix(0.7), descent(0.1))


CASES: dict[str, Callable[[], Case]] = {
    "left-right": left_right,
    "rock-paper-scissors": rock_paper_scissors,
    "beach-bar": beach_bar,
    "auction": lambda: auction(economy(), neural()),
    "left-right, Euclidean": lambda: left_right(Euclidean(), 1.0),
    "rock-paper-scissors, Euclidean": lambda: rock_paper_scissors(Euclidean(), 4.0),
    "beach-bar, Euclidean": lambda: beach_bar(Euclidean(), 1.0),
    "static": lambda: auction(economy(), static()),
    "drifting values": lambda: auction(economy(moving=True), neural()),
    "drifting values, static, impatient": lambda: auction(
        economy(moving=True, utility=Impatient(1.0)), static()
    ),
    "re-entry, risk-averse": lambda: auction(
        economy(reentry=0.3, utility=ConstantRiskAversion(1.0)), neural()
    ),
    "drifting values, re-entry, static, risk-seeking": lambda: auction(
        economy(moving=True, reentry=0.3, utility=ConstantRiskAversion(-1.0)), static()
    ),
    "stay, impatient": lambda: auction(economy(departure=0.0, utility=Impatient(1.0)), neural()),
    "drifting values, stay, static": lambda: auction(economy(moving=True, departure=0.0), static()),
    "leave sometimes, re-entry": lambda: auction(economy(departure=0.6, reentry=0.2), neural()),
    "first price": lambda: auction(economy(), FirstPrice(jnp.array([0.2, 0.3]))),
}

# One row for each game: these go through the whole matrix of adjoints and transforms.
GAMES = ("left-right", "rock-paper-scissors", "beach-bar", "auction")

# Formats without numbers to differentiate, or with jumps: for properties, not for gradients.
FORMATS: dict[str, Callable[[], Mechanism]] = {
    "equal shares": lambda: EqualShares(HORIZON),
    "uniform price": lambda: UniformPrice(jnp.array([0.2, 0.3])),
}


def numbers_of(mechanism: Mechanism) -> tuple[Mechanism, Mechanism]:
    """The arrays that are differentiated, and the rest."""
    return eqx.partition(mechanism, eqx.is_inexact_array)


def normal_like(tree: Mechanism, generator: np.random.Generator) -> Mechanism:
    """A standard normal direction shaped like the numbers of `tree`."""
    return jax.tree.map(lambda x: np.asarray(generator.normal(size=x.shape), x.dtype), tree)


def inner(left: Mechanism, right: Mechanism):
    """The inner product of two trees."""
    return sum(jax.tree.leaves(jax.tree.map(lambda x, y: jnp.sum(x * y), left, right)))


def score_of(case, adjoint):
    """The objective of the equilibrium, as a function of the mechanism's numbers alone."""
    structure = numbers_of(case.mechanism)[1]

    def score(numbers):
        mechanism = eqx.combine(numbers, structure)
        response = solve(case.game, mechanism, solver=case.solver, adjoint=adjoint, throw=False)
        return case.objective(mechanism, response)

    return score


def relative(found, expected):
    """Largest difference between two trees relative to the size of the second."""
    size = max(float(jnp.max(jnp.abs(x))) for x in jax.tree.leaves(expected))
    gaps = jax.tree.map(lambda x, y: jnp.max(jnp.abs(x - y)), found, expected)
    return max(float(gap) for gap in jax.tree.leaves(gaps)) / size
