"""Cournot competition: firms that sell into one market."""

from typing import final

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..._types import Scalar
from ...smooth_game import Actions, AggregativeGame
from .instance import AbstractInstance


class FirmCost(eqx.Module):
    """A firm's cost less its revenue, as a function of its own and of total output."""

    demand: float
    slope: float
    unit_cost: Float[Array, " n"]
    curvature: float

    def __call__(self, agent, own: Float[Array, " d"], total: Float[Array, " d"]) -> Scalar:
        """-(A - B X) x_i + c_i x_i + q x_i^2 / 2."""
        market = self.demand - self.slope * total[0]
        cost = self.unit_cost[agent] * own[0] + self.curvature * own[0] ** 2 / 2
        return cost - market * own[0]


@final
class Cournot(AbstractInstance):
    """n firms face the market price A - B X; society counts what buyers and firms gain.

    Firms produce too little for it: the optimal price is the subsidy -B x per unit.

    **Arguments:**

    - `unit_cost`: c [n], in units of the market price.
    - `demand`, `slope`: A and B.
    - `curvature`: q >= 0. At q = 0 only total output matters to society, so that the optimal
      price is not unique: `unique` says so.
    """

    unit_cost: Float[Array, " n"] = eqx.field(
        default_factory=lambda: jnp.array([1.0, 1.2, 0.9, 1.1])
    )
    demand: float = 10.0
    slope: float = 1.0
    curvature: float = 1.0

    def __check_init__(self):
        if not (self.slope > 0 and self.curvature >= 0):
            raise ValueError(
                f"expected slope > 0 and curvature >= 0, got {self.slope} and {self.curvature}; "
                "try 1 and 1"
            )

    @property
    def unique(self) -> bool:
        """Whether the optimal price is unique."""
        return self.curvature > 0

    def game(self) -> AggregativeGame:
        """Firms that choose any output; the optimum is positive for the default parameters."""
        cost = FirmCost(self.demand, self.slope, self.unit_cost, self.curvature)
        return AggregativeGame(cost, self.unit_cost.shape[0])

    def social_cost(self, actions: Actions) -> Scalar:
        """Minus the surplus of buyers and firms together."""
        output = actions[:, 0]
        total = jnp.sum(output)
        surplus = self.demand * total - self.slope * total**2 / 2
        return jnp.sum(self.unit_cost * output + self.curvature * output**2 / 2) - surplus

    def optimum(self) -> Actions:
        """The solution of (B 11' + q I) x = A 1 - c.

        **Raises:** `ValueError` where it is not unique.
        """
        if not self.unique:
            raise ValueError(
                "expected curvature > 0 for a unique optimum, got 0, where only total output "
                "matters; try curvature=0.1"
            )
        size = self.unit_cost.shape[0]
        system = self.slope * jnp.ones((size, size)) + self.curvature * jnp.eye(size)
        return jnp.linalg.solve(system, self.demand - self.unit_cost)[:, None]
