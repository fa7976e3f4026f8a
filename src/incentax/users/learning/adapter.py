"""The vectorised environment as stable-baselines3 wants it."""

from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.vec_env import VecEnv

from ..observe import AbstractObservation, Features
from ..vector import RecommenderVectorEnv
from ..world import World


class PeopleVecEnv(VecEnv):
    """Many people behind the `VecEnv` interface, one back-end call per step.

    A void step keeps its NaN reward, by which the buffers of this package recognise it. A person
    who left is terminated; an episode cut from outside carries `TimeLimit.truncated`, so that
    learners bootstrap only there.

    **Arguments:**

    - `centre`: subtracted from every reward. With a hazard of ending that does not depend on what
      is shown it changes no comparison between policies, but without it the luck of a long episode
      drowns the differences between items.
    """

    def __init__(
        self,
        world: World,
        num_envs: int,
        *,
        observation: AbstractObservation | None = None,
        seed: int = 0,
        centre: float = 0.0,
    ):
        self.envs = RecommenderVectorEnv(
            world,
            num_envs,
            observation=observation or Features(user_id=False),
            autoreset_mode=AutoresetMode.SAME_STEP,
        )
        self.render_mode = None
        super().__init__(
            num_envs, self.envs.single_observation_space, self.envs.single_action_space
        )
        self._seed, self._centre = seed, centre
        self._return = np.zeros(num_envs)
        self._length = np.zeros(num_envs, np.int64)

    def reset(self):
        """Start everybody."""
        observation, _ = self.envs.reset(seed=self._seed)
        # A second reset must not repeat the first people.
        self._seed += 1_000_003
        self._return[:] = 0.0
        self._length[:] = 0
        return observation

    def step_async(self, actions) -> None:
        """Keep the actions for `step_wait`."""
        self._actions = actions

    def step_wait(self):
        """Show everybody their item."""
        observation, reward, terminated, truncated, info = self.envs.step(self._actions)
        done = terminated | truncated
        self._return += np.nan_to_num(reward)
        self._length += ~np.isnan(reward)
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for k in np.flatnonzero(done):
            infos[k] = {
                "terminal_observation": {n: v[k] for n, v in info["final_obs"].items()},
                "TimeLimit.truncated": bool(truncated[k] and not terminated[k]),
                "episode": {"r": self._return[k], "l": int(self._length[k]), "t": 0.0},
            }
        self._return[done] = 0.0
        self._length[done] = 0
        return observation, (reward - self._centre).astype(np.float32), done, infos

    def action_masks(self):
        """Which items may be recommended, `bool[num_envs, N]`."""
        return self.envs.action_masks()

    def close(self) -> None:
        """Close the environment."""
        self.envs.close()

    def get_attr(self, attr_name, indices=None):
        """An attribute of the one environment behind all rows."""
        return [getattr(self.envs, attr_name) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name, value, indices=None) -> None:
        """Set an attribute of the one environment behind all rows."""
        setattr(self.envs, attr_name, value)

    def env_method(self, method_name, *args, indices=None, **kwargs):
        """Call a method of the environment; `action_masks` gives one mask per row."""
        if method_name == "action_masks":
            masks = self.action_masks()
            return [masks[k] for k in self._get_indices(indices)]
        return [getattr(self.envs, method_name)(*args, **kwargs)]

    def env_is_wrapped(self, wrapper_class, indices=None):
        """Nothing is wrapped."""
        return [False for _ in self._get_indices(indices)]

    def seed(self, seed=None):
        """Seed the next reset."""
        self._seed = self._seed if seed is None else seed
        return [self._seed + k for k in range(self.num_envs)]
