"""Learners that wrap learners: delays, noise, mixtures."""

from typing import Any, final

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from ..smooth_game import AbstractSmoothGame, Actions
from .learner import AbstractLearner, Rate, check_rate, step_size


@final
class Asynchronous(AbstractLearner):
    """Each agent moves with probability `activity` a step, on news up to `max_delay` steps old.

    Tracks while delay x rate x L is small.
    """

    learner: AbstractLearner
    activity: float = 0.5
    max_delay: int = eqx.field(static=True, default=0)

    def __check_init__(self):
        if not 0 < self.activity <= 1 or self.max_delay < 0:
            raise ValueError(
                f"expected 0 < activity <= 1 and max_delay >= 0, got {self.activity} and "
                f"{self.max_delay}; try 0.5 and 3"
            )

    def init(self, game: AbstractSmoothGame, actions: Actions) -> tuple[Any, Any]:
        """The past joint actions, newest first, and the wrapped learner's memory."""
        past = jnp.broadcast_to(actions[None], (self.max_delay + 1, *actions.shape))
        return past, self.learner.init(game, actions)

    def step(self, game, actions, price, memory, count, key):
        """The move that stale news suggests, by those who are awake."""
        past, inner = memory
        delay_key, awake_key, step_key = jax.random.split(key, 3)
        past = jnp.concatenate([actions[None], past[:-1]])
        stale = past[jax.random.randint(delay_key, (), 0, self.max_delay + 1)]
        suggested, inner = self.learner.step(game, stale, price, inner, count, step_key)
        awake = jax.random.bernoulli(awake_key, self.activity, (game.num_agents,))
        moved = game.action_set.project(actions + suggested - stale)
        return jnp.where(awake[:, None], moved, actions), (past, inner)


@final
class Noisy(AbstractLearner):
    """The learner's move plus independent normal noise of standard deviation `scale`."""

    learner: AbstractLearner
    scale: Rate = 0.01

    def __check_init__(self):
        check_rate(self.scale, "scale")

    def init(self, game: AbstractSmoothGame, actions: Actions) -> Any:
        """The wrapped learner's memory."""
        return self.learner.init(game, actions)

    def step(self, game, actions, price, memory, count, key):
        """A noisy move, kept in the action set."""
        noise_key, step_key = jax.random.split(key)
        following, memory = self.learner.step(game, actions, price, memory, count, step_key)
        noise = jax.random.normal(noise_key, actions.shape, actions.dtype)
        scale = step_size(self.scale, count, actions)
        return game.action_set.project(following + scale * noise), memory


@final
class Mixture(AbstractLearner):
    """Agents who learn differently: agent i by `learners[kind[i]]`.

    >>> from incentax import GradientPlay, BestReply
    >>> mixture = Mixture((GradientPlay(0.1), BestReply(0.5)), jnp.array([0, 0, 1]))
    """

    learners: tuple[AbstractLearner, ...]
    kind: Int[Array, " n"]

    def init(self, game: AbstractSmoothGame, actions: Actions) -> tuple[Any, ...]:
        """Every learner's memory."""
        if self.kind.shape != (game.num_agents,):
            raise ValueError(
                f"expected a kind for each of {game.num_agents} agents, got shape "
                f"{self.kind.shape}; give one index an agent"
            )
        return tuple(learner.init(game, actions) for learner in self.learners)

    def step(self, game, actions, price, memory, count, key):
        """Each agent's row of its own learner's step."""
        following, memories = actions, []
        keys = jax.random.split(key, len(self.learners))
        for index, (learner, own, one) in enumerate(zip(self.learners, memory, keys, strict=True)):
            moved, own = learner.step(game, actions, price, own, count, one)
            following = jnp.where((self.kind == index)[:, None], moved, following)
            memories.append(own)
        return following, tuple(memories)
