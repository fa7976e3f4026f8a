"""The auctions of Theorem 2, held among N bidders: what the exact sums are checked against."""

import jax.numpy as jnp
import numpy as np

from ...auctions import Economy, FirstPrice, PostedPrice, ReservePrice, simulate
from ...auctions.deviation import opponents_odds
from ...auctions.hall import AuctionHall
from ...auctions.mechanism import AbstractAuction
from . import theory

SUPPLY = 0.8
# Values are drawn in batches of about this many.
_BATCH_VALUES = 1_000_000
# The deviator's value: the highest of the grid.
_EAGER = 0.99


def held(num_agents: int, num_trials: int, seed: int = 0) -> dict[str, dict[str, float]]:
    """By case: `held_exact`, the exact sum on the grid; `held` and `held_error`, by simulation.

    One round, 100 values and bids, ties at random. Those who would not win at the price bid
    nothing where a price is posted, and their value at first price. For the exploitability each
    trial gives exactly how a bid at the atom fares against N - 1 simulated bidders. First price at
    its own equilibrium is on no grid: values are uniform and bids are exact.
    """
    clearing = 1 - SUPPLY
    posted, kept = Economy(horizon=1, supply=SUPPLY), Economy(horizon=1, supply=0.5)
    own = _policy(posted, lambda values: np.minimum(values, clearing))
    first_price = FirstPrice.equal_split(SUPPLY, 1)
    auctions: dict[str, tuple[Economy, AbstractAuction, np.ndarray, float]] = {
        "posted price at the kink": (
            posted,
            PostedPrice(jnp.array([clearing])),  # pyright: ignore[reportCallIssue]
            _policy(posted, lambda values: clearing * (values > clearing - 1e-9)),
            theory.posted_revenue(num_agents, clearing, SUPPLY),
        ),
        "reserve at the kink": (
            kept,
            ReservePrice(jnp.array([0.5])),  # pyright: ignore[reportCallIssue]
            _policy(kept, lambda values: 0.5 * (values > 0.5 - 1e-9)),
            theory.posted_revenue(num_agents, 0.5, 0.5),
        ),
        "mean-field bids": (
            posted,
            first_price,
            own,
            theory.grid_bids_revenue(num_agents, SUPPLY, posted.num_bids),
        ),
    }
    found = {}
    for k, (case, (economy, mechanism, policy, exact)) in enumerate(auctions.items()):
        trials = simulate(
            economy.game(),
            mechanism,
            policy,
            num_agents=num_agents,
            num_trials=num_trials,
            seed=seed + k,
        )
        found[case] = _row(exact, trials.revenue)
    hall = AuctionHall.open(posted.game(), first_price, own, num_agents)
    odds = opponents_odds(hall, np.random.default_rng(seed + len(auctions)), num_trials)
    # A hair above the atom she wins surely, and pays no more to speak of.
    lost = 1 - odds.win[:, 0, round(clearing * posted.num_bids)]
    exact = theory.atom_gain(num_agents, SUPPLY, _EAGER)
    found["exploitability"] = _row(exact, lost * (_EAGER - clearing))
    revenue = _first_price_revenue(num_agents, num_trials, seed + len(auctions) + 1)
    found["first price"] = _row(theory.pay_as_bid_revenue(num_agents, SUPPLY), revenue)
    return found


def _first_price_revenue(num_agents: int, num_trials: int, seed: int) -> np.ndarray:
    """Revenue per bidder in each of these auctions: the K highest of N values win and pay."""
    goods, rng, revenue = round(SUPPLY * num_agents), np.random.default_rng(seed), []
    batch = max(1, _BATCH_VALUES // num_agents)
    for start in range(0, num_trials, batch):
        values = rng.random((min(batch, num_trials - start), num_agents))
        # Bids rise with values: the highest bids are of the highest values.
        winners = np.partition(values, num_agents - goods, axis=1)[:, num_agents - goods :]
        paid = theory.pay_as_bid(winners, num_agents, SUPPLY)
        revenue.append(paid.sum(axis=1) / num_agents)
    return np.concatenate(revenue)


def _policy(economy: Economy, bid) -> np.ndarray:
    """`[1, S + 1, A]`: each value bids `bid(value)`, on the grid."""
    values = np.arange(economy.num_values + 1) / economy.num_values
    return np.eye(economy.num_bids)[np.rint(bid(values) * economy.num_bids).astype(int)][None]


def _row(exact: float, sample: np.ndarray) -> dict[str, float]:
    error = float(sample.std(ddof=1) / np.sqrt(sample.size))
    return {"held_exact": exact, "held": float(sample.mean()), "held_error": error}
