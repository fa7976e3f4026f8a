"""People as a table: a distribution for every person and item, plus what history adds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..catalogue import Catalogue
from ..people import People
from ..query import AbstractFormula, AbstractRater, Queries, Reactions, ask
from ..similarity import related


@dataclass(frozen=True, eq=False)
class TabularUsers(AbstractFormula):
    """Looks answers up.

    `probability[U, N, K]` may be dense or memory-mapped; a row of NaN is an unknown cell, answered
    by `fallback` or refused. Remembered ratings of related items tilt the distribution: log-odds of
    level k grow by `history` · H · (k − mean level) / K, H as in the rule-based user.

    **Raises:** `ValueError` from `react` for an unknown cell without a fallback.
    """

    probability: NDArray[np.floating]
    name: str = "table"
    history: float = 1.0
    fallback: AbstractRater | None = None

    @classmethod
    def of(
        cls, rater: AbstractRater, people: People, catalogue: Catalogue, batch: int = 60
    ) -> "TabularUsers":
        """The history-free table of another back end, float16 `[U, N, K]`."""
        levels = catalogue.domain.scale.num_levels
        table = np.empty((len(people), len(catalogue), levels), np.float16)
        items = np.arange(len(catalogue))
        for start in range(0, len(people), batch):
            users = np.arange(start, min(start + batch, len(people)))
            queries = ask(
                people, catalogue, np.repeat(users, len(items)), np.tile(items, len(users))
            )
            table[users] = rater.react(queries).probability.reshape(len(users), len(items), levels)
        return cls(table, f"table of {rater.identity[:40]}")

    @property
    def identity(self) -> str:
        """The table's name and shape."""
        return f"tabular/{self.name}/{self.probability.shape}/{self.history}"

    def react(self, queries: Queries) -> Reactions:
        """The looked-up distributions, tilted by history."""
        p = np.asarray(self.probability[queries.user, queries.item], np.float64)
        unknown = np.asarray(np.isnan(p).any(axis=1))
        if unknown.any():
            if self.fallback is None:
                k = int(np.flatnonzero(unknown)[0])
                user = queries.people[int(queries.user[k])].id
                item = queries.catalogue[int(queries.item[k])].id
                raise ValueError(
                    f"expected a known cell, got user {user} and item {item}; "
                    "try a fallback back end"
                )
            p[unknown] = self.fallback.react(queries.rows(unknown)).probability
        p = p / p.sum(1, keepdims=True)
        if queries.history_item.shape[1] and self.history:
            p = np.where(unknown[:, None], p, self._tilt(p, queries))
        return Reactions.exact(p)

    def _tilt(self, p: NDArray, queries: Queries) -> NDArray[np.float64]:
        known = queries.history_item >= 0
        items = np.maximum(queries.history_item, 0)
        weight = related(queries.catalogue, queries.item[:, None], items) * known
        values = queries.scale.array
        middle, spread = values.mean(), values.std()
        signed = (weight * (queries.history_rating - middle) / spread).sum(1)
        push = self.history * signed / (0.5 + weight.sum(1))
        level = np.arange(len(values)) - 0.5 * (len(values) - 1)
        tilted = p * np.exp(push[:, None] * level / len(values))
        return tilted / tilted.sum(1, keepdims=True)
