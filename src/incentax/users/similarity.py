"""How alike two items are, by what is known of them."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .catalogue import Catalogue


def dice(left: set, right: set) -> float:
    """Dice coefficient: 1 for two empty sets, 0 for one.

    >>> dice({1, 2}, {2, 3}), dice(set(), set()), dice(set(), {1})
    (0.5, 1.0, 0.0)
    """
    total = len(left) + len(right)
    return 1.0 if total == 0 else 2.0 * len(left & right) / total


def _dice_labels(catalogue: Catalogue, left: NDArray, right: NDArray) -> NDArray[np.float64]:
    a, b = catalogue.label_matrix[left], catalogue.label_matrix[right]
    total = a.sum(-1) + b.sum(-1)
    return np.where(total > 0, 2.0 * (a * b).sum(-1) / np.maximum(total, 1.0), 1.0)


def _dice_people(catalogue: Catalogue, left: NDArray, right: NDArray) -> NDArray[np.float64]:
    a, b = catalogue.people_index[left], catalogue.people_index[right]
    total = (a >= 0).sum(-1) + (b >= 0).sum(-1)
    shared = ((a[..., :, None] == b[..., None, :]) & (a[..., :, None] >= 0)).sum((-1, -2))
    return np.where(total > 0, 2.0 * shared / np.maximum(total, 1), 1.0)


@lru_cache(maxsize=8)
def _table(catalogue: Catalogue) -> NDArray[np.float32]:
    every = np.arange(len(catalogue))
    return np.concatenate([_mean(catalogue, row, every[None]) for row in every[:, None]])


def feature_similarity(catalogue: Catalogue, left: NDArray, right: NDArray) -> NDArray[np.float32]:
    """Mean of the feature similarities of items `left` and `right` (index arrays that broadcast).

    Labels and people by Dice, mean votes by `1 − |Δ| / vote_max`, and for movies the same director
    1 or 0.

    Reference: the `simple_3` retrieval of arXiv 2406.01631.
    """
    if catalogue.cosine_table is not None:
        return _table(catalogue)[left, right]
    return _mean(catalogue, left, right)


def _mean(catalogue: Catalogue, left: NDArray, right: NDArray) -> NDArray[np.float32]:
    left, right = np.broadcast_arrays(left, right)
    parts = [
        _dice_labels(catalogue, left, right),
        _dice_people(catalogue, left, right),
        1.0 - np.abs(catalogue.vote[left] - catalogue.vote[right]) / catalogue.domain.vote_max,
    ]
    if catalogue.domain.noun == "movie":
        same = catalogue.maker_index[left] == catalogue.maker_index[right]
        parts.append((same & (catalogue.maker_index[left] >= 0)).astype(np.float64))
    return np.mean(parts, axis=0).astype(np.float32)


def related(catalogue: Catalogue, left: NDArray, right: NDArray) -> NDArray[np.float64]:
    """What one experience says about another item, in [0, 1]: 1 within a series, else cosine cubed.

    Two unrelated texts share common words; the cube keeps dozens of them from adding up.
    """
    same = (catalogue.series_index[left] == catalogue.series_index[right]) & (
        catalogue.series_index[left] >= 0
    )
    return np.where(same, 1.0, np.maximum(catalogue.cosine(left, right), 0.0) ** 3)
