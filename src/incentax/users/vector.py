"""Many people at once: one call of the back end per step, whoever answers."""

from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from .envs import Ids, action_space, decode_action, info_columns, unrepeated
from .observe import AbstractObservation, Features
from .session import Session
from .world import World


class RecommenderVectorEnv(VectorEnv):
    """`num_envs` people in one array; row i behaves like `RecommenderEnv` seeded s + i.

    All questions of a step reach the back end in one call, which deduplicates and batches them.

    **Arguments:**

    - `world`, `observation`: as for `RecommenderEnv`.
    - `num_envs`: people served at once.
    - `autoreset_mode`: Gymnasium's three modes.

    >>> import gymnasium, incentax.users
    >>> envs = gymnasium.make_vec("incentax/Books-v0", num_envs=3)
    >>> observation, info = envs.reset(seed=0)
    >>> observation, reward, terminated, truncated, info = envs.step(np.array([0, 1, 2]))
    >>> reward.shape
    (3,)
    """

    def __init__(
        self,
        world: World,
        num_envs: int = 1,
        *,
        observation: AbstractObservation | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
    ):
        self.world = world
        self.num_envs = num_envs
        self.observation = observation or Features()
        self.render_mode = render_mode
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.metadata = {
            "autoreset_mode": self.autoreset_mode,
            "render_modes": ["human", "ansi", "csv", "html"],
        }
        self.single_observation_space = self.observation.space(world)
        self.single_action_space = action_space(world)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.session = Session(world, num_envs)
        self._all = np.arange(num_envs)
        self._done = np.zeros(num_envs, bool)
        self._seeded = False

    def reset(
        self,
        *,
        seed: int | list[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ):
        """Start everybody, or the rows of `options["reset_mask"]`; `user` names people."""
        options = dict(options or {})
        rows = np.flatnonzero(options.pop("reset_mask", np.ones(self.num_envs, bool)))
        if seed is not None or not self._seeded:
            if seed is None:
                super().reset(seed=None)
                seed = int(self.np_random.integers(2**62))
            seeds = [seed + i for i in self._all] if isinstance(seed, int | np.integer) else seed
            given = [k for k in rows if seeds[k] is not None]
            self.session.reseed(
                np.array(given, np.int64), np.array([seeds[k] for k in given], np.uint64)
            )
            self._seeded = True
        users = options.get("user")
        if users is not None:
            users = np.broadcast_to(np.asarray(users, np.int64), (self.num_envs,))[rows]
        self.session.begin(rows, users, options.get("keep_memory"))
        self._done[rows] = False
        return self._observe(), {"user": self.session.user.copy()}

    def step(self, actions):
        """Show everybody their item or slate."""
        mode, n = self.autoreset_mode, self.num_envs
        if mode == AutoresetMode.DISABLED and self._done.any():
            raise ValueError(
                f"expected finished environments {np.flatnonzero(self._done).tolist()} to be reset "
                'before a step, got an action; try reset(options={"reset_mask": done})'
            )
        waking = self._done if mode == AutoresetMode.NEXT_STEP else np.zeros(n, bool)
        table = np.asarray(actions, np.int64).reshape(n, -1)
        live = self._all
        if waking.any():
            self.session.begin(np.flatnonzero(waking))
            live = np.flatnonzero(~waking)
        reward = np.zeros(n)
        terminated, truncated = np.zeros(n, bool), np.zeros(n, bool)
        infos: dict[str, Any] = {}
        if len(live):
            shown, incentive = decode_action(self.session, live, table[live])
            shown = unrepeated(shown, len(self.world.catalogue))
            outcome = self.session.advance(live, shown, incentive)
            reward[live] = outcome.reward
            terminated[live], truncated[live] = outcome.terminated, outcome.truncated
            infos = self._infos(live, outcome)
        self._done = terminated | truncated
        if mode == AutoresetMode.SAME_STEP and self._done.any():
            infos |= {
                "final_obs": self._observe(),
                "_final_obs": self._done.copy(),
                "final_info": {k: v for k, v in infos.items() if not k.startswith("_")},
                "_final_info": self._done.copy(),
            }
            self.session.begin(np.flatnonzero(self._done))
            self._done = np.zeros(n, bool)
        return self._observe(), reward, terminated, truncated, infos

    def action_masks(self):
        """Which items may be recommended, `bool[num_envs, N]`."""
        mask = self.session.mask(self._all)
        if self.world.candidates:
            mask = np.take_along_axis(mask, self.session.candidates(self._all), 1)
        return mask.astype(bool)

    def _observe(self) -> dict[str, Any]:
        return self.observation.read(self.session, self._all)

    def _infos(self, live, outcome) -> dict[str, Any]:
        info = info_columns(self.session, live, outcome)
        full = len(live) == self.num_envs
        present = np.zeros(self.num_envs, bool)
        present[live] = True
        infos: dict[str, Any] = {}
        for name, value in info.items():
            if isinstance(value, Ids):
                value = value if full else value.spread(live, self.num_envs)
            elif not full:
                spread = np.zeros((self.num_envs, *value.shape[1:]), value.dtype)
                spread[live] = value
                value = spread
            infos[name], infos[f"_{name}"] = value, present
        return infos
