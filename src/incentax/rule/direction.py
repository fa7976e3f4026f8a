"""How a social gradient becomes a direction for prices, where agents' actions are constrained."""

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar, final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._types import Scalar
from ..action_set import AbstractActionSet

Vector = Float[Array, "*shape"]
Prices = Float[Array, "..."]


class AbstractForm(eqx.Module):
    """Maps prices, observed actions x and the social gradient g there to a direction for prices."""

    # Forms that are odd in g work for objectives to maximise, too.
    odd: eqx.AbstractClassVar[bool]

    @abstractmethod
    def direction(self, price: Prices, actions: Vector, slope: Vector) -> tuple[Prices, Scalar]:
        """Where to move the prices to lower the social cost, in the prices' shape.

        And the relative residual of the linear solve behind it; NaN where there is none.
        """


@final
class PlainForm(AbstractForm):
    """p' = g, for equilibria inside the action set."""

    odd: ClassVar[bool] = True

    def direction(self, price: Prices, actions: Vector, slope: Vector) -> tuple[Prices, Scalar]:
        """The social gradient."""
        return slope, unsolved(slope)


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

    def direction(self, price: Prices, actions: Vector, slope: Vector) -> tuple[Prices, Scalar]:
        """The residual of a projected step, per unit of width."""
        moved = self.action_set.project(actions - self.width * slope)
        return (actions - moved) / self.width, unsolved(slope)


@final
class TangentForm(AbstractForm):
    """p' = g less its part in the row space of A, for actions with A x = b.

    Such prices are determined only up to that space (node potentials on a network), which this
    form never enters.

    **Arguments:**

    - `normals`: orthonormal rows that span it; `TangentForm.of(A)` finds them.

    >>> form = TangentForm.of(np.array([[1.0, 1.0]]))
    >>> direction, _ = form.direction(jnp.zeros(2), jnp.zeros(2), jnp.array([1.0, 0.5]))
    >>> [round(float(x), 6) for x in direction]
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

    def direction(self, price: Prices, actions: Vector, slope: Vector) -> tuple[Prices, Scalar]:
        """The social gradient along feasible changes."""
        flat = slope.reshape(-1)
        normals = self.normals.astype(slope.dtype)
        return (flat - normals.T @ (normals @ flat)).reshape(slope.shape), unsolved(slope)


@final
class SharedForm(AbstractForm):
    """p' = the mean of g over the actions that share a price: for fewer prices than actions.

    A uniform tax is `Price(jnp.zeros(()))`, one price per coordinate `Price(jnp.zeros(d))`. Using
    this form *declares* that what such prices can do is invariant under the game: with B the
    map from prices to actions, J B = B Lam and sym(Lam) > 0 everywhere, as in symmetric
    aggregative games. Elsewhere it stops at wrong points. Whoever knows the game can measure it:
    `incentax.games.smooth.shared_defect`.

    >>> direction, _ = SharedForm().direction(jnp.zeros(()), jnp.zeros(2), jnp.array([1.0, 0.5]))
    >>> float(direction)
    0.75
    """

    odd: ClassVar[bool] = True

    def direction(self, price: Prices, actions: Vector, slope: Vector) -> tuple[Prices, Scalar]:
        """The social gradient, pooled as the prices are."""
        return pooled(slope, price.shape), unsolved(slope)


@final
class LeverForm(AbstractForm):
    """p' = B^-1 g, for incentives that are not paid per unit of action but known to the planner.

    B is how marginal costs grow with the prices: the derivative of the agents' pseudo-gradient
    in the prices, square and invertible. Descends where the pseudo-gradient of the game with
    incentives is strongly monotone. The residual it reports bounds what rounding leaves of the
    solve, so that a B that is nearly singular ends with a caution.

    **Arguments:**

    - `leverage`: `(actions, prices) -> B` [k k], rows in the order of actions, columns of prices.
    """

    leverage: Callable[[Vector, Prices], Float[Array, "k k"]]

    odd: ClassVar[bool] = True

    def direction(self, price: Prices, actions: Vector, slope: Vector) -> tuple[Prices, Scalar]:
        """The solution of B p' = g, and its condition times the unit of rounding."""
        system = self.leverage(actions, price)
        solved = jnp.linalg.solve(system, slope.reshape(-1))
        doubt = jnp.linalg.cond(system) * jnp.finfo(slope.dtype).eps
        return solved.reshape(price.shape), jnp.nan_to_num(doubt, nan=jnp.inf)


def pooled(vector: Vector, shape: tuple[int, ...]) -> Prices:
    """The mean over all entries that share an entry of `shape` when that is broadcast to them.

    >>> pooled(jnp.array([[1.0, 2.0], [3.0, 4.0]]), (2,)).tolist()
    [2.0, 3.0]
    """
    lead = vector.ndim - len(shape)
    stretched = tuple(
        axis
        for axis in range(vector.ndim)
        if axis < lead or (shape[axis - lead] == 1 and vector.shape[axis] != 1)
    )
    return jnp.mean(vector, axis=stretched, keepdims=True).reshape(shape)


def unsolved(like: Float[Array, "..."]) -> Scalar:
    """NaN: no linear system was solved."""
    return jnp.full((), jnp.nan, like.dtype)
