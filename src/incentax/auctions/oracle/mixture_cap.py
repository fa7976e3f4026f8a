import numpy as np

from .caps import first_best, is_first_best_cap
from .market import Market
from .myerson import RevenueCurve, concave_hull, has_myerson_cap, optimal_price, revenue_curve
from .revenue_cap import revenue_cap


def mixture_cap(market: Market, weight: float) -> float | None:
    """A cap on `weight` x revenue + (1 - `weight`) x efficiency; `None` where none is proved.

    Where all that matters is who buys, it is the best point of the concave hull of the same
    mixture of the revenue curve and the welfare curve: tight. Elsewhere it is the mixture of the
    two caps, each of which holds on its own.

    **Arguments:**

    - `weight`: in [0, 1], of revenue.

    Raises `ValueError` for a weight that is no share.

    >>> market = Market(np.arange(100) / 100, np.full(100, 0.01), horizon=4, supply=0.8)
    >>> [mixture_cap(market, weight) for weight in (0.0, 0.5, 1.0)]
    [0.476, 0.3316, 0.25]

    Reference: Myerson (1981) with virtual value `weight` x virtual + (1 - `weight`) x value.
    """
    if not 0 <= weight <= 1:
        raise ValueError(f"expected a weight between 0 and 1, got {weight}; try 0.5")
    if has_myerson_cap(market):
        revenue = revenue_curve(market.values, market.initial)
        falling = np.flatnonzero(market.initial > 0)[::-1]
        gains = (market.values * market.initial)[falling]
        welfare = np.concatenate([[0.0], np.cumsum(gains)])
        mixed = weight * revenue.revenues + (1 - weight) * welfare
        hull = concave_hull(revenue.quantities, mixed)
        curve = RevenueCurve(revenue.prices, revenue.quantities, mixed, hull)
        return optimal_price(curve, market.supply).revenue
    money = revenue_cap(market)
    if money is None or not is_first_best_cap(market):
        return None
    return weight * money + (1 - weight) * first_best(market).value
