"""The externality rule: price what an action costs everybody else."""

from collections.abc import Callable
from typing import Any, final

from jaxtyping import Array, Float

from .direction import unsolved
from .guard import AbstractGuard
from .price_guard import PriceGuard
from .price_rule import AbstractPriceRule


@final
class Externality(AbstractPriceRule):
    """p' = e(x) - p, where e = g - F is what an action costs the others at the margin.

    At exact interior equilibria F + p = 0, so that it traces the social gradient's prices. Off
    equilibrium and at constraints it differs, stays bounded, and it needs to know the agents'
    marginal costs F. For an objective to minimise.

    **Arguments:**

    - `marginal_cost`: the planner's knowledge of F: actions -> derivative of each agent's own
      cost in its own action, such as `game.marginal_cost` or a network's latency.

    Reference: Maheshwari, Kulkarni, Wu & Sastry, arXiv 2204.05507 and 2405.16716.
    """

    marginal_cost: Callable[[Any], Float[Array, "*shape"]]

    @property
    def guard(self) -> AbstractGuard:
        """That of the social gradient, for objectives to minimise."""
        return PriceGuard("Externality", self.turn, minimize_only=True)

    def towards(self, sign: int) -> "Externality":
        """Itself: the guard refuses a planner who maximises."""
        return self

    def turn(self, price, actions, slope):
        """Social less private marginal cost, less the price that is there."""
        return slope - self.marginal_cost(actions) - price, unsolved(slope)
