import numpy as np
import scipy  # its parts load when first used

from .market import Market
from .posted import SUPPLY_TOLERANCE, PostedPath, posted_path

# The integer program is solved to this relative gap.
_RELATIVE_GAP = 1e-9


def best_staying_path(market: Market) -> PostedPath:
    """The best posted path of a market whose winners stay, exactly.

    A winner who stays gives nothing up, so rounds are tied by supply alone: choose one value as
    the price of each round (a knapsack with one item per round), or none.

    Raises `ValueError` unless winners stay.

    >>> from incentax.auctions.oracle import Stay
    >>> market = Market(np.arange(4) / 4, np.full(4, 0.25), horizon=2, supply=0.75,
    ...                 after_win=Stay())
    >>> best_staying_path(market).revenue
    0.4375

    Reference: Sinha and Zoltners (1979), The multiple-choice knapsack problem.
    """
    if market.after_win.exit_probability != 0:
        raise ValueError(f"expected winners who stay, got {market.after_win}; try best_posted_path")
    mass = market.initial
    quantities = []
    for _ in range(market.horizon):
        quantities.append(np.append(np.cumsum(mass[::-1])[::-1], 0.0))
        mass = market.advance(mass)
    quantity = np.array(quantities)
    levels = np.append(market.values, market.price_ceiling + 1.0)
    one_price = np.kron(np.eye(market.horizon), np.ones(levels.size))
    result = scipy.optimize.milp(
        -(levels * quantity).ravel(),
        integrality=np.ones(quantity.size),
        bounds=scipy.optimize.Bounds(0, 1),
        constraints=[
            scipy.optimize.LinearConstraint(scipy.sparse.csr_array(one_price), 1, 1),
            scipy.optimize.LinearConstraint(
                quantity.reshape(1, -1), -np.inf, market.supply + SUPPLY_TOLERANCE / 2
            ),
        ],
        options={"mip_rel_gap": _RELATIVE_GAP},
    )
    if result.status != 0:
        raise RuntimeError(f"the knapsack of posted prices was not solved: {result.message}")
    return posted_path(market, levels[result.x.reshape(quantity.shape).argmax(axis=1)])
