"""A question that the paper leaves open: derivatives at temperature zero, by experiment."""

from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jax.flatten_util import ravel_pytree

from ...adjoint import Implicit
from ...equilibrium import MirrorDescent
from ...games import PricedBeach
from ...krylov import Gmres
from ...precision import in_float64
from ...rule import Hypergradient
from ..frame import Rows

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
