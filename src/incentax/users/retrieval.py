"""Which remembered items come to mind when a new one is shown."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from .catalogue import Catalogue
from .memory import Remembered
from .similarity import feature_similarity


def _best(score: NDArray, eligible: NDArray[np.bool_], n: int) -> NDArray[np.int64]:
    """Event positions `[rows, n]` of the n highest scores, ties by recency, −1 padded."""
    rows, length = score.shape
    picked = np.full((rows, n), -1, np.int64)
    if not length:
        return picked
    # Reversing time makes argmax, which returns the first of equals, return the most recent one.
    left = np.where(eligible, score, -np.inf)[:, ::-1].astype(np.float64)
    row = np.arange(rows)
    for k in range(min(n, length)):
        place = left.argmax(1)
        found = left[row, place] > -np.inf
        picked[:, k] = np.where(found, length - 1 - place, -1)
        left[row, place] = -np.inf
    return picked


class AbstractRetrieval(ABC):
    """Chooses at most `n` remembered events for each shown item."""

    n: int = 3

    @abstractmethod
    def select(
        self, past: Remembered, item: NDArray, catalogue: Catalogue, now: NDArray
    ) -> NDArray[np.int64]:
        """Event positions `int64[rows, n]`, best first, −1 padded.

        **Arguments:**

        - `past`: events `[rows, T]`; only those marked `latest` are eligible.
        - `item`: the shown item per row.
        - `now`: the logical time per row, from which ages are counted.
        """


@dataclass(frozen=True)
class NoHistory(AbstractRetrieval):
    """Nothing comes to mind."""

    n: int = 0

    def select(self, past, item, catalogue, now):
        """An empty choice."""
        return np.zeros((len(item), 0), np.int64)


@dataclass(frozen=True)
class Last(AbstractRetrieval):
    """The most recent items."""

    n: int = 3

    def select(self, past, item, catalogue, now):
        """The n latest by logical time."""
        return _best(past.time, past.latest, self.n)


@dataclass(frozen=True)
class Simple(AbstractRetrieval):
    """The items most alike by genres, people, vote and director."""

    n: int = 3

    def select(self, past, item, catalogue, now):
        """The n highest feature similarities."""
        score = feature_similarity(catalogue, item[:, None], np.maximum(past.item, 0))
        return _best(score, past.latest, self.n)


@dataclass(frozen=True)
class MostSimilar(AbstractRetrieval):
    """The items whose text is most alike."""

    n: int = 3

    def select(self, past, item, catalogue, now):
        """The n highest cosines."""
        score = catalogue.cosine(item[:, None], np.maximum(past.item, 0))
        return _best(score, past.latest, self.n)


@dataclass(frozen=True)
class DecayEmotion(AbstractRetrieval):
    """Alike in text, recent, and of the emotion the person leans to.

    Score: cosine · exp(−`rate`·age) · (1 + `bonus` where the remembered valence equals that of the
    person's last experience); valence is the side of the scale's middle a rating is on.
    """

    n: int = 3
    rate: float = 0.1
    bonus: float = 0.2

    def select(self, past, item, catalogue, now):
        """The n highest scores."""
        if not past.item.shape[1]:
            return np.full((len(item), self.n), -1, np.int64)
        middle = (catalogue.domain.scale.low + catalogue.domain.scale.high) / 2.0
        last = np.where(past.latest, past.time, -1).argmax(1)
        valence = past.rating >= middle
        same = valence == valence[np.arange(len(item)), last][:, None]
        age = np.maximum(now[:, None] - past.time, 0)
        cosine = catalogue.cosine(item[:, None], np.maximum(past.item, 0))
        return _best(
            cosine * np.exp(-self.rate * age) * (1.0 + self.bonus * same), past.latest, self.n
        )


@dataclass(frozen=True)
class BestWorst(AbstractRetrieval):
    """The highest- and the lowest-rated items, ties by recency."""

    n: int = 4

    def select(self, past, item, catalogue, now):
        """The best half (rounded up), then the worst half."""
        top = _best(past.rating, past.latest, (self.n + 1) // 2)
        rest = past.latest.copy()
        rows, places = np.nonzero(top >= 0)
        rest[rows, top[rows, places]] = False
        return np.concatenate([top, _best(-past.rating, rest, self.n // 2)], axis=1)


@dataclass(frozen=True)
class Diverse(AbstractRetrieval):
    """Alike to the shown item but not to one another (maximal marginal relevance).

    Reference: Carbonell and Goldstein, SIGIR 1998; `relevance` is their λ.
    """

    n: int = 3
    relevance: float = 0.7

    def select(self, past, item, catalogue, now):
        """The n greedy choices."""
        items = np.maximum(past.item, 0)
        if not items.shape[1]:
            return np.full((len(item), self.n), -1, np.int64)
        cosine = catalogue.cosine(item[:, None], items)
        nearest = np.zeros(cosine.shape)
        open_ = past.latest.copy()
        row = np.arange(len(item))
        picked = np.full((len(item), self.n), -1, np.int64)
        for k in range(self.n):
            score = self.relevance * cosine - (1.0 - self.relevance) * nearest
            place = _best(score, open_, 1)[:, 0]
            picked[:, k] = place
            found = place >= 0
            open_[row[found], place[found]] = False
            nearest = np.maximum(nearest, catalogue.cosine(items[row, place][:, None], items))
        return picked


RETRIEVALS = MappingProxyType(
    {
        "none": NoHistory(),
        "last_3": Last(),
        "simple_3": Simple(),
        "most_similar_3": MostSimilar(),
        "decay_emotion_3": DecayEmotion(),
        "best_worst_4": BestWorst(),
        "diverse_3": Diverse(),
    }
)
"""The retrievals a command line can name; any n is one constructor away."""
