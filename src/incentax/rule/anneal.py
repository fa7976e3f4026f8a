"""Random search: keep the best of where we are and two mirrored steps."""

import math
from typing import Any, ClassVar, final

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree

from .._types import Key, Mechanism, Objective
from ..population import AbstractPopulation, Access
from .base import AbstractRule, Exchange
from .guard import Unguarded


@final
class Anneal(AbstractRule):
    """The best of x, x + scale n and x - scale n, with n standard normal: three responses.

    The exchange's gradient is the step itself, in the direction the planner wants, so that the
    optimizer must move by just that: `optax.sgd(1.0)`, which is this rule's own.

    **Arguments:**

    - `scale`: size of a step in each number of the mechanism (sigma).
    - `sign`: 1 for a planner who maximises, -1 for one who minimises; `design` sets it.

    Reference: arXiv 2510.21442, the baseline ANNEAL.
    """

    needs: ClassVar[Access] = Access.OBJECTIVE

    scale: float = 1e-3
    sign: int = eqx.field(static=True, default=1)

    def __check_init__(self):
        if not 0 < self.scale < math.inf:
            raise ValueError(f"expected a scale > 0, got {self.scale}; try 0.001")

    @property
    def guard(self) -> Unguarded:
        """Nothing is refused, nothing watched."""
        return Unguarded()

    def towards(self, sign: int) -> "Anneal":
        """The same search, for the highest (1) or the lowest (-1) objective."""
        return Anneal(self.scale, sign)

    def optimizer(self, num_steps: int) -> optax.GradientTransformation:
        """The step as it is."""
        return optax.sgd(1.0)

    def exchange(
        self,
        population: AbstractPopulation,
        objective: Objective,
        mechanism: Mechanism,
        state: Any,
        *,
        key: Key,
    ) -> Exchange:
        """Three responses; value and response are those of the best."""
        step_key, response_key = jax.random.split(key)
        numbers, structure = eqx.partition(mechanism, eqx.is_inexact_array)
        flat, unravel = ravel_pytree(numbers)
        step = self.scale * jax.random.normal(step_key, flat.shape, flat.dtype)

        def score(side: jax.Array):
            moved = eqx.combine(unravel(flat + side * step), structure)
            response, following = population.respond(moved, state, key=response_key)
            return objective(moved, response), (response, following)

        # Staying comes first: on a tie, stay.
        sides = jnp.array([0.0, 1.0, -1.0], flat.dtype)
        values, outcomes = jax.lax.map(score, sides)
        ranked = jnp.where(jnp.isfinite(values), self.sign * values, -jnp.inf)
        best = jnp.argmax(ranked)
        response, following = jax.tree.map(lambda leaf: leaf[best], outcomes)
        value = values[best]
        gradient = unravel(self.sign * sides[best] * step)
        return Exchange(value, gradient, response, following, jnp.full_like(value, jnp.nan))
