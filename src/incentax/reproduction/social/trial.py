"""One design of one game, followed step by step and far from `design`'s overhead."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..._types import Key, Scalar
from ...games.smooth import (
    AbstractInstance,
    Cournot,
    EnergyDemand,
    LinearQuadratic,
    Oscillators,
    Tullock,
)
from ...mechanism import Price
from ...population import AbstractPopulation
from ...rule import AbstractRule


def stage(name: str) -> AbstractInstance:
    """The game by name; its numbers are this library's own, none is a paper's."""
    return {
        "linear-quadratic": lambda: LinearQuadratic.random(jax.random.key(3), 4),
        "cournot": Cournot,
        "energy": lambda: EnergyDemand.spread(6),
        "tullock": lambda: Tullock(jnp.array([0.5, 0.6, 0.7, 0.55])),
        "oscillators": lambda: Oscillators.random(jax.random.key(1)),
    }[name]()


class Trace(eqx.Module):
    """What a planner saw and how far it was from the optimum, step by step.

    - `value` [T]: social cost above the optimum's, at the actions seen.
    - `error` [T]: largest distance of a price from -F at the optimum, after the step.
    - `square` [T]: squared Euclidean distance of all prices.
    - `price` [T n]: after the step.
    """

    value: Float[Array, " T"]
    error: Float[Array, " T"]
    square: Float[Array, " T"]
    price: Float[Array, "T n"]


@eqx.filter_jit
def follow(
    instance: AbstractInstance,
    population: AbstractPopulation,
    rule: AbstractRule,
    step: Scalar,
    key: Key,
    *,
    num_steps: int,
    start: Float[Array, "n d"] | None = None,
) -> Trace:
    """The trace of plain steps of size `step`, from `start` or from no price at all."""
    best = instance.optimal_price().value
    least = instance.social_cost(instance.optimum())
    first = Price(jnp.zeros_like(best) if start is None else start)

    def move(carry: tuple[Price, Any], step_key: Key):
        price, state = carry
        exchange = rule.exchange(population, instance.objective, price, state, key=step_key)
        price = Price(price.value - step * exchange.gradient.value)
        return (price, exchange.state), (exchange.value - least, price.value)

    begin = (first, population.init(first, key=key))
    _, (value, prices) = jax.lax.scan(move, begin, jax.random.split(key, num_steps))
    gap = (prices - best[None]).reshape(num_steps, -1)
    return Trace(
        value,
        jnp.max(jnp.abs(gap), axis=1),
        jnp.sum(gap**2, axis=1),
        prices.reshape(num_steps, -1),
    )


def thinned(num_steps: int, most: int = 60) -> np.ndarray:
    """At most `most` of the steps 0, 1, ..., closer together at the beginning.

    >>> thinned(5).tolist()
    [0, 1, 2, 3, 4]
    """
    return np.unique(np.geomspace(1, num_steps, most).round().astype(int)) - 1
