"""A pure equilibrium on a cliff: exact sums against every auction there is, and simulated ones."""

from itertools import product

import numpy as np
import polars as pl
import pytest

from incentax.auctions import Economy, FirstPrice, deviation_gain_among, simulate
from incentax.reproduction.amid.cliff import SUPPLY, bid_worth, cliff_policy, pure_rows
from incentax.reproduction.amid.findings import pure_claims

SMALL = Economy(horizon=1, supply=SUPPLY, num_values=4, num_bids=4)


def worth_by_force(num_agents, own, bid):
    """Utility of a bid, over all that the others may be worth: value k bids 2 from 2 on."""
    goods, total = num_agents // 2, 0.0
    for rivals in product(range(4), repeat=num_agents - 1):
        bids = [2 if value >= 2 else 0 for value in rivals]
        above, equal = sum(b > bid for b in bids), sum(b == bid for b in bids)
        total += min(1.0, max(0.0, (goods - above) / (equal + 1))) * (own - bid) / 4
    return total / 4 ** (num_agents - 1)


@pytest.mark.parametrize("num_agents", [2, 3, 6])
def test_worth_is_that_of_all_auctions(num_agents):
    expected = [[worth_by_force(num_agents, s, a) for a in range(4)] for s in range(4)]
    assert bid_worth(num_agents, SMALL) == pytest.approx(np.array(expected), abs=1e-12)


def test_rows_are_best_responses_over_all_values_and_bids():
    small, large = pure_rows((6, 100_000))
    # Half of the time a tick wins: (.49 - (v - .5)) / 2 more than the price leaves of v >= .5, and
    # (v - .01) / 2 for the others, who win nothing but what is left over.
    lower, upper = np.arange(1, 50) / 100, np.arange(50, 100) / 100
    limit = (np.sum(lower - 0.01) + np.sum(0.49 - (upper - 0.5))) / 200
    assert large["exploitability"] == pytest.approx(limit, rel=1e-3)
    for row in (small, large):
        assert row["largest_gain"] == pytest.approx(0.49 / 2)
        assert (row["eager"], row["eager_bid"]) == (0.5, 0.01)
        assert row["margin"] < 1e-12 and abs(row["exploitability_mean_field"]) < 1e-12
    assert small["gap"] > large["gap"] > 0


def test_simulated_auctions_agree():
    economy = Economy(horizon=1, supply=SUPPLY)
    auction = economy.game(), FirstPrice.equal_split(SUPPLY, 1), cliff_policy(economy)
    (row,) = pure_rows((6,))
    held = simulate(*auction, num_agents=6, num_trials=20_000, seed=1).revenue
    assert abs(0.25 - row["gap"] - held.mean()) < 4.5 * held.std() / np.sqrt(held.size)
    found = deviation_gain_among(*auction, num_agents=6, num_trials=8000, seed=2)
    error = (found.high - found.low) / (2 * 1.96)
    assert abs(row["exploitability"] - found.gain) < 4.5 * error


def test_the_claim_tells_mean_and_most_and_stays_open():
    table = pl.DataFrame(pure_rows((10, 100, 1000)))
    gain, gap = pure_claims(table)
    assert "0.1201 at N = 1000" in gain.measured
    assert "0.2450, gains the value 0.5 by bidding 0.01" in gain.measured
    assert gain.agrees is None and gap.measured.startswith("slope -0.49")
