"""Who rated what, when, as columns."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Ratings:
    """n ratings: indices of users and items, ratings on the domain's scale, and times where known.

    `skipped` counts rows of the source that were left out, by reason.

    >>> len(Ratings(np.array([0, 1]), np.array([3, 3]), np.array([4.0, 5.0])))
    2
    """

    user: NDArray[np.int64]
    item: NDArray[np.int64]
    rating: NDArray[np.float64]
    time: NDArray[np.float64] | None = None
    skipped: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.user)

    def rows(self, rows: NDArray) -> "Ratings":
        """The given rows only."""
        time = None if self.time is None else self.time[rows]
        return Ratings(self.user[rows], self.item[rows], self.rating[rows], time, self.skipped)

    def split(self, share: float = 0.2, seed: int = 0) -> tuple["Ratings", "Ratings"]:
        """Training and held-out rows: each user's latest share, or a random one without times."""
        if self.time is not None:
            order = np.lexsort((self.time, self.user))
        else:
            order = np.lexsort((np.random.default_rng(seed).random(len(self)), self.user))
        user = self.user[order]
        start = np.searchsorted(user, user, side="left")
        count = np.searchsorted(user, user, side="right") - start
        late = np.arange(len(user)) - start >= count - np.floor(share * count)
        return self.rows(np.sort(order[~late])), self.rows(np.sort(order[late]))

    def cold(
        self, column: NDArray[np.int64], share: float = 0.2, seed: int = 0
    ) -> tuple["Ratings", "Ratings"]:
        """Rows of the users (or items, as `column` says) kept, and of those held out entirely."""
        names = np.unique(column)
        rng = np.random.default_rng(seed)
        out = rng.choice(names, max(1, int(share * len(names))), replace=False)
        held = np.isin(column, out)
        return self.rows(np.flatnonzero(~held)), self.rows(np.flatnonzero(held))


def shares(values: NDArray, levels: NDArray) -> NDArray[np.float64]:
    """Share of each level among values, `float64[K]`, values read as the nearest level."""
    nearest = np.abs(np.asarray(values)[:, None] - levels).argmin(1)
    return np.bincount(nearest, minlength=len(levels)) / max(len(values), 1)


def item_normalised_shares(ratings: Ratings, levels: NDArray) -> NDArray[np.float64]:
    """Rating shares per item, averaged over items, so that popular items do not dominate.

    Reference: the comparison of ratings in arXiv 2406.01631.
    """
    nearest = np.abs(ratings.rating[:, None] - levels).argmin(1)
    items, row = np.unique(ratings.item, return_inverse=True)
    table = np.zeros((len(items), len(levels)))
    np.add.at(table, (row, nearest), 1.0)
    return (table / table.sum(1, keepdims=True)).mean(0)
