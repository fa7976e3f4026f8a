"""Successors as displacements: everything moves by slices."""

from typing import NamedTuple, final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from .._types import RoundFlow, StateDistribution
from .base import AbstractTopology, Chances, checked


@final
class Shifted(AbstractTopology):
    """Steps on a line, ring or grid: a few displacements, others at the edges, and no lists.

    Branches that lead to the same states from everywhere share one of D columns (left then right is
    staying); a column moves all states by a few displacements, modulo S. What moves is written out
    twice and read from where it comes: the processor reads memory in order, in reverse mode too.

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
        _, num_actions, num_branches = checked(successors).shape
        displacements, column = displacements_of(successors)
        leaving, arriving, moves = [], [], []
        for displacement in displacements:
            # The commonest first: values ahead are read by it wherever no other is masked in.
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
        return _collected(self, flow, probability)

    def expect(self, values: StateDistribution, probability: Chances) -> Float[Array, "S A"]:
        """Each state reads the values of the states that its branches lead to."""
        return _expected(self, values, probability)

    def branches(self, probability: Chances) -> list[list[tuple[int, int, int]]]:
        """Of each column its branches: action, row of the action's probabilities, branch."""
        found: list[list[tuple[int, int, int]]] = [[] for _ in self.moves]
        for action, columns in enumerate(self.column):
            row = action if probability.shape[1] > 1 else 0
            for branch, column in enumerate(columns):
                found[column].append((action, row, branch))
        return found


def displacements_of(
    successors: Int[np.ndarray, "S A K"],
) -> tuple[Int[np.ndarray, "D S"], Int[np.ndarray, " AK"]]:
    """Displacements of each distinct column of successors, and the column of each branch."""
    num_states = successors.shape[0]
    columns, column = np.unique(successors.reshape(num_states, -1), axis=1, return_inverse=True)
    return (columns.T - np.arange(num_states)) % num_states, column


def _read_mass(ways: Shifted, flow, probability):
    mass = _Twice.of(flow.T)
    chance = jnp.moveaxis(probability, 0, -1)
    chances = _Twice.of(chance) if chance.shape[-1] > 1 else None
    arrived = jnp.zeros(flow.shape[0], flow.dtype)
    for branches, kinds in zip(ways.branches(probability), ways.moves, strict=True):
        for displacement, row in kinds:
            here = mass.moved(displacement)
            share = chance if chances is None else chances.moved(displacement)
            part = sum(here[a] * share[of_a, k] for a, of_a, k in branches)
            arrived += part if len(kinds) == 1 else jnp.where(ways.arriving[row], part, 0)
    return arrived


def _read_ahead(ways: Shifted, values, probability):
    ahead = _Twice.of(values)
    chance = jnp.moveaxis(probability, 0, -1)
    expected = [jnp.zeros_like(values) for _ in ways.column]
    for branches, kinds in zip(ways.branches(probability), ways.moves, strict=True):
        (usual, _), *others = kinds
        there = ahead.moved(-usual)
        for displacement, row in others:
            there = jnp.where(ways.leaving[row], ahead.moved(-displacement), there)
        for a, of_a, k in branches:
            expected[a] += chance[of_a, k] * there
    # Rows of states beneath one another: the long axis stays the last one in memory.
    return jnp.stack(expected).T


# The transpose of reading slices is writing them, one by one. But reading mass and reading ahead
# are each other's transposes: the derivative of either is written as the transpose of the other, so
# that reverse mode, which transposes it once more, reads again.
@eqx.filter_custom_jvp
def _collected(ways: Shifted, flow, probability):
    return _read_mass(ways, flow, probability)


@_collected.def_jvp
def _collected_jvp(primals, tangents):
    ways, flow, probability = primals
    values = jnp.zeros(flow.shape[0], flow.dtype)
    changes = _changes(ways, _read_ahead, values, primals[1:], tangents[1:])
    return _read_mass(ways, flow, probability), changes


@eqx.filter_custom_jvp
def _expected(ways: Shifted, values, probability):
    return _read_ahead(ways, values, probability)


@_expected.def_jvp
def _expected_jvp(primals, tangents):
    ways, values, probability = primals
    flow = jnp.zeros((values.shape[0], len(ways.column)), values.dtype)
    changes = _changes(ways, _read_mass, flow, primals[1:], tangents[1:])
    return _read_ahead(ways, values, probability), changes


def _changes(ways, other, example, primals, tangents):
    # Both maps are linear in what moves and in the probabilities.
    moving, probability = primals
    moving_dot, probability_dot = tangents
    total = None
    for what, chance in ((moving_dot, probability), (moving, probability_dot)):
        if what is not None and chance is not None:
            transposed = jax.linear_transpose(lambda x, c=chance: other(ways, x, c), example)
            (change,) = transposed(what)
            total = change if total is None else total + change
    return total


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
