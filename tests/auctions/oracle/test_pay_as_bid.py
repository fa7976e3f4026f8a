import numpy as np
import pytest
import scipy.stats

from incentax.auctions.oracle import (
    ConstantAbsoluteAversion,
    ConstantRelativeAversion,
    RiskNeutral,
    pay_as_bid,
    pay_as_bid_revenue,
)


@pytest.mark.parametrize(
    ("num_bidders", "num_items", "value", "expected"),
    [
        (10, 8, 0.5, 0.192829),
        (10, 8, 1.0, 0.2),
        (100, 80, 0.2, 0.169445),
        (100, 80, 0.25, 0.191143),
        (100, 80, 0.5, 0.2),
    ],
)
def test_published_bids(num_bidders, num_items, value, expected):
    bid = pay_as_bid([value], num_bidders=num_bidders, num_items=num_items)
    assert bid[0] == pytest.approx(expected, abs=5e-7)


@pytest.mark.parametrize("num_bidders", [2, 5, 50])
def test_one_item_is_the_textbook_first_price_auction(num_bidders):
    values = np.linspace(0.01, 1, 20)
    bids = pay_as_bid(values, num_bidders=num_bidders, num_items=1)
    assert bids == pytest.approx((num_bidders - 1) * values / num_bidders, abs=1e-10)


@pytest.mark.parametrize(
    ("num_bidders", "num_items", "neutral", "relative", "absolute"),
    [
        (2, 1, 0.45, 0.6, 0.59695),
        (10, 8, 0.2, 0.26687, 0.24281),
        (100, 80, 0.2, 0.22242, 0.20404),
        (1000, 800, 0.2, 0.20713, 0.20040),
    ],
)
def test_risk_raises_bids_by_the_published_amount(
    num_bidders, num_items, neutral, relative, absolute
):
    risks = RiskNeutral(), ConstantRelativeAversion(0.5), ConstantAbsoluteAversion(5.0)
    for risk, expected in zip(risks, (neutral, relative, absolute), strict=True):
        bid = pay_as_bid([0.9], num_bidders=num_bidders, num_items=num_items, risk=risk)
        assert bid[0] == pytest.approx(expected, abs=6e-6)


def test_excess_bids_fall_like_the_leading_order_terms():
    size, supply = 10_000, 0.8
    counts = dict(num_bidders=size, num_items=int(supply * size))
    neutral = pay_as_bid([0.9], **counts)[0]
    relative = pay_as_bid([0.9], risk=ConstantRelativeAversion(0.5), **counts)[0]
    absolute = pay_as_bid([0.9], risk=ConstantAbsoluteAversion(2.0), **counts)[0]
    assert (relative - neutral) * np.sqrt(size) == pytest.approx(0.2257, rel=0.01)
    assert (absolute - neutral) * size == pytest.approx(0.08 * 2.0, rel=0.02)


def test_constant_relative_aversion_with_one_item_has_a_closed_form():
    bid = pay_as_bid([0.8], num_bidders=6, num_items=1, risk=ConstantRelativeAversion(0.3))
    assert bid[0] == pytest.approx(5 * 0.8 / (6 - 0.3), abs=1e-10)


def test_bids_tend_to_the_population_limit():
    values = np.array([0.1, 0.15, 0.3, 0.9])
    bids = pay_as_bid(values, num_bidders=100_000, num_items=80_000)
    assert bids == pytest.approx(np.minimum(values, 0.2), abs=2e-4)


def test_far_below_the_clearing_price_the_distribution_underflows_and_the_bid_does_not():
    # Conditional on winning, the K-th rival is then distributed like v U^(1/(N-K)).
    bid = pay_as_bid([1e-4], num_bidders=1000, num_items=500)
    assert bid[0] == pytest.approx(1e-4 * 500 / 501, rel=1e-4)


def test_the_bid_is_the_best_reply_to_itself():
    # Payoff of bidding like type z, at 200 other types: none gains.
    types = np.linspace(0.01, 1.0, 200)
    bids = pay_as_bid(types, num_bidders=10, num_items=8)
    wins = scipy.stats.beta(2, 8).cdf(types)
    for value in (0.2, 0.5, 0.9):
        own = pay_as_bid([value], num_bidders=10, num_items=8)[0]
        honest = (value - own) * scipy.stats.beta(2, 8).cdf(value)
        assert np.max((value - bids) * wins) <= honest + 1e-12


def test_other_laws_rescale_the_uniform_bid():
    # Values 3u: the game is the uniform one in units of 3.
    uniform = pay_as_bid([0.4], num_bidders=10, num_items=8, reserve=0.1)
    scaled = pay_as_bid(
        [1.2], num_bidders=10, num_items=8, reserve=0.3, law=scipy.stats.uniform(scale=3)
    )
    assert scaled == pytest.approx(3 * uniform, abs=1e-9)


def test_no_bid_below_the_reserve():
    bids = pay_as_bid([0.3, 0.5, 0.9], num_bidders=10, num_items=8, reserve=0.5)
    assert bids[0] == 0.0
    assert bids[1] == 0.5
    assert 0.5 < bids[2] < 0.9


@pytest.mark.parametrize(
    ("num_bidders", "num_items", "reserve", "expected"),
    [
        (10, 8, 0.0, 0.145455),
        (100, 80, 0.0, 0.158416),
        (10, 8, 0.5, 0.249876),
        (10, 5, 0.5, 0.238636),
        (100, 50, 0.5, 0.248762),
        (100, 20, 0.5, 0.158416),
    ],
)
def test_published_revenues(num_bidders, num_items, reserve, expected):
    revenue = pay_as_bid_revenue(num_bidders=num_bidders, num_items=num_items, reserve=reserve)
    assert revenue == pytest.approx(expected, abs=5e-7)


@pytest.mark.parametrize("size", [10, 100, 1000, 10_000])
def test_biases_from_the_population_are_exact(size):
    plain = pay_as_bid_revenue(num_bidders=size, num_items=8 * size // 10)
    assert plain - 0.16 == pytest.approx(-0.16 / (size + 1), rel=1e-8)
    reserve = pay_as_bid_revenue(num_bidders=size, num_items=size // 2, reserve=0.5)
    assert reserve - 0.25 == pytest.approx(-1 / (8 * (size + 1)), rel=1e-6)


@pytest.mark.parametrize("reserve", [0.0, 0.4])
def test_revenue_is_what_the_bids_pay(reserve):
    nodes, weights = np.polynomial.legendre.leggauss(60)
    types = reserve + (1 - reserve) * (nodes + 1) / 2
    bids = pay_as_bid(types, num_bidders=6, num_items=3, reserve=reserve)
    paid = bids * scipy.stats.beta(3, 3).cdf(types)
    expected = (1 - reserve) / 2 * weights @ paid
    revenue = pay_as_bid_revenue(num_bidders=6, num_items=3, reserve=reserve)
    assert revenue == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("num_items", [0, 10, 11])
def test_refuses_sales_that_are_no_contest(num_items):
    with pytest.raises(ValueError, match=r"expected .*, got .*; try .*"):
        pay_as_bid([0.5], num_bidders=10, num_items=num_items)


@pytest.mark.parametrize(
    "risk", [lambda: ConstantRelativeAversion(1.0), lambda: ConstantAbsoluteAversion(0.0)]
)
def test_refuses_risk_attitudes_without_a_bid(risk):
    with pytest.raises(ValueError, match=r"expected .*, got .*; try .*"):
        risk()
