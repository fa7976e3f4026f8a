"""Successors as lists: scattered and gathered, for any topology."""

from typing import final

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from .._types import RoundFlow, StateDistribution
from .base import AbstractTopology, Chances, checked


@final
class Listed(AbstractTopology):
    """The lists as they are: nothing is prepared, so they may be traced."""

    successors: Int[Array, "S A K"]

    def collect(self, flow: RoundFlow, probability: Chances) -> StateDistribution:
        """Mass is scattered along the lists."""
        arrived = jnp.zeros(flow.shape[0], flow.dtype)
        return arrived.at[self.successors].add(flow[:, :, None] * probability)

    def expect(self, values: StateDistribution, probability: Chances) -> Float[Array, "S A"]:
        """Values are gathered along the lists."""
        return _gathered(self.successors, values, probability)


@final
class Gathered(AbstractTopology):
    """The lists read both ways: mass is gathered too, several times faster than scattered.

    **Arguments:**

    - `successors` [S A K]: where each branch leads.
    - `source` [M S]: state x A + action of the branches that lead to a state; S x A where its list
      has ended.
    - `branch` [M S]: which of the K branches of its state and action each is.
    """

    successors: Int[Array, "S A K"]
    source: Int[Array, "M S"]
    branch: Int[Array, "M S"]

    @classmethod
    def of(cls, successors: Int[np.ndarray, "S A K"]) -> "Gathered":
        """The branches into each of as many states as there are rows.

        >>> Gathered.of(np.array([[[0], [1]], [[0], [1]]])).source.tolist()
        [[0, 1], [2, 3]]
        """
        num_states, num_actions, num_branches = checked(successors).shape
        targets = successors.reshape(-1)
        counts = np.bincount(targets, minlength=num_states)
        order = np.argsort(targets, kind="stable")
        place = np.arange(targets.size) - np.repeat(np.cumsum(counts) - counts, counts)
        source = np.full((counts.max(), num_states), num_states * num_actions)
        branch = np.zeros_like(source)
        source[place, targets[order]] = order // num_branches
        branch[place, targets[order]] = order % num_branches
        return cls(*(jnp.asarray(lists) for lists in (successors, source, branch)))

    def collect(self, flow: RoundFlow, probability: Chances) -> StateDistribution:
        """Each state gathers the mass of the branches that lead to it."""
        num_branches = probability.shape[-1]
        mass = flow.reshape(-1).at[self.source].get(mode="fill", fill_value=0)
        if probability.shape[:2] == (1, 1):
            chance = probability[0, 0][self.branch]
        else:
            flat = jnp.broadcast_to(probability, (*flow.shape, num_branches)).reshape(-1)
            chance = flat.at[self.source * num_branches + self.branch].get(mode="clip")
        return jnp.sum(mass * chance, axis=0)

    def expect(self, values: StateDistribution, probability: Chances) -> Float[Array, "S A"]:
        """Values are gathered along the lists."""
        return _gathered(self.successors, values, probability)


def _gathered(successors, values, probability):
    # One gather per branch: XLA is ten times slower on a sum over so short a last axis.
    expected = probability[:, :, 0] * values[successors[:, :, 0]]
    for k in range(1, successors.shape[-1]):
        expected += probability[:, :, k] * values[successors[:, :, k]]
    return expected
