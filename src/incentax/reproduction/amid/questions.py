"""Two questions that the paper leaves open, looked at by experiment."""

from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import numpy as np
import scipy.stats
from jax.flatten_util import ravel_pytree

from ...adjoint import Implicit
from ...equilibrium import MirrorDescent
from ...games import PricedBeach
from ...krylov import Gmres
from ...precision import in_float64
from ...rule import Hypergradient
from ..frame import Rows
from .theory import goods_sold

TEMPERATURES = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3)


def cold_derivative_rows(horizon: int) -> Rows:
    """The derivative of the beach's congestion in its prices as the temperature falls.

    The game is monotone: rewards fall with the crowd and moves do not depend on it. Prices are
    not symmetric, so that nothing cancels; `cosine` is with the derivative one temperature above.
    """
    setting = PricedBeach(spots=10, horizon=horizon, crowd_weight=1.0)
    rows, above = [], None
    with jax.enable_x64(True):
        mechanism = in_float64(setting.mechanism(jax.random.key(0)))
        tilted = jax.numpy.linspace(-1.0, 1.0, setting.spots)
        mechanism = jax.tree.map(lambda leaf: leaf + tilted if leaf.ndim else leaf, mechanism)
        for temperature in TEMPERATURES:
            population = in_float64(_beach(setting, temperature))
            found = _exchange(population, setting.objective(), mechanism)
            gradient = np.asarray(ravel_pytree(eqx.filter(found.gradient, eqx.is_array))[0])
            rows.append(
                {
                    "horizon": horizon,
                    "temperature": temperature,
                    "norm": float(np.linalg.norm(gradient)),
                    "cosine": None if above is None else _cosine(gradient, above),
                    "change": None if above is None else _change(gradient, above),
                    "residual": float(found.response.residual),
                    "adjoint_residual": float(found.adjoint_residual),
                    "congestion": float(found.value),
                }
            )
            above = gradient
    return rows


def pure_rows() -> Rows:
    """One round of first price, all values from .5 bid .5 and all others nothing; supply .5.

    In the mean field nobody gains: no bid below .5 wins, for nothing is left. But no bid lies
    between, and exactly the supply is bid for above: zero dominance. Among N somebody who bids a
    tenth wins whenever fewer than N / 2 others bid .5, which happens half of the time; with
    value .5 she gains .4 then. Exact sums over binomial numbers of rivals.
    """
    rows = []
    for number in (10, 100, 1000, 10_000, 100_000):
        few_rivals = float(scipy.stats.binom.cdf(number // 2 - 1, number - 1, 0.5))
        rows.append(
            {
                "agents": number,
                "gain": 0.4 * few_rivals,
                "gap": 0.25 - 0.5 * goods_sold(number, 0.5, 0.5) / number,
            }
        )
    return rows


def _beach(setting: PricedBeach, temperature: float):
    population: Any = setting.population()
    # The colder, the steeper replies are in the crowd: a smaller share of the way to the reply
    # keeps the iteration from cycling. Arrays, so that one compiled program serves all.
    share = min(0.02, 3 * temperature)
    solver = MirrorDescent(
        temperature=jax.numpy.asarray(temperature),
        learning_rate=jax.numpy.asarray(share / temperature),
        num_steps=6000,
    )
    return replace(population, solver=solver, adjoint=Implicit(Gmres(tolerance=1e-9, vectors=100)))


@eqx.filter_jit
def _exchange(population, objective, mechanism):
    state = population.init(mechanism, key=jax.random.key(0))
    rule = Hypergradient()
    return rule.exchange(population, objective, mechanism, state, key=jax.random.key(1))


def _cosine(one: np.ndarray, two: np.ndarray) -> float:
    return float(one @ two / (np.linalg.norm(one) * np.linalg.norm(two)))


def _change(one: np.ndarray, two: np.ndarray) -> float:
    return float(np.linalg.norm(one - two) / np.linalg.norm(two))
