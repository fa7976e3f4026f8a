"""A pure equilibrium with zero dominance among N bidders: what is left of it, by exact sums."""

import jax
import numpy as np
import scipy  # its parts load when first used
from jaxtyping import Float

from ...auctions import Economy, FirstPrice
from ...certificate import no_zero_dominance
from ...flow import deviation_gain, population_flow
from ..frame import Rows
from .theory import posted_revenue

SUPPLY = 0.5
AGENTS = (10, 100, 1000, 10_000, 100_000)


def pure_rows(numbers: tuple[int, ...] = AGENTS) -> Rows:
    """What bidders gain by leaving the equilibrium, and the revenue gap, by number of bidders.

    One round of first price with uniform values, goods for half of the bidders: the upper half of
    the values bids the price that clears the market, the lower half nothing. In the mean field
    nobody gains: no bid below the price wins, for nothing is left. But nobody bids between, and
    exactly the supply is bid for above: zero dominance, a `margin` of zero. Among N a single tick
    wins whenever fewer rivals than goods bid the price, half of the time.

    `exploitability` is the mean gain of a best response over the values, as in the library's
    definition; `largest_gain` is that of the value `eager` by bidding `eager_bid`. The last two
    columns are of the mean field, by the library.
    """
    with jax.enable_x64(True):
        economy = Economy(horizon=1, supply=SUPPLY)
        game, mechanism = economy.game(), FirstPrice.equal_split(SUPPLY, 1)
        policy = cliff_policy(economy)
        rounds = population_flow(game, jax.numpy.asarray(policy), mechanism).rounds
        limit = float(deviation_gain(game, jax.numpy.asarray(policy), rounds, mechanism))
        rounds = jax.device_get(rounds)
    margin = no_zero_dominance(rounds.bids, rounds.supply).margin
    values = np.arange(economy.num_values) / economy.num_values
    rows = []
    for number in numbers:
        worth = bid_worth(number, economy)
        gains = worth.max(axis=1) - np.sum(policy[0, :-1] * worth, axis=1)
        eager = int(gains.argmax())
        rows.append(
            {
                "agents": number,
                "exploitability": float(gains @ economy.initial_values()),
                "largest_gain": float(gains[eager]),
                "eager": float(values[eager]),
                "eager_bid": float(worth[eager].argmax() / economy.num_bids),
                "gap": float(np.sum(rounds.revenue)) - posted_revenue(number, 1 - SUPPLY, SUPPLY),
                "margin": margin,
                "exploitability_mean_field": limit,
            }
        )
    return rows


def cliff_policy(economy: Economy) -> Float[np.ndarray, "1 S A"]:
    """`[1, S + 1, A]`: the clearing price of `SUPPLY` from values that reach it, else nothing."""
    policy = np.zeros((1, economy.num_values + 1, economy.num_bids))
    policy[0, :, 0] = 1
    buyers = round((1 - SUPPLY) * economy.num_values)
    policy[0, buyers:-1] = np.eye(economy.num_bids)[round((1 - SUPPLY) * economy.num_bids)]
    return policy


def bid_worth(num_agents: int, economy: Economy) -> Float[np.ndarray, "S A"]:
    """Expected utility `[S, A]` of each bid against N - 1 bidders on the cliff.

    As many of them bid the price as a binomial number says, the others nothing; sums over it are
    within 1e-30 of exact. Ties share what is left evenly, the bidder herself included.
    """
    reach = 12 * np.sqrt(num_agents * SUPPLY * (1 - SUPPLY)) + 12
    middle = num_agents * SUPPLY
    rivals = np.arange(max(0, int(middle - reach)), min(num_agents - 1, int(middle + reach)) + 1)
    bids = np.zeros((rivals.size, economy.num_bids))
    bids[:, 0] = num_agents - 1 - rivals
    bids[:, round((1 - SUPPLY) * economy.num_bids)] = rivals
    above = np.cumsum(bids[:, ::-1], axis=1)[:, ::-1] - bids
    goods = np.floor(SUPPLY * num_agents + 1e-9)
    odds = scipy.stats.binom.pmf(rivals, num_agents - 1, SUPPLY)
    wins = odds @ np.clip((goods - above) / (bids + 1), 0, 1)
    surplus = np.subtract.outer(
        np.arange(economy.num_values) / economy.num_values,
        np.arange(economy.num_bids) / economy.num_bids,
    )
    return wins * surplus
