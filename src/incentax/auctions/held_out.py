"""Intervals for mechanisms judged on what the design never saw."""

import numpy as np
import scipy  # its parts load when first used
from jaxtyping import Float


def paired_interval(
    difference: Float[np.ndarray, " n"], confidence: float = 0.95
) -> tuple[float, float, float]:
    """Mean of paired differences with its Student-t interval: (mean, low, high).

    >>> [round(x, 3) for x in paired_interval(np.array([1.0, 2.0, 3.0]))]
    [2.0, -0.484, 4.484]
    """
    mean = float(np.mean(difference))
    half = float(
        scipy.special.stdtrit(difference.size - 1, (1 + confidence) / 2)
        * np.std(difference, ddof=1)
        / np.sqrt(difference.size)
    )
    return mean, mean - half, mean + half


def signed_rank_interval(
    difference: Float[np.ndarray, " n"], confidence: float = 0.95
) -> tuple[float, float] | None:
    """Wilcoxon's interval for the centre of paired differences: (low, high), or None if too few.

    Its ends are means of two differences (Walsh averages): one huge difference hardly moves the end
    away from it, where it widens Student's interval without limit on both sides. Coverage is exact
    for differences that scatter symmetrically, whatever their tails; below six of them there is no
    interval of .95.

    >>> signed_rank_interval(np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 1000]))
    (3.0, 501.0)
    >>> signed_rank_interval(np.array([1.0, 2.0, 3.0])) is None
    True

    Reference: Hollander and Wolfe, Nonparametric Statistical Methods, section 3.3.
    """
    number = difference.size
    # Odds of each sum of ranks: every rank is in it or not.
    odds = np.zeros(number * (number + 1) // 2 + 1)
    odds[0] = 1
    for rank in range(1, number + 1):
        odds = odds / 2
        odds[rank:] = odds[rank:] + odds[: odds.size - rank]
    below = np.cumsum(odds)
    outside = int(np.searchsorted(below, (1 - confidence) / 2, side="right"))
    if outside == 0:
        return None
    first, second = np.triu_indices(number)
    walsh = np.sort((difference[first] + difference[second]) / 2)
    return float(walsh[outside - 1]), float(walsh[-outside])


def bootstrap_interval(
    draws: Float[np.ndarray, " n"], confidence: float = 0.95
) -> tuple[float, float]:
    """Percentile interval of bootstrap draws: (low, high).

    >>> bootstrap_interval(np.arange(101.0), confidence=0.9)
    (5.0, 95.0)
    """
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return float(low), float(high)
