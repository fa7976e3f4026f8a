"""Which form suits given successors."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Int

from .base import checked
from .lists import Gathered, Listed
from .shifted import Shifted, displacements_of

# Displacements of a column of successors, at most on average, for shifts to be quicker than
# gathers: a grid has one inside and few more at its edges.
MOST_DISPLACEMENTS = 4
# Branches of a state, all actions together, at most: each is an operation of its own.
MOST_BRANCHES = 64
# Ways into the busiest state, at most, as a multiple of the mean: all lists are as long as its own.
BUSIEST = 8


def topology(successors: Int[np.ndarray, "S A K"]) -> Shifted | Gathered | Listed:
    """The quickest of the three for these lists; `ValueError` for successors that are no states.

    `Shifted` where they are few displacements, as on a line, ring or grid; else `Gathered`, unless
    very many branches lead to one state. Prepared once, outside compiled programs, and kept in a
    field of the game.

    >>> type(topology(np.array([[[0], [1]], [[0], [1]]]))).__name__
    'Shifted'
    """
    num_states, *per_state = checked(successors).shape
    num_branches = int(np.prod(per_state))
    if num_branches <= MOST_BRANCHES:
        displacements, _ = displacements_of(successors)
        num_kinds = sum(len(np.unique(kinds)) for kinds in displacements)
        if num_kinds <= MOST_DISPLACEMENTS * len(displacements):
            return Shifted.of(successors)
    busiest = np.bincount(successors.reshape(-1), minlength=num_states).max()
    if busiest > BUSIEST * num_branches:
        return Listed(jnp.asarray(successors))
    return Gathered.of(successors)
