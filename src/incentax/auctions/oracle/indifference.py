import numpy as np
from jaxtyping import Bool, Float

from .market import Market


def indifference_prices(
    market: Market, buys: Bool[np.ndarray, "... H S"]
) -> Float[np.ndarray, "... H"]:
    """`[..., H]`, the highest posted prices at which everybody in `buys` still wants to buy.

    Solved backwards: in each round the least keen buyer is left indifferent. Bidders outside the
    set may want to buy at these prices as well; `posted_path` says who does. A round without
    buyers gets the price at which the keenest bidder is indifferent, so that nobody gains.

    **Arguments:**

    - `buys`: `[..., H, S]`, whether an active bidder with that value buys in that round.

    >>> market = Market(np.array([0.2, 0.6]), np.array([0.5, 0.5]), horizon=2, supply=1.0)
    >>> indifference_prices(market, np.array([[False, True], [True, True]]))
    array([0.2, 0.2])
    """
    batch = buys.shape[:-2]
    exits, returns = market.after_win.exit_probability, market.after_win.return_probability
    value = np.zeros((*batch, market.num_values))
    outside = np.zeros(batch)
    prices = np.empty((*batch, market.horizon))
    for h in reversed(range(market.horizon)):
        outside = returns * (value @ market.initial) + (1 - returns) * outside
        waiting = market.expect(value)
        winner = exits * outside[..., None] + (1 - exits) * waiting
        weight = market.weights[h]
        keenness = market.values + (winner - waiting) / weight
        least = np.where(buys[..., h, :], keenness, np.inf).min(axis=-1)
        prices[..., h] = np.where(np.isinf(least), keenness.max(axis=-1), least)
        buying = weight * (market.values - prices[..., h, None]) + winner
        value = np.maximum(buying, waiting)
    return prices
