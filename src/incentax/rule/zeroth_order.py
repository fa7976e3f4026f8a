"""Zeroth order: two looks at the score, one random direction."""

import math
from typing import Any, ClassVar, final

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree

from .._types import Key, Mechanism, Objective
from ..population import AbstractPopulation, Access
from .base import AbstractRule, Exchange, clipped_adam
from .guard import Unguarded


@final
class ZerothOrder(AbstractRule):
    """Two-point smoothing: (D / 2u) (G(x + u z) - G(x - u z)) z, with z uniform on the unit sphere.

    An unbiased gradient of the objective averaged over a ball of `radius` (u) around the
    mechanism, at the price of two responses and a variance that grows with the number D of
    parameters.

    Reference: arXiv 2510.21442, the baselines 0-SGD and 0-ADAM.
    """

    needs: ClassVar[Access] = Access.OBJECTIVE

    radius: float = 1e-2

    def __check_init__(self):
        if not 0 < self.radius < math.inf:
            raise ValueError(f"expected a radius > 0, got {self.radius}; try 0.01")

    @property
    def guard(self) -> Unguarded:
        """Nothing is refused, nothing watched."""
        return Unguarded()

    def towards(self, sign: int) -> "ZerothOrder":
        """Itself: a gradient serves both."""
        return self

    def optimizer(self, num_steps: int) -> optax.GradientTransformation:
        """Clipped Adam with cosine decay from 1e-3."""
        return clipped_adam(num_steps)

    def exchange(
        self,
        population: AbstractPopulation,
        objective: Objective,
        mechanism: Mechanism,
        state: Any,
        *,
        key: Key,
    ) -> Exchange:
        """Two responses; the value is the mean of the two scores."""
        direction_key, response_key = jax.random.split(key)
        numbers, structure = eqx.partition(mechanism, eqx.is_inexact_array)
        flat, unravel = ravel_pytree(numbers)
        normal = jax.random.normal(direction_key, flat.shape, flat.dtype)
        direction = normal / jnp.linalg.norm(normal)

        def score(sign: int):
            moved = eqx.combine(unravel(flat + sign * self.radius * direction), structure)
            # Both looks meet the same population: common random numbers halve the noise.
            response, following = population.respond(moved, state, key=response_key)
            return objective(moved, response), response, following

        above, response, following = score(1)
        below, _, _ = score(-1)
        slope = flat.size * (above - below) / (2 * self.radius)
        gradient = unravel(slope * direction)
        value = (above + below) / 2
        return Exchange(value, gradient, response, following, jnp.full_like(value, jnp.nan))
