"""From a distribution over the scale to one rating."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Decoding:
    """Reshapes a distribution before it is read: temperature, then top-k, then top-p.

    >>> Decoding(temperature=0.5).apply(np.array([[0.8, 0.2]])).round(3)
    array([[0.941, 0.059]])
    """

    temperature: float = 1.0
    top_k: int = 0  # 0: all
    top_p: float = 1.0

    def apply(self, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """The reshaped distributions `[n, K]`; the input itself when nothing is asked for."""
        p = probability
        if self.temperature != 1.0:
            p = p ** (1.0 / self.temperature)
            p = p / p.sum(1, keepdims=True)
        if (self.top_k and self.top_k < p.shape[1]) or self.top_p < 1.0:
            order = np.argsort(-p, axis=1, kind="stable")
            ranked = np.take_along_axis(p, order, 1)
            keep = (np.cumsum(ranked, 1) - ranked) < self.top_p
            if self.top_k:
                keep[:, self.top_k :] = False
            kept = np.zeros_like(p)
            np.put_along_axis(kept, order, ranked * keep, 1)
            p = kept / kept.sum(1, keepdims=True)
        return p


class AbstractReading(ABC):
    """How one rating is read off `probability[n, K]` over `values[K]`."""

    rounds: bool = True

    @abstractmethod
    def read(
        self, probability: NDArray[np.float64], values: NDArray[np.float64], u: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Ratings `float64[n]`, given uniforms `u[n]`."""


@dataclass(frozen=True)
class Sample(AbstractReading):
    """A draw by inverse CDF with the environment's own random numbers."""

    decoding: Decoding = Decoding()

    def read(self, probability, values, u):
        """One level per row."""
        p = self.decoding.apply(probability)
        level = (np.cumsum(p, 1) <= u[:, None] * p.sum(1, keepdims=True)).sum(1)
        return values[np.minimum(level, len(values) - 1)]


@dataclass(frozen=True)
class Expected(AbstractReading):
    """The mean rating, real-valued."""

    rounds: bool = False

    def read(self, probability, values, u):
        """Σ value · probability."""
        return probability @ values


@dataclass(frozen=True)
class Argmax(AbstractReading):
    """The most probable level, the lower of equals."""

    def read(self, probability, values, u):
        """One level per row."""
        return values[np.argmax(probability, 1)]


READINGS = MappingProxyType(
    {
        "sample": Sample(),
        "expected": Expected(),
        "argmax": Argmax(),
        "suber": Sample(Decoding(temperature=0.6, top_k=50, top_p=0.9)),
    }
)
"""The readings a command line can name."""
