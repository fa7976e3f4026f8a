"""First-price equilibrium of the population as a linear program: prices are its dual variables.

A bidder of mass zero never pays more than the clearing price, so a first-price mean-field
equilibrium is a price-taking equilibrium, and that is the optimum of welfare under the supply
constraints. The dual variables of the mass balance are the bidders' values under those prices;
complementary slackness says that winning happens only where it is optimal.
"""

import dataclasses
from dataclasses import dataclass

import numpy as np
import scipy  # its parts load when first used
from jaxtyping import Float

from .best_response import best_response
from .market import Market, VectorLike

# Kernel entries below this are dropped from the program; they only spoil its scaling.
_NEGLIGIBLE = 1e-13
# Relative change of supply that exposes both ends of an interval of clearing prices.
_SUPPLY_STEP = 1e-4
# A duality gap below this certifies a price vector.
CERTIFIED_GAP = 1e-7
# Reserves are lowered by this much, so that bidders whose value equals the reserve buy.
_RESERVE_STEP = 1e-6


@dataclass(frozen=True, eq=False)
class Clearing:
    """A first-price equilibrium with the two numbers that certify it.

    - `prices`: `[H]`, what every winner pays, in money per item.
    - `sales`: `[H]`, mass sold per bidder.
    - `winners`: `[H, S]`, mass that wins by value.
    - `round_supply`: `[H]`, mass for sale in each round.
    - `reserve`: `[H]`, least price accepted, in money.
    - `welfare`: optimal value of the program, weighted and above reserves.
    - `dual_value`: value D(p) of the convex dual at `prices`, computed by backward induction.
    """

    prices: Float[np.ndarray, "H"]
    sales: Float[np.ndarray, "H"]
    winners: Float[np.ndarray, "H S"]
    round_supply: Float[np.ndarray, "H"]
    reserve: Float[np.ndarray, "H"]
    welfare: float
    dual_value: float

    @property
    def revenue(self) -> float:
        """Money per bidder: price times sales, unweighted, over all rounds."""
        return float(self.prices @ self.sales)

    @property
    def gap(self) -> float:
        """D(p) minus welfare: zero exactly when the prices clear the market."""
        return self.dual_value - self.welfare


@dataclass(frozen=True, eq=False)
class ClearingInterval:
    """The equilibria of lowest and highest revenue; clearing prices need not be unique."""

    lowest: Clearing
    highest: Clearing


def first_price(
    market: Market, *, round_supply: VectorLike | None = None, reserve: VectorLike | float = 0.0
) -> Clearing:
    """A first-price equilibrium when round h sells at most `round_supply[h]`.

    Where the clearing price is not unique this is the one the solver finds;
    `first_price_interval` gives both ends.

    **Arguments:**

    - `round_supply`: `[H]`, mass per bidder; `market.supply / H` each when `None`.
    - `reserve`: `[H]` or one number, least price accepted, in money; lowered by 1e-6 so that
      bidders whose value equals it buy.

    Raises `ValueError` for supplies or reserves of another shape or sign.

    >>> market = Market(np.array([0.2, 0.6, 1.0]), np.full(3, 1 / 3), horizon=2, supply=0.5)
    >>> sale = first_price(market)
    >>> sale.prices, sale.revenue
    (array([0.6, 0.6]), 0.3)

    Reference: Shapley and Shubik (1971), The assignment game I: the core, extended to rounds.
    """
    supply, least = _checked_sale(market, round_supply, reserve)
    least = np.maximum(least - _RESERVE_STEP, 0.0)
    _, winners, duals = _occupancy_program(market, np.eye(market.horizon), supply, least)
    prices = least + duals / market.weights
    margins = market.values - least[:, None]
    return Clearing(
        prices=prices,
        sales=winners.sum(axis=1),
        winners=winners,
        round_supply=supply,
        reserve=least,
        welfare=float(market.weights @ np.sum(margins * winners, axis=1)),
        dual_value=dual_value(market, prices, round_supply=supply, reserve=least),
    )


def first_price_interval(
    market: Market, *, round_supply: VectorLike | None = None, reserve: VectorLike | float = 0.0
) -> ClearingInterval:
    """The first-price equilibria at both ends of the interval of clearing prices.

    Prices come from a supply 1e-4 larger and smaller; with them both equilibria sell what the
    nominal supply sells. When they do not clear the nominal market to 1e-7 (supply itself was so
    near a kink that the step crossed another one) the nominal equilibrium stands in.

    >>> uniform = Market(np.arange(100) / 100, np.full(100, 0.01), horizon=4, supply=0.8)
    >>> interval = first_price_interval(uniform)
    >>> interval.lowest.revenue, interval.highest.revenue
    (0.152, 0.16)
    """
    nominal = first_price(market, round_supply=round_supply, reserve=reserve)
    supply = nominal.round_supply
    ends = [nominal]
    for factor in (1 + _SUPPLY_STEP, 1 - _SUPPLY_STEP):
        moved = first_price(market, round_supply=factor * supply, reserve=reserve)
        end = repriced(market, nominal, moved.prices)
        if abs(end.gap) <= CERTIFIED_GAP:
            ends.append(end)
    return ClearingInterval(
        lowest=min(ends, key=lambda end: end.revenue),
        highest=max(ends, key=lambda end: end.revenue),
    )


