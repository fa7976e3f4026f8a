"""The externality rule: price what an action costs everybody else."""

from collections.abc import Callable
from typing import Any, ClassVar, final

import jax.numpy as jnp
from jaxtyping import Array, Float

from .._types import Key, Objective
from ..mechanism import Price
from ..population import AbstractPopulation, Access
from .base import AbstractRule, Exchange
from .guard import AbstractGuard
from .observation import joint_action, social_slope
from .price_guard import PriceGuard


@final
class Externality(AbstractRule):
    """p' = e(x) - p, where e = g - F is what an action costs the others at the margin.

    At exact interior equilibria F + p = 0, so that it traces the social gradient's prices. Off
    equilibrium and at constraints it differs, stays bounded, and it needs to know the agents'
    marginal costs F. For an objective to minimise.

    **Arguments:**

    - `marginal_cost`: the planner's knowledge of F: actions -> derivative of each agent's own
      cost in its own action, such as `game.marginal_cost` or a network's latency.

    Reference: Maheshwari, Kulkarni, Wu & Sastry, arXiv 2204.05507 and 2405.16716.
    """

    needs: ClassVar[Access] = Access.RESPONSE

    marginal_cost: Callable[[Any], Float[Array, "*shape"]]

    @property
    def guard(self) -> AbstractGuard:
        """That of the social gradient, for objectives to minimise."""
        return PriceGuard("Externality", minimize_only=True)

    def exchange(
        self,
        population: AbstractPopulation,
        objective: Objective,
        mechanism: Price,
        state: Any,
        *,
        key: Key,
    ) -> Exchange:
        """Publish prices, observe actions, compare social and private marginal costs."""
        response, following = population.respond(mechanism, state, key=key)
        actions = joint_action(response)
        value, slope = social_slope(objective, actions)
        externality = slope - self.marginal_cost(actions)
        direction = externality - mechanism.value
        return Exchange(
            value, Price(-direction), response, following, jnp.full((), jnp.nan, value.dtype)
        )
