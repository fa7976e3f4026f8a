from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from .market import Market, VectorLike, checked_supply

# Supply this close to a corner of the revenue curve is at the corner: no lottery of mass 1e-16.
_CORNER = 1e-12


@dataclass(frozen=True, eq=False)
class RevenueCurve:
    """Quantities sold and revenue at every posted price on the grid, from (0, 0) downwards.

    - `prices`: `[K]`, falling; the first one sells nothing.
    - `quantities`: `[K]`, mass of bidders with a value of at least the price (q).
    - `revenues`: `[K]`, price times quantity (R).
    - `hull`: indices of the corners of the concave hull: the only prices worth posting.
    """

    prices: Float[np.ndarray, "K"]
    quantities: Float[np.ndarray, "K"]
    revenues: Float[np.ndarray, "K"]
    hull: Int[np.ndarray, "M"]


@dataclass(frozen=True)
class OptimalPrice:
    """The best revenue from one sale, and the posted prices that reach it.

    - `prices`, `probabilities`: one posted price, or a lottery over two of them.
    - `quantity`: mass sold per bidder.
    - `revenue`: money per bidder.
    - `is_ironed`: whether the lottery mixes prices that are not neighbours on the grid, because
      the revenue curve has a dent there.
    """

    prices: tuple[float, ...]
    probabilities: tuple[float, ...]
    quantity: float
    revenue: float
    is_ironed: bool


def revenue_curve(values: Float[np.ndarray, "S"], mass: Float[np.ndarray, "S"]) -> RevenueCurve:
    """The revenue curve of bidders with increasing `values` and `mass`, and its concave hull.

    Values of zero mass are dropped. Shapes: both `[S]`, money and mass per bidder.

    Raises `ValueError` when there is no mass at all.

    >>> curve = revenue_curve(np.array([0.0, 0.5, 1.0]), np.full(3, 1 / 3))
    >>> curve.revenues
    array([0.    , 0.3333, 0.3333, 0.    ])

    Reference: Bulow and Roberts (1989), The simple economics of optimal auctions.
    """
    falling = np.flatnonzero(mass > 0)[::-1]
    if falling.size == 0:
        raise ValueError("expected some mass of bidders, got none; try numpy.full(S, 1 / S)")
    prices = values[np.concatenate([falling[:1], falling])]
    quantities = np.concatenate([[0.0], np.cumsum(mass[falling])])
    revenues = prices * quantities
    return RevenueCurve(prices, quantities, revenues, concave_hull(quantities, revenues))


def optimal_price(curve: RevenueCurve, supply: float) -> OptimalPrice:
    """The best point of the concave hull of `curve` that sells at most `supply`.

    >>> values = np.arange(100) / 100
    >>> optimal_price(revenue_curve(values, np.full(100, 0.01)), 0.8).revenue
    0.25
    """
    quantities, revenues = curve.quantities[curve.hull], curve.revenues[curve.hull]
    peak = int(np.argmax(revenues))
    if quantities[peak] <= supply + _CORNER:
        return _posted(curve, int(curve.hull[peak]))
    high = int(np.searchsorted(quantities, supply + _CORNER, side="right")) - 1
    if supply - quantities[high] <= _CORNER:
        return _posted(curve, int(curve.hull[high]))
    share = float((supply - quantities[high]) / (quantities[high + 1] - quantities[high]))
    ends = curve.hull[high], curve.hull[high + 1]
    return OptimalPrice(
        prices=(float(curve.prices[ends[0]]), float(curve.prices[ends[1]])),
        probabilities=(1 - share, share),
        quantity=float(supply),
        revenue=float((1 - share) * revenues[high] + share * revenues[high + 1]),
        is_ironed=bool(ends[1] - ends[0] > 1),
    )