def repriced(market: Market, sale: Clearing, prices: Float[np.ndarray, "H"]) -> Clearing:
    """The same winners at other `prices` (`[H]`, money): an equilibrium if its `gap` is zero.

    >>> uniform = Market(np.arange(100) / 100, np.full(100, 0.01), horizon=1, supply=0.8)
    >>> sale = first_price(uniform)
    >>> bool(abs(repriced(uniform, sale, np.array([0.195])).gap) < CERTIFIED_GAP)
    True
    """
    value = dual_value(market, prices, round_supply=sale.round_supply, reserve=sale.reserve)
    return dataclasses.replace(sale, prices=prices, dual_value=value)


def dual_value(
    market: Market,
    prices: Float[np.ndarray, "H"],
    *,
    round_supply: VectorLike | None = None,
    reserve: VectorLike | float = 0.0,
) -> float:
    """D(p) = Σ d (p - r) α + what bidders are worth at p: at least the welfare, for every p >= r.

    A second computation of the clearing prices' value that shares no code with the linear program.

    >>> market = Market(np.array([0.2, 0.6, 1.0]), np.full(3, 1 / 3), horizon=2, supply=0.5)
    >>> dual_value(market, np.array([0.6, 0.6])), first_price(market).welfare
    (0.433333, 0.433333)
    """
    round_supply, reserve = _checked_sale(market, round_supply, reserve)
    surplus = float(best_response(market, np.asarray(prices, dtype=np.float64)).surplus)
    return float(market.weights @ ((prices - reserve) * round_supply)) + surplus


def efficient_welfare(market: Market) -> float:
    """The greatest welfare when all rounds share one supply, by the linear program.

    Equals `first_best(market).value`, computed another way.

    >>> market = Market(np.array([0.2, 0.6, 1.0]), np.full(3, 1 / 3), horizon=2, supply=0.5)
    >>> efficient_welfare(market)
    0.433333
    """
    rows, limit = np.ones((1, market.horizon)), np.array([market.supply])
    return _occupancy_program(market, rows, limit, np.zeros(market.horizon))[0]


def _occupancy_program(
    market: Market,
    supply_rows: Float[np.ndarray, "R H"],
    limits: Float[np.ndarray, "R"],
    reserve: Float[np.ndarray, "H"],
) -> tuple[float, Float[np.ndarray, "H S"], Float[np.ndarray, "R"]]:
    # Unknowns, all non-negative, round by round: winners [H S], losers [H S], and when winners
    # return, mass out after the sale [H] of whom a share comes back at the next transition.
    size, horizon = market.num_values, market.horizon
    cells = size * horizon
    unknowns = 2 * cells
    exits, returns = market.after_win.exit_probability, market.after_win.return_probability
    same = scipy.sparse.identity(cells, format="csr")
    later = scipy.sparse.eye_array(horizon, k=-1)
    move = scipy.sparse.csr_array(_sparse_kernel(market).T)
    moved = scipy.sparse.kron(later, move, format="csr")
    blocks: list[list] = [[same - (1 - exits) * moved, same - moved]]
    sold = scipy.sparse.kron(scipy.sparse.eye_array(horizon), np.ones((1, size)), format="csr")
    if returns > 0:
        fresh = scipy.sparse.kron(later, returns * market.initial[:, None], format="csr")
        blocks[0].append(-fresh)
        out = scipy.sparse.eye_array(horizon) - (1 - returns) * later
        blocks.append([-exits * sold, None, out])
        unknowns += horizon
    equalities = scipy.sparse.csr_array(scipy.sparse.block_array(blocks))
    # One row per cell or round out, and as many unknowns again for the losers.
    mass = np.zeros(unknowns - cells)
    mass[:size] = market.initial
    cost = np.zeros(unknowns)
    margins = market.values - reserve[:, None]
    cost[:cells] = -(market.weights[:, None] * margins).ravel()
    padding = scipy.sparse.csr_array((len(limits), unknowns - cells))
    inequalities = scipy.sparse.hstack([scipy.sparse.csr_array(supply_rows) @ sold, padding])
    result = scipy.optimize.linprog(
        cost, A_ub=inequalities, b_ub=limits, A_eq=equalities, b_eq=mass, method="highs"
    )
    if result.status != 0:
        raise RuntimeError(f"the clearing program was not solved: {result.message}")
    winners = np.maximum(result.x[:cells].reshape(horizon, size), 0.0)
    return -float(result.fun), winners, np.maximum(-result.ineqlin.marginals, 0.0)


def _sparse_kernel(market: Market) -> "scipy.sparse.csr_array":
    if market.kernel is None:
        return scipy.sparse.csr_array(scipy.sparse.identity(market.num_values))
    kept = np.where(market.kernel < _NEGLIGIBLE, 0.0, market.kernel)
    return scipy.sparse.csr_array(kept / kept.sum(axis=1, keepdims=True))


def _checked_sale(
    market: Market, round_supply: VectorLike | None, reserve: VectorLike | float
) -> tuple[Float[np.ndarray, "H"], Float[np.ndarray, "H"]]:
    shape = (market.horizon,)
    share = market.supply / market.horizon
    supply = np.asarray(share if round_supply is None else round_supply, dtype=np.float64)
    least = np.asarray(reserve, dtype=np.float64)
    for name, array in (("supplies", supply), ("reserves", least)):
        if array.shape not in ((), shape) or not np.all(np.isfinite(array) & (array >= 0)):
            raise ValueError(
                f"expected {market.horizon} finite {name} of at least 0, got {array}; "
                f"try numpy.full({market.horizon}, 0.2)"
            )
    return np.broadcast_to(supply, shape), np.broadcast_to(least, shape)
