"""Energy demand: households share a network whose load a planner wants near a target."""

from typing import final

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..._types import Scalar
from ...smooth_game import Actions, AggregativeGame
from .instance import AbstractInstance


class HouseholdCost(eqx.Module):
    """Discomfort away from one's own demand, and a bill that grows with the total load."""

    share: float

    def __call__(self, household, own: Float[Array, " d"], total: Float[Array, " d"]) -> Scalar:
        """a_i (x_i - d_i)^2 / 2 + share x_i X, for a household (a_i, d_i)."""
        comfort, demand = household
        return comfort * (own[0] - demand) ** 2 / 2 + self.share * own[0] * total[0]


@final
class EnergyDemand(AbstractInstance):
    """The sum of all costs, plus `weight` / 2 times the squared distance of the load to a target.

    **Arguments:**

    - `comfort`, `demand`: a > 0 and d [n], per household.
    - `congestion`: k >= 0. `weight`: r >= 0.
    - `target`: tau, the load wanted, in units of demand.
    """

    comfort: Float[Array, " n"]
    demand: Float[Array, " n"]
    congestion: float = 0.5
    weight: float = 0.1
    target: float = 3.0

    @classmethod
    def spread(cls, num_agents: int = 6, **numbers: float) -> "EnergyDemand":
        """Households whose comfort and demand are spread evenly over [1, 2] and [0.5, 1.5]."""
        grid = jnp.linspace(0.0, 1.0, num_agents)
        return cls(1 + grid, 1.5 - grid, **numbers)

    def game(self) -> AggregativeGame:
        """Households that choose any consumption."""
        size = self.demand.shape[0]
        cost = HouseholdCost(self.congestion / size)
        return AggregativeGame(cost, size, agents=(self.comfort, self.demand))

    def social_cost(self, actions: Actions) -> Scalar:
        """All private costs, and the cost of a load off target."""
        x = actions[:, 0]
        total = jnp.sum(x)
        private = self.comfort * (x - self.demand) ** 2 / 2
        shared = self.congestion / x.shape[0] * total**2
        return jnp.sum(private) + shared + self.weight / 2 * (total - self.target) ** 2

    def optimum(self) -> Actions:
        """The solution of (diag(a) + (2k/n + r) 11') x = a d + r tau 1, by Sherman-Morrison."""
        coupling = 2 * self.congestion / self.demand.shape[0] + self.weight
        right = self.comfort * self.demand + self.weight * self.target
        alone, share = right / self.comfort, 1 / self.comfort
        correction = coupling * jnp.sum(alone) / (1 + coupling * jnp.sum(share))
        return (alone - correction * share)[:, None]
