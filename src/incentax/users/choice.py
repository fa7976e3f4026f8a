"""Slates: which of the shown items the person consumes."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from .query import Queries
from .streams import Draws, Stream


@dataclass(frozen=True)
class Slate:
    """What n people are choosing from.

    **Arguments:**

    - `utility[n, L]`: expected rating standardised to [−1, 1], minus position cost.
    - `nothing[n]`: utility of choosing nothing.
    - `vote[n, L]`: mean votes, which break ties.
    - `draws`: the step's random numbers, of which a choice takes those of its own stream.
    - `queries`: the n·L questions behind the utilities, row by row.
    """

    utility: NDArray[np.float64]
    nothing: NDArray[np.float64]
    vote: NDArray[np.float64]
    draws: Draws
    queries: Queries | None = None


class AbstractChoice(ABC):
    """Chooses from slates of L items."""

    @abstractmethod
    def choose(self, slate: Slate) -> NDArray[np.bool_]:
        """Consumed or not, `bool[n, L]`."""


def drawn(probability: NDArray[np.float64], draws: Draws) -> NDArray[np.bool_]:
    """At most one of each slate, from probabilities `[n, L + 1]` whose last column is nothing."""
    below = np.cumsum(probability, 1)
    pick = (below <= draws.uniform(Stream.CHOICE, 1)).sum(1)
    return np.arange(probability.shape[1] - 1) == pick[:, None]


@dataclass(frozen=True)
class Single(AbstractChoice):
    """The first item is consumed, whatever it is: what the published system does at L = 1."""

    def choose(self, slate):
        """The first of each slate."""
        chosen = np.zeros(slate.utility.shape, bool)
        chosen[:, 0] = True
        return chosen


@dataclass(frozen=True)
class GreedyChoice(AbstractChoice):
    """The best item, ties by mean vote and then by position; `probability` of choosing at all."""

    probability: float = 1.0

    def choose(self, slate):
        """At most one per slate."""
        utility = slate.utility
        best = utility >= utility.max(1, keepdims=True)
        first = np.where(best, slate.vote, -np.inf).argmax(1)
        chosen = np.zeros(utility.shape, bool)
        rows = np.arange(len(utility))
        chosen[rows, first] = slate.draws.uniform(Stream.CHOICE, 1)[:, 0] < self.probability
        return chosen


@dataclass(frozen=True)
class Independent(AbstractChoice):
    """Each item is consumed with the same probability, whatever the others are."""

    probability: float = 0.5

    def choose(self, slate):
        """Any number per slate."""
        return slate.draws.uniform(Stream.CHOICE, slate.utility.shape[1]) < self.probability


@dataclass(frozen=True)
class MultinomialLogit(AbstractChoice):
    """P(j) = e^(βu_j) / (e^(βu₀) + Σ e^(βu_k)).

    Reference: McFadden (1974).
    """

    sensitivity: float = 4.0

    def probabilities(self, utility: NDArray, nothing: NDArray) -> NDArray[np.float64]:
        """Choice probabilities `[n, L + 1]`, the last column being nothing."""
        every = self.sensitivity * np.concatenate([utility, nothing[:, None]], 1)
        weight = np.exp(every - every.max(1, keepdims=True))
        return weight / weight.sum(1, keepdims=True)

    def choose(self, slate):
        """At most one per slate."""
        return drawn(self.probabilities(slate.utility, slate.nothing), slate.draws)


@dataclass(frozen=True)
class Cascade(AbstractChoice):
    """Looks from the top, accepts with σ(β(u_j − u₀)), after a rejection stops with `leave`.

    Reference: Craswell et al., WSDM 2008.
    """

    sensitivity: float = 4.0
    leave: float = 0.1

    def choose(self, slate):
        """At most one per slate."""
        n, length = slate.utility.shape
        u = slate.draws.uniform(Stream.CHOICE, length)
        better = slate.utility - slate.nothing[:, None]
        accept = 0.5 + 0.5 * np.tanh(0.5 * self.sensitivity * better)
        looking = np.ones(n, bool)
        chosen = np.zeros((n, length), bool)
        for j in range(length):
            # One draw decides both: below the acceptance it is taken, in the top share of the rest
            # the person stops looking.
            chosen[:, j] = looking & (u[:, j] < accept[:, j])
            stop = u[:, j] >= 1.0 - self.leave * (1.0 - accept[:, j])
            looking &= ~chosen[:, j] & ~stop
        return chosen


CHOICES = MappingProxyType(
    {
        "single": Single(),
        "greedy": GreedyChoice(),
        "greedy_random": GreedyChoice(0.9),
        "independent": Independent(),
        "mnl": MultinomialLogit(),
        "cascade": Cascade(),
    }
)
"""The choice models a command line can name."""
