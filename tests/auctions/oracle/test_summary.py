import json
from dataclasses import asdict

import pytest

from incentax.auctions.oracle import CrossEntropy, summarise

from .markets import a1, a1_redrawn, a2, a6, a7, a10

QUICK = CrossEntropy(num_restarts=1, num_iterations=20, population=60, elite=10)


@pytest.mark.parametrize(
    ("setting", "caps"),
    [
        (a1, {"myerson_cap", "dynamic_cap", "first_best"}),
        (a2, {"dynamic_cap", "first_best"}),
        (a6, {"weighted_cap", "first_best"}),
        (a7, {"dynamic_cap", "memoryless_cap", "first_best"}),
        (a10, {"dynamic_cap", "first_best"}),
    ],
)
def test_orders_lower_bounds_below_the_caps_that_hold(setting, caps):
    oracles = summarise(setting(), search=QUICK)
    assert set(oracles.revenue_caps) == caps
    assert oracles.posted_price is not None and oracles.cap is not None
    assert oracles.constant_price <= oracles.posted_price + 1e-12
    assert max(oracles.posted_price, oracles.first_price) <= oracles.cap + 1e-9
    assert oracles.cap <= oracles.first_best + 1e-12
    assert oracles.first_price_range[1] == oracles.first_price
    json.dumps(asdict(oracles))


def test_published_row_of_a1():
    oracles = summarise(a1(), search=None)
    assert oracles.cap == pytest.approx(0.25)
    assert oracles.myerson_cap == pytest.approx(0.25)
    assert oracles.first_best == pytest.approx(0.476)
    assert oracles.first_price_range == pytest.approx((0.152, 0.16))
    assert oracles.first_price_prices == pytest.approx((0.2,) * 4)
    assert oracles.posted_price is None and oracles.posted_prices is None
    # Everybody who is present wants to buy: to stay away is worth nothing.
    assert oracles.first_price_present is None and oracles.first_price_present_prices is None


def test_published_row_of_a1_redrawn():
    oracles = summarise(a1_redrawn(), search=QUICK)
    assert oracles.first_best == pytest.approx(0.6698, abs=5e-5)
    assert oracles.cap == oracles.dynamic_cap == pytest.approx(0.6550, abs=5.1e-5)
    assert oracles.constant_price == pytest.approx(0.4733, abs=5e-5)
    assert oracles.first_price_range == pytest.approx((0.4306, 0.4400), abs=1e-4)


def test_who_cannot_stay_away_lowers_the_price():
    """In A2 the goods of the first round go for nothing; who takes them is gone from the rest."""
    oracles = summarise(a2(), search=None)
    assert oracles.first_price == pytest.approx(0.41348, abs=1e-5)
    assert oracles.first_price_present < oracles.first_price - 0.05
    prices = oracles.first_price_present_prices
    assert prices[0] == 0 and len(prices) == 4 and prices[1] > 0
