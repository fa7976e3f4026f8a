"""One deviating bidder in each of many independent auctions, held at once."""

import numpy as np
from jaxtyping import Bool, Float, Int

from ..auctions.hall import AuctionHall, Crowd

OBSERVED = 4


class BidderBatch:
    """`num_auctions` exact N-bidder auctions, each with one bidder who chooses her own bids.

    All others bid by the hall's policy. Auctions start and end together; what each deviator sees
    is round, own value, whether she is in the market, and the share of goods left, in [0, 1].

    **Arguments:**

    - `hall`: the auction's rules, number of bidders and policy.
    - `num_auctions`: auctions held at once (M).
    - `rng`: consumed by every draw.
    """

    def __init__(self, hall: AuctionHall, num_auctions: int, rng: np.random.Generator):
        self._hall, self._size, self._rng = hall, num_auctions, rng
        self._round = hall.horizon
        self._values: Int[np.ndarray, "M"]
        self._active: Bool[np.ndarray, "M"]
        self._others: Crowd

    @property
    def over(self) -> bool:
        """Whether the last round is past, or none has begun."""
        return self._round >= self._hall.horizon

    def reset(self) -> Float[np.ndarray, "M 4"]:
        """Fresh auctions: independent values, the deviators' included."""
        hall, rng = self._hall, self._rng
        self._others = hall.admit(rng, self._size, hall.num_agents - 1)
        self._values = rng.choice(hall.num_values, size=self._size, p=hall.law)
        self._active = np.ones(self._size, bool)
        self._round = 0
        return self.observation()

    def step(
        self, bids: Int[np.ndarray, "M"]
    ) -> tuple[Float[np.ndarray, "M"], Bool[np.ndarray, "M"]]:
        """Rewards, in units of utility, and who won, after one round with these bids in it.

        **Raises:** `ValueError` after the last round.
        """
        if self.over:
            raise ValueError("expected reset() after the last round, got step(); reset first")
        hall, t, row = self._hall, self._round, np.arange(self._size)
        choices = hall.bid(self._rng, t, self._others)
        everybody = choices.sum(axis=1)
        everybody[row, bids] += self._active
        supply, payment = hall.offer(t, everybody, self._others.goods)
        goods = np.minimum(hall.goods(supply), self._others.goods)
        reached = np.cumsum(everybody[:, ::-1], axis=1)[:, ::-1]
        equal = everybody[row, bids]
        left = np.clip(goods - (reached[row, bids] - equal), 0, equal)
        won = self._active & (self._rng.random(self._size) * equal < left)
        # What she wins is not for the others, who share the rest as if she had not bid.
        hall.serve(self._rng, choices, goods - won, self._others)
        self._others.goods = self._others.goods - won
        worth = hall.utility(t, payment[row, bids][:, None])[row, self._values, 0]
        self._live_on(won)
        self._round = t + 1
        return np.where(won, worth, 0.0), won

    def observation(self) -> Float[np.ndarray, "M 4"]:
        """Round, own value, in the market or not, share of goods left."""
        hall = self._hall
        left = self._others.goods / hall.num_agents / max(hall.supply, 1e-12)
        columns = (
            np.full(self._size, self._round / hall.horizon),
            np.where(self._active, self._values / hall.num_values, 0.0),
            self._active,
            np.minimum(left, 1.0),
        )
        return np.stack(columns, axis=1).astype(np.float32)

    def _live_on(self, won: Bool[np.ndarray, "M"]) -> None:
        hall, rng = self._hall, self._rng
        self._active &= ~(won & (rng.random(self._size) < hall.departure))
        if hall.kernel is not None:
            steps = np.cumsum(hall.kernel, axis=1)[self._values]
            moved = np.sum(rng.random((self._size, 1)) > steps, axis=1)
            self._values = np.minimum(moved, hall.num_values - 1)
        back = ~self._active & (rng.random(self._size) < hall.reentry)
        fresh = rng.choice(hall.num_values, size=self._size, p=hall.law)
        self._values = np.where(back, fresh, self._values)
        self._active |= back
