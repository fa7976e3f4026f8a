"""What one step brought everybody."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Outcome:
    """What one step brought n people, each field `[n]` unless said otherwise.

    `item` is the consumed item, or the first shown where nothing was consumed; `raw`, `rating` and
    `expected` are NaN where nothing was rated; `probability[n, K]` belongs to `item`.
    """

    reward: NDArray[np.float64]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    valid: NDArray[np.bool_]
    item: NDArray[np.int64]
    chosen: NDArray[np.int64]  # position in the slate, −1 for nothing
    raw: NDArray[np.float64]
    rating: NDArray[np.float64]
    expected: NDArray[np.float64]
    entropy: NDArray[np.float64]
    probability: NDArray[np.float64]
    residual: NDArray[np.float64]
    watched: NDArray[np.float64]
    left: NDArray[np.bool_]
    return_gap: NDArray[np.int64]
    cached: NDArray[np.bool_]
    tokens: NDArray[np.int64]
    incentive_cost: NDArray[np.float64]
    prompt_hash: tuple[str, ...]
