import numpy as np
import pytest

from incentax.auctions.oracle import (
    CrossEntropy,
    Market,
    best_posted_path,
    best_response,
    best_staying_path,
    constant_price,
    dynamic_cap,
    indifference_prices,
    memoryless_cap,
    posted_path,
    sales_flow,
)

from .markets import UNIFORM, VALUES, a1, a1_redrawn, a2, a6, a7, a8, a10, gaussian_kernel


def simulated_revenue(market: Market, prices: np.ndarray, num_agents: int) -> tuple[float, float]:
    """Mean revenue and its standard error over independent agents, by another dynamic program.

    Bidders who are out are one more state of an ordinary Markov decision process with two actions.
    """
    size = market.num_values
    outside = np.zeros(size + 1)
    returns = market.after_win.return_probability
    outside[:size], outside[size] = returns * market.initial, 1 - returns
    wait = np.vstack([np.zeros((size, size + 1)), outside])
    wait[:size, :size] = np.eye(size) if market.kernel is None else market.kernel
    buy = wait.copy()
    if market.after_win.exit_probability == 1:
        buy[:size] = outside
    value = np.zeros(size + 1)
    buying = []
    for h in range(market.horizon)[::-1]:
        accept, refuse = buy @ value, wait @ value
        accept[:size] += market.weights[h] * (market.values - prices[h])
        accept[size] = -np.inf
        buying.insert(0, accept >= refuse - 1e-12)
        value = np.where(buying[0], accept, refuse)
    generator = np.random.default_rng(7)
    state = np.searchsorted(np.cumsum(market.initial), generator.uniform(size=num_agents))
    state = np.minimum(state, size - 1)
    paid = np.zeros(num_agents)
    # All rows of both kernels in one increasing vector: row r covers (r, r + 1].
    rows = np.cumsum(np.vstack([wait, buy]), axis=1)
    rows[:, -1] = 1.0
    ladder = (rows + np.arange(len(rows))[:, None]).ravel()
    for h in range(market.horizon):
        buys = buying[h][state]
        paid += prices[h] * buys
        row = state + (size + 1) * buys
        target = np.searchsorted(ladder, row + generator.uniform(size=num_agents))
        state = target - row * (size + 1)
    return float(paid.mean()), float(paid.std() / np.sqrt(num_agents))


QUICK = CrossEntropy(num_restarts=2, num_iterations=25, population=100, elite=12)


@pytest.mark.parametrize("setting", [a1_redrawn, a2, a6, a7, a10])
def test_the_best_path_earns_from_a_million_agents_what_it_promises(setting):
    market = setting()
    path = best_posted_path(market, search=QUICK)
    revenue, error = simulated_revenue(market, path.prices, 1_000_000)
    assert error < 1e-3
    assert abs(revenue - path.revenue) <= 3.5 * error


@pytest.mark.parametrize(
    ("setting", "published", "constant", "level"),
    [(a1, 0.25, 0.25, 0.5), (a1_redrawn, 0.4766, 0.4733, 0.67)],
)
def test_published_posted_prices(setting, published, constant, level):
    best = best_posted_path(setting(), search=QUICK)
    assert best.revenue >= published - 5e-5
    flat = constant_price(setting())
    assert flat.revenue == pytest.approx(constant, abs=5e-5)
    assert flat.prices == pytest.approx(np.full(4, level))


def test_posted_prices_of_a1_redrawn_rise_over_the_rounds():
    best = best_posted_path(a1_redrawn(), search=QUICK)
    assert best.prices == pytest.approx([0.658, 0.668, 0.683, 0.690], abs=0.011)


@pytest.mark.parametrize("setting", [a1, a1_redrawn, a2, a6, a7, a10])
def test_search_ends_between_the_constant_price_and_the_cap(setting):
    market = setting()
    best = best_posted_path(market, search=QUICK)
    assert best.is_feasible and best.sales.sum() <= market.supply + 1e-9
    assert best.revenue >= constant_price(market).revenue - 1e-12
    if market.has_equal_weights:
        assert best.revenue <= dynamic_cap(market).value + 1e-9


