import numpy as np
import pytest

from incentax.auctions.oracle import (
    Market,
    Regenerate,
    Stay,
    best_response,
    dual_value,
    efficient_welfare,
    first_best,
    first_price,
    first_price_interval,
    posted_path,
)

from .markets import a1, a1_redrawn, a2, a6, a7, a10, gaussian_kernel

SETTINGS = [a1, a1_redrawn, a2, a6, a7, a10]


def test_published_prices_of_a1():
    interval = first_price_interval(a1())
    assert interval.highest.revenue == pytest.approx(0.16, abs=1e-9)
    assert interval.lowest.revenue == pytest.approx(0.152, abs=1e-9)
    assert interval.highest.prices == pytest.approx(np.full(4, 0.2), abs=1e-9)
    assert interval.lowest.prices == pytest.approx(np.full(4, 0.19), abs=1e-9)


def test_published_prices_of_a1_with_values_redrawn():
    sale = first_price(a1_redrawn())
    interval = first_price_interval(a1_redrawn())
    assert interval.lowest.revenue == pytest.approx(0.4306, abs=5e-5)
    assert interval.highest.revenue == pytest.approx(0.4400, abs=1e-4)
    # The published vector is one point of a dual interval one tick wide.
    assert sale.prices == pytest.approx([0.581, 0.571, 0.538, 0.500], abs=0.011)
    assert interval.lowest.revenue - 1e-9 <= sale.revenue <= interval.highest.revenue + 1e-9


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_linear_program_meets_its_dual(setting):
    interval = first_price_interval(setting())
    for sale in (first_price(setting()), interval.lowest, interval.highest):
        assert abs(sale.gap) <= 1e-7


@pytest.mark.parametrize("after_win", [Stay(), Regenerate(probability=0.05)])
def test_a_hundred_rounds_meet_their_dual(after_win):
    values = np.arange(12) / 12
    law = 0.8 ** np.arange(12) / np.sum(0.8 ** np.arange(12))
    market = Market(
        values,
        law,
        kernel=gaussian_kernel(1.05, 0.1, values),
        horizon=100,
        supply=4.0,
        after_win=after_win,
    )
    sale = first_price(market)
    assert sale.revenue > 0.1
    assert abs(sale.gap) <= 1e-7


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_other_price_vector_has_a_greater_dual_value(setting):
    market = setting()
    sale = first_price(market)
    generator = np.random.default_rng(0)
    for spread in (1e-3, 1e-2, 0.3):
        for _ in range(10):
            noise = spread * generator.standard_normal(market.horizon)
            prices = np.maximum(sale.prices + noise, 0)
            assert dual_value(market, prices) >= sale.welfare - 1e-9


@pytest.mark.parametrize("setting", SETTINGS)
def test_winners_are_the_bidders_who_want_to_buy(setting):
    market = setting()
    sale = first_price(market)
    # The price of one round alone is moved, so that indifference between rounds is broken too.
    moves = 1e-7 * np.eye(market.horizon)
    rounds = np.arange(market.horizon)
    eager = best_response(market, sale.prices + moves).buys[rounds, rounds]
    willing = best_response(market, sale.prices - moves).buys[rounds, rounds]
    active, out = market.initial, 0.0
    exits, returns = market.after_win.exit_probability, market.after_win.return_probability
    for h, winners in enumerate(sale.winners):
        assert active.sum() + out == pytest.approx(1, abs=1e-9)
        assert np.all(winners <= active + 1e-9)
        assert winners[~willing[h]].sum() <= 1e-9
        assert (active - winners)[eager[h]].sum() <= 1e-6
        gone = out + exits * winners.sum()
        out = (1 - returns) * gone
        active = market.advance(active - exits * winners) + returns * gone * market.initial
    assert np.all(sale.sales <= sale.round_supply + 1e-9)
    assert np.all((sale.prices <= 1e-9) | (sale.sales >= sale.round_supply - 1e-9))
    assert np.all(sale.winners[-1][market.values < sale.prices[-1] - 1e-9] <= 1e-12)


@pytest.mark.parametrize("setting", SETTINGS)
def test_one_supply_for_all_rounds_is_first_best(setting):
    market = setting()
    if market.has_equal_weights:
        assert efficient_welfare(market) == pytest.approx(first_best(market).value, abs=1e-8)


def test_weights_price_rounds_by_indifference():
    # Static values: the marginal buyers k of consecutive rounds are indifferent between them.
    market = a6()
    sale = first_price_interval(market).highest
    cutoffs = np.array([0.8, 0.6, 0.4, 0.2])
    weights = market.weights
    for h in range(3):
        now = weights[h] * (cutoffs[h] - sale.prices[h])
        later = weights[h + 1] * (cutoffs[h] - sale.prices[h + 1])
        assert now == pytest.approx(later, abs=1e-9)
    assert sale.prices[-1] == pytest.approx(0.2, abs=1e-9)


@pytest.mark.parametrize(("reserve", "revenue"), [(0.5, 0.25), (0.3, 0.21), (0.1, 0.152)])
def test_a_reserve_binds_above_the_clearing_price(reserve, revenue):
    sale = first_price_interval(a1(), reserve=reserve).lowest
    assert sale.revenue == pytest.approx(revenue, abs=2e-6)
    assert np.all(sale.prices >= reserve - 2e-6)
    assert abs(sale.gap) <= 1e-7


def test_supply_equal_to_a_posted_paths_sales_clears_at_its_prices():
    for setting, prices in (
        (a2, [0.9, 0.9, 0.9, 0.88]),
        (a10, [0.54, 0.51, 0.49, 0.48]),
        (a7, [0.6, 0.6, 0.64, 0.69, 0.73, 0.76]),
    ):
        market = setting()
        path = posted_path(market, prices)
        sale = first_price(market, round_supply=path.sales)
        value = dual_value(market, path.prices, round_supply=path.sales)
        assert value == pytest.approx(sale.welfare, abs=1e-7)


@pytest.mark.parametrize(
    "bad",
    [
        dict(round_supply=[0.2, 0.2]),
        dict(round_supply=[0.2, 0.2, 0.2, -0.2]),
        dict(round_supply=[0.2, 0.2, 0.2, np.nan]),
        dict(reserve=-0.1),
        dict(reserve=[0.1, 0.1]),
    ],
)
def test_refuses_other_supplies_and_reserves(bad):
    with pytest.raises(ValueError, match=r"expected .*, got .*; try .*"):
        first_price(a1(), **bad)
