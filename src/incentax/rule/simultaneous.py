"""Simultaneous design and play: a hypergradient at the current actions, equilibrium or not."""

from typing import final

import jax.numpy as jnp

from ..smooth_game import AbstractSmoothGame
from .guard import AbstractGuard
from .price_guard import PriceGuard
from .price_rule import AbstractPriceRule


@final
class SimultaneousDesign(AbstractPriceRule):
    """The direction -J(x)^-T g(x) at the actions x of agents who are still learning.

    A comparator: it knows the game's Jacobian J, and observes actions. Meant for
    `LearningPopulation(game, learner, steps_per_price=1)`.

    **Arguments:**

    - `game`: the planner's knowledge of the game; dense, (n d)^3 a step.

    Reference: Liu et al. 2022, arXiv 2110.01212.
    """

    game: AbstractSmoothGame

    @property
    def guard(self) -> AbstractGuard:
        """A price per coordinate and an objective of the actions; any optimizer descends."""
        return PriceGuard("SimultaneousDesign", self.turn, any_optimizer=True)

    def towards(self, sign: int) -> "SimultaneousDesign":
        """Itself: a gradient serves both."""
        return self

    def turn(self, price, actions, slope):
        """One linear solve."""
        system = self.game.jacobian(actions).T
        solved = jnp.linalg.solve(system, slope.reshape(-1))
        left = jnp.linalg.norm(system @ solved - slope.reshape(-1)) / jnp.linalg.norm(slope)
        return solved.reshape(slope.shape), left
