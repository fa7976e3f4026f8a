"""One round, or several with static values and winners who leave: the continuum limit by hand."""

from dataclasses import dataclass
from typing import Any, Protocol, final, runtime_checkable

import numpy as np
from jaxtyping import Float

from .market import checked_law, checked_supply, checked_values

# Mass differences below this are rounding in cumulated laws.
_MASS_ROUNDING = 1e-12


@runtime_checkable
class Law(Protocol):
    """A continuous law of values: any frozen distribution of `scipy.stats`."""

    def cdf(self, x: Any, /) -> Any:
        """Probability of a value of at most `x`."""
        ...

    def pdf(self, x: Any, /) -> Any:
        """Density at `x`."""
        ...

    def ppf(self, q: Any, /) -> Any:
        """The value with probability `q` below it."""
        ...


@final
class _Uniform:
    """Uniform on [0, 1]: SciPy's own costs half a second to import."""

    def cdf(self, x, /):
        return np.clip(x, 0.0, 1.0)

    def pdf(self, x, /):
        return np.where((np.asarray(x) >= 0) & (np.asarray(x) <= 1), 1.0, 0.0)

    def ppf(self, q, /):
        return np.where((np.asarray(q) >= 0) & (np.asarray(q) <= 1), q, np.nan)


UNIFORM_LAW: Law = _Uniform()


@dataclass(frozen=True)
class StaticFirstPrice:
    """The first-price equilibria of a static sale: every price in the interval clears.

    Prices are money per item, `sold` is mass per bidder and revenues are money per bidder.
    """

    lowest_price: float
    highest_price: float
    sold: float

    @property
    def lowest_revenue(self) -> float:
        """Revenue at the lowest price that clears."""
        return self.lowest_price * self.sold

    @property
    def highest_revenue(self) -> float:
        """Revenue at the highest price that clears."""
        return self.highest_price * self.sold


def static_first_price(
    values: Float[np.ndarray, "S"],
    initial: Float[np.ndarray, "S"],
    *,
    supply: float,
    reserve: float = 0.0,
) -> StaticFirstPrice:
    """Clearing prices F⁻¹(1-Q) on the grid of values, and what is sold.

    With static values and winners who leave, every round has the same price and only the total
    supply matters, not its split. The price is unique unless supply equals the mass of bidders
    above a gap in the grid: then all prices in the gap clear.

    **Arguments:**

    - `values`: `[S]`, increasing, in money; `initial`: `[S]`, their law.
    - `supply`: items per bidder over all rounds (Q).
    - `reserve`: least price accepted, in money.

    Raises `ValueError` for what is not a grid, a law, a supply or a reserve.

    >>> sale = static_first_price(np.arange(100) / 100, np.full(100, 0.01), supply=0.8)
    >>> sale.lowest_price, sale.highest_price
    (0.19, 0.2)
    >>> sale.lowest_revenue, sale.highest_revenue
    (0.152, 0.16)
    """
    values = checked_values(values)
    initial = checked_law(initial, values.size)
    supply, reserve = checked_supply(supply), _checked_reserve(reserve)
    at_least = np.cumsum(initial[::-1])[::-1]
    if supply > at_least[0] - _MASS_ROUNDING:
        scarce = supply <= at_least[0] + _MASS_ROUNDING
        interval = (0.0, float(values[initial > 0][0]) if scarce else 0.0)
    else:
        above = np.concatenate([at_least[1:], [0.0]])
        clears = (above <= supply + _MASS_ROUNDING) & (at_least >= supply - _MASS_ROUNDING)
        held = clears & (initial > 0)
        interval = float(values[held].min()), float(values[held].max())
    lowest, highest = max(interval[0], reserve), max(interval[1], reserve)
    demand = float(initial[values >= reserve].sum())
    return StaticFirstPrice(lowest_price=lowest, highest_price=highest, sold=min(supply, demand))


def clearing_price(supply: float, *, reserve: float = 0.0, law: Law | None = None) -> float:
    """The price max(r, F⁻¹(1-Q)) of a static sale with a continuous `law` (uniform when `None`).

    >>> clearing_price(0.8), clearing_price(1.2), clearing_price(0.8, reserve=0.5)
    (0.2, 0.0, 0.5)
    """
    law = UNIFORM_LAW if law is None else law
    price = float(law.ppf(1 - supply)) if supply < 1 else 0.0
    return max(price, _checked_reserve(reserve))


def static_revenue(supply: float, *, reserve: float = 0.0, law: Law | None = None) -> float:
    """Revenue per bidder of a static sale with a continuous `law` (uniform when `None`).

    >>> static_revenue(0.8), static_revenue(0.8, reserve=0.5)
    (0.16, 0.25)
    """
    law = UNIFORM_LAW if law is None else law
    price = clearing_price(supply, reserve=reserve, law=law)
    return price * min(supply, 1 - float(law.cdf(price)))


def supply_slope(supply: float, *, law: Law | None = None) -> float:
    """dRevenue/dSupply = p - Q/f(p), the same for the supply of every round.

    >>> supply_slope(0.8), supply_slope(0.3)
    (-0.6, 0.4)
    """
    law = UNIFORM_LAW if law is None else law
    price = clearing_price(supply, law=law)
    return price - supply / float(law.pdf(price)) if supply < 1 else 0.0


def reserve_slope(supply: float, reserve: float, *, law: Law | None = None) -> float:
    """dRevenue/dReserve = 1 - F(r) - r f(r) where the reserve binds, and zero below.

    >>> reserve_slope(0.8, 0.3), reserve_slope(0.8, 0.1)
    (0.4, 0.0)
    """
    law = UNIFORM_LAW if law is None else law
    if reserve < clearing_price(supply, law=law):
        return 0.0
    return 1 - float(law.cdf(reserve)) - reserve * float(law.pdf(reserve))


def _checked_reserve(reserve: float) -> float:
    if not (np.isfinite(reserve) and reserve >= 0):
        raise ValueError(f"expected a finite reserve of at least 0, got {reserve}; try 0.5")
    return float(reserve)
