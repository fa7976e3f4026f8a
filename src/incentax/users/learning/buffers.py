"""Buffers that keep void steps out of learning: an invalid reply teaches nothing."""

import numpy as np
import torch
from stable_baselines3.common.buffers import DictReplayBuffer, DictRolloutBuffer


class VoidAwareRolloutBuffer(DictRolloutBuffer):
    """A rollout buffer in which a NaN reward marks a void step.

    A void step passes the advantage of the next step on unchanged (discount 1, the state did not
    move) and is left out of every batch.
    """

    def reset(self) -> None:
        """Empty the buffer."""
        super().reset()
        self.void = np.zeros((self.buffer_size, self.n_envs), bool)

    def add(self, obs, action, reward, episode_start, value, log_prob) -> None:
        """Store a step, its reward 0 where it is void."""
        self.void[self.pos] = np.isnan(reward)
        super().add(obs, action, np.nan_to_num(reward), episode_start, value, log_prob)

    def compute_returns_and_advantage(self, last_values: torch.Tensor, dones) -> None:
        """Generalised advantages with void steps skipped.

        Reference: Schulman et al., arXiv 1506.02438.
        """
        after = last_values.clone().cpu().numpy().flatten()
        alive = 1.0 - np.asarray(dones, np.float32)
        advantage = np.zeros(self.n_envs, np.float32)
        for step in reversed(range(self.buffer_size)):
            delta = self.rewards[step] + self.gamma * after * alive - self.values[step]
            fresh = delta + self.gamma * self.gae_lambda * alive * advantage
            void = self.void[step]
            advantage = np.where(void, advantage * alive, fresh)
            self.advantages[step] = advantage
            after = np.where(void, after * alive, self.values[step])
            alive = 1.0 - self.episode_starts[step]
        self.returns = self.advantages + self.values

    def get(self, batch_size=None):
        """Batches of the steps that were not void."""
        kept = np.flatnonzero(~self.swap_and_flatten(self.void[..., None]).ravel())
        order = np.random.permutation(kept)
        if not self.generator_ready:
            for key, values in self.observations.items():
                self.observations[key] = self.swap_and_flatten(values)
            for name in ("actions", "values", "log_probs", "advantages", "returns"):
                setattr(self, name, self.swap_and_flatten(getattr(self, name)))
            self.generator_ready = True
        size = batch_size or len(order)
        for start in range(0, len(order), size):
            part = order[start : start + size]
            if len(part) > 1:  # the advantage of a single step cannot be normalised
                yield self._get_samples(part)


class VoidAwareReplayBuffer(DictReplayBuffer):
    """A replay buffer that skips a moment in which anybody's step was void."""

    def add(self, obs, next_obs, action, reward, done, infos) -> None:
        """Store the moment, unless a reward is NaN."""
        if not np.isnan(reward).any():
            super().add(obs, next_obs, action, reward, done, infos)
