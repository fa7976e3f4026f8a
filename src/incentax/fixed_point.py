"""A smooth map with an iteration's fixed point, in halves: what the implicit adjoint needs."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import equinox as eqx
from jaxtyping import Array, PyTree

State = PyTree[Any]
Part = PyTree[Array]
Reaction = Callable[[Part, PyTree[Array]], Part]


class AbstractOperator(eqx.Module):
    """A smooth map with the iteration's fixed point: `z = respond(aggregate(z))`.

    Written in two halves because many individuals interact through few quantities: `aggregate`
    maps the individual state z to what everybody faces, `respond` maps that back. The implicit
    adjoint solves its linear system in the small space between them.
    """

    @abstractmethod
    def aggregate(self, z: State, mechanism: Any, consts: Any) -> PyTree[Array]:
        """What the state z adds up to."""

    @abstractmethod
    def respond(self, aggregate: PyTree[Array], mechanism: Any, consts: Any) -> State:
        """The state with which everybody answers `aggregate`."""

    @abstractmethod
    def apart(
        self, z: State, aggregate: PyTree[Array], mechanism: Any, consts: Any
    ) -> tuple[Reaction, PyTree[Array]] | None:
        """How each part of `aggregate` reacts to itself alone, and what each needs to know of z.

        Parts are the entries along the leading axis (rounds, say); the reaction maps a part, and
        the same entry of the second result, to that part of `aggregate(respond(...))` with all
        that passes between parts held fixed. `z` is `respond(aggregate)`. The implicit adjoint
        preconditions its linear system with it: nothing but time depends on it. None where there
        are no parts.
        """
