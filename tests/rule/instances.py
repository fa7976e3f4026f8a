"""Built-in games with prices computed here, from the formulas and not from the library."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np

from incentax.games.smooth import (
    AbstractInstance,
    Cournot,
    EnergyDemand,
    LinearQuadratic,
    Oscillators,
    Tullock,
)


class Case(NamedTuple):
    """A game, its optimal price by hand, and a planner step that suits it."""

    instance: AbstractInstance
    price: np.ndarray
    step: float


def linear_quadratic() -> Case:
    game = LinearQuadratic.random(jax.random.key(3), 4)
    target = np.asarray(game.target)
    return Case(game, -(np.asarray(game.jacobian) @ target + np.asarray(game.offset)), 0.3)


def cournot() -> Case:
    game = Cournot()
    cost = np.array([1.0, 1.2, 0.9, 1.1])
    system = np.ones((4, 4)) + np.eye(4)
    return Case(game, -np.linalg.solve(system, 10.0 - cost), 0.8)


def energy() -> Case:
    game = EnergyDemand.spread(6)
    comfort, demand = 1 + np.linspace(0, 1, 6), 1.5 - np.linspace(0, 1, 6)
    share, weight, target = 0.5 / 6, 0.1, 3.0
    system = np.diag(comfort) + (2 * share + weight) * np.ones((6, 6))
    x = np.linalg.solve(system, comfort * demand + weight * target)
    return Case(game, share * (x.sum() - x) + weight * (x.sum() - target), 0.5)


def tullock() -> Case:
    effort = np.array([0.5, 0.6, 0.7, 0.55])
    game = Tullock(jax.numpy.asarray(effort))
    return Case(game, 4.0 * (effort.sum() - effort) / effort.sum() ** 2 - 1.0, 0.5)


def oscillators() -> Case:
    game = Oscillators.random(jax.random.key(1))
    return Case(game, -np.linspace(1.0, 2.0, 6) * (0.3 - np.asarray(game.natural)), 0.5)


CASES: dict[str, Callable[[], Case]] = {
    "linear-quadratic": linear_quadratic,
    "cournot": cournot,
    "energy": energy,
    "tullock": tullock,
    "oscillators": oscillators,
}
