"""The four algorithms, each a row: class, settings and buffers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from sb3_contrib import TRPO
from stable_baselines3 import A2C, DQN, PPO
from stable_baselines3.common.base_class import BaseAlgorithm

from .buffers import VoidAwareReplayBuffer, VoidAwareRolloutBuffer
from .policy import ItemPolicy, ItemQPolicy


class MaskedDQN(DQN):
    """DQN whose random actions are drawn from the allowed items."""

    def _allowed(self, observation) -> np.ndarray:
        mask = np.atleast_2d(observation["action_mask"]) > 0
        draws = np.stack([self.action_space.np_random.random(mask.shape[1]) for _ in mask])
        return np.where(mask, draws, -1.0).argmax(1)

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        """The best allowed action, or with probability ε any allowed one."""
        if not deterministic and self.action_space.np_random.random() < self.exploration_rate:
            action = self._allowed(observation)
            return (action if np.ndim(observation["action_mask"]) > 1 else action[0]), state
        return self.policy.predict(observation, state, episode_start, deterministic=True)

    def _sample_action(self, learning_starts, action_noise=None, n_envs=1):
        assert self._last_obs is not None
        if self.num_timesteps < learning_starts:
            action = self._allowed(self._last_obs)
        else:
            action, _ = self.predict(self._last_obs, deterministic=False)
        return action, action


@dataclass(frozen=True)
class Algorithm:
    """How one learner is made: `settings` are its defaults, of which any can be replaced."""

    make: Callable[..., BaseAlgorithm]
    policy: type
    num_envs: int
    settings: dict[str, Any] = field(default_factory=dict)


_ROLLOUT = {"rollout_buffer_class": VoidAwareRolloutBuffer, "gamma": 0.975}

ALGORITHMS = MappingProxyType(
    {
        "ppo": Algorithm(
            PPO,
            ItemPolicy,
            64,
            _ROLLOUT
            | {
                "learning_rate": 3e-3,
                "n_steps": 32,
                "batch_size": 512,
                "n_epochs": 4,
                "gae_lambda": 0.5,
                "clip_range": 0.2,
                "ent_coef": 0.003,
            },
        ),
        "a2c": Algorithm(
            A2C,
            ItemPolicy,
            64,
            _ROLLOUT
            | {
                "learning_rate": 2e-3,
                "n_steps": 5,
                "gae_lambda": 0.5,
                "normalize_advantage": True,
                "ent_coef": 0.003,
            },
        ),
        "trpo": Algorithm(
            TRPO,
            ItemPolicy,
            64,
            _ROLLOUT | {"learning_rate": 3e-3, "n_steps": 32, "batch_size": 512, "gae_lambda": 0.5},
        ),
        "dqn": Algorithm(
            MaskedDQN,
            ItemQPolicy,
            16,
            {
                "gamma": 0.5,
                "learning_rate": 1e-3,
                "buffer_size": 20_000,
                "replay_buffer_class": VoidAwareReplayBuffer,
                "learning_starts": 1000,
                "batch_size": 128,
                "train_freq": 1,
                "gradient_steps": 1,
                "target_update_interval": 500,
                "exploration_fraction": 0.2,
                "exploration_final_eps": 0.05,
            },
        ),
    }
)
"""The learners by name. Discounts and step sizes differ from the published ones where many people
are served at once and rewards are centred; the published values can be passed as settings."""
