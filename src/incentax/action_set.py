"""The sets that agents' actions must stay in, known by their projection."""

from abc import abstractmethod
from typing import Any, final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .simplex import Euclidean

Actions = Float[Array, "n d"]


class AbstractActionSet(eqx.Module):
    """A closed convex set of joint actions [n d], the product of the agents' own sets."""

    @abstractmethod
    def project(self, actions: Actions) -> Actions:
        """The nearest joint action in the set."""

    @abstractmethod
    def start(self, shape: tuple[int, int], dtype: Any) -> Actions:
        """A joint action in the set, inside it where it has an inside."""

    @abstractmethod
    def check(self, shape: tuple[int, int]) -> None:
        """Nothing, or a `ValueError` if the set cannot hold joint actions of this shape."""


@final
class Unbounded(AbstractActionSet):
    """All of R^d."""

    def project(self, actions: Actions) -> Actions:
        """The actions themselves."""
        return actions

    def start(self, shape: tuple[int, int], dtype: Any) -> Actions:
        """Zero."""
        return jnp.zeros(shape, dtype)

    def check(self, shape: tuple[int, int]) -> None:
        """Nothing: any shape fits."""


@final
class Interval(AbstractActionSet):
    """Every coordinate between `lower` and `upper`: numbers, or arrays that broadcast to [n d].

    >>> Interval(0.0, 1.0).project(jnp.array([[2.0, -1.0]])).tolist()
    [[1.0, 0.0]]
    """

    lower: Any
    upper: Any

    def __check_init__(self):
        if not np.all(np.asarray(self.lower) <= np.asarray(self.upper)):
            raise ValueError(
                f"expected lower bounds <= upper bounds, got {self.lower} and {self.upper}; no "
                "action satisfies both, so swap or widen them"
            )

    def project(self, actions: Actions) -> Actions:
        """Clip every coordinate."""
        return jnp.clip(actions, *self._bounds(actions.shape, actions.dtype))

    def start(self, shape: tuple[int, int], dtype: Any) -> Actions:
        """The middle; one above the lower (below the upper) bound if there is no other."""
        lower, upper = self._bounds(shape, dtype)
        finite_lower, finite_upper = jnp.isfinite(lower), jnp.isfinite(upper)
        low, high = jnp.where(finite_lower, lower, 0), jnp.where(finite_upper, upper, 0)
        one_sided = jnp.where(finite_lower, low + 1, jnp.where(finite_upper, high - 1, 0))
        return jnp.where(finite_lower & finite_upper, (low + high) / 2, one_sided).astype(dtype)

    def check(self, shape: tuple[int, int]) -> None:
        """Nothing, or a `ValueError` for bounds that do not broadcast to `shape`."""
        for bound in (self.lower, self.upper):
            try:
                np.broadcast_to(np.asarray(bound), shape)
            except ValueError:
                raise ValueError(
                    f"expected bounds that broadcast to agents by coordinates {shape}, got shape "
                    f"{np.shape(bound)}; give numbers or arrays of that shape"
                ) from None

    def _bounds(self, shape, dtype):
        return tuple(
            jnp.broadcast_to(jnp.asarray(bound, dtype), shape) for bound in (self.lower, self.upper)
        )


@final
class Simplices(AbstractActionSet):
    """Each agent's action is a probability vector.

    >>> Simplices().start((1, 2), float).tolist()
    [[0.5, 0.5]]
    """

    def project(self, actions: Actions) -> Actions:
        """Project each row on the simplex."""
        return Euclidean().policy(actions)

    def start(self, shape: tuple[int, int], dtype: Any) -> Actions:
        """Uniform rows."""
        return jnp.full(shape, 1 / shape[1], dtype)

    def check(self, shape: tuple[int, int]) -> None:
        """Nothing, or a `ValueError` for a simplex with one corner."""
        if shape[1] < 2:
            raise ValueError(f"expected action_dim >= 2 on a simplex, got {shape[1]}; try 2")


def as_action_set(bounds: Any) -> AbstractActionSet:
    """The action set that `bounds` stands for: None, a pair `(lower, upper)`, or a set."""
    if bounds is None:
        return Unbounded()
    if isinstance(bounds, AbstractActionSet):
        return bounds
    if isinstance(bounds, (tuple, list)) and len(bounds) == 2:
        return Interval(bounds[0], bounds[1])
    raise ValueError(
        f"expected bounds None, (lower, upper) or an action set, got {bounds!r}; try (0.0, 1.0)"
    )
