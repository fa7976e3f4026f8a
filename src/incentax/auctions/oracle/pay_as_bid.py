"""The exact Bayes-Nash equilibrium of one pay-as-bid round with finitely many bidders."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import scipy  # its parts load when first used
from jaxtyping import Float

from .closed_form import UNIFORM_LAW, Law
from .market import VectorLike

# Below this the incomplete beta function is taken from its series in logarithms.
_UNDERFLOW = 1e-250
_SERIES_TERMS = 2000


class AbstractRisk(ABC):
    """A bidder's attitude to risk, as the two numbers that enter her bid."""

    @property
    @abstractmethod
    def power(self) -> float:
        """Exponent of the rivals' distribution in the bid."""

    @property
    @abstractmethod
    def absolute_aversion(self) -> float:
        """Arrow-Pratt absolute aversion a, per unit of money; zero when there is none."""


@dataclass(frozen=True)
class RiskNeutral(AbstractRisk):
    """Utility x."""

    @property
    def power(self) -> float:
        """One: rivals as they are."""
        return 1.0

    @property
    def absolute_aversion(self) -> float:
        """Zero."""
        return 0.0


@dataclass(frozen=True)
class ConstantRelativeAversion(AbstractRisk):
    """Utility x^(1-ρ), with `aversion` ρ in [0, 1)."""

    aversion: float

    def __post_init__(self) -> None:
        if not 0 <= self.aversion < 1:
            raise ValueError(
                f"expected a relative aversion in [0, 1), got {self.aversion}; try 0.5"
            )

    @property
    def power(self) -> float:
        """1/(1-ρ): as if rivals were stronger."""
        return 1 / (1 - self.aversion)

    @property
    def absolute_aversion(self) -> float:
        """Zero: relative aversion enters through the power alone."""
        return 0.0


@dataclass(frozen=True)
class ConstantAbsoluteAversion(AbstractRisk):
    """Utility (1 - e^(-a x)) / a, with `aversion` a positive, per unit of money."""

    aversion: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.aversion) and self.aversion > 0):
            raise ValueError(f"expected a positive absolute aversion, got {self.aversion}; try 1.0")

    @property
    def power(self) -> float:
        """One: rivals as they are."""
        return 1.0

    @property
    def absolute_aversion(self) -> float:
        """The `aversion` given."""
        return self.aversion


def pay_as_bid(
    values: VectorLike,
    *,
    num_bidders: int,
    num_items: int,
    reserve: float = 0.0,
    risk: AbstractRisk | None = None,
    law: Law | None = None,
) -> Float[np.ndarray, "V"]:
    """`[V]`, equilibrium bids in money of bidders with `values`; zero below the reserve.

    The K-th highest of the N-1 rivals has distribution G; the bid solves
    b' = (u/u')(v - b) G'/G, that is b(v) = E[Y | Y < v] without risk aversion.

    **Arguments:**

    - `values`: `[V]`, in money.
    - `num_bidders`: N; `num_items`: K, with 1 <= K < N.
    - `reserve`: least bid accepted, in money.
    - `risk`: `RiskNeutral()` when `None`.
    - `law`: law of every bidder's value, uniform on [0, 1] when `None`.

    Raises `ValueError` unless 1 <= K < N.

    >>> pay_as_bid([0.5, 1.0], num_bidders=10, num_items=8)
    array([0.192829, 0.2     ])

    Reference: Krishna, Auction Theory (2010), sections 2.3 and 13.5; risk aversion, section 4.1.
    """
    if not 1 <= num_items < num_bidders:
        raise ValueError(
            f"expected at least 1 item and fewer items than bidders, got {num_items} items for "
            f"{num_bidders} bidders; try num_items=8 and num_bidders=10"
        )
    risk = RiskNeutral() if risk is None else risk
    valued = UNIFORM_LAW if law is None else law
    shape = num_bidders - num_items, num_items
    aversion = risk.absolute_aversion

    def log_rival(value: float) -> float:
        return risk.power * _log_beta_cdf(float(valued.cdf(value)), *shape)

    def bid(value: float) -> float:
        top = log_rival(value)
        if value <= reserve or top == -math.inf:
            return value if value >= reserve else 0.0

        def integrand(rival: float) -> float:
            return math.exp(log_rival(rival) - top - aversion * (value - rival))

        shading, _ = scipy.integrate.quad(
            integrand, reserve, value, epsabs=1e-11, epsrel=1e-9, limit=400
        )
        if aversion == 0:
            return value - shading
        return value + math.log1p(-aversion * shading) / aversion

    return np.array([bid(float(value)) for value in np.asarray(values, dtype=np.float64)])


def pay_as_bid_revenue(*, num_bidders: int, num_items: int, reserve: float = 0.0) -> float:
    """Revenue per bidder, in money, with values uniform on [0, 1] and no risk aversion.

    The same for pay-as-bid, uniform price and sequential sales (revenue equivalence): a binomial
    sum of r·min(B, K) and of the (K+1)-th value above the reserve.

    >>> pay_as_bid_revenue(num_bidders=10, num_items=8)
    0.145455
    >>> pay_as_bid_revenue(num_bidders=10, num_items=8, reserve=0.5)
    0.249876

    Reference: Myerson (1981); K(N-K)/(N(N+1)) without a reserve.
    """
    count = np.arange(num_bidders + 1)
    probability = scipy.stats.binom.pmf(count, num_bidders, 1 - reserve)
    spread = (1 - reserve) * np.clip(count - num_items, 0, None) / (count + 1)
    paid = np.minimum(count, num_items) * (reserve + spread)
    return float(probability @ paid) / num_bidders


def _log_beta_cdf(point: float, first: int, second: int) -> float:
    if point <= 0:
        return -math.inf
    cdf = float(scipy.special.betainc(first, second, point))
    if cdf > _UNDERFLOW:
        return math.log(cdf)
    # Terms fall by less than the point's odds of clearing, which underflow puts well below one.
    later = np.arange(_SERIES_TERMS)
    ratios = point * (first + second + later) / (first + 1 + later)
    series = 1 + float(np.cumprod(ratios).sum())
    return (
        first * math.log(point)
        + second * math.log1p(-point)
        - math.log(first)
        - float(scipy.special.betaln(first, second))
        + math.log(series)
    )
