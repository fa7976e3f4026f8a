"""The first-price formats that a learned mechanism must be compared with.

With equal supply in every round first price is easily beaten: forced early sale loses revenue when
values grow, and slack supply drives prices to zero. Its supply and reserves are the seller's to
choose, so the fair baselines choose them well.
"""

import numpy as np
from jaxtyping import Float

from .clearing import CERTIFIED_GAP, Clearing, first_price, first_price_interval, repriced
from .market import Market
from .posted import PostedPath

# Steps of the searches for reserves, as shares of the highest price worth posting.
_COARSE_STEPS = 50
_FINE_STEPS = 400
_ROUND_STEPS = (0.05, 0.02, 0.01)
_MAX_SWEEPS = 5


def first_price_equal_split(market: Market) -> Clearing:
    """First price with `supply / horizon` in every round, the equilibrium of highest revenue.

    >>> uniform = Market(np.arange(100) / 100, np.full(100, 0.01), horizon=4, supply=0.8)
    >>> first_price_equal_split(uniform).revenue
    0.16
    """
    return first_price_interval(market).highest


def first_price_best_supply(market: Market, posted: PostedPath) -> Clearing:
    """First price whose supply in every round is what the posted path `posted` sells there.

    Any posted path clears the market when supply equals its sales, so choosing supplies is worth
    as much as choosing prices; the best equilibrium may earn more, by rationing ties.

    Raises `ValueError` when the path sells more than the market's supply.

    >>> from incentax.auctions.oracle import constant_price
    >>> uniform = Market(np.arange(100) / 100, np.full(100, 0.01), horizon=4, supply=0.8)
    >>> first_price_best_supply(uniform, constant_price(uniform)).revenue
    0.25
    """
    if not posted.is_feasible:
        raise ValueError(
            f"expected a posted path that sells at most {market.supply}, got one that sells "
            f"{posted.sales.sum()}; try best_posted_path"
        )
    best = first_price_interval(market, round_supply=posted.sales).highest
    same = repriced(market, best, posted.prices)
    clears = abs(same.gap) <= CERTIFIED_GAP and bool(np.all(same.prices >= 0))
    return max(best, same, key=_revenue) if clears else best


def first_price_best_reserve(market: Market) -> Clearing:
    """First price with equal supply and the best single reserve on a grid of 400 steps.

    >>> uniform = Market(np.arange(20) / 20, np.full(20, 0.05), horizon=2, supply=0.8)
    >>> first_price_best_reserve(uniform).revenue
    0.25
    """
    coarse = _best_level(market, np.arange(_COARSE_STEPS + 1) * _FINE_STEPS // _COARSE_STEPS)
    around = np.arange(-_FINE_STEPS // _COARSE_STEPS, _FINE_STEPS // _COARSE_STEPS + 1)
    fine = _best_level(market, np.clip(coarse + around, 0, _FINE_STEPS))
    level = fine * market.price_ceiling / _FINE_STEPS
    return first_price_interval(market, reserve=np.full(market.horizon, level)).highest


def first_price_best_round_reserves(market: Market) -> Clearing:
    """First price with equal supply and a reserve per round, by coordinate search.

    Starts from the best single reserve and never ends below it.

    >>> uniform = Market(np.arange(20) / 20, np.full(20, 0.05), horizon=2, supply=0.8)
    >>> first_price_best_round_reserves(uniform).revenue
    0.25
    """
    best = first_price_best_reserve(market)
    for step in _ROUND_STEPS:
        for _ in range(_MAX_SWEEPS):
            before = best.revenue
            for h in range(market.horizon):
                for sign in (-1.0, 1.0):
                    best = max(best, _moved(market, best, h, sign * step), key=_revenue)
            if best.revenue <= before:
                break
    return best


def _moved(market: Market, sale: Clearing, which: int, step: float) -> Clearing:
    reserve: Float[np.ndarray, "H"] = np.array(sale.reserve)
    reserve[which] = max(reserve[which] + step * market.price_ceiling, 0.0)
    return first_price(market, reserve=reserve)


def _best_level(market: Market, levels: np.ndarray) -> int:
    prices = np.unique(levels)
    revenues = [
        first_price(market, reserve=float(level) * market.price_ceiling / _FINE_STEPS).revenue
        for level in prices
    ]
    return int(prices[int(np.argmax(revenues))])


def _revenue(sale: Clearing) -> float:
    return sale.revenue
