import numpy as np
import pytest
import scipy.stats

from incentax.auctions.oracle import (
    Market,
    clearing_price,
    first_price,
    first_price_interval,
    reserve_slope,
    static_first_price,
    static_revenue,
    supply_slope,
)

from .markets import UNIFORM, VALUES, a1


def grid_sale(supply: float, num_values: int = 100, reserve: float = 0.0):
    values = np.arange(num_values) / num_values
    law = np.full(num_values, 1 / num_values)
    return static_first_price(values, law, supply=supply, reserve=reserve)


@pytest.mark.parametrize("num_values", [100, 1000, 10000])
def test_one_round_tends_to_its_limit_at_the_rate_of_the_grid(num_values):
    sale = grid_sale(0.8, num_values)
    tick = 1 / num_values
    assert sale.lowest_revenue == pytest.approx(0.16 - 0.8 * tick, abs=1e-12)
    assert sale.highest_revenue == pytest.approx(0.16, abs=1e-12)
    assert sale.highest_price - sale.lowest_price == pytest.approx(tick, abs=1e-12)


@pytest.mark.parametrize(
    ("supply", "lowest", "highest", "sold"),
    [
        (0.805, 0.19, 0.19, 0.805),  # inside an atom: unique
        (0.8, 0.19, 0.2, 0.8),
        (1.0, 0.0, 0.0, 1.0),
        (1.5, 0.0, 0.0, 1.0),
        (0.0, 0.99, 0.99, 0.0),
    ],
)
def test_prices_of_a_uniform_grid(supply, lowest, highest, sold):
    sale = grid_sale(supply)
    assert (sale.lowest_price, sale.highest_price) == (lowest, highest)
    assert sale.sold == pytest.approx(sold, abs=1e-12)


def test_every_price_across_a_gap_in_the_law_clears():
    law = np.array([0.5, 0.0, 0.0, 0.5])
    sale = static_first_price(np.array([0.1, 0.2, 0.3, 0.4]), law, supply=0.5)
    assert (sale.lowest_price, sale.highest_price) == (0.1, 0.4)
    everybody = static_first_price(np.array([0.1, 0.2]), np.array([0.5, 0.5]), supply=1.0)
    assert (everybody.lowest_price, everybody.highest_price) == (0.0, 0.1)


@pytest.mark.parametrize("supply", [0.1, 0.333, 0.5, 0.8, 0.97])
def test_the_grid_formula_is_the_linear_program(supply):
    interval = first_price_interval(Market(VALUES, UNIFORM, horizon=3, supply=supply))
    sale = grid_sale(supply)
    assert interval.lowest.revenue == pytest.approx(sale.lowest_revenue, abs=1e-9)
    assert interval.highest.revenue == pytest.approx(sale.highest_revenue, abs=1e-9)


def test_the_price_of_a_static_sale_ignores_the_split_of_supply():
    market = a1()
    for split in ([0.8, 0, 0, 0], [0.1, 0.2, 0.2, 0.3], [0, 0, 0.4, 0.4]):
        sale = first_price(market, round_supply=split)
        assert sale.sales.sum() == pytest.approx(0.8)
        sold = sale.sales > 0
        assert np.all((sale.prices[sold] >= 0.19 - 1e-9) & (sale.prices[sold] <= 0.2 + 1e-9))


@pytest.mark.parametrize("total", [0.3, 0.5, 0.8])
def test_supply_slope_is_one_minus_twice_supply_in_every_round(total):
    # Differences wider than the tick: on the grid itself revenue is piecewise linear.
    step, split = 0.05, np.full(4, total / 4)
    market = a1()
    for moved in np.eye(4) * step:
        up, down = (
            first_price_interval(market, round_supply=split + sign * moved) for sign in (1, -1)
        )
        slope = (up.highest.revenue - down.highest.revenue) / (2 * step)
        assert slope == pytest.approx(1 - 2 * total, abs=1e-9)
        assert supply_slope(total) == pytest.approx(1 - 2 * total, abs=1e-12)


@pytest.mark.parametrize("reserve", [0.3, 0.5, 0.7])
def test_reserve_slope_is_one_minus_twice_the_reserve_where_it_binds(reserve):
    up, down = (grid_sale(0.8, reserve=reserve + move).highest_revenue for move in (0.05, -0.05))
    # On the grid a bidder whose value equals the reserve still buys: one tick more is sold.
    assert (up - down) / 0.1 == pytest.approx(1 - 2 * reserve, abs=1e-9)
    assert reserve_slope(0.8, reserve) == pytest.approx(1 - 2 * reserve)
    assert reserve_slope(0.8, 0.1) == 0.0


def test_best_reserve_of_a_uniform_law_is_one_half():
    assert grid_sale(0.8, reserve=0.5).highest_revenue == pytest.approx(0.25)
    assert static_revenue(0.8, reserve=0.5) == pytest.approx(0.25)


@pytest.mark.parametrize(
    "law", [scipy.stats.uniform(), scipy.stats.expon(), scipy.stats.beta(2, 5)]
)
@pytest.mark.parametrize("supply", [0.2, 0.6, 0.9])
def test_slopes_are_derivatives_of_revenue_for_continuous_laws(law, supply):
    step = 1e-5
    up, down = (static_revenue(supply + move, law=law) for move in (step, -step))
    assert supply_slope(supply, law=law) == pytest.approx((up - down) / (2 * step), abs=1e-6)
    reserve = clearing_price(supply, law=law) + 0.1
    up, down = (static_revenue(supply, reserve=reserve + move, law=law) for move in (step, -step))
    assert reserve_slope(supply, reserve, law=law) == pytest.approx(
        (up - down) / (2 * step), abs=1e-6
    )


@pytest.mark.parametrize("change", [dict(supply=-1.0), dict(reserve=-0.1), dict(reserve=np.nan)])
def test_refuses_bad_numbers(change):
    with pytest.raises(ValueError, match=r"expected .*, got .*; try .*"):
        static_first_price(VALUES, UNIFORM, **(dict(supply=0.8) | change))
