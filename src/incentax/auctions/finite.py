"""Repeated auctions among finitely many bidders, and what they came to."""

from copy import copy
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from .._types import Objective
from ..objective import Mix, efficiency, revenue
from .game import BatchedAuction
from .hall import AuctionHall
from .luck import Sensitivities, luck_of_bids, luck_of_moves, luck_of_values
from .mechanism import AbstractAuction

# Trials are run in batches, so that counts by trial, value and bid stay below this many.
_BATCH_COUNTS = 2_000_000


@dataclass(frozen=True, eq=False)
class Trials:
    """What repeated auctions among `num_agents` bidders came to, per bidder.

    - `revenue`, `efficiency`: `[M]`, money paid and value of the winners, over all rounds.
    - `sold`: `[M, H]`, goods sold in each round.
    - `luck`: `[M]`, first-order luck for `without_luck`; zeros where nobody asked for it.
    """

    num_agents: int
    revenue: Float[np.ndarray, "M"]
    efficiency: Float[np.ndarray, "M"]
    sold: Float[np.ndarray, "M H"]
    luck: Float[np.ndarray, "M"]

    def score(self, objective: Objective) -> Float[np.ndarray, "M"]:
        """`[M]`, an auction's objective in each trial.

        **Raises:** `ValueError` for an objective other than revenue, efficiency or a `Mix`.
        """
        if objective is revenue:
            return self.revenue
        if objective is efficiency:
            return self.efficiency
        if isinstance(objective, Mix):
            return objective.weight * self.revenue + (1 - objective.weight) * self.efficiency
        raise ValueError(f"expected revenue, efficiency or Mix, got {objective}; try revenue")


def simulate(
    game: BatchedAuction,
    mechanism: AbstractAuction,
    policy: Float[np.ndarray, "H S A"],
    *,
    num_agents: int,
    num_trials: int,
    seed: int = 0,
    worth: Sensitivities | None = None,
) -> Trials:
    """Independent auctions among `num_agents` bidders who all bid by `policy`.

    Values are drawn independently; the highest bids win whole goods, at most the floor of supply
    x bidders; ties at the threshold are broken uniformly at random; the mechanism sees the share
    of bidders at each bid.

    **Arguments:**

    - `game`, `mechanism`, `policy`: as in the mean-field auction; `policy` is `[H, S + 1, A]`.

    **Other arguments:**

    - `num_agents`, `num_trials`: bidders (N), and auctions to hold.
    - `seed`: of every draw.
    - `worth`: what chance is worth to an objective, from `sensitivities`: `luck` is then recorded.

    **Raises:** `ValueError` for counts below one, or a policy of another shape.

    Reference: arXiv 2510.21442, the N-player batched auction.
    """
    hall = AuctionHall.open(game, mechanism, policy, num_agents)
    if num_trials < 1:
        raise ValueError(f"expected num_trials >= 1, got {num_trials}; try 100")
    rng = np.random.default_rng(seed)
    parts = [_batch(hall, rng, size, worth) for size in _batches(hall, num_trials)]
    sold, paid, earned, luck = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Trials(
        num_agents=num_agents,
        revenue=paid.sum(axis=1) / num_agents,
        efficiency=earned.sum(axis=1) / num_agents,
        sold=sold / num_agents,
        luck=luck,
    )


def rehearse(
    game: BatchedAuction,
    mechanism: AbstractAuction,
    policy: Float[np.ndarray, "H S A"],
    *,
    num_agents: int,
    num_trials: int,
) -> None:
    """Nothing; `simulate` with these arguments then compiles nothing any more, and can be timed."""
    hall = AuctionHall.open(game, mechanism, policy, num_agents)
    for size in set(_batches(hall, num_trials)):
        for t in range(hall.horizon):
            hall.offer(t, np.zeros((size, hall.num_bids), np.int64), np.zeros(size, np.int64))


def _batches(hall: AuctionHall, num_trials: int) -> list[int]:
    """Sizes of the batches that trials are run in."""
    most = max(1, _BATCH_COUNTS // (hall.num_values * hall.num_bids))
    return [min(most, num_trials - start) for start in range(0, num_trials, most)]


def _batch(hall: AuctionHall, rng: np.random.Generator, size: int, worth: Sensitivities | None):
    """Goods sold, money paid and value of the winners `[M, H]`, and luck `[M]`."""
    crowd = hall.admit(rng, size, hall.num_agents)
    luck = np.zeros(size) if worth is None else luck_of_values(hall, worth, crowd)
    rounds = []
    for t in range(hall.horizon):
        before = copy(crowd)
        choices = hall.bid(rng, t, crowd)
        rounds.append(hall.allocate(rng, t, choices, crowd))
        if worth is not None:
            luck += luck_of_bids(hall, worth, t, choices)
        if worth is not None and t + 1 < hall.horizon:
            luck += luck_of_moves(hall, worth, t, choices, before, crowd)
    return *(np.stack(column, axis=1) for column in zip(*rounds, strict=True)), luck
