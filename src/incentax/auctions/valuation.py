"""How bidders' values move between rounds."""

from abc import abstractmethod
from typing import final

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._types import StateDistribution, Time


class AbstractValuation(eqx.Module):
    """A Markov law of values, which may depend on who is still in the market.

    `present` [S] is the distribution of values after the allocation of the round.
    """

    @abstractmethod
    def push(
        self, t: Time, mass: StateDistribution, present: StateDistribution
    ) -> StateDistribution:
        """The mass [S] after values have moved; the total is kept."""

    @abstractmethod
    def pull(
        self, t: Time, next_values: StateDistribution, present: StateDistribution
    ) -> StateDistribution:
        """The expectation [S] of a function of the next value: the transpose of `push`."""


@final
class Constant(AbstractValuation):
    """Values never change."""

    def push(self, t, mass, present):
        """The same mass."""
        return mass

    def pull(self, t, next_values, present):
        """The same values."""
        return next_values


@final
class Drifting(AbstractValuation):
    """Values move by a fixed row-stochastic kernel [S S]."""

    kernel: Float[Array, "S S"]

    def push(self, t, mass, present):
        """Mass @ kernel."""
        return mass @ self.kernel

    def pull(self, t, next_values, present):
        """Kernel @ values."""
        return self.kernel @ next_values


def gaussian_kernel(
    values: Float[Array, " S"], *, growth: float, spread: float
) -> Float[Array, "S S"]:
    """Kernel with rows proportional to exp(-(growth * v - v')^2 / (2 spread^2)) on the grid.

    >>> import jax.numpy as jnp
    >>> kernel = gaussian_kernel(jnp.array([0.0, 0.5]), growth=1.0, spread=0.5)
    >>> round(float(kernel[0, 0]), 4)
    0.6225
    """
    exponents = -((growth * values[:, None] - values[None, :]) ** 2) / (2 * spread**2)
    # Rows far off the grid underflow unless their largest exponent is taken out first.
    weights = jnp.exp(exponents - jnp.max(exponents, axis=1, keepdims=True))
    return weights / jnp.sum(weights, axis=1, keepdims=True)
