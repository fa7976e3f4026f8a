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
