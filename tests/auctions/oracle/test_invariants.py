"""Properties that hold in every market, tried on random small ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incentax.auctions.oracle import (
    Leave,
    Market,
    Regenerate,
    Stay,
    best_response,
    constant_price,
    dual_value,
    dynamic_cap,
    efficient_welfare,
    first_best,
    first_price,
    first_price_interval,
    has_dynamic_cap,
    has_memoryless_cap,
    is_first_best_cap,
    memoryless_cap,
    posted_path,
    sales_flow,
)

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)


@st.composite
def parts_of_markets(draw: st.DrawFn, *, monotone: bool = False) -> dict:
    # The market itself is built in the test: run-time type checks draw random numbers of their own,
    # which strategies must not.
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size, horizon = draw(st.integers(2, 6)), draw(st.integers(1, 4))
    values = np.cumsum(generator.uniform(0.05, 0.5, size)) - 0.05
    law = generator.dirichlet(np.full(size, 0.7))
    kernel = None
    if draw(st.booleans()):
        kernel = generator.dirichlet(np.full(size, 0.7), size=size)
        if monotone:
            # Rows of sorted cumulated laws are stochastically increasing.
            cumulated = -np.sort(-np.cumsum(kernel, axis=1), axis=0)
            kernel = np.maximum(np.diff(cumulated, axis=1, prepend=0.0), 0)
            kernel = kernel / kernel.sum(axis=1, keepdims=True)
    after_win = draw(
        st.sampled_from([Leave(), Stay(), Regenerate(probability=0.4), Regenerate(probability=1.0)])
    )
    weights = None
    if not monotone and draw(st.booleans()):
        weights = generator.uniform(0.2, 1.0, horizon)
    return dict(
        values=values,
        initial=law,
        kernel=kernel,
        horizon=horizon,
        supply=float(generator.uniform(0, 1.5)),
        after_win=after_win,
        round_weights=weights,
    )


def prices_for(market: Market, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, market.values[-1], market.horizon)


@EXAMPLES
@given(parts_of_markets())
def test_the_linear_program_equals_its_dual(parts):
    market = Market(**parts)
    sale = first_price(market)
    assert abs(sale.gap) <= 1e-7
    assert np.all(sale.sales <= sale.round_supply + 1e-9)
    assert np.all(sale.prices >= 0)
    interval = first_price_interval(market)
    assert interval.lowest.revenue <= sale.revenue <= interval.highest.revenue


@EXAMPLES
@given(parts_of_markets(), st.integers(0, 1000))
def test_the_dual_bounds_welfare_at_every_price(parts, seed):
    market = Market(**parts)
    assert dual_value(market, prices_for(market, seed)) >= first_price(market).welfare - 1e-8


@EXAMPLES
@given(parts_of_markets(), st.integers(0, 1000))
def test_mass_is_conserved_and_nobody_buys_at_a_loss_in_the_end(parts, seed):
    market = Market(**parts)
    prices = prices_for(market, seed)
    buys = best_response(market, prices).buys
    flow = sales_flow(market, buys)
    assert np.abs(flow.active + flow.out - 1).max() <= 1e-12
    assert np.all((flow.sales >= 0) & (flow.sales <= flow.active + 1e-12))
    assert np.array_equal(buys[-1], market.values >= prices[-1] - 1e-9 / market.weights[-1])


@EXAMPLES
@given(parts_of_markets(), st.integers(0, 1000))
def test_no_other_buying_rule_gives_bidders_more(parts, seed):
    market = Market(**parts)
    generator = np.random.default_rng(seed)
    prices = prices_for(market, seed)
    best = best_response(market, prices)
    for _ in range(5):
        rule = generator.uniform(size=(market.horizon, market.num_values)) < 0.5
        assert surplus_of(market, prices, rule) <= best.surplus + 1e-12
    assert surplus_of(market, prices, best.buys) == pytest.approx(best.surplus.item(), abs=1e-12)


def surplus_of(market: Market, prices: np.ndarray, rule: np.ndarray) -> float:
    """Utility of following `rule`, forwards: values and payments of those who buy."""
    exits, returns = market.after_win.exit_probability, market.after_win.return_probability
    kernel = np.eye(market.num_values) if market.kernel is None else market.kernel
    active, out, surplus = market.initial, 0.0, 0.0
    for h in range(market.horizon):
        buyers = active * rule[h]
        surplus += market.weights[h] * float(buyers @ (market.values - prices[h]))
        out += exits * buyers.sum()
        active = kernel.T @ (active - exits * buyers) + returns * out * market.initial
        out *= 1 - returns
    return surplus


@EXAMPLES
@given(parts_of_markets())
def test_first_best_is_the_linear_program_with_one_supply(parts):
    market = Market(**parts)
    equal = Market(**(parts | dict(round_weights=None)))
    assert first_best(market).value == pytest.approx(efficient_welfare(equal), abs=1e-7)


@EXAMPLES
@given(parts_of_markets(monotone=True), st.integers(0, 1000))
def test_posted_prices_earn_less_than_every_cap(parts, seed):
    market = Market(**parts)
    assert has_dynamic_cap(market) and is_first_best_cap(market)
    welfare, dynamic = first_best(market).value, dynamic_cap(market).value
    assert dynamic <= welfare + 1e-9
    caps = [welfare, dynamic]
    if has_memoryless_cap(market):
        caps.append(memoryless_cap(market).value)
        assert caps[-1] <= dynamic + 1e-9
    earned = [constant_price(market), posted_path(market, prices_for(market, seed))]
    for path in earned:
        if path.is_feasible:
            assert path.revenue <= min(caps) + 1e-9
    assert first_price_interval(market).highest.revenue <= min(caps) + 1e-7


@EXAMPLES
@given(parts_of_markets(monotone=True), st.floats(0.1, 10.0))
def test_a_change_of_currency_changes_the_unit_and_nothing_else(parts, rate):
    market = Market(**parts)
    other = Market(**(parts | dict(values=rate * market.values)))
    for cap in (first_best, dynamic_cap):
        assert cap(other).value == pytest.approx(rate * cap(market).value, rel=1e-8, abs=1e-9)
    assert constant_price(other).revenue == pytest.approx(
        rate * constant_price(market).revenue, rel=1e-8, abs=1e-9
    )
