"""A recommender with four parameters, small enough to be designed from its score alone."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..world import World

WEIGHTS = ("mean vote", "popularity", "share of liked labels", "share of disliked labels")
"""What the parameters weigh, in order."""


@final
@dataclass(frozen=True, eq=False)
class WeightedItems:
    """The allowed item with the highest weighted sum of four standardised features.

    Needs the observation `Features`, of which it reads likes, dislikes and the action mask.

    >>> from incentax.users.registration import make_world
    >>> from incentax.users.vector import RecommenderVectorEnv
    >>> world = make_world("books")
    >>> observation, _ = RecommenderVectorEnv(world, 3).reset(seed=0)
    >>> WeightedItems.of(world)([1.0, 0.0, 0.0, 0.0], observation).shape
    (3,)
    """

    fixed: NDArray[np.float32]
    labels: NDArray[np.float32]

    @classmethod
    def of(cls, world: World) -> "WeightedItems":
        """The recommender for a world's catalogue."""
        catalogue = world.catalogue
        fixed = np.stack([_standard(catalogue.vote), _standard(np.log1p(catalogue.votes))])
        return cls(fixed.astype(np.float32), np.asarray(catalogue.label_share, np.float32))

    def __call__(self, weights: ArrayLike, observation: dict[str, Any]) -> NDArray[np.int64]:
        """One item for each person, ties by index."""
        vote, popularity, liked, disliked = np.asarray(weights, np.float32)
        width = self.labels.shape[1]
        tastes = observation["user_features"][:, -2 * width :]
        likes, dislikes = tastes[:, :width], tastes[:, width:]
        personal = (liked * likes + disliked * dislikes) @ self.labels.T
        score = vote * self.fixed[0] + popularity * self.fixed[1] + personal
        return np.where(observation["action_mask"] > 0, score, -np.inf).argmax(1)


def _standard(column: NDArray) -> NDArray:
    spread = column.std()
    return (column - column.mean()) / (spread if spread > 0 else 1.0)
