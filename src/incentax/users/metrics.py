"""Measures of recommendation lists: pure functions of logs; rank is the order shown."""

import numpy as np
from numpy.typing import NDArray


def average_precision(
    relevant: NDArray[np.bool_], num_relevant: NDArray[np.int64]
) -> NDArray[np.float64]:
    """AP@k per user, `[U]`: Σ P@j·rel_j / min(k, R_u), 0 where R_u is 0.

    **Arguments:**

    - `relevant[U, k]`: whether the j-th recommendation was relevant.
    - `num_relevant[U]`: R_u, relevant items in the whole catalogue.

    >>> average_precision(np.array([[True, False, True]]), np.array([2])).round(4)
    array([0.8333])
    """
    hits = np.cumsum(relevant, axis=1)
    precision = hits / np.arange(1, relevant.shape[1] + 1)
    best = np.minimum(relevant.shape[1], num_relevant)
    return np.where(best > 0, (precision * relevant).sum(1) / np.maximum(best, 1), 0.0)


def average_precision_of_hits(relevant: NDArray[np.bool_]) -> NDArray[np.float64]:
    """As `average_precision`, divided by the hits in the list, for when R_u is unknown."""
    return average_precision(relevant, relevant.sum(1))


def reciprocal_rank(relevant: NDArray[np.bool_]) -> NDArray[np.float64]:
    """1 / rank of the first relevant item per user, 0 if none.

    >>> reciprocal_rank(np.array([[False, True], [False, False]]))
    array([0.5, 0. ])
    """
    return np.where(relevant.any(1), 1.0 / (relevant.argmax(1) + 1.0), 0.0)


def discounted_gain(
    gain: NDArray[np.float64], best: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """NDCG@k per user with gain 2^g − 1; the ideal is `best[U, m]`, or the list itself sorted.

    >>> discounted_gain(np.array([[0.0, 1.0]])).round(4)
    array([0.6309])
    """
    k = gain.shape[1]
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    ideal = np.sort(gain if best is None else best, axis=1)[:, ::-1][:, :k]
    top = ((2.0**ideal - 1.0) * discount[: ideal.shape[1]]).sum(1)
    return np.where(top > 0, ((2.0**gain - 1.0) * discount).sum(1) / np.where(top > 0, top, 1), 0.0)


def personalisation(items: NDArray[np.int64]) -> float:
    """1 − mean pairwise cosine of the users' sets of recommended items `[U, k]`.

    >>> personalisation(np.array([[0, 1], [0, 2]]))
    0.5
    """
    num_users, k = items.shape
    if num_users < 2:
        return 0.0
    shown = np.bincount(items.reshape(-1)).astype(float)
    # Summing each item's pairs of users avoids the U × U table.
    pairs = (shown * (shown - 1.0)).sum() / k
    return float(1.0 - pairs / (num_users * (num_users - 1.0)))


def coverage(items: NDArray[np.int64], num_items: int) -> float:
    """Share of the catalogue that was shown to anybody."""
    return len(np.unique(items)) / num_items


def gini(items: NDArray[np.int64], num_items: int) -> float:
    """Inequality of exposure over the catalogue, 0 equal to 1 all on one item.

    >>> gini(np.array([[0, 1], [2, 3]]), 4), round(gini(np.array([[0, 0]]), 4), 2)
    (0.0, 0.75)
    """
    count = np.sort(np.bincount(items.reshape(-1), minlength=num_items)).astype(float)
    rank = np.arange(1, num_items + 1)
    return float((2 * rank - num_items - 1) @ count / (num_items * count.sum()))


def novelty(items: NDArray[np.int64], count: NDArray[np.float64]) -> float:
    """Mean −log₂ of the popularity share of what was shown."""
    share = np.maximum(count, 1.0) / np.maximum(count, 1.0).sum()
    return float(-np.log2(share[items]).mean())


def diversity(items: NDArray[np.int64], embedding: NDArray) -> float:
    """Mean pairwise 1 − cosine within each list, averaged over users."""
    k = items.shape[1]
    if k < 2:
        return 0.0
    vectors = embedding[items]
    total = vectors.sum(1)
    own = (vectors**2).sum((1, 2))
    return float((1.0 - ((total**2).sum(1) - own) / (k * (k - 1.0))).mean())


def label_share(items: NDArray[np.int64], wanted: NDArray, labels: NDArray) -> float:
    """Share of shown items `[U, k]` with at least one label of the person's list `wanted[U, G]`."""
    return float((np.einsum("ukg,ug->uk", labels[items], wanted) > 0).mean())


def interval(
    values: NDArray[np.float64], *, num_resamples: int = 2000, seed: int = 0
) -> tuple[float, float, float]:
    """Mean and 95 % bootstrap interval of `values[S, U]`: S seeds, each resampled over its users.

    With several seeds the seeds are resampled as well, so the interval covers both spreads.

    >>> interval(np.ones((2, 5)))
    (1.0, 1.0, 1.0)
    """
    table = np.atleast_2d(np.asarray(values, float))
    rng = np.random.default_rng(seed)
    num_seeds, num_users = table.shape
    means = np.empty(num_resamples)
    for b in range(num_resamples):
        rows = rng.integers(num_seeds, size=num_seeds) if num_seeds > 1 else np.zeros(1, int)
        columns = rng.integers(num_users, size=num_users)
        means[b] = np.nanmean(table[rows][:, columns])
    low, high = np.quantile(means, [0.025, 0.975])
    return float(np.nanmean(table)), float(low), float(high)


def interquartile_mean(values: NDArray[np.float64]) -> float:
    """Mean of the middle half.

    >>> interquartile_mean(np.array([0.0, 1.0, 2.0, 100.0]))
    1.5
    """
    ordered = np.sort(np.asarray(values, float).reshape(-1))
    cut = len(ordered) // 4
    return float(ordered[cut : len(ordered) - cut].mean())


def probability_of_improvement(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """P(a > b) + ½ P(a = b) over all pairs of runs."""
    difference = np.asarray(a).reshape(-1, 1) - np.asarray(b).reshape(1, -1)
    return float((difference > 0).mean() + 0.5 * (difference == 0).mean())
