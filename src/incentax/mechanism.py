"""Prices and the sets they must stay in."""

from abc import abstractmethod
from typing import final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ._types import Mechanism


class AbstractLattice(eqx.Module):
    """A mechanism with whole numbers as well, which no gradient moves: a descent may end by them.

    Where agents act on a grid the objective is a sawtooth: a descent climbs the tooth it is on, and
    the next one may be higher.
    """

    @abstractmethod
    def neighbours(self) -> tuple["AbstractLattice", ...]:
        """The mechanisms that are one whole number away."""


@final
class Price(eqx.Module):
    """A price per state (or per action, or per round): the plainest mechanism.

    >>> import jax.numpy as jnp
    >>> Price(jnp.array([0.0, 0.5])).value.tolist()
    [0.0, 0.5]
    """

    value: Float[Array, "*shape"]


@final
class CappedPrice(eqx.Module):
    """A price between 0 and `cap`, through logits: `value = cap * sigmoid(logits)`.

    Reference: arXiv 2510.21442, congestion pricing on the beach bar.
    """

    logits: Float[Array, "*shape"]
    cap: float = eqx.field(static=True)

    def __check_init__(self):
        if not 0 < self.cap < float("inf"):
            raise ValueError(f"expected a finite cap > 0, got {self.cap}; try 0.5")

    @property
    def value(self) -> Float[Array, "*shape"]:
        """The price, in units of reward."""
        return self.cap * jax.nn.sigmoid(self.logits)


def check_price(price: Price | CappedPrice, shape: tuple[int, ...]) -> None:
    """Nothing if the price has this shape; a `ValueError` if not."""
    if price.value.shape != shape:
        raise ValueError(
            f"expected a price of shape {list(shape)}, got {list(price.value.shape)}; give one "
            "number for each"
        )


class AbstractConstraint(eqx.Module):
    """A set of mechanisms, known by its projection."""

    @abstractmethod
    def project(self, mechanism: Mechanism) -> Mechanism:
        """The nearest mechanism in the set; a mechanism inside is returned as it is."""


@final
class Box(AbstractConstraint):
    """Every number between `lower` and `upper`: numbers, or arrays that broadcast.

    >>> import jax.numpy as jnp
    >>> Box(0.0, 1.0).project(jnp.array([-2.0, 0.5])).tolist()
    [0.0, 0.5]
    """

    lower: float | Float[Array, "..."]
    upper: float | Float[Array, "..."]

    def __check_init__(self):
        if not np.all(np.asarray(self.lower) <= np.asarray(self.upper)):
            raise ValueError(
                f"expected lower <= upper, got {self.lower} and {self.upper}; swap them"
            )

    def project(self, mechanism: Mechanism) -> Mechanism:
        """Clip every number."""
        numbers, structure = eqx.partition(mechanism, eqx.is_inexact_array)
        clipped = jax.tree.map(lambda x: jnp.clip(x, self.lower, self.upper), numbers)
        return eqx.combine(clipped, structure)
