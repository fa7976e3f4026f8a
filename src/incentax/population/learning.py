"""Agents who learn while the price moves, seen from outside."""

from collections.abc import Callable
from typing import Any, ClassVar, final

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from .._status import Status
from .._types import Key, Scalar
from ..mechanism import Price
from ..smooth_game import AbstractSmoothGame, Actions
from .base import AbstractPopulation, Access
from .gradient_learners import GradientPlay
from .learner import AbstractLearner, UserLearner
from .nash import full_price, no_temperature
from .observed import JointAction, observed, unknown


class Learning(eqx.Module):
    """The state of learning agents: what they do, what they remember, how long they have played."""

    actions: Actions
    memory: Any
    count: Int[Array, ""]


@final
class LearningPopulation(AbstractPopulation):
    """Agents who make `steps_per_price` learning steps between two looks of the planner.

    Only what they do can be observed: differentiating the response raises. They start where they
    stopped. Evidence is of the outside, too: `residual` is the largest move of the last step,
    per unit of action, and nobody evaluates a cost to find it.

    **Arguments:**

    - `game`: whose costs the agents feel; the planner never does.
    - `learner`: an `AbstractLearner`, or any function `(actions, price, key) -> actions`.
    - `steps_per_price`: agents' steps in each exchange.
    - `judge_steps`: agents' steps at a fixed price when a certificate asks how they end up.
    - `tolerance`: residual at which agents count as settled; with noise, set it to the noise.

    >>> from incentax import SmoothGame
    >>> game = SmoothGame(lambda i, x: 0.5 * x[i, 0] ** 2 - x[i, 0], 1)
    >>> population = LearningPopulation(game, GradientPlay(0.5), steps_per_price=2)
    >>> price, key = Price(jnp.array([[0.0]])), jax.random.key(0)
    >>> state = population.init(price, key=key)
    >>> float(population.respond(price, state, key=key)[0].actions[0, 0])
    0.75

    Reference: arXiv 2604.11346, theorem 2 (agents that uniformly track).
    """

    offers: ClassVar[Access] = Access.RESPONSE

    game: AbstractSmoothGame
    learner: AbstractLearner
    steps_per_price: int = eqx.field(static=True)
    judge_steps: int = eqx.field(static=True)
    tolerance: float = eqx.field(static=True)

    def __init__(
        self,
        game: AbstractSmoothGame,
        learner: AbstractLearner | Callable[..., Any] | None = None,
        steps_per_price: int = 10,
        *,
        judge_steps: int = 2000,
        tolerance: float = 1e-4,
    ):
        learner = GradientPlay() if learner is None else learner
        self.game = game
        self.learner = learner if isinstance(learner, AbstractLearner) else UserLearner(learner)
        self.steps_per_price = steps_per_price
        self.judge_steps = judge_steps
        self.tolerance = tolerance

    def __check_init__(self):
        if self.steps_per_price < 1 or self.judge_steps < 2:
            raise ValueError(
                f"expected steps_per_price >= 1 and judge_steps >= 2, got {self.steps_per_price} "
                f"and {self.judge_steps}; try 10 and 2000"
            )

    def init(self, mechanism: Price, *, key: Key) -> Learning:
        """Agents at the game's start who remember nothing."""
        actions = self.game.start(mechanism.value.dtype)
        memory = self.learner.init(self.game, actions)
        return Learning(actions, memory, jnp.zeros((), jnp.int32))

    def respond(self, mechanism: Price, state: Learning, *, key: Key):
        """What the agents do after `steps_per_price` more steps, and their state."""
        price = full_price(mechanism, self.game, state.actions.dtype)

        def step(state: Learning, step_key: Key) -> tuple[Learning, Scalar]:
            actions, memory = self.learner.step(
                self.game, state.actions, price, state.memory, state.count, step_key
            )
            # Flat, since reductions over a last axis of one are slow.
            move = jnp.max(jnp.abs((actions - state.actions).reshape(-1)))
            return Learning(actions, memory, state.count + 1), move

        keys = jax.random.split(key, self.steps_per_price)
        following, moves = jax.lax.scan(step, state, keys)
        residual = moves[-1] / (1 + jnp.max(jnp.abs(following.actions.reshape(-1))))
        first = moves[0]
        tracking = jnp.where(first > 0, moves[-1] / jnp.where(first > 0, first, 1), 0)
        # Moves that shrink by a constant ratio leave the sum of a geometric series to go.
        ratio = jnp.abs(tracking) ** (1 / max(1, self.steps_per_price - 1))
        ahead = jnp.where(ratio < 1, moves[-1] / jnp.where(ratio < 1, 1 - ratio, 1), jnp.inf)
        judged = self.steps_per_price >= self.judge_steps
        settled = (residual <= self.tolerance) | (not judged)
        response = JointAction(
            actions=observed(following.actions),
            residual=residual,
            uncertainty=ahead if self.steps_per_price > 1 else jnp.full_like(first, jnp.inf),
            tracking=tracking if self.steps_per_price > 1 else unknown(first),
            monotonicity=unknown(first),
            num_steps=jnp.asarray(self.steps_per_price),
            status=jnp.where(settled, Status.DONE, Status.NOT_TRACKING).astype(jnp.int32),
        )
        return response, following

    def at_rest(self) -> "LearningPopulation":
        """The same agents given `judge_steps` steps, for certificates and audits."""
        return replace_steps(self, max(self.judge_steps, self.steps_per_price))

    def relaxed(self, temperature: Scalar, share: float, num_steps: int) -> "LearningPopulation":
        """Refused: a continuous game has no temperature."""
        raise ValueError(no_temperature("LearningPopulation"))

    def listening(self, probe: Scalar) -> "LearningPopulation":
        """Itself: there is no adjoint."""
        return self


def replace_steps(population: LearningPopulation, num_steps: int) -> LearningPopulation:
    """The same population with another number of steps per price."""
    return LearningPopulation(
        population.game,
        population.learner,
        num_steps,
        judge_steps=population.judge_steps,
        tolerance=population.tolerance,
    )
