"""What a recommender is: a ranking of the allowed items for each person."""

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..choice import Single
from ..ending import NeverEnds
from ..ratings import Ratings
from ..session import Session
from ..world import World


class AbstractRecommender(ABC):
    """Scores every item for every person; the highest allowed ones are shown."""

    name: str

    @abstractmethod
    def scores(
        self, observation: dict[str, Any], session: Session, rows: NDArray
    ) -> NDArray[np.float64]:
        """Scores `[n, N]`, higher first.

        **Arguments:**

        - `observation`: what the environment shows of the people in `rows`.
        - `session`: only for those who are allowed to know more, such as an oracle.
        """

    def recommend(
        self, observation: dict[str, Any], session: Session, rows: NDArray
    ) -> NDArray[np.int64]:
        """The slate `int64[n, L]` of allowed items with the highest scores, ties by index."""
        allowed = session.mask(rows) > 0
        score = np.where(allowed, self.scores(observation, session, rows), -np.inf)
        length = session.world.slate
        if length == 1:
            return score.argmax(1)[:, None]
        return np.argsort(-score, axis=1, kind="stable")[:, :length]


def collect(world: World, num_per_user: int = 20, seed: int = 0) -> Ratings:
    """Ratings `num_per_user` × U of items shown uniformly at random, each person once per item."""
    plain = replace(world, ending=NeverEnds(), slate=1, choice=Single(), max_steps=0)
    num = len(world.people)
    session = Session(plain, num)
    rows = np.arange(num)
    session.reseed(
        rows, np.full(num, seed, np.uint64) * np.uint64(1_000_003) + rows.astype(np.uint64)
    )
    session.begin(rows, rows)
    rng = np.random.default_rng(seed)
    users, items, ratings = [], [], []
    order = np.argsort(rng.random((num, len(world.catalogue))), axis=1)[:, :num_per_user]
    for k in range(num_per_user):
        outcome = session.advance(rows, order[:, k : k + 1])
        kept = np.flatnonzero(outcome.valid)
        users.append(rows[kept])
        items.append(order[kept, k])
        ratings.append(outcome.raw[kept])
    return Ratings(np.concatenate(users), np.concatenate(items), np.concatenate(ratings))
