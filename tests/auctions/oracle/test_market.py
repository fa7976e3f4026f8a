import numpy as np
import pytest

from incentax.auctions.oracle import Leave, Market, Regenerate, Stay, best_response, sales_flow

from .markets import UNIFORM, VALUES

GOOD = dict(values=VALUES, initial=UNIFORM, horizon=4, supply=0.8)


@pytest.mark.parametrize(
    "change",
    [
        dict(values=-VALUES),
        dict(values=VALUES[::-1]),
        dict(values=np.zeros(100)),
        dict(values=np.where(VALUES > 0.5, np.nan, VALUES)),
        dict(values=np.empty(0)),
        dict(initial=UNIFORM[:-1]),
        dict(initial=2 * UNIFORM),
        dict(initial=np.where(VALUES > 0.5, np.nan, UNIFORM)),
        dict(initial=UNIFORM - 0.02 * (VALUES == 0.5) + 0.02 * (VALUES == 0.6)),
        dict(kernel=np.eye(99)),
        dict(kernel=2 * np.eye(100)),
        dict(kernel=np.eye(100) + np.eye(100, k=1) - np.eye(100, k=2)),
        dict(horizon=0),
        dict(supply=-0.1),
        dict(supply=np.inf),
        dict(round_weights=np.ones(3)),
        dict(round_weights=np.array([1.0, 1.0, 0.0, 1.0])),
    ],
    ids=lambda change: f"{next(iter(change))}",
)
def test_refuses_what_is_not_a_market_and_says_what_to_try(change):
    with pytest.raises(ValueError, match=r"expected .*, got .*; try .*"):
        Market(**(GOOD | change))


@pytest.mark.parametrize("change", [dict(horizon=1.5), dict(after_win="leave")])
def test_refuses_what_is_of_another_kind(change):
    # Where annotations are checked at run time they refuse first, with a TypeError.
    with pytest.raises((ValueError, TypeError)):
        Market(**(GOOD | change))


@pytest.mark.parametrize("probability", [-0.1, 1.1, np.nan])
def test_refuses_what_is_not_a_probability(probability):
    with pytest.raises(ValueError, match=r"expected .*, got .*; try .*"):
        Regenerate(probability=probability)


def test_keeps_its_own_read_only_copy():
    values = VALUES.copy()
    market = Market(**(GOOD | dict(values=values)))
    values[0] = 5.0
    assert market.values[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        market.values[0] = 1.0


def test_float32_and_integer_input_become_float64():
    market = Market(np.arange(4), np.full(4, 0.25, dtype=np.float32), horizon=1, supply=1.0)
    assert market.values.dtype == market.initial.dtype == np.float64
    assert isinstance(market.supply, float)


def test_a_batch_of_paths_is_answered_like_each_alone():
    kernel = np.random.default_rng(0).dirichlet(np.ones(100), size=100)
    market = Market(**(GOOD | dict(kernel=kernel, after_win=Regenerate(probability=0.3))))
    prices = np.random.default_rng(1).uniform(0, 1, (37, 4))
    together = best_response(market, prices)
    sales = sales_flow(market, together.buys).sales
    for k, path in enumerate(prices):
        alone = best_response(market, path)
        assert alone.surplus == pytest.approx(together.surplus[k], abs=1e-13)
        assert sales_flow(market, alone.buys).sales == pytest.approx(sales[k], abs=1e-13)


def test_never_returning_is_leaving():
    prices = np.random.default_rng(2).uniform(0, 1, (10, 4))
    leave = Market(**(GOOD | dict(after_win=Leave())))
    never = Market(**(GOOD | dict(after_win=Regenerate(probability=0.0))))
    assert np.array_equal(best_response(leave, prices).buys, best_response(never, prices).buys)


def test_staying_bidders_buy_whenever_the_price_is_below_their_value():
    market = Market(**(GOOD | dict(after_win=Stay())))
    prices = np.array([0.3, 0.9, 0.1, 0.5])
    assert np.array_equal(best_response(market, prices).buys, VALUES >= prices[:, None])
