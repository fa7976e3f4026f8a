from dataclasses import dataclass

from .caps import first_best
from .clearing import first_price_interval
from .market import Market
from .posted import constant_price
from .posted_search import DEFAULT_SEARCH, CrossEntropy, best_posted_path
from .present import first_price_present
from .revenue_cap import revenue_caps


@dataclass(frozen=True)
class OracleSummary:
    """What every oracle says about one market, in money per bidder; `None` where none applies.

    - `first_best`: the greatest welfare.
    - `first_price`, `first_price_prices`: first price with equal split, the equilibrium of highest
      revenue, and its price per round; `first_price_range`: lowest and highest equilibrium revenue.
    - `first_price_present`, `first_price_present_prices`: the same among bidders who cannot stay
      away, in which goods go for nothing; None where none do, and it is the same.
    - `myerson_cap`: one sale, or static values with winners who leave.
    - `dynamic_cap`: dynamic virtual value, for monotone kernels; `memoryless_cap`: for mechanisms
      without memory when winners stay; `weighted_cap`: static values and unequal round weights.
    - `posted_price`, `posted_prices`: revenue of the best posted path found, and the path.
    - `constant_price`: revenue of the best constant price.
    - `revenue_caps`: the caps above that are proved for this market's revenue, by name.
    """

    first_best: float
    first_price: float
    first_price_prices: tuple[float, ...]
    first_price_range: tuple[float, float]
    first_price_present: float | None
    first_price_present_prices: tuple[float, ...] | None
    myerson_cap: float | None
    dynamic_cap: float | None
    memoryless_cap: float | None
    weighted_cap: float | None
    posted_price: float | None
    posted_prices: tuple[float, ...] | None
    constant_price: float
    revenue_caps: dict[str, float]

    @property
    def cap(self) -> float | None:
        """The tightest proved upper bound on the revenue of this market's mechanisms."""
        return min(self.revenue_caps.values(), default=None)


def summarise(market: Market, *, search: CrossEntropy | None = DEFAULT_SEARCH) -> OracleSummary:
    """All oracles of `market` in one record of plain numbers, for risk-neutral bidders.

    With risk-averse bidders only `first_best` remains a cap; with risk-seeking ones nothing does.

    **Arguments:**

    - `search`: how to look for the best posted path; `None` leaves it out, which is fastest.

    >>> import numpy as np
    >>> uniform = Market(np.arange(100) / 100, np.full(100, 0.01), horizon=4, supply=0.8)
    >>> oracles = summarise(uniform, search=None)
    >>> oracles.cap, oracles.first_price, oracles.first_price_range, oracles.posted_price
    (0.25, 0.16, (0.152, 0.16), None)
    """
    present = first_price_present(market)
    differs = present.given.size > 0
    interval = first_price_interval(market) if differs else present.interval
    posted = None if search is None else best_posted_path(market, search=search)
    caps = revenue_caps(market)
    return OracleSummary(
        first_best=first_best(market).value,
        first_price=interval.highest.revenue,
        first_price_prices=tuple(interval.highest.prices.tolist()),
        first_price_range=(interval.lowest.revenue, interval.highest.revenue),
        first_price_present=present.revenue_range[1] if differs else None,
        first_price_present_prices=tuple(present.price_range[1].tolist()) if differs else None,
        posted_price=None if posted is None else posted.revenue,
        posted_prices=None if posted is None else tuple(posted.prices.tolist()),
        constant_price=constant_price(market).revenue,
        myerson_cap=caps.get("myerson_cap"),
        dynamic_cap=caps.get("dynamic_cap"),
        memoryless_cap=caps.get("memoryless_cap"),
        weighted_cap=caps.get("weighted_cap"),
        revenue_caps=caps,
    )
