from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from .best_response import best_response
from .indifference import indifference_prices
from .market import Market
from .posted import SUPPLY_TOLERANCE, PostedPath, constant_price, posted_path, posted_sales
from .staying import best_staying_path

# Steps of the final polish, as shares of the highest price worth posting.
_POLISH_STEPS = (0.05, 0.02, 0.01, 0.005, 0.0025, 0.001)
# Money lost per item sold beyond supply: steeper than any price, so that feasible paths win.
_PENALTY = 4.0
_LONG_HORIZON = 12
_MAX_BUYER_MOVES = 200
# The polish stops at gains below this: they are rounding.
_LEAST_GAIN = 1e-12


@dataclass(frozen=True)
class CrossEntropy:
    """How to search for the best posted path: revenue jumps in prices, so gradients are of no use.

    **Main arguments:**

    - `seed`: of the generator; the same seed gives the same path.
    - `num_restarts`, `num_iterations`, `population`: the budget.

    **Other arguments:**

    - `elite`: number of best paths that the next generation imitates.
    - `spread`: first standard deviation, as a share of the highest price.
    - `memory`: weight of the old mean and deviation when they move.
    - `num_knots`: horizons above twelve rounds are searched as piecewise linear paths with this
      many knots.
    - `polish_sweeps`: greatest number of passes per step of the final coordinate polish.

    Raises `ValueError` for a budget that is not positive or more elite than population.

    >>> CrossEntropy(seed=1).population
    200
    """

    seed: int = 0
    num_restarts: int = 4
    num_iterations: int = 40
    population: int = 200
    elite: int = 20
    spread: float = 0.25
    memory: float = 0.3
    num_knots: int = 8
    polish_sweeps: int = 12

    def __post_init__(self) -> None:
        budget = self.num_restarts, self.num_iterations, self.population, self.elite
        if min(budget) < 1 or self.elite > self.population or self.num_knots < 2:
            raise ValueError(
                f"expected positive counts, elite <= population and two knots, got {self}; "
                "try CrossEntropy()"
            )


DEFAULT_SEARCH = CrossEntropy()


def best_posted_path(market: Market, *, search: CrossEntropy = DEFAULT_SEARCH) -> PostedPath:
    """The best feasible posted path found, never worse than the best constant price.

    A constructive lower bound on what posted prices can earn; only caps are upper bounds.
    Deterministic given `search.seed`. Where winners stay the answer is exact and needs no search.

    >>> uniform = Market(np.arange(100) / 100, np.full(100, 0.01), horizon=4, supply=0.8)
    >>> quick = CrossEntropy(num_restarts=1, num_iterations=10, population=50, elite=8)
    >>> best_posted_path(uniform, search=quick).revenue
    0.25

    Reference: Rubinstein and Kroese (2004), The cross-entropy method.
    """
    if market.after_win.exit_probability == 0:
        return best_staying_path(market)
    generator = np.random.default_rng(search.seed)
    start = constant_price(market)
    best = _polish(market, start, search.polish_sweeps)
    for restart in range(search.num_restarts):
        found = _search(market, start, restart, search, generator)
        found = _polish(market, found, search.polish_sweeps)
        best = max(best, found, key=lambda path: path.revenue)
    return best


def _search(
    market: Market,
    start: PostedPath,
    restart: int,
    search: CrossEntropy,
    generator: np.random.Generator,
) -> PostedPath:
    # The first restart begins at the best constant price, later ones anywhere.
    ceiling = market.price_ceiling
    basis = _knot_basis(market.horizon, search.num_knots)
    knots = basis.shape[0]
    level = min(float(start.prices[0]), ceiling)
    mean = np.full(knots, level) if restart == 0 else generator.uniform(0, ceiling, knots)
    deviation = np.full(knots, search.spread * ceiling)
    # A floor keeps the search alive between the jumps of the value grid.
    floor = 0.3 * ceiling / market.num_values
    best, best_revenue = start.prices, -np.inf if restart else start.revenue
    for iteration in range(search.num_iterations):
        sample = mean + deviation * generator.standard_normal((search.population, knots))
        sample[0] = mean
        paths = np.clip(sample @ basis, 0, ceiling)
        if iteration % 2:
            paths = _nearest_value(market, paths)
        revenue, excess = _outcome(market, paths)
        feasible = np.where(excess > 0, -np.inf, revenue)
        leader = int(np.argmax(feasible))
        if feasible[leader] > best_revenue:
            best, best_revenue = paths[leader], float(feasible[leader])
        order = np.argsort(_PENALTY * ceiling * excess - revenue)
        elite = sample[order[: search.elite]]
        mean = search.memory * mean + (1 - search.memory) * elite.mean(axis=0)
        spread = np.maximum(elite.std(axis=0), floor)
        deviation = search.memory * deviation + (1 - search.memory) * spread
    return posted_path(market, best)


