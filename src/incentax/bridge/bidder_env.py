"""One deviating bidder among N as a Gymnasium environment: may she do better by learning."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from jaxtyping import Float, Int

from ..auctions.finite import AuctionHall, Crowd
from ..auctions.game import BatchedAuction
from ..auctions.mechanism import AbstractAuction


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
        self.observation_space = spaces.Box(0.0, 1.0, (4,), np.float32)
        self.action_space = spaces.Discrete(self._hall.num_bids)
        self._round = self._hall.horizon
        self._value: int | None = None
        self._others: Crowd

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """A fresh auction: independent values, hers included."""
        super().reset(seed=seed)
        hall = self._hall
        self._others = hall.admit(self.np_random, 1, hall.num_agents - 1)
        self._value = int(self.np_random.choice(hall.num_values, p=hall.law))
        self._round = 0
        return self._observation(), {}

    def step(self, action: np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """One round with her bid in it; the episode ends after the last round."""
        hall, t = self._hall, self._round
        if t >= hall.horizon:
            raise ValueError("expected reset() after the last round, got step(); reset first")
        choices = hall.bid(self.np_random, t, self._others)
        reward, won = 0.0, False
        if self._value is None:
            hall.allocate(self.np_random, t, choices, self._others)
        else:
            payment, won = self._compete(t, int(action), choices)
            if won:
                worth = hall.utility(t, np.array([[payment]]))
                reward = float(worth[0, self._value, 0])
        self._live_on(won)
        self._round = t + 1
        return self._observation(), reward, self._round >= hall.horizon, False, {"won": won}

    def _compete(self, t: int, bid: int, choices: Int[np.ndarray, "one S A"]) -> tuple[float, bool]:
        """Her payment and whether she wins; the others are served from what she leaves."""
        hall, crowd = self._hall, self._others
        bids = choices.sum(axis=1)
        bids[:, bid] += 1
        supply, payment = hall.offer(t, bids, crowd.goods)
        goods = int(min(hall.goods(supply)[0], crowd.goods[0]))
        above = int(bids[0, bid + 1 :].sum())
        left = min(max(goods - above, 0), int(bids[0, bid]))
        won = bool(self.np_random.random() < left / bids[0, bid])
        hall.serve(self.np_random, choices, np.array([goods - won]), crowd)
        crowd.goods = crowd.goods - won
        return float(payment[0, bid]), won

    def _live_on(self, won: bool) -> None:
        hall, rng = self._hall, self.np_random
        if self._value is not None and won and rng.random() < hall.departure:
            self._value = None
        elif self._value is not None and hall.kernel is not None:
            self._value = int(rng.choice(hall.num_values, p=hall.kernel[self._value]))
        if self._value is None and rng.random() < hall.reentry:
            self._value = int(rng.choice(hall.num_values, p=hall.law))

    def _observation(self) -> np.ndarray:
        hall = self._hall
        value = 0.0 if self._value is None else self._value / hall.num_values
        left = float(self._others.goods[0]) / hall.num_agents / max(hall.supply, 1e-12)
        seen = (self._round / hall.horizon, value, float(self._value is not None), min(left, 1.0))
        return np.array(seen, np.float32)
