"""Policies that score items by content, so that new people and items get scores; always masked."""

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.dqn.policies import MultiInputPolicy
from torch import nn

_FORBIDDEN = -1e8


class PersonExtractor(BaseFeaturesExtractor):
    """Person, what they lately rated and how, and the action mask: `[n, D + N]`.

    The history enters as the rating-weighted and the plain mean of the items' content.
    """

    def __init__(self, observation_space: spaces.Dict, items: np.ndarray, middle: float):
        num, width = items.shape
        person = int(np.prod(observation_space["user_features"].shape or (0,)))
        self.num_items, self.state_dim = num, person + 2 * width + 2
        super().__init__(observation_space, self.state_dim + num)
        self.items: torch.Tensor
        # Not saved: weights serve any catalogue with features of the same kind.
        self.register_buffer("items", torch.as_tensor(items, dtype=torch.float32), persistent=False)
        self._middle = middle

    def forward(self, observations: dict[str, torch.Tensor]) -> torch.Tensor:
        """State and mask side by side."""
        valid = observations["history_valid"]
        place = observations["history_items"].long().clamp(min=0)
        content = self.items[place] * valid[..., None]
        rated = (observations["history_ratings"] / self._middle - 1.0)[..., None]
        num = valid.sum(1, keepdim=True)
        scale = 1.0 / num.clamp(min=1.0)
        return torch.cat(
            [
                observations["user_features"],
                (content * rated).sum(1) * scale,
                content.sum(1) * scale,
                num / valid.shape[1],
                (observations["time"] / 40.0).clamp(max=5.0),
                observations["action_mask"],
            ],
            dim=1,
        )


class ItemScores(nn.Module):
    """Scores `[n, N]` of all items: a query made from the state, times the items' content.

    A forbidden item scores so low that its probability is zero and its value never the largest.
    A critic's scores have a common level, `leveled`; a policy's would be a parameter without
    effect, since a constant added to all logits changes nothing.
    """

    def __init__(self, extractor: PersonExtractor, *, leveled: bool, hidden: int = 64):
        super().__init__()
        self.items: torch.Tensor
        self.register_buffer("items", extractor.items.clone(), persistent=False)
        self._split = extractor.state_dim
        width = extractor.items.shape[1]
        self.linear = nn.Linear(self._split, width)
        self.bend = nn.Sequential(nn.Linear(self._split, hidden), nn.Tanh())
        self.out = nn.Linear(hidden, width, bias=False)
        self.level = nn.Linear(self._split, 1) if leveled else None
        for weight in (self.linear.weight, self.linear.bias, self.out.weight):
            nn.init.zeros_(weight)

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """Masked scores."""
        state, mask = latent[:, : self._split], latent[:, self._split :]
        score = (self.linear(state) + self.out(self.bend(state))) @ self.items.T
        if self.level is not None:
            score = score + self.level(state)
        return torch.where(mask > 0.5, score, torch.full_like(score, _FORBIDDEN))


class StateValue(nn.Module):
    """Value of a state, `[n, 1]`; the mask is no part of it."""

    def __init__(self, state_dim: int, hidden: int = 64):
        super().__init__()
        self._split = state_dim
        self.net = nn.Sequential(nn.Linear(state_dim, hidden), nn.Tanh(), nn.Linear(hidden, 1))

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """The value."""
        return self.net(latent[:, : self._split])


class ItemPolicy(ActorCriticPolicy):
    """Actor and critic over item content, for A2C, PPO and TRPO; the mask acts in both phases."""

    def _build(self, lr_schedule) -> None:
        super()._build(lr_schedule)
        extractor = self.features_extractor
        assert isinstance(extractor, PersonExtractor)
        self.action_net = ItemScores(extractor, leveled=False)
        self.value_net = StateValue(extractor.state_dim)
        make: Any = self.optimizer_class
        self.optimizer = make(self.parameters(), lr=lr_schedule(1), **self.optimizer_kwargs)


class ItemQPolicy(MultiInputPolicy):
    """Action values over item content for DQN; the maximum runs over allowed items."""

    def make_q_net(self):
        """The network with its last layer replaced."""
        net: Any = super().make_q_net()
        extractor = net.features_extractor
        assert isinstance(extractor, PersonExtractor)
        net.q_net = ItemScores(extractor, leveled=True).to(self.device)
        return net
