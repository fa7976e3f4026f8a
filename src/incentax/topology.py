"""Where the branches of a sparse game lead: how mass and values travel along them."""

from abc import abstractmethod
from typing import NamedTuple, final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from ._types import RoundFlow, StateDistribution

Chances = Float[Array, "#S #A K"]

# Distinct displacements of one column of successors, at most on average, for shifts to be quicker
# than gathers: a grid has one inside and few more at its edges.
FEW = 4
# Branches of a state, all actions together, at most: each is an operation of its own.
MANY = 64


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
        num_states, num_actions, num_branches = successors.shape
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


@final
class Shifted(AbstractTopology):
    """Steps on a line, ring or grid: a few displacements, others at the edges, and no lists.

    Branches that lead to the same states from everywhere share one of D columns (left then right is
    staying); a column moves all states by a few displacements, modulo S. What moves is written out
    twice and read from where it comes: the processor reads memory in order, in derivatives too.

    **Arguments:**

    - `leaving` [P S]: the states that a column moves by a displacement.
    - `arriving` [P S]: where they arrive.
    - `column` A x K: the column of each action and branch.
    - `moves` D: the displacements of each column, and which row of the masks each has.
    """

    leaving: Bool[Array, "P S"]
    arriving: Bool[Array, "P S"]
    column: tuple[tuple[int, ...], ...] = eqx.field(static=True)
    moves: tuple[tuple[tuple[int, int], ...], ...] = eqx.field(static=True)

    @classmethod
    def of(cls, successors: Int[np.ndarray, "S A K"]) -> "Shifted":
        """The displacements in these lists, as many as there are.

        >>> ring = Shifted.of(np.array([[[1], [2]], [[2], [0]], [[0], [1]]]))
        >>> ring.moves
        (((1, 0),), ((2, 1),))
        """
        num_states, num_actions, num_branches = successors.shape
        columns, column = np.unique(successors.reshape(num_states, -1), axis=1, return_inverse=True)
        displacements = (columns - np.arange(num_states)[:, None]) % num_states
        leaving, arriving, moves = [], [], []
        for displacement in displacements.T:
            # The commonest first: it needs no mask.
            kinds, counts = np.unique(displacement, return_counts=True)
            kinds = kinds[np.argsort(-counts, kind="stable")]
            rows = range(len(leaving), len(leaving) + len(kinds))
            moves.append(tuple(zip(map(int, kinds), rows, strict=True)))
            masks = [displacement == kind for kind in kinds]
            leaving += masks
            arriving += [np.roll(mask, kind) for mask, kind in zip(masks, kinds, strict=True)]
        table = column.reshape(num_actions, num_branches).tolist()
        masks = (jnp.asarray(np.stack(leaving)), jnp.asarray(np.stack(arriving)))
        return cls(*masks, tuple(map(tuple, table)), tuple(moves))

    def collect(self, flow: RoundFlow, probability: Chances) -> StateDistribution:
        """Each state reads the mass of the branches that lead to it."""
        mass = _Twice.of(flow.T)
        chance = jnp.moveaxis(probability, 0, -1)
        chances = _Twice.of(chance) if chance.shape[-1] > 1 else None
        arrived = jnp.zeros(flow.shape[0], flow.dtype)
        for branches, kinds in zip(self._branches(probability), self.moves, strict=True):
            for displacement, row in kinds:
                here = mass.moved(displacement)
                share = chance if chances is None else chances.moved(displacement)
                part = sum(here[a] * share[of_action, k] for a, of_action, k in branches)
                arrived += part if len(kinds) == 1 else jnp.where(self.arriving[row], part, 0)
        return arrived

    def expect(self, values: StateDistribution, probability: Chances) -> Float[Array, "S A"]:
        """Each state reads the values of the states that its branches lead to."""
        ahead = _Twice.of(values)
        chance = jnp.moveaxis(probability, 0, -1)
        expected = [jnp.zeros_like(values) for _ in self.column]
        for branches, kinds in zip(self._branches(probability), self.moves, strict=True):
            (usual, _), *others = kinds
            there = ahead.moved(-usual)
            for displacement, row in others:
                there = jnp.where(self.leaving[row], ahead.moved(-displacement), there)
            for a, of_action, k in branches:
                expected[a] += chance[of_action, k] * there
        # Rows of states beneath one another: the long axis stays the last one in memory.
        return jnp.stack(expected).T

    def _branches(self, probability: Chances) -> list[list[tuple[int, int, int]]]:
        # Of each column: action, where the action's probabilities are, branch.
        found: list[list[tuple[int, int, int]]] = [[] for _ in self.moves]
        for action, columns in enumerate(self.column):
            of_action = action if probability.shape[1] > 1 else 0
            for branch, column in enumerate(columns):
                found[column].append((action, of_action, branch))
        return found


class _Twice(NamedTuple):
    # An array written out twice along its last axis: every rotation of it is a slice.
    doubled: Array
    length: int

    @classmethod
    def of(cls, array: Array) -> "_Twice":
        # Kept apart from what follows: fused, each reader would choose between the two copies
        # element by element, three times slower.
        doubled = jnp.concatenate((array, array), axis=-1)
        return cls(jax.lax.optimization_barrier(doubled), array.shape[-1])

    def moved(self, displacement: int) -> Array:
        # Element i goes to i + displacement, modulo the length.
        start = -displacement % self.length
        return self.doubled[..., start : start + self.length]


def topology(successors: Int[np.ndarray, "S A K"]) -> Gathered | Shifted:
    """`Shifted` where the successors are few displacements, as on a grid; else `Gathered`.

    Prepared once, outside compiled programs, and kept in a field of the game.

    >>> type(topology(np.array([[[0], [1]], [[0], [1]]]))).__name__
    'Shifted'
    """
    shifted = Shifted.of(successors)
    few = shifted.leaving.shape[0] <= FEW * len(shifted.moves)
    regular = few and successors[0].size <= MANY
    return shifted if regular else Gathered.of(successors)


def _gathered(successors, values, probability):
    # One gather per branch: XLA is ten times slower on a sum over so short a last axis.
    expected = probability[:, :, 0] * values[successors[:, :, 0]]
    for k in range(1, successors.shape[-1]):
        expected += probability[:, :, k] * values[successors[:, :, k]]
    return expected
