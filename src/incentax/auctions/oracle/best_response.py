from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from .market import Market

# A bidder whose gain from buying is this close to zero buys.
TIE_TOLERANCE = 1e-12


@dataclass(frozen=True, eq=False)
class BestResponse:
    """What price-taking bidders do, and are worth, under posted prices.

    - `surplus`: `[...]`, expected utility of a bidder drawn from the initial law, in money.
    - `buys`: `[..., H, S]`, whether an active bidder with that value buys in that round.
    """

    surplus: Float[np.ndarray, "..."]
    buys: Bool[np.ndarray, "... H S"]


@dataclass(frozen=True, eq=False)
class SalesFlow:
    """Where the mass of bidders goes when they follow a buying rule.

    - `sales`: `[..., H]`, mass that buys in each round.
    - `active`: `[..., H]`, mass in the market before each round.
    - `out`: `[..., H]`, mass out of the market before each round; `active + out` is one.
    """

    sales: Float[np.ndarray, "... H"]
    active: Float[np.ndarray, "... H"]
    out: Float[np.ndarray, "... H"]


def best_response(
    market: Market,
    prices: Float[np.ndarray, "... H"],
    *,
    weights: Float[np.ndarray, "H"] | None = None,
) -> BestResponse:
    """Optimal stopping of every bidder at posted `prices`, solved backwards; ties buy.

    **Arguments:**

    - `prices`: `[..., H]`, price in money of an item in each round; leading axes are a batch.
    - `weights`: `[H]`, weights in place of the market's round weights.

    >>> market = Market(np.array([0.2, 0.6]), np.array([0.5, 0.5]), horizon=2, supply=1.0)
    >>> best_response(market, np.array([0.5, 0.1])).surplus.item()
    0.3

    Reference: backward induction; a winner's continuation is ρ μ0·V + (1-ρ) C.
    """
    weights = market.weights if weights is None else weights
    batch = prices.shape[:-1]
    exits, returns = market.after_win.exit_probability, market.after_win.return_probability
    value = np.zeros((*batch, market.num_values))
    outside = np.zeros(batch)
    buys = np.empty((*batch, market.horizon, market.num_values), dtype=bool)
    for h in reversed(range(market.horizon)):
        outside = returns * (value @ market.initial) + (1 - returns) * outside
        waiting = market.expect(value)
        winner = exits * outside[..., None] + (1 - exits) * waiting
        buying = weights[h] * (market.values - prices[..., h, None]) + winner
        buys[..., h, :] = buying >= waiting - TIE_TOLERANCE
        value = np.maximum(buying, waiting)
    return BestResponse(surplus=np.asarray(value @ market.initial), buys=buys)


def sales_flow(market: Market, buys: Bool[np.ndarray, "... H S"]) -> SalesFlow:
    """Sales and masses by round when bidders follow the buying rule `buys` (`[..., H, S]`).

    >>> market = Market(np.array([0.2, 0.6]), np.array([0.5, 0.5]), horizon=2, supply=1.0)
    >>> sales_flow(market, np.array([[False, True], [True, True]])).sales
    array([0.5, 0.5])
    """
    batch = buys.shape[:-2]
    exits, returns = market.after_win.exit_probability, market.after_win.return_probability
    active = np.broadcast_to(market.initial, (*batch, market.num_values))
    out = np.zeros(batch)
    sales, active_mass, out_mass = (np.empty((*batch, market.horizon)) for _ in range(3))
    for h in range(market.horizon):
        active_mass[..., h], out_mass[..., h] = active.sum(axis=-1), out
        winners = active * buys[..., h, :]
        sold = winners.sum(axis=-1)
        sales[..., h] = sold
        out = out + exits * sold
        back = returns * out
        out = out - back
        active = market.advance(active - exits * winners) + back[..., None] * market.initial
    return SalesFlow(sales=sales, active=active_mass, out=out_mass)
