"""Which of the proved bounds apply to a market, and the tightest of them."""

import functools

from .caps import (
    dynamic_cap,
    first_best,
    has_dynamic_cap,
    has_memoryless_cap,
    is_first_best_cap,
    memoryless_cap,
)
from .market import Market
from .myerson import has_myerson_cap, myerson_cap
from .weighted_cap import has_weighted_cap, weighted_cap


def revenue_caps(market: Market) -> dict[str, float]:
    """Every bound proved for this market's revenue, by name; risk-neutral bidders."""
    return dict(_found(market))


# Over a hundred rounds the bounds take seconds, and who asks for the cap asks for all of them next.
@functools.lru_cache(maxsize=8)
def _found(market: Market) -> tuple[tuple[str, float], ...]:
    caps = {}
    if has_myerson_cap(market):
        caps["myerson_cap"] = myerson_cap(market).revenue
    if has_dynamic_cap(market):
        caps["dynamic_cap"] = dynamic_cap(market).value
    if has_memoryless_cap(market):
        caps["memoryless_cap"] = memoryless_cap(market).value
    if has_weighted_cap(market) and not market.has_equal_weights:
        caps["weighted_cap"] = weighted_cap(market).value
    if is_first_best_cap(market):
        caps["first_best"] = first_best(market).value
    return tuple(caps.items())


def revenue_cap(market: Market) -> float | None:
    """The tightest proved upper bound on revenue, or `None` where nothing is proved.

    >>> import numpy as np
    >>> revenue_cap(Market(np.arange(100) / 100, np.full(100, 0.01), horizon=4, supply=0.8))
    0.25
    """
    return min(revenue_caps(market).values(), default=None)