@pytest.mark.parametrize("setting", [a1_redrawn, a2, a10])
def test_seeds_agree_on_the_best_revenue(setting):
    market = setting()
    revenues = [best_posted_path(market, search=CrossEntropy(seed=seed)).revenue for seed in (1, 2)]
    assert revenues[0] == pytest.approx(revenues[1], abs=1e-5)


def test_the_same_seed_gives_the_same_path():
    first, second = (best_posted_path(a10(), search=QUICK) for _ in range(2))
    assert np.array_equal(first.prices, second.prices)


def test_long_horizons_are_searched_through_knots():
    values = np.arange(15) / 15
    law = np.full(15, 1 / 15)
    market = Market(values, law, kernel=gaussian_kernel(1.02, 0.15, values), horizon=30, supply=0.8)
    best = best_posted_path(market, search=QUICK)
    assert constant_price(market).revenue - 1e-12 <= best.revenue <= dynamic_cap(market).value
    assert best.is_feasible


def test_a_hundred_rounds_of_a8_sell_at_the_top_of_the_grid():
    flat = constant_price(a8())
    assert flat.prices == pytest.approx(np.full(100, 0.99))
    assert 0.95 * dynamic_cap(a8()).value <= flat.revenue <= dynamic_cap(a8()).value


def test_the_knapsack_is_exact_by_enumeration():
    values = np.arange(5) / 5
    kernel = gaussian_kernel(1.2, 0.3, values)
    law = np.array([0.4, 0.3, 0.15, 0.1, 0.05])
    market = Market(values, law, kernel=kernel, horizon=3, supply=0.9, after_win=a7().after_win)
    levels = np.append(values, 2.0)
    paths = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 3)
    feasible = [path for path in (posted_path(market, row) for row in paths) if path.is_feasible]
    expected = max(path.revenue for path in feasible)
    assert best_staying_path(market).revenue == pytest.approx(expected, abs=1e-12)
    assert expected <= memoryless_cap(market).value + 1e-12


def test_nobody_gains_from_a_high_price_and_everybody_from_none():
    market = a2()
    assert posted_path(market, np.full(4, 5.0)).sales.sum() == 0
    free = posted_path(market, [5.0, 5.0, 5.0, 0.0])
    assert free.sales[-1] == pytest.approx(1, abs=1e-12)
    assert not free.is_feasible


def test_the_last_round_buys_without_loss():
    for setting in (a1, a2, a7, a10):
        market = setting()
        buys = best_response(market, np.full(market.horizon, 0.4)).buys
        assert np.array_equal(buys[-1], market.values >= 0.4 - 1e-12)


@pytest.mark.parametrize("setting", [a1_redrawn, a2, a6, a7, a10])
def test_indifference_prices_are_the_highest_that_the_set_accepts(setting):
    market = setting()
    prices = np.linspace(0.7, 0.5, market.horizon)
    buys = best_response(market, prices).buys
    highest = indifference_prices(market, buys)
    accepted = best_response(market, highest).buys
    assert np.all(accepted[buys])
    raised = highest.copy()
    raised[-1] += 1e-6
    assert not np.all(best_response(market, raised).buys[buys])


@pytest.mark.parametrize("setting", [a1, a2, a7, a8, a10])
def test_mass_is_conserved_in_every_round(setting):
    market = setting()
    prices = np.random.default_rng(3).uniform(0.1, 0.9, (20, market.horizon))
    flow = sales_flow(market, best_response(market, prices).buys)
    assert np.abs(flow.active + flow.out - 1).max() <= 1e-12
    assert np.all(flow.sales <= flow.active + 1e-12)


def test_refuses_paths_of_another_length():
    with pytest.raises(ValueError, match=r"expected .*, got .*; try .*"):
        posted_path(Market(VALUES, UNIFORM, horizon=4, supply=1.0), [0.5, 0.5])
    with pytest.raises(ValueError, match="best_posted_path"):
        best_staying_path(a1())
    with pytest.raises(ValueError, match=r"expected .*, got .*; try .*"):
        CrossEntropy(population=10, elite=20)
