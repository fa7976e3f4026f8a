"""A batch of deviating bidders as one vector environment of Stable-Baselines3."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.vec_env import VecEnv

from ..auctions.hall import AuctionHall
from .bidder_batch import OBSERVED, BidderBatch


class BidderVecEnv(VecEnv):
    """`num_envs` auctions held at once by `BidderBatch`, begun anew after their last round.

    **Arguments:**

    - `hall`: the auction's rules, number of bidders and policy of the others.
    - `num_envs`, `seed`: auctions held at once, and seed of all draws.
    """

    # Asked for by the base class before it sets its own.
    render_mode: str | None = None

    def __init__(self, hall: AuctionHall, num_envs: int, *, seed: int):
        self._auctions = BidderBatch(hall, num_envs, np.random.default_rng(seed))
        self._bids = np.zeros(num_envs, np.int64)
        super().__init__(
            num_envs, spaces.Box(0.0, 1.0, (OBSERVED,), np.float32), spaces.Discrete(hall.num_bids)
        )

    def reset(self) -> np.ndarray:
        """Fresh auctions."""
        return self._auctions.reset()

    def step_async(self, actions: np.ndarray) -> None:
        """Bids for the coming round."""
        self._bids = np.asarray(actions, np.int64)

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """One round; all auctions end together, and the next ones begin."""
        rewards, _ = self._auctions.step(self._bids)
        over = self._auctions.over
        last = self._auctions.observation()
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        if over:
            for info, seen in zip(infos, last, strict=True):
                info["terminal_observation"] = seen
        seen = self._auctions.reset() if over else last
        return seen, rewards.astype(np.float32), np.full(self.num_envs, over), infos

    def close(self) -> None:
        """Nothing is held open."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """The same attribute for every auction."""
        return [getattr(self, attr_name) for _ in self._chosen(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Refused: auctions share their rules."""
        raise NotImplementedError("auctions held at once share their rules; make another batch")

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list:
        """Refused: there is no single environment to call."""
        raise NotImplementedError("auctions are held at once; make a BidderEnv to call one")

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        """No auction is wrapped."""
        return [False for _ in self._chosen(indices)]

    def _chosen(self, indices: Any) -> Sequence[int]:
        return list(range(self.num_envs)) if indices is None else np.atleast_1d(indices).tolist()
