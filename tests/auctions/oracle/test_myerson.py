import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from incentax.auctions.oracle import Market, Regenerate, Stay, myerson, myerson_cap

from .markets import a1, a2, a6, a7


def test_uniform_law_posts_one_half():
    best = myerson_cap(a1())
    assert (best.prices, best.probabilities, best.is_ironed) == ((0.5,), (1.0,), False)
    assert best.quantity == pytest.approx(0.5)
    assert best.revenue == pytest.approx(0.25)


@pytest.mark.parametrize("rate", [0.5, 1.0, 3.0])
def test_regular_law_earns_the_best_posted_price(rate):
    # Exponential values: max r e^(-rate r) = 1 / (rate e), at r = 1 / rate.
    values = np.linspace(0, 12 / rate, 20001)
    mass = -np.diff(np.exp(-rate * values), append=0.0)
    best = myerson(values, mass)
    assert not best.is_ironed
    assert best.revenue == pytest.approx(1 / (rate * np.e), rel=1e-3)
    assert best.prices[0] == pytest.approx(1 / rate, rel=2e-2)


def test_scarce_supply_sells_all_of_it_at_the_clearing_price():
    market = Market(np.arange(100) / 100, np.full(100, 0.01), horizon=1, supply=0.3)
    best = myerson_cap(market)
    assert best.quantity == pytest.approx(0.3)
    assert best.revenue == pytest.approx(0.3 * 0.7)
    assert best.prices == (0.7,)


def test_a_dent_is_ironed_by_a_lottery_over_two_prices():
    # Corners (0, 0), (.1, .1), (.5, .1), (1, .15): the middle one lies below the hull.
    values, mass = np.array([0.15, 0.2, 1.0]), np.array([0.5, 0.4, 0.1])
    best = myerson(values, mass, supply=0.55)
    assert best.is_ironed
    assert best.prices == (1.0, 0.15)
    assert best.probabilities == pytest.approx((0.5, 0.5))
    assert best.revenue == pytest.approx(0.125)


def direct_mechanism(values: np.ndarray, mass: np.ndarray, supply: float) -> float:
    """The revenue-optimal incentive-compatible lottery, as a linear program over all reports."""
    size = values.size
    rows, limits = [np.concatenate([mass, np.zeros(size)])], [supply]
    for true in range(size):
        for report in range(size):
            row = np.zeros(2 * size)
            row[report] += values[true]
            row[size + report] -= 1
            row[true] -= values[true]
            row[size + true] += 1
            rows.append(row)
            limits.append(0.0)
        row = np.zeros(2 * size)
        row[true], row[size + true] = -values[true], 1
        rows.append(row)
        limits.append(0.0)
    result = scipy.optimize.linprog(
        np.concatenate([np.zeros(size), -mass]),
        A_ub=np.array(rows),
        b_ub=limits,
        bounds=[(0, 1)] * size + [(None, None)] * size,
    )
    return -result.fun


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    hnp.arrays(np.float64, 6, elements=st.floats(0.01, 1.0)),
    hnp.arrays(np.float64, 6, elements=st.floats(0.01, 1.0)),
    st.floats(0.0, 1.2),
)
def test_is_the_optimal_direct_mechanism_of_any_law(values, mass, supply):
    grid, where = np.unique(values, return_inverse=True)
    law = np.bincount(where, weights=mass / mass.sum())
    best = myerson(values, mass, supply=supply)
    assert best.revenue == pytest.approx(direct_mechanism(grid, law, supply), abs=1e-7)
    assert best.quantity <= supply + 1e-9
    assert sum(best.probabilities) == pytest.approx(1)


def test_samples_and_their_histogram_agree():
    sample = np.random.default_rng(0).lognormal(size=5000).round(2)
    grid, counts = np.unique(sample, return_counts=True)
    assert myerson(sample, supply=0.4) == myerson(grid, counts, supply=0.4)


def test_order_of_samples_and_scale_of_weights_do_not_matter():
    generator = np.random.default_rng(1)
    sample, weights = generator.lognormal(size=200), generator.uniform(size=200)
    order = generator.permutation(200)
    first, second = myerson(sample, weights), myerson(sample[order], 7 * weights[order])
    assert first.prices == second.prices
    assert first.revenue == pytest.approx(second.revenue, rel=1e-12)


@pytest.mark.parametrize(
    ("values", "weights"),
    [
        ([], None),
        ([1.0, np.nan], None),
        ([1.0, -1.0], None),
        ([1.0, np.inf], None),
        ([1.0, 2.0], [1.0]),
        ([1.0, 2.0], [0.0, 0.0]),
        ([1.0, 2.0], [-1.0, 2.0]),
    ],
)
def test_refuses_bad_samples(values, weights):
    with pytest.raises(ValueError, match=r"expected .*, got .*; try .*"):
        myerson(values, weights)


@pytest.mark.parametrize("setting", [a2, a6, a7])
def test_refuses_markets_where_it_is_no_cap(setting):
    with pytest.raises(ValueError, match="dynamic_cap"):
        myerson_cap(setting())


@pytest.mark.parametrize("after_win", [Stay(), Regenerate(probability=0.5)])
def test_one_round_is_one_sale_whatever_winners_do(after_win):
    values, law = np.arange(10) / 10, np.full(10, 0.1)
    market = Market(
        values, law, kernel=np.tile(law, (10, 1)), horizon=1, supply=0.5, after_win=after_win
    )
    assert myerson_cap(market).revenue == pytest.approx(0.25)
