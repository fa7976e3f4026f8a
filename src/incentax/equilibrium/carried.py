"""What a solve carries from step to step: the state, lying as the solver's passes read it."""

from typing import Any, final

from .._types import Mechanism
from ..fixed_point import AbstractOperator
from .base import SolverState


@final
class Carried(AbstractOperator):
    """An operator on states as they are carried."""

    inner: AbstractOperator

    def aggregate(self, z, mechanism, consts):
        """What the state adds up to."""
        return self.inner.aggregate(turned(z, consts), mechanism, consts)

    def respond(self, aggregate, mechanism, consts):
        """The answer, as it is carried."""
        return turned(self.inner.respond(aggregate, mechanism, consts), consts)

    def apart(self, z, aggregate, mechanism, consts):
        """The inner operator's parts."""
        return self.inner.apart(turned(z, consts), aggregate, mechanism, consts)


def turned(z: SolverState, consts: Any) -> SolverState:
    """The state as it is carried, and the carried state as it is: its own inverse."""
    solver, game = consts
    return solver.turn(z, game)


def carried_step(z: SolverState, mechanism: Mechanism, consts: Any) -> SolverState:
    """One step from a carried state to the next."""
    solver, game = consts
    # Turned at both ends: a compiled loop over steps turns nothing between them.
    return turned(solver.step(turned(z, consts), mechanism, game), consts)
