"""Satiation: what a rating is worth to the recommender when the person has had the item before."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from .scales import Scale


@dataclass(frozen=True)
class Shaped:
    """Rewards `[n]`, which rows were in the end not consumed, and which end the episode."""

    reward: NDArray[np.float64]
    unwatched: NDArray[np.bool_]
    ends: NDArray[np.bool_]


class AbstractShaping(ABC):
    """Turns ratings into rewards."""

    inert_without_repeats: bool = True

    @abstractmethod
    def shape(
        self,
        rating: NDArray,
        count: NDArray,
        gap: NDArray,
        boredom: NDArray,
        scale: Scale,
        u: NDArray,
    ) -> Shaped:
        """Shaped rewards.

        **Arguments:**

        - `count[n]`: consumptions including this one, ≥ 1.
        - `gap[n]`: logical time since the previous consumption, ≥ 1 on a repeat.
        - `boredom[n]`: mean boredom over the item's labels.
        - `u[n]`: uniform draws of the shaping stream.
        """


def decay(count: NDArray, gap: NDArray, base: float = 0.1) -> NDArray[np.float64]:
    """Share of the rating left on a repeat, q^(c/Δt); 1 at the first consumption.

    >>> decay(np.full(5, 2), np.array([1, 2, 4, 10, 20])).round(2)
    array([0.01, 0.1 , 0.32, 0.63, 0.79])

    **Raises:** `ValueError` for a repeat at Δt < 1.

    Reference: reward shaping of arXiv 2406.01631.
    """
    repeat = np.asarray(count) > 1
    gap = np.asarray(gap)
    if (gap[repeat] < 1).any():
        raise ValueError(
            f"expected at least one tick between consumptions, got {gap[repeat].min()}; "
            "try the person's logical clock"
        )
    return np.where(repeat, base ** (count / np.maximum(gap, 1)), 1.0)


def _plain(reward: NDArray) -> Shaped:
    no = np.zeros(len(reward), bool)
    return Shaped(reward, no, no)


@dataclass(frozen=True)
class Unshaped(AbstractShaping):
    """The reward is the rating."""

    inert_without_repeats: bool = False

    def shape(self, rating, count, gap, boredom, scale, u):
        """R."""
        return _plain(rating)


@dataclass(frozen=True)
class ExponentialDecay(AbstractShaping):
    """clip(floor(r · q^(c/Δt)), r_min, r_max) on a repeat."""

    base: float = 0.1
    floor: bool = True
    allow_below_min: bool = False

    def shape(self, rating, count, gap, boredom, scale, u):
        """The decayed rating; a first consumption is worth r."""
        repeat = np.asarray(count) > 1
        reward = rating * decay(count, gap, self.base)
        if self.floor:
            reward = np.where(repeat, np.floor(reward), reward)
        lowest = -np.inf if self.allow_below_min else scale.low
        return _plain(np.where(repeat, np.clip(reward, lowest, scale.high), reward))


@dataclass(frozen=True)
class RandomWatch(AbstractShaping):
    """A repeat is consumed with probability q^(c/Δt), otherwise not watched."""

    base: float = 0.1
    skip_reward: float = 0.0

    def shape(self, rating, count, gap, boredom, scale, u):
        """r, or `skip_reward` for a repeat that is not watched."""
        unwatched = u >= decay(count, gap, self.base)
        no = np.zeros(len(rating), bool)
        return Shaped(np.where(unwatched, self.skip_reward, rating), unwatched, no)


@dataclass(frozen=True)
class SameItemTerminates(AbstractShaping):
    """A repeat is worth nothing and ends the episode."""

    def shape(self, rating, count, gap, boredom, scale, u):
        """r, or 0 and the end."""
        repeat = np.asarray(count) > 1
        return Shaped(np.where(repeat, 0.0, rating), np.zeros(len(rating), bool), repeat)


@dataclass(frozen=True)
class LabelSatiation(AbstractShaping):
    """r · exp(−w · boredom): too much of one genre, not only of one item."""

    weight: float = 0.15
    inert_without_repeats: bool = False

    def shape(self, rating, count, gap, boredom, scale, u):
        """The satiated rating."""
        return _plain(rating * np.exp(-self.weight * boredom))


SHAPINGS = MappingProxyType(
    {
        "identity": Unshaped(),
        "exp_decay_time": ExponentialDecay(),
        "random_watch": RandomWatch(),
        "same_item_terminate": SameItemTerminates(),
        "genre_satiation": LabelSatiation(),
    }
)
"""The shapings a command line can name."""
