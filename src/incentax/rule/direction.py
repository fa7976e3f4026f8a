"""How a social gradient becomes a direction for prices, where agents' actions are constrained."""

from abc import abstractmethod
from typing import ClassVar, final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..action_set import AbstractActionSet

Vector = Float[Array, "*shape"]


class AbstractForm(eqx.Module):
    """Maps observed actions x and the social gradient g there to a direction for the price."""

    # Forms that are odd in g work for objectives to maximise, too.
    odd: eqx.AbstractClassVar[bool]

    @abstractmethod
    def direction(self, actions: Vector, slope: Vector) -> Vector:
        """The direction in which to move the price to lower the social cost."""


@final
class PlainForm(AbstractForm):
    """p' = g, for equilibria inside the action set."""

    odd: ClassVar[bool] = True

    def direction(self, actions: Vector, slope: Vector) -> Vector:
        """The social gradient."""
        return slope


@final
class ResidualForm(AbstractForm):
    """p' = (x - Proj(x - width g)) / width: g inside the set, bounded prices on its boundary.

    Descent is exact as the width goes to zero; at a finite one not within a band of about
    width x |g| at the boundary. The planner must know the action set.

    **Arguments:**

    - `action_set`: where the agents' actions must stay.
    - `width`: gamma, in units of action per unit of social gradient.
    """

    action_set: AbstractActionSet
    width: float = 1e-3

    odd: ClassVar[bool] = False

    def __check_init__(self):
        if not 0 < self.width < float("inf"):
            raise ValueError(f"expected a width > 0, got {self.width}; try 0.001")

    def direction(self, actions: Vector, slope: Vector) -> Vector:
        """The residual of a projected step, per unit of width."""
        moved = self.action_set.project(actions - self.width * slope)
        return (actions - moved) / self.width


@final
class TangentForm(AbstractForm):
    """p' = g less its part in the row space of A, for actions with A x = b.

    Such prices are determined only up to that space (node potentials on a network), which this
    form never enters.

    **Arguments:**

    - `normals`: orthonormal rows that span it; `TangentForm.of(A)` finds them.

    >>> form = TangentForm.of(np.array([[1.0, 1.0]]))
    >>> [round(float(x), 6) for x in form.direction(jnp.zeros(2), jnp.array([1.0, 0.5]))]
    [0.25, -0.25]
    """

    normals: Float[Array, "r k"]

    odd: ClassVar[bool] = True

    @classmethod
    def of(cls, constraints: Float[np.ndarray, "m k"]) -> "TangentForm":
        """The form for any matrix A of equality constraints, whatever its rank."""
        _, size, rows = np.linalg.svd(np.asarray(constraints, np.float64), full_matrices=False)
        rank = int(np.sum(size > 1e-10 * max(1.0, float(size.max(initial=0.0)))))
        return cls(jnp.asarray(rows[:rank], jnp.result_type(float)))

    def direction(self, actions: Vector, slope: Vector) -> Vector:
        """The social gradient along feasible changes."""
        flat = slope.reshape(-1)
        normals = self.normals.astype(slope.dtype)
        return (flat - normals.T @ (normals @ flat)).reshape(slope.shape)
