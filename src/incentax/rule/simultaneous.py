"""Simultaneous design and play: a hypergradient at the current actions, equilibrium or not."""

from typing import Any, ClassVar, final

import jax.numpy as jnp

from .._types import Key, Objective
from ..mechanism import Price
from ..population import AbstractPopulation, Access
from ..smooth_game import AbstractSmoothGame
from .base import AbstractRule, Exchange
from .guard import AbstractGuard
from .observation import joint_action, social_slope
from .price_guard import PriceGuard


@final
class SimultaneousDesign(AbstractRule):
    """The direction -J(x)^-T g(x) at the actions x of agents who are still learning.

    A comparator: it knows the game's Jacobian J, and observes actions. Meant for
    `LearningPopulation(game, learner, steps_per_price=1)`.

    **Arguments:**

    - `game`: the planner's knowledge of the game; dense, (n d)^3 a step.

    Reference: Liu et al. 2022, arXiv 2110.01212.
    """

    needs: ClassVar[Access] = Access.RESPONSE

    game: AbstractSmoothGame

    @property
    def guard(self) -> AbstractGuard:
        """A price per coordinate and an objective of the actions; any optimizer descends."""
        return PriceGuard("SimultaneousDesign", any_optimizer=True)

    def exchange(
        self,
        population: AbstractPopulation,
        objective: Objective,
        mechanism: Price,
        state: Any,
        *,
        key: Key,
    ) -> Exchange:
        """One response and one linear solve."""
        response, following = population.respond(mechanism, state, key=key)
        actions = joint_action(response)
        value, slope = social_slope(objective, actions)
        system = self.game.jacobian(actions).T
        solved = jnp.linalg.solve(system, slope.reshape(-1))
        left = jnp.linalg.norm(system @ solved - slope.reshape(-1)) / jnp.linalg.norm(slope)
        gradient = -solved.reshape(slope.shape)
        return Exchange(value, Price(gradient), response, following, left)
