"""Learners that follow their own marginal cost."""

from typing import final

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from ..action_set import Interval, Simplices
from ..smooth_game import AbstractSmoothGame, Actions
from .learner import AbstractLearner, Rate, check_rate, step_size


@final
class GradientPlay(AbstractLearner):
    """x <- Proj(x - a (F(x) + p)): simultaneous (projected) gradient play.

    Tracks the equilibrium for rates a < 2 mu / L^2; diverges in skew games at every rate.
    """

    learning_rate: Rate = 0.1

    def __check_init__(self):
        check_rate(self.learning_rate)

    def init(self, game: AbstractSmoothGame, actions: Actions) -> tuple[()]:
        """Nothing is carried."""
        return ()

    def step(self, game, actions, price, memory, count, key):
        """One step down the own cost."""
        rate = step_size(self.learning_rate, count, actions)
        force = game.marginal_cost(actions) + price
        return game.action_set.project(actions - rate * force), memory


@final
class ExtragradientPlay(AbstractLearner):
    """A trial step first, then the step by the force felt there; tracks for a < 1 / L.

    Reference: Korpelevich 1976.
    """

    learning_rate: Rate = 0.1

    def __check_init__(self):
        check_rate(self.learning_rate)

    def init(self, game: AbstractSmoothGame, actions: Actions) -> tuple[()]:
        """Nothing is carried."""
        return ()

    def step(self, game, actions, price, memory, count, key):
        """Two gradients, one move."""
        rate, project = step_size(self.learning_rate, count, actions), game.action_set.project
        ahead = project(actions - rate * (game.marginal_cost(actions) + price))
        return project(actions - rate * (game.marginal_cost(ahead) + price)), memory


@final
class OptimisticPlay(AbstractLearner):
    """x <- Proj(x - a (2 G - G_before)), G = F(x) + p; tracks for a < 1 / (2 L).

    Reference: Popov 1980; Daskalakis et al. 2018.
    """

    learning_rate: Rate = 0.1

    def __check_init__(self):
        check_rate(self.learning_rate)

    def init(self, game: AbstractSmoothGame, actions: Actions) -> Actions:
        """The force felt last, none yet."""
        return jnp.zeros_like(actions)

    def step(self, game, actions, price, memory, count, key):
        """One step by the force extrapolated from the last two."""
        rate = step_size(self.learning_rate, count, actions)
        force = game.marginal_cost(actions) + price
        before = jnp.where(count == 0, force, memory)
        return game.action_set.project(actions - rate * (2 * force - before)), force


@final
class MomentumPlay(AbstractLearner):
    """Heavy ball: v <- m v - a (F(x) + p), x <- Proj(x + v).

    Tracks where J has a real spectrum; complex eigenvalues may destabilise it at rates at which
    plain gradient play is stable.
    """

    learning_rate: Rate = 0.1
    momentum: float = 0.9

    def __check_init__(self):
        check_rate(self.learning_rate)
        if not 0 <= self.momentum < 1:
            raise ValueError(f"expected 0 <= momentum < 1, got {self.momentum}; try 0.5")

    def init(self, game: AbstractSmoothGame, actions: Actions) -> Actions:
        """At rest."""
        return jnp.zeros_like(actions)

    def step(self, game, actions, price, memory, count, key):
        """One step of the velocity."""
        rate = step_size(self.learning_rate, count, actions)
        wanted = actions + self.momentum * memory - rate * (game.marginal_cost(actions) + price)
        following = game.action_set.project(wanted)
        return following, following - actions


@final
class MirrorPlay(AbstractLearner):
    """Multiplicative weights: x <- x exp(-a (F(x) + p)), normalised on simplices (replicator).

    Needs actions on simplices, or bounded below by zero. Tracks interior equilibria of monotone
    games; limits on the boundary are slow.
    """

    learning_rate: Rate = 0.1

    def __check_init__(self):
        check_rate(self.learning_rate)

    def init(self, game: AbstractSmoothGame, actions: Actions) -> tuple[()]:
        """Nothing is carried; refuses action sets with negative actions."""
        feasible = game.action_set
        positive = isinstance(feasible, Interval) and (
            isinstance(feasible.lower, Tracer) or bool(np.all(np.asarray(feasible.lower) >= 0))
        )
        if not (isinstance(feasible, Simplices) or positive):
            raise ValueError(
                "expected actions on simplices or bounded below by zero for MirrorPlay, got "
                f"{type(feasible).__name__}; try GradientPlay()"
            )
        return ()

    def step(self, game, actions, price, memory, count, key):
        """One multiplicative step."""
        rate = step_size(self.learning_rate, count, actions)
        exponent = -rate * (game.marginal_cost(actions) + price)
        if not isinstance(game.action_set, Simplices):
            return game.action_set.project(actions * jnp.exp(exponent)), memory
        # Normalised before it is multiplied, so that a large force cannot overflow.
        exponent = exponent - jnp.max(exponent, axis=1, keepdims=True)
        weight = actions * jnp.exp(exponent)
        return weight / jnp.sum(weight, axis=1, keepdims=True), memory
