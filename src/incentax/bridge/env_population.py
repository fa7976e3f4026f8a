"""Any Gymnasium environment for recommenders as a population that only gives a score."""

from collections.abc import Callable
from typing import Any, ClassVar, final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv

from .._types import Key, Mechanism, Scalar
from ..population import AbstractPopulation, Access
from .host import Host

Recommend = Callable[[Any, Any], Any]
"""(parameters, observations) -> actions, all in NumPy: a recommender with a few parameters."""


@final
class Score(eqx.Module):
    """Mean reward per recommendation: all that is seen of the people."""

    value: Scalar


def mean_reward(mechanism: Mechanism, response: Score) -> Scalar:
    """The score, as an objective."""
    return response.value


@final
class EnvPopulation(AbstractPopulation):
    """People served by a recommender for `num_steps` steps; the response is a `Score`.

    The mechanism is the recommender's parameters, any pytree of arrays. Equal keys meet equal
    people with equal luck, so that two looks of `ZerothOrder` differ by the parameters alone.

    **Arguments:**

    - `make_envs`: makes the vector environment; called once, at the first look.
    - `recommend`: parameters and observations in, actions out.
    - `num_steps`: recommendations to each person per look.

    >>> from gymnasium.vector import SyncVectorEnv
    >>> import gymnasium, incentax.users
    >>> envs = lambda: gymnasium.make_vec("incentax/Books-v0", num_envs=4)
    >>> first = lambda parameters, observed: observed["action_mask"].argmax(1)
    >>> people = EnvPopulation(envs, first, num_steps=3)
    >>> key = jax.random.key(0)
    >>> response, _ = people.respond(jnp.zeros(2), people.init(None, key=key), key=key)
    >>> 1 <= float(response.value) <= 5
    True
    """

    offers: ClassVar[Access] = Access.OBJECTIVE

    num_steps: int = eqx.field(static=True)
    host: Host = eqx.field(static=True)

    def __init__(
        self,
        make_envs: Callable[[], VectorEnv],
        recommend: Recommend,
        num_steps: int = 20,
    ):
        self.num_steps = num_steps
        self.host = Host(_Service(make_envs, recommend, num_steps))

    def __check_init__(self):
        if self.num_steps < 1:
            raise ValueError(f"expected num_steps >= 1, got {self.num_steps}; try 20")

    def init(self, mechanism: Mechanism, *, key: Key) -> tuple[()]:
        """Nothing outlives a look: the people start anew."""
        return ()

    def respond(self, mechanism: Mechanism, state: tuple[()], *, key: Key) -> Any:
        """The score of these parameters."""
        numbers = eqx.filter(mechanism, eqx.is_array)
        dtype = jnp.result_type(float)
        seed = jax.random.bits(key, (), jnp.uint32)
        value = self.host.call(jax.ShapeDtypeStruct((), dtype), numbers, seed)
        return Score(value), ()

    def relaxed(self, temperature: Scalar, share: float, num_steps: int) -> "EnvPopulation":
        """Refused: an environment has no temperature."""
        raise ValueError(
            "expected schedule=None for EnvPopulation, got a schedule; an environment has no "
            "temperature"
        )

    def listening(self, probe: Scalar) -> "EnvPopulation":
        """Itself: there is no adjoint."""
        return self

    def at_rest(self) -> "EnvPopulation":
        """Itself: the people start anew at every look."""
        return self


class _Service:
    """Serves everybody with given parameters and adds up what came of it."""

    def __init__(self, make_envs: Callable[[], VectorEnv], recommend: Recommend, num_steps: int):
        self._make_envs, self._recommend, self._num_steps = make_envs, recommend, num_steps
        self._envs: VectorEnv | None = None

    def __call__(self, parameters: Any, seed: Any) -> np.ndarray:
        if self._envs is None:
            self._envs = self._make_envs()
        envs = self._envs
        parameters = jax.tree.map(np.asarray, parameters)
        late = envs.metadata.get("autoreset_mode") == AutoresetMode.NEXT_STEP
        observation, _ = envs.reset(seed=int(seed) % 2**31)
        over = np.zeros(envs.num_envs, bool)
        total, count = 0.0, 0
        for _ in range(self._num_steps):
            actions = self._recommend(parameters, observation)
            observation, reward, terminated, truncated, _ = envs.step(actions)
            # A void step has no reward; a step that only resets is no recommendation.
            counted = np.isfinite(reward) & ~(over if late else np.zeros_like(over))
            total += float(np.sum(np.asarray(reward)[counted]))
            count += int(counted.sum())
            over = terminated | truncated
        if not count:
            raise ValueError(
                "expected at least one valid reward, got none; try more steps or another back end"
            )
        return np.asarray(total / count, jnp.result_type(float))
