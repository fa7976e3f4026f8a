"""What a sparse game does with its successors, whatever form they are kept in."""

from abc import abstractmethod

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from .._types import RoundFlow, StateDistribution

Chances = Float[Array, "#S #A K"]


class AbstractTopology(eqx.Module):
    """The successors [S A K] of a sparse game, arranged for the two things that are done with them.

    `collect` is linear in the flow and `expect` in the values; each is the other's transpose.
    """

    @abstractmethod
    def collect(self, flow: RoundFlow, probability: Chances) -> StateDistribution:
        """The mass [S] that arrives when `flow` [S A] branches with these probabilities."""

    @abstractmethod
    def expect(self, values: StateDistribution, probability: Chances) -> Float[Array, "S A"]:
        """The expectation of `values` [S] at the successors of each state and action."""


def checked(successors: np.ndarray) -> np.ndarray:
    """The successors themselves; `ValueError` where one is no state."""
    num_states = successors.shape[0]
    lowest, highest = int(successors.min()), int(successors.max())
    if lowest < 0 or highest >= num_states:
        raise ValueError(
            f"expected successors among states 0 to {num_states - 1}, got {lowest} to {highest}; "
            "try numpy.clip at the edges"
        )
    return successors