def _polish(market: Market, path: PostedPath, sweeps: int) -> PostedPath:
    # All moves are tried at once; those that gain are then combined, as far as the combination
    # gains more than the best one alone.
    moves = _moves(market.horizon)
    prices, revenue = path.prices, path.revenue
    for step in _POLISH_STEPS:
        for _ in range(sweeps):
            candidates = np.maximum(prices + step * market.price_ceiling * moves, 0)
            gains = _feasible_revenue(market, candidates) - revenue
            order = np.argsort(-gains)
            better = order[gains[order] > _LEAST_GAIN]
            if better.size == 0:
                break
            counts = np.unique(np.minimum(better.size, 2 ** np.arange(8)))
            changes = np.cumsum(candidates[better] - prices, axis=0)
            combined = np.maximum(prices + changes[counts - 1], 0)
            revenues = _feasible_revenue(market, combined)
            chosen = int(np.argmax(revenues))
            prices, revenue = combined[chosen], float(revenues[chosen])
    return _polish_buyers(market, posted_path(market, prices))


def _polish_buyers(market: Market, path: PostedPath) -> PostedPath:
    # At the best path some bidder is exactly indifferent in every round. So move the set of
    # buyers by whole values and charge each set the highest prices that it accepts.
    shifts = _shifts(market.horizon)
    for _ in range(_MAX_BUYER_MOVES):
        buys = best_response(market, path.prices).buys
        first = np.where(buys.any(axis=-1), buys.argmax(axis=-1), market.num_values)
        floor = np.clip(first + shifts, 0, market.num_values)[..., None]
        index = np.arange(market.num_values)
        candidates = (index >= floor) & (buys | (index < first[:, None]))
        prices = indifference_prices(market, candidates)
        revenues = _feasible_revenue(market, prices)
        chosen = int(np.argmax(revenues))
        if not revenues[chosen] > path.revenue + _LEAST_GAIN:
            break
        path = posted_path(market, prices[chosen])
    return path


def _moves(horizon: int) -> Float[np.ndarray, "M H"]:
    # One round alone, all rounds from one on, all rounds up to one; for short horizons two rounds
    # in opposite directions too, which is how a path moves along the supply constraint.
    single, suffix = np.eye(horizon), np.triu(np.ones((horizon, horizon)))
    upward = [single, suffix, suffix.T]
    if horizon <= _LONG_HORIZON:
        pairs = single[:, None, :] - single[None, :, :]
        upward.append(pairs[np.triu_indices(horizon, 1)])
    upward = np.concatenate(upward)
    return np.concatenate([upward, -upward])


def _shifts(horizon: int) -> Float[np.ndarray, "M H"]:
    moves = _moves(horizon)
    shifts = [np.zeros((1, horizon)), *(size * moves for size in (1, 2, 4))]
    if horizon <= _LONG_HORIZON:
        first, second = np.triu_indices(horizon, 1)
        sizes = np.stack(np.meshgrid(np.arange(-3, 4), np.arange(-3, 4)), axis=-1).reshape(-1, 2)
        both = np.zeros((sizes.shape[0], first.size, horizon))
        pair = np.arange(first.size)
        both[:, pair, first], both[:, pair, second] = sizes[:, :1], sizes[:, 1:]
        shifts.append(both.reshape(-1, horizon))
    return np.concatenate(shifts)


def _outcome(
    market: Market, paths: Float[np.ndarray, "B H"]
) -> tuple[Float[np.ndarray, "B"], Float[np.ndarray, "B"]]:
    sales = posted_sales(market, paths)
    excess = np.maximum(sales.sum(axis=1) - market.supply - SUPPLY_TOLERANCE, 0)
    return np.sum(paths * sales, axis=1), excess


def _feasible_revenue(market: Market, paths: Float[np.ndarray, "B H"]) -> Float[np.ndarray, "B"]:
    revenue, excess = _outcome(market, paths)
    return np.where(excess > 0, -np.inf, revenue)


def _nearest_value(market: Market, paths: Float[np.ndarray, "B H"]) -> Float[np.ndarray, "B H"]:
    grid = np.append(market.values, market.price_ceiling)
    right = np.clip(np.searchsorted(grid, paths), 1, grid.size - 1)
    left = right - 1
    return np.where(paths - grid[left] < grid[right] - paths, grid[left], grid[right])


def _knot_basis(horizon: int, num_knots: int) -> Float[np.ndarray, "K H"]:
    if horizon <= _LONG_HORIZON:
        return np.eye(horizon)
    places = np.linspace(0, horizon - 1, num_knots)
    return np.array([np.interp(np.arange(horizon), places, row) for row in np.eye(num_knots)])
