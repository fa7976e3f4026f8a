"""What one step brought everybody."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .hearing import Heard
from .query import Reactions


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


def told(
    heard: Heard,
    reactions: Reactions,
    shown: NDArray,
    rating: NDArray,
    first: NDArray,
    **facts: Any,
) -> Outcome:
    """The outcome of slates `shown[n, L]` of which the item at `first[n]` was consumed.

    `rating[n, L]` are perturbed ratings; `facts` are the fields that this does not work out.
    """
    (n, length), valid = shown.shape, heard.valid
    row, place = np.arange(n), np.maximum(first, 0)
    index = row * length + place
    p = heard.probability[index]
    rated = (first >= 0) & valid
    hashes = reactions.prompt_hash
    return Outcome(
        valid=valid,
        item=shown[row, place],
        chosen=np.where(valid, first, -1),
        raw=np.where(rated, heard.raw[row, place], np.nan),
        rating=np.where(rated, rating[row, place], np.nan),
        expected=np.where(valid, heard.expected[row, place], np.nan),
        entropy=np.where(valid, -(p * np.log(np.maximum(p, 1e-300))).sum(1), np.nan),
        probability=np.where(valid[:, None], p, np.nan),
        residual=reactions.residual[index],
        cached=np.asarray(reactions.cached.reshape(n, length).all(axis=1)),
        tokens=reactions.tokens.reshape(n, length).sum(1),
        prompt_hash=tuple(hashes[k] for k in index) if hashes else (),
        **facts,
    )
