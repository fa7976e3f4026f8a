"""What a mechanism earns on games it never saw, with the evidence that their bidders settled."""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Bool, Float
from jaxtyping import Key as Keys

from .._status import Status
from .._types import Key, Mechanism
from ..adjoint import Implicit
from ..equilibrium import CALMER, AbstractSolver, solve
from ..objective import revenue
from .game import BatchedAuction

# Games that go on are met so many at a time: one program serves however many they are.
_CHUNK = 10


class Judged(NamedTuple):
    """By game: `revenue`, `exploitability` (unregularised), and whether bidders have `settled`."""

    revenue: Float[np.ndarray, " G"]
    exploitability: Float[np.ndarray, " G"]
    settled: Bool[np.ndarray, " G"]


def judged_on(
    draw: Callable[[Key], BatchedAuction],
    solver: AbstractSolver,
    mechanism: Mechanism,
    keys: Keys[Array, " G"],
) -> Judged:
    """A mechanism at the equilibria of the games drawn with `keys` [G], each solved by itself.

    Games whose bidders cycle are solved again, calmer, as a certificate does.
    """
    found = [np.array(column) for column in _met(draw, solver, mechanism, keys)]
    for _ in range(CALMER):
        left = np.flatnonzero(found[2] == Status.NOT_CONVERGED)
        if not left.size:
            break
        solver = solver.calm()
        # The last chunk is filled up with games that are in it already.
        chunks = np.resize(left, (-(-left.size // _CHUNK), _CHUNK))
        for chunk in chunks:
            for column, again in zip(
                found, _met(draw, solver, mechanism, keys[chunk]), strict=True
            ):
                column[chunk] = np.asarray(again)
    value, gain, status = found
    return Judged(value.astype(np.float64), gain.astype(np.float64), status == Status.DONE)


@eqx.filter_jit
def _met(draw, solver, mechanism, keys):
    def one(key):
        found = solve(draw(key), mechanism, solver=solver, adjoint=Implicit(), throw=False)
        return revenue(mechanism, found), found.exploitability, found.status

    # One after the other: each ends when it has settled, not when the slowest has.
    return jax.lax.map(one, keys)
