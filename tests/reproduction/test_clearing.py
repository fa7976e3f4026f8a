"""Two computations of first price that share no code: mirror descent and a linear program."""

import numpy as np
import pytest

from incentax.auctions import Economy
from incentax.auctions.oracle import first_price_interval, first_price_present
from incentax.problems import problems
from incentax.reproduction.amid.clearing import PROBLEMS, clearing_rows


@pytest.mark.parametrize("name", PROBLEMS)
def test_equilibria_collect_what_clears_the_market(name):
    """The tolerance rule: one tick of bids on everything sold, either side of the interval."""
    rows = clearing_rows(name, 100)
    supply = problems[name].setting.economy.supply
    sold = np.array([row["sold"] for row in rows])
    assert sold == pytest.approx(np.full(len(rows), supply / len(rows)), abs=1e-9)
    last = rows[-1]
    assert last["revenue_low"] - 0.01 * supply <= last["revenue"]
    assert last["revenue"] <= last["revenue_high"] + 0.01 * supply
    # Each round rounds down to its own tick and passes it on to the rounds before.
    for row in rows:
        assert row["price_low"] - 0.015 <= row["price"] <= row["price_high"] + 0.015
    assert last["exploitability"] < 2e-3


def test_rounds_that_give_goods_away_are_left_out():
    """In A2 values treble: at price zero fewer want to win early than there are goods."""
    market = Economy(decay=0.9, growth=3.0, spread=0.2).market()
    willing = first_price_interval(market).highest
    assert willing.prices[0] == 0 and willing.sales[0] < 0.15
    given, interval = first_price_present(market)
    assert given.tolist() == [0.2] and interval.highest.prices.size == 3
    # Fewer bidders for the same goods: every later price is lower.
    assert np.all(interval.highest.prices < willing.prices[1:])


def test_markets_without_such_rounds_stay_whole():
    market = Economy().market()
    given, interval = first_price_present(market)
    assert given.size == 0 and interval.highest.revenue == pytest.approx(0.16)
