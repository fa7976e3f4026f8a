"""The one protocol between the world and whoever answers: queries in, reactions out."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .catalogue import Catalogue
from .people import People
from .records import AbstractItem, User
from .scales import Scale


@dataclass(frozen=True)
class Query:
    """One question: how this person would rate this item now.

    `history` pairs remembered items with the ratings given; `watch_count` is how often the item was
    consumed before; `levels` are mood, boredom and trust, each one of 0..4, 2 being neutral.
    """

    user: User
    user_hash: str
    item: AbstractItem
    item_hash: str
    history: tuple[tuple[AbstractItem, str, float], ...]
    watch_count: int
    levels: tuple[int, int, int]
    incentive: float
    scale: Scale


@dataclass(frozen=True)
class Queries(Sequence[Query]):
    """n questions as columns; `queries[k]` is the k-th as a record.

    **Arguments:**

    - `user[n]`, `item[n]`: indices into `people` and `catalogue`.
    - `history_item[n, h]`, `history_rating[n, h]`: what came to mind, −1 padded.
    - `watch_count[n]`: times the item was consumed before.
    - `mood[n]` in [−1, 1], `boredom[n]` ≥ 0 (with this item's labels), `trust[n]` in [0, 1].
    - `taste[n, d]`: drifted taste vectors, `None` where tastes do not drift.
    - `incentive[n]`: what is offered on top.
    """

    people: People
    catalogue: Catalogue
    scale: Scale
    user: NDArray[np.int64]
    item: NDArray[np.int64]
    history_item: NDArray[np.int64]
    history_rating: NDArray[np.float64]
    watch_count: NDArray[np.int64]
    mood: NDArray[np.float64]
    boredom: NDArray[np.float64]
    trust: NDArray[np.float64]
    incentive: NDArray[np.float64]
    taste: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.user)

    def __getitem__(self, index) -> Any:
        k = int(index)
        user, item = int(self.user[k]), int(self.item[k])
        catalogue = self.catalogue
        return Query(
            user=self.people[user],
            user_hash=self.people.hashes[user],
            item=catalogue[item],
            item_hash=catalogue.hashes[item],
            history=tuple(
                (catalogue[i], catalogue.hashes[i], float(r))
                for i, r in zip(
                    self.history_item[k].tolist(), self.history_rating[k].tolist(), strict=True
                )
                if i >= 0
            ),
            watch_count=int(self.watch_count[k]),
            levels=quantised(self.mood[k], self.boredom[k], self.trust[k]),
            incentive=float(self.incentive[k]),
            scale=self.scale,
        )

    def __iter__(self) -> Iterator[Query]:
        return (self[k] for k in range(len(self)))

    def keys(self) -> list[str]:
        """Everything about each question that can change its answer, as one string each.

        Content hashes stand for persona and items, so a changed text is a changed key.
        """
        users, items, shown = self.people.hashes, self.catalogue.hashes, self.scale.shown
        columns = zip(
            self.user.tolist(),
            self.item.tolist(),
            self.history_item.tolist(),
            self.history_rating.tolist(),
            self.watch_count.tolist(),
            self._levels(),
            self.incentive.tolist(),
            strict=True,
        )
        keys = []
        for u, i, past, ratings, count, level, incentive in columns:
            history = ",".join(
                f"{items[j]}={shown(r)}" for j, r in zip(past, ratings, strict=True) if j >= 0
            )
            keys.append(f"{users[u]}|{items[i]}|{history}|{count}|{level}|{incentive:g}")
        return keys

    def _levels(self) -> list[tuple[int, int, int]]:
        return [
            quantised(*row)
            for row in zip(
                self.mood.tolist(), self.boredom.tolist(), self.trust.tolist(), strict=True
            )
        ]

    def rows(self, rows: NDArray) -> "Queries":
        """The given questions only."""
        return replace(
            self,
            **{
                name: getattr(self, name)[rows]
                for name in (
                    *("user", "item", "history_item", "history_rating", "watch_count"),
                    *("mood", "boredom", "trust", "incentive"),
                )
            },
            taste=None if self.taste is None else self.taste[rows],
        )


def ask(
    people: People,
    catalogue: Catalogue,
    user,
    item,
    *,
    scale: Scale | None = None,
    history_item=None,
    history_rating=None,
    watch_count=0,
    incentive=0.0,
) -> Queries:
    """Questions about people with no session: n pairs of user and item indices that broadcast.

    >>> from incentax.users.records import Movie, User
    >>> shelf = Catalogue([Movie("m1", "Dust")], "movies")
    >>> len(ask(People([User("u1", "Bo", "M", 40, "Likes tea.")]), shelf, [0, 0], 0))
    2
    """
    user, item = np.broadcast_arrays(np.atleast_1d(user), np.atleast_1d(item))
    n = len(user)
    if history_item is None:
        history_item, history_rating = np.zeros((n, 0), np.int64), np.zeros((n, 0))
    zeros = np.zeros(n)
    return Queries(
        people=people,
        catalogue=catalogue,
        scale=scale or catalogue.domain.scale,
        user=user.astype(np.int64),
        item=item.astype(np.int64),
        history_item=np.asarray(history_item, np.int64),
        history_rating=np.asarray(history_rating, np.float64),
        watch_count=np.broadcast_to(np.asarray(watch_count, np.int64), (n,)),
        mood=zeros,
        boredom=zeros,
        trust=np.full(n, 0.5),
        incentive=np.broadcast_to(np.asarray(incentive, np.float64), (n,)),
    )


def quantised(mood: float, boredom: float, trust: float) -> tuple[int, int, int]:
    """Mood, boredom and trust as levels 0..4, so that prompts and cache keys stay discrete.

    >>> quantised(0.0, 0.0, 0.5), quantised(0.9, 3.0, 0.0)
    ((2, 2, 2), (4, 4, 0))
    """

    def level(value: float) -> int:
        return min(max(int((value + 1.0) * 2.5), 0), 4)

    return level(mood), level(min(boredom, 2.0) / 2.0), level(2.0 * trust - 1.0)


@dataclass(frozen=True)
class Reactions:
    """n answers: `probability[n, K]` over the scale's levels, rows summing to one where `valid`.

    An invalid answer has a row of NaN: it is no rating at all. `hard` marks answers that came as
    one label, without a distribution. `residual[n]` is the probability the model put outside the
    scale.
    """

    probability: NDArray[np.float64]
    valid: NDArray[np.bool_]
    residual: NDArray[np.float64]
    hard: NDArray[np.bool_]
    cached: NDArray[np.bool_]
    tokens: NDArray[np.int64]
    prompt_hash: tuple[str, ...] = field(default=())

    @classmethod
    def exact(cls, probability: NDArray[np.float64]) -> "Reactions":
        """Answers of a back end that knows its distribution."""
        n = len(probability)
        no = np.zeros(n, bool)
        return cls(probability, ~no, np.zeros(n), no, no, np.zeros(n, np.int64))

    def __len__(self) -> int:
        return len(self.probability)


@dataclass(frozen=True)
class Capabilities:
    """What a back end can do, as found by looking rather than by its name."""

    log_probabilities: bool = True
    sequence_scoring: bool = False
    assistant_prefix: bool = False
    batch_size: int = 0  # 0: any


class AbstractRater(ABC):
    """Whoever answers. `identity` names it in cache keys: two raters with one identity agree."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """Name, version and settings that determine the answers."""

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What this back end can do."""

    @abstractmethod
    def react(self, queries: Queries) -> Reactions:
        """Answers to n questions, in order.

        **Raises:** `ModelError` when the model cannot answer at all.
        """

    @abstractmethod
    def explain(self, queries: Queries, rating: float) -> str:
        """Why the person of the first question gave `rating`, in words; "" where nobody can say."""

    @abstractmethod
    def close(self) -> None:
        """Release what the back end holds."""


class AbstractFormula(AbstractRater):
    """Answers worked out from numbers: nothing to say in words, nothing to release."""

    @property
    def capabilities(self) -> Capabilities:
        """Exact probabilities, any number at once."""
        return Capabilities()

    def explain(self, queries: Queries, rating: float) -> str:
        """Nothing."""
        return ""

    def close(self) -> None:
        """Nothing is held."""
