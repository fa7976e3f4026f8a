"""The last steps of a design whose objective is a sawtooth: from tooth to tooth."""

from collections.abc import Callable
from dataclasses import replace

from .mechanism import AbstractLattice
from .progress import DesignState

# Teeth that one design crosses at most.
_MOST = 20


def climbed(state: DesignState, audit: Callable[[DesignState], DesignState]) -> DesignState:
    """The state whose best mechanism has no neighbour that is better; others stay as they are.

    `audit` judges the mechanism of a state and keeps the better of it and the best so far.
    """
    for _ in range(_MOST if isinstance(state.best_mechanism, AbstractLattice) else 0):
        value = float(state.best_value)
        for other in state.best_mechanism.neighbours():
            looked = audit(replace(state, mechanism=other))
            state = replace(
                state, best_mechanism=looked.best_mechanism, best_value=looked.best_value
            )
        if float(state.best_value) == value:
            break
    return state
