"""Sales over several rounds to finitely many bidders with values uniform on [0, 1]."""

import math
from collections.abc import Callable

import numpy as np
import scipy  # its parts load when first used
from jaxtyping import Float

from .market import VectorLike

_QUADRATURE_POINTS = 80


def one_unit_bids(
    values: VectorLike, *, sale: int, num_bidders: int, num_items: int
) -> Float[np.ndarray, "V"]:
    """`[V]`, first-price bids in money in the `sale`-th of `num_items` one-unit rounds.

    Prices form a martingale: each round's expected price is (N-K)/(N+1).

    **Arguments:** `values`, `[V]` in [0, 1]; `sale` counts from 1 to `num_items`.

    >>> one_unit_bids([1.0], sale=1, num_bidders=4, num_items=2)
    array([0.5])

    Reference: Milgrom and Weber (2000), A theory of auctions and competitive bidding, II.
    """
    if not 1 <= sale <= num_items < num_bidders:
        raise ValueError(
            f"expected 1 <= sale <= num_items < num_bidders, got {sale}, {num_items} and "
            f"{num_bidders}; try sale=1, num_items=2, num_bidders=4"
        )
    values = np.asarray(values, dtype=np.float64)
    return (num_bidders - num_items) * values / (num_bidders - sale + 1)


def two_batch_bids(
    values: VectorLike, *, num_bidders: int, batches: tuple[int, int]
) -> Float[np.ndarray, "2 V"]:
    """`[2, V]`, first-price bids in money in both rounds when losers learn only that they lost.

    The last round's bid solves b' = (v - b) ∂P/P, where P(z; v) is the probability that a bid
    of type z wins for a bidder v who lost the first round. With more than one unit in the last
    batch this is not a conditional mean of the K-th rival.

    **Arguments:** `values`, `[V]` in [0, 1]; `batches`, the items sold in each round.

    Raises `ValueError` unless both batches are positive and together smaller than the population.

    >>> two_batch_bids([1.0], num_bidders=4, batches=(1, 2))[1]
    array([0.281718])

    Reference: section 15.1 of Krishna, Auction Theory (2010), extended to batches here.
    """
    first, second = batches
    if first < 1 or second < 1 or first + second >= num_bidders:
        raise ValueError(
            f"expected two positive batches with a sum below {num_bidders}, got {batches}; "
            "try batches=(1, 2) with 4 bidders"
        )
    values = np.asarray(values, dtype=np.float64)
    late_bid = _late_bid(num_bidders, first, second)
    points, weights = _unit_quadrature()
    rivals = values[:, None] * points
    density = weights * scipy.stats.beta.pdf(rivals, num_bidders - first, first)
    mass = density.sum(axis=1)
    # A bidder of value zero beats nobody: her conditional mean is the limit, zero.
    mean = np.sum(density * late_bid(rivals), axis=1) / np.where(mass > 0, mass, 1.0)
    return np.stack([mean, late_bid(values)])


def two_batch_revenue(*, num_bidders: int, batches: tuple[int, int]) -> float:
    """Revenue of both rounds together, in money, of all bidders together.

    >>> two_batch_revenue(num_bidders=4, batches=(1, 2))
    0.6

    Reference: K(N-K)/(N+1), by revenue equivalence.
    """
    points, weights = _unit_quadrature()
    early, late = two_batch_bids(points, num_bidders=num_bidders, batches=batches)
    first, total = batches[0], sum(batches)
    revenue = 0.0
    for rank in range(1, total + 1):
        density = scipy.stats.beta.pdf(points, num_bidders - rank + 1, rank)
        revenue += float((weights * density) @ (early if rank <= first else late))
    return revenue


def _late_bid(num_bidders: int, first: int, second: int) -> Callable[[np.ndarray], np.ndarray]:
    rivals = num_bidders - 1
    last = first + second - 1
    above = np.arange(first, last + 1)
    ways = np.asarray(scipy.special.comb(rivals, above))

    def slope(value: float) -> float:
        # v ∂P/P with the common factor v^(N-1-last) (1-v)^first taken out: finite on [0, 1].
        odds = (1 - value) ** (above - first) * value ** (last - above)
        return float(ways[-1] * (rivals - last) * (1 - value) ** (second - 1) / (ways @ odds))

    def derivative(log_value: float, share: np.ndarray) -> np.ndarray:
        return (1 - share) * slope(math.exp(log_value)) - share

    # The share b/v of her value that a bidder bids is smooth in log v, and tends to k / (k + 1)
    # with k = N - 1 - last at zero: start just above.
    start = 1e-6
    share = (rivals - last) / (rivals - last + 1)
    path = scipy.integrate.solve_ivp(
        derivative,
        (math.log(start), 0.0),
        [share],
        method="DOP853",
        rtol=1e-10,
        atol=1e-12,
        dense_output=True,
    ).sol
    if path is None:
        raise RuntimeError("the bid's differential equation could not be integrated")

    def bid(values: np.ndarray) -> np.ndarray:
        shares = path(np.log(np.clip(values, start, 1.0)).ravel())[0]
        return values * shares.reshape(values.shape)

    return bid


def _unit_quadrature() -> tuple[Float[np.ndarray, "Q"], Float[np.ndarray, "Q"]]:
    nodes, weights = np.polynomial.legendre.leggauss(_QUADRATURE_POINTS)
    return (nodes + 1) / 2, weights / 2
