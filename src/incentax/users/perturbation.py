"""Fleeting interest: noise on a valid rating."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from .scales import Scale
from .streams import Draws, Stream


class AbstractPerturbation(ABC):
    """Changes ratings `[n, L]`."""

    @abstractmethod
    def perturb(
        self, rating: NDArray, scale: Scale, draws: Draws, rounds: bool
    ) -> NDArray[np.float64]:
        """Perturbed ratings inside the scale; rounded to its step of one if `rounds`."""


@dataclass(frozen=True)
class NoPerturbation(AbstractPerturbation):
    """The rating as it is."""

    def perturb(self, rating, scale, draws, rounds):
        """The input."""
        return rating


@dataclass(frozen=True)
class Gaussian(AbstractPerturbation):
    """Normal noise, rounded; with σ = .5 an inner rating changes with probability 31.7 %."""

    deviation: float = 0.5

    def perturb(self, rating, scale, draws, rounds):
        """R + N(0, σ²), rounded unless ratings are real-valued, clipped to the scale."""
        moved = rating + self.deviation * draws.normal(Stream.PERTURBATION, rating.shape[1])
        return np.clip(np.rint(moved) if rounds else moved, scale.low, scale.high)


@dataclass(frozen=True)
class Greedy(AbstractPerturbation):
    """One down, the same or one up with the given probabilities."""

    probability: tuple[float, float, float] = (0.1, 0.8, 0.1)

    def perturb(self, rating, scale, draws, rounds):
        """R − 1, r or r + 1, clipped to the scale."""
        down, stay, _ = self.probability
        u = draws.uniform(Stream.PERTURBATION, rating.shape[1])
        move = np.where(u < down, -1.0, np.where(u < down + stay, 0.0, 1.0))
        return np.clip(rating + move, scale.low, scale.high)


PERTURBATIONS = MappingProxyType(
    {"none": NoPerturbation(), "gaussian": Gaussian(), "greedy": Greedy()}
)
"""The perturbations a command line can name."""
