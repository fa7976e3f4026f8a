"""The tightest proved bound on revenue that applies to a market."""

from .oracle.caps import (
    dynamic_cap,
    first_best,
    has_dynamic_cap,
    has_memoryless_cap,
    is_first_best_cap,
    memoryless_cap,
)
from .oracle.market import Market
from .oracle.myerson import has_myerson_cap, myerson_cap


def revenue_cap(market: Market) -> float | None:
    """The least of the bounds on revenue that hold for `market`, or None where none does.

    >>> import numpy as np
    >>> revenue_cap(Market(np.arange(100) / 100, np.full(100, 0.01), horizon=4, supply=0.8))
    0.25
    """
    bounds = []
    if has_myerson_cap(market):
        bounds.append(myerson_cap(market).revenue)
    elif has_dynamic_cap(market):
        bounds.append(dynamic_cap(market).value)
    if has_memoryless_cap(market):
        bounds.append(memoryless_cap(market).value)
    if is_first_best_cap(market):
        bounds.append(first_best(market).value)
    return min(bounds, default=None)
