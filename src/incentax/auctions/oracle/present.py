"""First price among bidders who cannot stay away."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from .clearing import ClearingInterval, first_price_interval
from .market import Market

# Goods left over by less than this are rounding.
_ROUNDING = 1e-9


class PresentSale(NamedTuple):
    """First price with equal split where active bidders bid in every round.

    - `given`: goods that go for nothing in each of the first rounds, if any, to bidders by lot.
    - `interval`: lowest and highest equilibrium of the rounds after them, per bidder left.
    """

    given: Float[np.ndarray, " G"]
    interval: ClearingInterval

    @property
    def revenue_range(self) -> tuple[float, float]:
        """Lowest and highest revenue per bidder of all."""
        left = 1 - float(self.given.sum())
        return left * self.interval.lowest.revenue, left * self.interval.highest.revenue

    @property
    def price_range(self) -> tuple[Float[np.ndarray, " H"], Float[np.ndarray, " H"]]:
        """Lowest and highest price of every round."""
        free = np.zeros(self.given.size)
        ends = (self.interval.lowest, self.interval.highest)
        low, high = (np.concatenate([free, end.prices]) for end in ends)
        return low, high


def first_price_present(market: Market) -> PresentSale:
    """The clearing interval of a game whose active bidders cannot abstain.

    Where the price is zero and goods would be left over, all bid nothing, and the whole supply of
    the round goes to bidders drawn by lot, who then leave. The linear program lets bidders stay
    away, so it starts after such rounds, with those who are left. Where winners may stay or come
    back, that is not known to be so, and nothing is given away.

    >>> uniform = Market(np.arange(100) / 100, np.full(100, 0.01), horizon=4, supply=0.8)
    >>> first_price_present(uniform).given.size, first_price_present(uniform).revenue_range
    (0, (0.152, 0.16))
    """
    interval = first_price_interval(market)
    supply, given, law = market.supply / market.horizon, [], market.initial
    weights = market.round_weights
    leaves = market.after_win.exit_probability == 1 and market.after_win.return_probability == 0
    while (
        leaves
        and len(given) < market.horizon - 1
        and interval.highest.prices[0] == 0
        and interval.highest.sales[0] < interval.highest.round_supply[0] - _ROUNDING
    ):
        given.append(supply)
        law = market.advance(law)
        rounds = market.horizon - len(given)
        rest = Market(
            market.values,
            law / law.sum(),
            kernel=market.kernel,
            horizon=rounds,
            supply=supply * rounds / (1 - sum(given)),
            after_win=market.after_win,
            round_weights=None if weights is None else weights[len(given) :],
        )
        interval = first_price_interval(rest)
    return PresentSale(np.array(given), interval)
