"""One deviating bidder among N as a Gymnasium environment: may she do better by learning."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from jaxtyping import Float

from ..auctions.game import BatchedAuction
from ..auctions.hall import AuctionHall
from ..auctions.mechanism import AbstractAuction
from .bidder_batch import OBSERVED, BidderBatch


class BidderEnv(gymnasium.Env[np.ndarray, np.int64]):
    """The exact N-bidder auction seen by one bidder, while all others bid by `policy`.

    She sees round, own value, whether she is in the market, and the share of goods left, all in
    [0, 1]; she chooses a bid; her reward is her utility when she wins. Unlike best responses to
    simulated odds, her bids do change what her opponents meet later.

    **Arguments:**

    - `game`, `mechanism`, `policy`: the auction, and what the others do: `[H, S + 1, A]`.
    - `num_agents`: bidders, she included.
    """

    metadata: dict[str, Any] = {"render_modes": []}

    def __init__(
        self,
        game: BatchedAuction,
        mechanism: AbstractAuction,
        policy: Float[np.ndarray, "H S A"],
        *,
        num_agents: int,
    ):
        if num_agents < 2:
            raise ValueError(f"expected num_agents >= 2, got {num_agents}; try 1000")
        self._hall = AuctionHall.open(game, mechanism, policy, num_agents)
        self.observation_space = spaces.Box(0.0, 1.0, (OBSERVED,), np.float32)
        self.action_space = spaces.Discrete(self._hall.num_bids)
        self._auction: BidderBatch | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """A fresh auction: independent values, hers included."""
        super().reset(seed=seed)
        self._auction = BidderBatch(self._hall, 1, self.np_random)
        return self._auction.reset()[0], {}

    def step(self, action: np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """One round with her bid in it; the episode ends after the last round."""
        if self._auction is None:
            raise ValueError("expected reset() before the first round, got step(); reset first")
        if not self.action_space.contains(action):
            raise ValueError(
                f"expected a bid from 0 to {self._hall.num_bids - 1}, got {action}; look "
                "at action_space"
            )
        reward, won = self._auction.step(np.array([int(action)]))
        seen, over = self._auction.observation()[0], self._auction.over
        return seen, float(reward[0]), over, False, {"won": bool(won[0])}
