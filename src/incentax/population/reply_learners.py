"""Learners that answer what others do with what is best for themselves."""

from typing import final

import equinox as eqx
import jax
import jax.numpy as jnp

from ..action_set import Simplices
from ..smooth_game import AbstractSmoothGame, Actions
from .learner import AbstractLearner, PowerSchedule, Rate, check_rate, step_size


def best_reply(
    game: AbstractSmoothGame, actions: Actions, price: Actions, *, num_newton: int = 8
) -> Actions:
    """Each agent's cheapest own action [n d] against the others' `actions`, price included.

    Newton steps in the own action, exact after one for quadratic costs; own costs are taken to
    be convex. Not for simplices.
    """
    dim = actions.shape[1]

    def newton(_, own: Actions) -> Actions:
        force = game.reply_gradient(own, actions) + price
        curvature = game.own_curvature(own, actions)
        floor = jnp.finfo(own.dtype).tiny
        if dim == 1:
            move = force / jnp.maximum(curvature[:, :, 0], floor)
        else:
            move = jnp.linalg.solve(curvature, force[:, :, None])[:, :, 0]
        return game.action_set.project(own - move)

    return jax.lax.fori_loop(0, num_newton, newton, actions)


@final
class BestReply(AbstractLearner):
    """All agents at once move the share `weight` of the way to their best reply.

    At weight 1 it is simultaneous best response: it tracks where the spectral radius of
    I - D^-1 J is below one, which strong monotonicity does not imply (Cournot with linear costs
    and four firms diverges). Smaller weights smooth it.
    """

    weight: Rate = 1.0
    num_newton: int = eqx.field(static=True, default=8)

    def __check_init__(self):
        check_rate(self.weight, "weight")

    def init(self, game: AbstractSmoothGame, actions: Actions) -> tuple[()]:
        """Nothing is carried."""
        _refuse_simplices(self, game)
        return ()

    def step(self, game, actions, price, memory, count, key):
        """A share of the way to the joint best reply."""
        reply = best_reply(game, actions, price, num_newton=self.num_newton)
        return actions + step_size(self.weight, count, actions) * (reply - actions), memory


@final
class SequentialReply(AbstractLearner):
    """One agent a step, in turn, moves to its best reply (Gauss-Seidel)."""

    num_newton: int = eqx.field(static=True, default=8)

    def init(self, game: AbstractSmoothGame, actions: Actions) -> tuple[()]:
        """Nothing is carried."""
        _refuse_simplices(self, game)
        return ()

    def step(self, game, actions, price, memory, count, key):
        """The next agent's best reply."""
        reply = best_reply(game, actions, price, num_newton=self.num_newton)
        turn = jnp.arange(game.num_agents, dtype=count.dtype) == count % game.num_agents
        return jnp.where(turn[:, None], reply, actions), memory


@final
class FictitiousPlay(AbstractLearner):
    """Agents reply to the running average of what was played; the average is what is observed.

    The weight of the newest play must fall more slowly than the planner's steps: the default
    k^-0.6 does against k^-0.9, the classical 1/k would not.

    Reference: Brown 1951, with a slower average.
    """

    weight: Rate = PowerSchedule(1.0, 0.6)
    num_newton: int = eqx.field(static=True, default=8)

    def __check_init__(self):
        check_rate(self.weight, "weight")

    def init(self, game: AbstractSmoothGame, actions: Actions) -> tuple[()]:
        """Nothing is carried: the actions are the average."""
        _refuse_simplices(self, game)
        return ()

    def step(self, game, actions, price, memory, count, key):
        """The average with one more reply in it."""
        reply = best_reply(game, actions, price, num_newton=self.num_newton)
        return actions + step_size(self.weight, count, actions) * (reply - actions), memory


def _refuse_simplices(learner: AbstractLearner, game: AbstractSmoothGame) -> None:
    if isinstance(game.action_set, Simplices):
        raise ValueError(
            f"expected actions in a box for {type(learner).__name__}, got simplices; try "
            "MirrorPlay()"
        )