def myerson(
    values: VectorLike, weights: VectorLike | None = None, *, supply: float = 1.0
) -> OptimalPrice:
    """The most that any mechanism can earn from bidders with these values, in money per bidder.

    **Arguments:**

    - `values`: `[N]`, one value per sampled bidder, in money, in any order; ties are welcome.
    - `weights`: `[N]`, non-negative, how many bidders each value stands for; equal when `None`.
    - `supply`: items per bidder.

    Raises `ValueError` for values that are empty, negative or not finite, or weights without mass.

    >>> best = myerson([3.0, 1.0, 2.0, 2.0])
    >>> best.prices, best.quantity, best.revenue
    ((2.0,), 0.75, 1.5)

    Reference: Myerson (1981), Optimal auction design, sections 5-6; with supply, Bulow and
    Roberts (1989).
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or values.size == 0 or not np.all(np.isfinite(values) & (values >= 0)):
        raise ValueError(
            f"expected a non-empty vector of finite values of at least 0, got shape {values.shape} "
            f"with {int(np.sum(~(np.isfinite(values) & (values >= 0))))} bad entries; "
            "try dropping them"
        )
    weights = np.ones_like(values) if weights is None else np.asarray(weights, dtype=np.float64)
    total = float(weights.sum())
    if weights.shape != values.shape or not np.all(weights >= 0) or not 0 < total < np.inf:
        raise ValueError(
            f"expected {values.size} non-negative weights with a positive sum, got shape "
            f"{weights.shape} with sum {total}; try None for equal weights"
        )
    grid, position = np.unique(values, return_inverse=True)
    mass = np.bincount(position, weights=weights / total)
    return optimal_price(revenue_curve(grid, mass), checked_supply(supply))


def myerson_cap(market: Market) -> OptimalPrice:
    """The most that any mechanism can earn from `market` when all that matters is who buys.

    Raises `ValueError` unless the market has one round, or has static values, winners who leave
    and rounds that bidders weigh alike; `dynamic_cap` covers the others.

    >>> uniform = Market(np.arange(100) / 100, np.full(100, 0.01), horizon=4, supply=0.8)
    >>> best = myerson_cap(uniform)
    >>> best.prices, best.quantity, best.revenue
    ((0.5,), 0.5, 0.25)

    Reference: Myerson (1981); static sales over several rounds sell each bidder one item at most.
    """
    if not has_myerson_cap(market):
        raise ValueError(
            f"expected one round, or static values with winners who leave, got {market.horizon} "
            f"rounds with {market.after_win}; try dynamic_cap or first_best"
        )
    return optimal_price(revenue_curve(market.values, market.initial), market.supply)


def has_myerson_cap(market: Market) -> bool:
    """Whether `myerson_cap` holds for `market`."""
    leaves = market.after_win.exit_probability == 1 and market.after_win.return_probability == 0
    return market.horizon == 1 or (market.is_static and leaves and market.has_equal_weights)


def _posted(curve: RevenueCurve, corner: int) -> OptimalPrice:
    return OptimalPrice(
        prices=(float(curve.prices[corner]),),
        probabilities=(1.0,),
        quantity=float(curve.quantities[corner]),
        revenue=float(curve.revenues[corner]),
        is_ironed=False,
    )


def concave_hull(
    horizontal: Float[np.ndarray, "K"], vertical: Float[np.ndarray, "K"]
) -> Int[np.ndarray, "M"]:
    """`[M]`, indices of the corners of the upper concave hull of points with rising `horizontal`.

    >>> concave_hull(np.array([0.0, 1.0, 2.0]), np.array([0.0, 0.1, 1.0]))
    array([0, 2])
    """
    # Andrew's monotone chain, upper half. Points on a straight edge are kept unless rounding says
    # otherwise: a uniform law is then never reported as ironed because of the last bit.
    x, y = horizontal.tolist(), vertical.tolist()
    slack = 1e-14 * max(1.0, max(y)) * max(1.0, x[-1])
    corners: list[int] = []
    for k in range(len(x)):
        while len(corners) >= 2:
            i, j = corners[-2], corners[-1]
            turn = (x[j] - x[i]) * (y[k] - y[i]) - (y[j] - y[i]) * (x[k] - x[i])
            if turn <= slack:
                break
            corners.pop()
        corners.append(k)
    return np.array(corners)
