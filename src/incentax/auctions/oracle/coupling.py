from dataclasses import dataclass

import numpy as np
import scipy  # its parts load when first used
from jaxtyping import Float, Int

from .market import Market

# Rows of a monotone kernel may violate the order by rounding, and by no more.
MONOTONE_TOLERANCE = 1e-12
# Coupled pairs of less probability than this are dropped and the row renormalised.
_NEGLIGIBLE = 1e-13


@dataclass(frozen=True, eq=False)
class CoupledPairs:
    """Pairs of values that move together so that the upper one never falls below the lower.

    - `lower`, `upper`: `[P]`, indices on the grid of values.
    - `start`: `[J]`, the pair at which each initial type (a value of positive mass, in increasing
      order) meets the next type above; the highest type meets herself.

    """

    lower: Int[np.ndarray, "P"]
    upper: Int[np.ndarray, "P"]
    start: Int[np.ndarray, "J"]
    kernel: "scipy.sparse.csr_array | None"


def is_monotone(market: Market) -> bool:
    """Whether a higher value today means stochastically higher values at the next round.

    >>> is_monotone(Market(np.arange(3.0), np.full(3, 1 / 3), horizon=1, supply=1.0))
    True
    """
    if market.kernel is None:
        return True
    cumulated = np.cumsum(market.kernel, axis=1)
    return bool(np.all(np.diff(cumulated, axis=0) <= MONOTONE_TOLERANCE))


def coupled_pairs(market: Market) -> CoupledPairs:
    """The quantile coupling of neighbouring initial types, closed under the market's kernel.

    Both values of a pair move to the same quantile of their own row. Only pairs that can be
    reached before the last round are kept.

    Raises `ValueError` unless the kernel is stochastically monotone.

    >>> pairs = coupled_pairs(Market(np.arange(3.0), np.full(3, 1 / 3), horizon=1, supply=1.0))
    >>> pairs.lower, pairs.upper
    (array([0, 1, 2]), array([1, 2, 2]))

    Reference: Lindvall (1992), Lectures on the coupling method, section IV.1.
    """
    if not is_monotone(market):
        raise ValueError(
            "expected a kernel whose rows increase stochastically with the value, got one that "
            "does not; try first_best, which needs no order"
        )
    types = np.flatnonzero(market.initial > 0)
    starts = list(zip(types.tolist(), [*types[1:].tolist(), int(types[-1])], strict=True))
    index = {pair: k for k, pair in enumerate(starts)}
    rows, columns, masses = [], [], []
    if market.kernel is not None and not market.is_static:
        cumulated = np.cumsum(market.kernel, axis=1)
        frontier = starts
        for _ in range(market.horizon - 1):
            found = []
            for pair in frontier:
                successors, lengths = _coupled_step(cumulated, *pair)
                for successor in successors:
                    # The last round's pairs are needed, but not where they would go next.
                    if successor not in index:
                        index[successor] = len(index)
                        found.append(successor)
                rows.append(np.full(len(successors), index[pair]))
                columns.append(np.array([index[successor] for successor in successors]))
                masses.append(lengths)
            frontier = found
            if not frontier:
                break
    pairs = np.array(list(index))
    kernel = None
    if rows:
        entries = (np.concatenate(masses), (np.concatenate(rows), np.concatenate(columns)))
        kernel = scipy.sparse.csr_array(
            scipy.sparse.coo_array(entries, shape=(len(index), len(index)))
        )
    return CoupledPairs(
        lower=pairs[:, 0], upper=pairs[:, 1], start=np.arange(len(starts)), kernel=kernel
    )


def _coupled_step(
    cumulated: Float[np.ndarray, "S S"], lower: int, upper: int
) -> tuple[list[tuple[int, int]], Float[np.ndarray, "K"]]:
    first, second = cumulated[lower], cumulated[upper]
    breaks = np.union1d(first, second)
    lengths = np.diff(breaks, prepend=0.0)
    kept = lengths > _NEGLIGIBLE
    middle = (breaks - lengths / 2)[kept]
    last = first.size - 1
    low = np.minimum(np.searchsorted(first, middle), last)
    high = np.minimum(np.searchsorted(second, middle), last)
    masses = lengths[kept] / lengths[kept].sum()
    return list(zip(low.tolist(), np.maximum(low, high).tolist(), strict=True)), masses
