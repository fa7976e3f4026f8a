from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from .best_response import best_response, sales_flow
from .market import Market, VectorLike

# Sales may exceed supply by rounding, and by no more.
SUPPLY_TOLERANCE = 1e-9
_CONSTANT_STEPS = 400
# Batches are cut so that the buying rules of one stay below this many entries.
_BATCH_ENTRIES = 10_000_000


@dataclass(frozen=True, eq=False)
class PostedPath:
    """Posted prices and what they sell.

    - `prices`: `[H]`, money per item; `sales`: `[H]`, mass per bidder.
    - `is_feasible`: whether sales stay within the market's supply (nobody is rationed).
    """

    prices: Float[np.ndarray, "H"]
    sales: Float[np.ndarray, "H"]
    is_feasible: bool

    @property
    def revenue(self) -> float:
        """Money per bidder over all rounds; attainable when the path is feasible."""
        return float(self.prices @ self.sales)


def posted_path(market: Market, prices: VectorLike) -> PostedPath:
    """What bidders who stop optimally buy at posted `prices` (`[H]`, money; ties buy).

    Raises `ValueError` unless there is one finite price per round.

    >>> uniform = Market(np.arange(100) / 100, np.full(100, 0.01), horizon=4, supply=0.8)
    >>> path = posted_path(uniform, [0.8, 0.7, 0.6, 0.5])
    >>> path.sales, path.revenue, path.is_feasible
    (array([0. , 0. , 0. , 0.5]), 0.25, True)
    """
    prices = np.asarray(prices, dtype=np.float64)
    if prices.shape != (market.horizon,) or not np.all(np.isfinite(prices)):
        raise ValueError(
            f"expected {market.horizon} finite prices, got {prices}; "
            f"try numpy.full({market.horizon}, 0.5)"
        )
    sales = sales_flow(market, best_response(market, prices).buys).sales
    return PostedPath(
        prices=prices,
        sales=sales,
        is_feasible=bool(sales.sum() <= market.supply + SUPPLY_TOLERANCE),
    )


def posted_sales(market: Market, prices: Float[np.ndarray, "B H"]) -> Float[np.ndarray, "B H"]:
    """`[B, H]`, mass sold in each round by each of a batch of posted paths."""
    size = max(1, _BATCH_ENTRIES // (market.horizon * market.num_values))
    batches = [prices[k : k + size] for k in range(0, len(prices), size)]
    return np.concatenate(
        [sales_flow(market, best_response(market, batch).buys).sales for batch in batches]
    )


def constant_price(market: Market) -> PostedPath:
    """The best feasible constant price on a grid of 400 steps and on the grid of values.

    A lower bound on the best posted path; the price is one for which supply suffices.

    >>> uniform = Market(np.arange(100) / 100, np.full(100, 0.01), horizon=4, supply=0.8)
    >>> best = constant_price(uniform)
    >>> best.prices, best.revenue
    (array([0.5, 0.5, 0.5, 0.5]), 0.25)
    """
    # Computed as multiples so that a step that is also a value is that value to the last bit.
    steps = np.arange(_CONSTANT_STEPS + 1) * market.price_ceiling / _CONSTANT_STEPS
    levels = np.unique(np.concatenate([steps, market.values, [_closing_price(market)]]))
    paths = np.repeat(levels[:, None], market.horizon, axis=1)
    sales = posted_sales(market, paths)
    feasible = sales.sum(axis=1) <= market.supply + SUPPLY_TOLERANCE
    revenue = np.where(feasible, np.sum(paths * sales, axis=1), -np.inf)
    return posted_path(market, paths[int(np.argmax(revenue))])


def _closing_price(market: Market) -> float:
    # Nobody gains by paying more than the top value plus, in each later life, another top value:
    # this price sells nothing, so the search always has one feasible path.
    return float(market.values[-1]) * (market.horizon + 1) + market.price_ceiling + 1.0
