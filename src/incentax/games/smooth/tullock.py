"""The Tullock contest: effort for a share of a prize."""

from typing import final

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..._types import Scalar
from ...smooth_game import Actions, AggregativeGame
from .instance import AbstractInstance


class ContestCost(eqx.Module):
    """Effort less the expected prize."""

    unit_cost: float
    prize: float

    def __call__(self, agent, own: Float[Array, " d"], total: Float[Array, " d"]) -> Scalar:
        """C x_i - V x_i / X."""
        return self.unit_cost * own[0] - self.prize * own[0] / total[0]


@final
class Tullock(AbstractInstance):
    """n contestants win a prize V in proportion to effort; society wants each at a target.

    F is singular at zero effort and not strongly monotone everywhere: effort stays in
    [`least`, `most`], and a target outside is refused.

    **Arguments:**

    - `target`: the effort wanted of each [n].
    - `prize`, `unit_cost`: V and c.
    """

    target: Float[Array, " n"] = eqx.field(default_factory=lambda: jnp.full(4, 0.6))
    prize: float = 4.0
    unit_cost: float = 1.0
    least: float = 0.05
    most: float = 3.0

    def __check_init__(self):
        if not 0 < self.least < self.most:
            raise ValueError(
                f"expected 0 < least < most, got {self.least} and {self.most}: the contest is "
                "singular without effort; try 0.05 and 3"
            )
        if self.target.shape[0] < 2:
            raise ValueError("expected two contestants or more, got one; give a longer target")

    def game(self) -> AggregativeGame:
        """Contestants whose effort is bounded away from zero."""
        bounds = (self.least, self.most)
        return AggregativeGame(
            ContestCost(self.unit_cost, self.prize), self.target.shape[0], bounds=bounds
        )

    def social_cost(self, actions: Actions) -> Scalar:
        """Half the squared distance to the target."""
        return jnp.sum((actions[:, 0] - self.target) ** 2) / 2

    def optimum(self) -> Actions:
        """The target."""
        return self.target[:, None]

    def uniform_price(self, effort: float) -> float:
        """The price for each unit under which all make this effort: V (n-1) / (n^2 x) - c."""
        n = self.target.shape[0]
        return self.prize * (n - 1) / (n**2 * effort) - self.unit_cost
