"""Who knows the people: the bound, and its imitation by a model of them."""

from dataclasses import dataclass

import numpy as np

from ..query import AbstractRater
from .base import AbstractRecommender


@dataclass(frozen=True, eq=False)
class MyopicGreedy(AbstractRecommender):
    """Recommends the highest expected rating according to a rater.

    With the rater that plays the people, it is the oracle: it sees persona, history and formula.
    With a surrogate it is greedy on a model of them.
    """

    rater: AbstractRater
    name: str = "oracle"

    def scores(self, observation, session, rows):
        """Expected ratings of every item."""
        num = len(session.world.catalogue)
        values = session.world.rating_scale.array
        table = np.empty((len(rows), num))
        every = np.arange(num)[None]
        for k, row in enumerate(rows):
            asked = session.queries(np.array([row]), every, np.zeros(1))
            reactions = self.rater.react(asked)
            table[k] = np.where(reactions.valid, reactions.probability @ values, -np.inf)
        return table
