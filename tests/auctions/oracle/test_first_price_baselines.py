import pytest

from incentax.auctions.oracle import (
    CrossEntropy,
    best_posted_path,
    constant_price,
    dynamic_cap,
    first_price_best_reserve,
    first_price_best_round_reserves,
    first_price_best_supply,
    first_price_equal_split,
    posted_path,
)

from .markets import a1, a1_redrawn, a2, a7, a10

QUICK = CrossEntropy(num_restarts=2, num_iterations=25, population=100, elite=12)


def test_a_chosen_supply_or_reserve_reaches_the_cap_of_a1():
    market = a1()
    assert first_price_equal_split(market).revenue == pytest.approx(0.16, abs=1e-9)
    assert first_price_best_supply(market, constant_price(market)).revenue == pytest.approx(0.25)
    reserved = first_price_best_reserve(market)
    assert reserved.revenue == pytest.approx(0.25, abs=1e-6)
    assert reserved.prices == pytest.approx([0.5] * 4, abs=2e-6)


@pytest.mark.parametrize("setting", [a1, a1_redrawn, a2, a7, a10])
def test_choosing_supply_is_worth_choosing_prices(setting):
    market = setting()
    posted = best_posted_path(market, search=QUICK)
    best = first_price_best_supply(market, posted)
    assert posted.revenue - 1e-8 <= best.revenue <= dynamic_cap(market).value + 1e-8
    assert abs(best.gap) <= 1e-7
    assert best.sales.sum() <= market.supply + 1e-8


@pytest.mark.parametrize("setting", [a10])
def test_more_freedom_never_earns_less(setting):
    market = setting()
    equal, single = first_price_equal_split(market), first_price_best_reserve(market)
    several = first_price_best_round_reserves(market)
    cap = dynamic_cap(market).value
    assert equal.revenue - 1e-5 <= single.revenue <= several.revenue <= cap + 1e-8


def test_refuses_a_path_that_oversells():
    with pytest.raises(ValueError, match="best_posted_path"):
        first_price_best_supply(a1(), posted_path(a1(), [0.0] * 4))
