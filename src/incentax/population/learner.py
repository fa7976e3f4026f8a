"""What a learner is: how agents move between two looks at the price; and their step sizes."""

import warnings
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, final

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Int

from .._types import Key, Scalar
from ..smooth_game import AbstractSmoothGame, Actions

Rate = float | Callable[[Any], Any]
Count = Int[Array, ""]


class AbstractLearner(eqx.Module):
    """A rule by which all agents move at once, from what each can feel of its own cost.

    `memory` is whatever the rule carries (a velocity, a belief); `count` is the number of steps
    made so far, for schedules of step sizes.
    """

    @abstractmethod
    def init(self, game: AbstractSmoothGame, actions: Actions) -> Any:
        """The memory before the first step."""

    @abstractmethod
    def step(
        self,
        game: AbstractSmoothGame,
        actions: Actions,
        price: Actions,
        memory: Any,
        count: Count,
        key: Key,
    ) -> tuple[Actions, Any]:
        """Actions and memory after one step under a full price [n d]. The key is consumed."""


@final
class UserLearner(AbstractLearner):
    """Any function `(actions [n d], price [n d], key) -> actions [n d]` as a learner.

    >>> learner = UserLearner(lambda actions, price, key: -price)
    """

    function: Callable[[Actions, Actions, Key], Actions]

    def init(self, game: AbstractSmoothGame, actions: Actions) -> tuple[()]:
        """Nothing is carried."""
        return ()

    def step(self, game, actions, price, memory, count, key):
        """The function's answer."""
        following = self.function(actions, price, key)
        if jnp.shape(following) != actions.shape:
            raise ValueError(
                f"expected a learner that returns actions of shape {actions.shape}, got "
                f"{jnp.shape(following)}; return the whole joint action"
            )
        return following, memory


@final
class PowerSchedule(eqx.Module):
    """The step size `scale * (1 + step)^-power`, for learners and for `optax.sgd`.

    Square-summable above 1/2, not summable up to 1.

    >>> PowerSchedule(2.0, 0.5)(3)
    1.0
    """

    scale: float
    power: float

    def __check_init__(self):
        if not (self.scale > 0 and 0 <= self.power <= 1):
            raise ValueError(
                f"expected scale > 0 and 0 <= power <= 1, got {self.scale} and {self.power}; try "
                "PowerSchedule(0.5, 0.6)"
            )

    def __call__(self, step: Any) -> Any:
        """The step size of step 0, 1, ...; its type follows the default float."""
        if isinstance(step, int):
            return self.scale * (1.0 + step) ** -self.power
        return self.scale * (1.0 + step.astype(jnp.result_type(float))) ** -self.power


def two_timescale(
    agents: PowerSchedule | None = None,
    planner: PowerSchedule | None = None,
    *,
    noisy: bool = False,
) -> tuple[PowerSchedule, PowerSchedule]:
    """Step sizes of agents and planner, a_k = 0.5 k^-0.6 and b_k = 0.5 k^-0.9 unless given.

    Warns where the two-timescale theorem does not apply: the planner must fall faster than the
    agents (b_k / a_k -> 0) and, under noise, both be square-summable (power > 1/2).

    >>> agents, planner = two_timescale()
    >>> agents.power, planner.power
    (0.6, 0.9)

    Reference: arXiv 2604.11346, theorem 2 (two timescales); Borkar 2008, chapter 6.
    """
    agents = PowerSchedule(0.5, 0.6) if agents is None else agents
    planner = PowerSchedule(0.5, 0.9) if planner is None else planner
    if planner.power <= agents.power:
        warnings.warn(
            f"expected the planner's step size to fall faster than the agents', got powers "
            f"{planner.power} and {agents.power}; try 0.9 and 0.6",
            stacklevel=2,
        )
    if noisy and min(agents.power, planner.power) <= 0.5:
        warnings.warn(
            f"expected square-summable step sizes under noise, got powers {agents.power} and "
            f"{planner.power}; keep both above 0.5",
            stacklevel=2,
        )
    return agents, planner


def step_size(rate: Rate, count: Count, actions: Actions) -> Scalar:
    """The step size of this step, in the type of the actions."""
    value = rate(count) if callable(rate) else rate
    return jnp.asarray(value).astype(actions.dtype)


def check_rate(rate: Rate, name: str = "learning_rate") -> None:
    """Nothing, or a `ValueError` for a number that is no step size."""
    if not callable(rate) and not 0 < rate < float("inf"):
        raise ValueError(f"expected {name} > 0 or a schedule, got {rate}; try 0.1")
