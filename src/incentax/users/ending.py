"""When a person ends the interaction, and whether they come back."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


class AbstractEnding(ABC):
    """The hazard of ending after a step."""

    @abstractmethod
    def hazard(self, boredom: NDArray, satisfaction: NDArray) -> NDArray[np.float64]:
        """Probability `float64[n]` that the episode ends now."""


@dataclass(frozen=True)
class GeometricEnd(AbstractEnding):
    """The same hazard at every step; mean length 1 / p."""

    probability: float = 0.025

    def hazard(self, boredom, satisfaction):
        """P."""
        return np.full(len(boredom), self.probability)


@dataclass(frozen=True)
class Leave(AbstractEnding):
    """The bored leave and the satisfied stay.

    λ = 1 − (1 − p₀)·exp(−max(0, a·boredom − b·satisfaction)).
    """

    probability: float = 0.025
    boredom: float = 0.05
    satisfaction: float = 0.05

    def hazard(self, boredom, satisfaction):
        """λ; with a = b = 0 it is the geometric hazard."""
        push = np.maximum(0.0, self.boredom * boredom - self.satisfaction * satisfaction)
        return 1.0 - (1.0 - self.probability) * np.exp(-push)


@dataclass(frozen=True)
class NeverEnds(AbstractEnding):
    """For sweeps of a fixed length."""

    def hazard(self, boredom, satisfaction):
        """Zero."""
        return np.zeros(len(boredom))


def return_gap(
    satisfaction: NDArray, u: NDArray, intercept: float = 0.0, slope: float = 2.0
) -> NDArray[np.int64]:
    """Days until each person returns, 1 + Geometric(σ(c₀ + c₁·S)); a gap above 30 counts as churn.

    >>> return_gap(np.array([1.0, -1.0]), np.array([0.5, 0.5]))
    array([1, 6])
    """
    rate = 0.5 + 0.5 * np.tanh(0.5 * (intercept + slope * np.asarray(satisfaction)))
    return 1 + np.floor(np.log1p(-np.asarray(u)) / np.log1p(-rate)).astype(np.int64)


def effective_horizon(probability: float, discount: float) -> float:
    """Steps a learner really looks ahead, 1 / (1 − (1 − p)γ).

    >>> round(effective_horizon(0.025, 0.975), 2)
    20.25
    """
    return 1.0 / (1.0 - (1.0 - probability) * discount)
