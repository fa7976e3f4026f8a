"""What one bidder among finitely many gains by leaving the equilibrium, by best response."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from .game import BatchedAuction
from .hall import AuctionHall
from .held_out import paired_interval
from .mechanism import AbstractAuction

# Odds by trial, own value and own bid are evaluated in batches of at most this many.
_BATCH_ENTRIES = 2_000_000


@dataclass(frozen=True, eq=False)
class Deviation:
    """The gain of a best response among `num_agents`, per deviating bidder, in units of utility.

    - `gain`, `low`, `high`: mean over fresh auctions with a 95 % interval: an unbiased value of
      `policy`, hence a lower bound on the exploitability.
    - `optimistic`: the gain in the auctions that `policy` was fitted to, never below it in the
      mean: between the two lies the exploitability.
    - `policy`: `[H, S + 1, A]`, what the deviator does.
    """

    num_agents: int
    num_trials: int
    gain: float
    low: float
    high: float
    optimistic: float
    policy: Float[np.ndarray, "H S A"]


@dataclass(frozen=True, eq=False)
class Odds:
    """What each bid of one more bidder does, trial by trial: win `[M, H, A]`, pay `[M, H, A]`."""

    win: Float[np.ndarray, "M H A"]
    payment: Float[np.ndarray, "M H A"]


def deviation_gain_among(
    game: BatchedAuction,
    mechanism: AbstractAuction,
    policy: Float[np.ndarray, "H S A"],
    *,
    num_agents: int,
    num_trials: int,
    seed: int = 0,
) -> Deviation:
    """The N-player exploitability of `policy`: best response against simulated opponents.

    Opponents are simulated while the deviator abstains; what each of her bids would win and pay
    is then exact in every trial. That her earlier bids change her opponents' later ones is left
    out, an effect of order 1 / N; with one round there is none. The best response is found on one
    half of the trials by dynamic programming and judged on the other.

    **Arguments:**

    - `game`, `mechanism`, `policy`: the auction, and what everybody else does.

    **Other arguments:**

    - `num_agents`, `num_trials`, `seed`: bidders, auctions (at least 4), and seed of the draws.

    Reference: arXiv 2510.21442, N-player exploitability.
    """
    if num_agents < 2 or num_trials < 4:
        raise ValueError(
            f"expected num_agents >= 2 and num_trials >= 4, got {num_agents} and {num_trials}; "
            "try 1000 and 200"
        )
    hall = AuctionHall.open(game, mechanism, policy, num_agents)
    rng = np.random.default_rng(seed)
    half = num_trials // 2
    fitted, fresh = opponents_odds(hall, rng, half), opponents_odds(hall, rng, num_trials - half)
    best = best_reply_to(hall, fitted)
    in_sample = policy_values(hall, fitted, best) - policy_values(hall, fitted, hall.policy)
    gains = policy_values(hall, fresh, best) - policy_values(hall, fresh, hall.policy)
    gain, low, high = paired_interval(gains)
    bystander = np.asarray(policy, np.float64)[:, -1:]
    return Deviation(
        num_agents=num_agents,
        num_trials=num_trials,
        gain=gain,
        low=low,
        high=high,
        optimistic=float(in_sample.mean()),
        policy=np.concatenate([best, bystander], axis=1),
    )


def opponents_odds(hall: AuctionHall, rng: np.random.Generator, num_trials: int) -> Odds:
    """Odds of the N-th bidder against N - 1 simulated ones."""
    size = max(1, _BATCH_ENTRIES // (hall.num_bids * max(hall.num_bids, hall.num_values)))
    parts = []
    for start in range(0, num_trials, size):
        crowd = hall.admit(rng, min(size, num_trials - start), hall.num_agents - 1)
        rounds = []
        for t in range(hall.horizon):
            choices = hall.bid(rng, t, crowd)
            rounds.append(_odds(hall, t, choices.sum(axis=1), crowd.goods))
            hall.allocate(rng, t, choices, crowd)
        parts.append([np.stack(column, axis=1) for column in zip(*rounds, strict=True)])
    win, payment = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Odds(win, payment)


def best_reply_to(hall: AuctionHall, odds: Odds) -> Float[np.ndarray, "H S A"]:
    """`[H, S, A]`, the policy that is best on average over these trials, by dynamic programming."""
    values, outside = np.zeros(hall.num_values), 0.0
    best = np.zeros((hall.horizon, hall.num_values, hall.num_bids))
    for t in reversed(range(hall.horizon)):
        gained = _mean_gain(hall, t, odds)
        losing, out = _continuation(hall, values, outside)
        leaving = hall.departure * (out - losing)
        worth = losing[:, None] + gained + odds.win[:, t].mean(axis=0) * leaving[:, None]
        choice = worth.argmax(axis=1)
        best[t, np.arange(hall.num_values), choice] = 1
        values, outside = worth.max(axis=1), out
    return best


def policy_values(
    hall: AuctionHall, odds: Odds, policy: Float[np.ndarray, "H S A"]
) -> Float[np.ndarray, "M"]:
    """`[M]`, what `policy` is worth in each trial to a bidder of random value."""
    trials = odds.win.shape[0]
    size = max(1, _BATCH_ENTRIES // (hall.num_values * hall.num_bids))
    worth = []
    for start in range(0, trials, size):
        win, payment = odds.win[start : start + size], odds.payment[start : start + size]
        values, outside = np.zeros((len(win), hall.num_values)), np.zeros(len(win))
        for t in reversed(range(hall.horizon)):
            utility = hall.utility(t, payment[:, t])
            losing, out = _continuation(hall, values, outside)
            leaving = hall.departure * (out[:, None] - losing)
            change = win[:, t, None, :] * (utility + leaving[:, :, None])
            values = losing + np.einsum("sa,msa->ms", policy[t], change)
            outside = out
        worth.append(values @ hall.law)
    return np.concatenate(worth)


def _mean_gain(hall: AuctionHall, t: int, odds: Odds) -> Float[np.ndarray, "S A"]:
    size = max(1, _BATCH_ENTRIES // (hall.num_values * hall.num_bids))
    total = np.zeros((hall.num_values, hall.num_bids))
    for start in range(0, odds.win.shape[0], size):
        win, payment = odds.win[start : start + size, t], odds.payment[start : start + size, t]
        total += np.sum(win[:, None, :] * hall.utility(t, payment), axis=0)
    return total / odds.win.shape[0]


def _continuation(hall: AuctionHall, values, outside):
    # Batches of values [M, S] and of outside values [M], or one of each.
    losing = values if hall.kernel is None else values @ hall.kernel.T
    return losing, hall.reentry * (values @ hall.law) + (1 - hall.reentry) * outside


def _odds(hall: AuctionHall, t: int, bids, goods):
    """Win probability and payment `[M, A]` of each bid that one more bidder may make."""
    own = np.eye(hall.num_bids, dtype=np.int64)
    supply, payments = hall.offer(t, bids[:, None, :] + own, goods[:, None])
    for_sale = np.minimum(hall.goods(supply), goods[:, None])
    above = np.cumsum(bids[:, ::-1], axis=1)[:, ::-1] - bids
    win = np.clip((for_sale - above) / (bids + 1), 0, 1)
    return win, np.einsum("maa->ma", payments)
