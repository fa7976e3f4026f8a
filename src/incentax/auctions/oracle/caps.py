"""Upper bounds on the revenue of every mechanism, by relaxing supply with one shadow price λ."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from .best_response import best_response, sales_flow
from .convex import minimise_convex
from .coupling import CoupledPairs, coupled_pairs, is_monotone
from .market import Market
from .myerson import revenue_curve


@dataclass(frozen=True)
class Cap:
    """A proved upper bound.

    - `value`: money per bidder.
    - `shadow_price`: λ, money per item: what one more unit of supply would add to the bound.
    """

    value: float
    shadow_price: float


def first_best(market: Market) -> Cap:
    """The greatest total value of items to their winners, a cap on everybody's revenue.

    Bidders and seller share one price λ of supply in all rounds. Round weights do not enter: the
    bound is on money. It holds for all rational bidders whose utility is increasing and concave
    in value minus price; where winners return, only if the round weights do not increase, because
    a bidder may then lose money in a light round for the sake of a heavy one (`is_first_best_cap`).

    >>> market = Market(np.arange(100) / 100, np.full(100, 0.01), horizon=4, supply=0.8)
    >>> first_best(market).value
    0.476

    Reference: Lagrangian duality; with concave utility u(0)=0, E u(v-pay) >= 0 implies
    E pay <= E v.
    """
    equal = np.ones(market.horizon)

    def evaluate(shadow_price: float) -> tuple[float, float]:
        response = best_response(market, np.full(market.horizon, shadow_price), weights=equal)
        sold = float(sales_flow(market, response.buys).sales.sum())
        value = shadow_price * market.supply + float(response.surplus)
        return value, market.supply - sold

    least = minimise_convex(evaluate, guess=float(market.values[-1]) + 1)
    return Cap(value=least.value, shadow_price=least.location)


def is_first_best_cap(market: Market) -> bool:
    """Whether `first_best` bounds revenue: no returns, or round weights that do not increase."""
    return market.after_win.return_probability == 0 or bool(np.all(np.diff(market.weights) <= 0))


def has_dynamic_cap(market: Market) -> bool:
    """Whether `dynamic_cap` holds: monotone kernel and rounds that bidders weigh alike."""
    return market.has_equal_weights and is_monotone(market)


def dynamic_cap(market: Market, *, shadow_price: float | None = None) -> Cap:
    """The dynamic virtual value: a cap on every incentive-compatible mechanism, long contracts too.

    Each initial type's value is reduced by the rent of the type above, who can imitate her along
    a coupled path. Aggregates must be deterministic (a large population) and bidders risk neutral.

    **Arguments:**

    - `shadow_price`: λ >= 0 at which to evaluate the bound; the best one when `None`. Every one
      gives a valid cap.

    Raises `ValueError` unless the kernel is stochastically monotone and rounds are weighted alike.

    >>> market = Market(np.arange(100) / 100, np.full(100, 0.01), horizon=4, supply=0.8)
    >>> dynamic_cap(market).value
    0.25

    Reference: Pavan, Segal and Toikka (2014), Dynamic mechanism design; the discrete, coupled form
    is this library's.
    """
    if not market.has_equal_weights:
        raise ValueError(
            f"expected equal round weights, got {market.weights}; try first_best, which holds "
            "when the weights do not increase"
        )
    pairs = coupled_pairs(market)
    payoff = _virtual_payoff(market, pairs)
    mass = market.initial[market.initial > 0]

    def evaluate(shadow_price: float) -> tuple[float, float]:
        value, slope = _virtual_surplus(market, pairs, payoff, shadow_price)
        return shadow_price * market.supply + float(mass @ value), market.supply + float(
            mass @ slope
        )

    if shadow_price is not None:
        return Cap(value=evaluate(float(shadow_price))[0], shadow_price=float(shadow_price))
    least = minimise_convex(evaluate, guess=first_best(market).shadow_price + 1e-3)
    return Cap(value=least.value, shadow_price=least.location)


def has_memoryless_cap(market: Market) -> bool:
    """Whether `memoryless_cap` holds: winners stay, and rounds weighted alike."""
    return market.after_win.exit_probability == 0 and market.has_equal_weights


def memoryless_cap(market: Market) -> Cap:
    """The most that mechanisms without memory earn when winners stay: one sale per round.

    Rounds are tied by supply alone, which goes to the steepest segments of the concave hulls of
    all rounds' revenue curves. Tight, when lotteries are allowed.

    Raises `ValueError` unless winners stay and rounds are weighted alike.

    Reference: Myerson (1981), applied round by round.
    """
    if not has_memoryless_cap(market):
        raise ValueError(
            f"expected winners who stay, with equal round weights, got {market.after_win} and "
            f"{market.weights}; try dynamic_cap"
        )
    mass = market.initial
    widths, slopes = [], []
    for _ in range(market.horizon):
        curve = revenue_curve(market.values, mass)
        width = np.diff(curve.quantities[curve.hull])
        widths.append(width)
        slopes.append(np.diff(curve.revenues[curve.hull]) / width)
        mass = market.advance(mass)
    width, slope = np.concatenate(widths), np.concatenate(slopes)
    order = np.argsort(-slope, kind="stable")
    width, slope = width[order], slope[order]
    room = np.clip(market.supply - (np.cumsum(width) - width), 0.0, width)
    gains = np.maximum(slope, 0.0)
    exhausted = np.flatnonzero(room < width)
    margin = float(gains[exhausted[0]]) if exhausted.size else 0.0
    return Cap(value=float(gains @ room), shadow_price=margin)


def _virtual_payoff(market: Market, pairs: CoupledPairs) -> Float[np.ndarray, "P J"]:
    mass = market.initial[market.initial > 0]
    above = np.concatenate([np.cumsum(mass[::-1])[::-1][1:], [0.0]])
    spread = market.values[pairs.upper] - market.values[pairs.lower]
    return market.values[pairs.lower][:, None] - spread[:, None] * (above / mass)


def _virtual_surplus(
    market: Market, pairs: CoupledPairs, payoff: Float[np.ndarray, "P J"], shadow_price: float
) -> tuple[Float[np.ndarray, "J"], Float[np.ndarray, "J"]]:
    # For each initial type: the virtual surplus of selling to her along her coupled path, and its
    # slope in λ. After a win out of the market a buyer is worth her first best at price λ.
    exits, returns = market.after_win.exit_probability, market.after_win.return_probability
    virtual = np.zeros(payoff.shape), np.zeros(payoff.shape)
    free = np.zeros(market.num_values), np.zeros(market.num_values)
    outside = 0.0, 0.0
    gain = payoff - shadow_price
    for _ in range(market.horizon):
        outside = tuple(
            returns * float(market.initial @ fresh) + (1 - returns) * old
            for fresh, old in zip(free, outside, strict=True)
        )
        continuation = exits * outside[0], exits * outside[1]
        waiting = _move(pairs, virtual[0]), _move(pairs, virtual[1])
        virtual = _stop(gain, continuation, waiting, 1 - exits)
        waiting = market.expect(free[0]), market.expect(free[1])
        free = _stop(market.values - shadow_price, continuation, waiting, 1 - exits)
    types = np.arange(pairs.start.size)
    return virtual[0][pairs.start, types], virtual[1][pairs.start, types]


def _stop(
    gain: np.ndarray,
    outside: tuple[float, float],
    waiting: tuple[np.ndarray, np.ndarray],
    stays: float,
) -> tuple[np.ndarray, np.ndarray]:
    buying = gain + outside[0] + stays * waiting[0]
    buys = buying > waiting[0]
    bought_slope = outside[1] + stays * waiting[1] - 1
    return np.where(buys, buying, waiting[0]), np.where(buys, bought_slope, waiting[1])


def _move(pairs: CoupledPairs, array: Float[np.ndarray, "P J"]) -> Float[np.ndarray, "P J"]:
    return array if pairs.kernel is None else pairs.kernel @ array
