"""`solve`: the equilibrium of one mean-field game at one mechanism."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Bool, Int, PyTree

from .._errors import DesignError
from .._status import Status
from .._types import Mechanism, Scalar
from ..adjoint import AbstractAdjoint, Checkpointed
from ..fixed_point import AbstractOperator
from ..flow import deviation_gain, population_flow
from ..game import AbstractGame
from .base import AbstractSolver, Equilibrium, SolverState
from .carried import Carried, carried_step
from .mirror_descent import MirrorDescent


def solve(
    game: AbstractGame,
    mechanism: Mechanism,
    *,
    solver: AbstractSolver | None = None,
    adjoint: AbstractAdjoint | None = None,
    start: SolverState | None = None,
    throw: bool = True,
) -> Equilibrium:
    """The equilibrium that `mechanism` induces in `game`. Differentiable in `mechanism`.

    **Arguments:**

    - `game`, `mechanism`: the problem.

    **Other arguments:**

    - `solver`: defaults to `MirrorDescent()`.
    - `adjoint`: how derivatives pass the iteration; defaults to `Checkpointed()`.
    - `start`: a solver state to start from; None for a cold start.
    - `throw`: raise when the equilibrium is not finite; otherwise only the status says so.

    **Raises:** `DesignError` with the status sentence.
    """
    solver = MirrorDescent() if solver is None else solver
    adjoint = Checkpointed() if adjoint is None else adjoint
    equilibrium = _solve(game, mechanism, solver, adjoint, start)
    if throw:
        equilibrium = _raise_nonfinite(equilibrium)
    return equilibrium


@eqx.filter_jit
def _solve(game, mechanism, solver, adjoint, start) -> Equilibrium:
    start = solver.init(game, mechanism) if start is None else start
    start = solver.turn(start, game)
    left = solver.num_steps
    bold_steps = jnp.asarray(0)
    if solver.enough > 0 and adjoint.forgets_start and solver.bold_steps > 0:
        most = min(solver.bold_steps, solver.num_steps)
        frozen = _frozen((adjoint, start, mechanism, solver, game))
        start, bold_steps = _boldly(*frozen, num_steps=most)
        # Ended before its last step, it has settled.
        left = jnp.where(bold_steps < most, 0, solver.num_steps - most)
    z, num_steps = adjoint.iterate(
        carried_step,
        _carried(solver),
        start,
        mechanism,
        (solver, game),
        num_steps=left,
        settled=_settled if solver.enough > 0 else None,
    )
    return describe(game, mechanism, solver, solver.turn(z, game), bold_steps + num_steps)


def _boldly(adjoint, start, mechanism, solver, game, *, num_steps):
    bold = solver.bold()
    return adjoint.iterate(
        carried_step,
        _carried(bold),
        start,
        mechanism,
        (bold, game),
        num_steps=num_steps,
        settled=_settled,
    )


def describe(
    game: AbstractGame,
    mechanism: Mechanism,
    solver: AbstractSolver,
    z: SolverState,
    num_steps: Int[Array, ""] | None = None,
) -> Equilibrium:
    """The equilibrium record of a solver state, with its evidence; all its steps if not told."""
    policy = solver.policy(z)
    flow = population_flow(game, policy, mechanism)
    # Evidence is not differentiated, so it must not cost memory in the adjoint.
    evidence = _evidence(game, solver, *_frozen((policy, flow, mechanism, z)))
    return Equilibrium(
        policy=policy,
        flow=flow.agents,
        rounds=flow.rounds,
        state=z,
        num_steps=jnp.asarray(solver.num_steps) if num_steps is None else num_steps,
        **evidence,
    )


def _frozen(tree: PyTree) -> PyTree:
    dynamic, static = eqx.partition(tree, eqx.is_array)
    return eqx.combine(jax.lax.stop_gradient(dynamic), static)


def _evidence(game, solver, policy, flow, mechanism, z) -> dict[str, Array]:
    gain = deviation_gain(game, policy, flow.rounds, mechanism)
    residual = _residual(game, solver, policy, flow, mechanism, z)
    finite = jnp.isfinite(gain) & jnp.isfinite(residual)
    converged = residual <= solver.tolerance
    failure = jnp.where(finite, Status.NOT_CONVERGED, Status.NONFINITE_EQUILIBRIUM)
    return dict(
        exploitability=gain,
        regularised_exploitability=solver.regularised_gain(game, policy, flow.rounds, mechanism),
        residual=residual,
        status=jnp.where(finite & converged, Status.DONE, failure).astype(jnp.int32),
    )


def _residual(game, solver, policy, flow, mechanism, z) -> Scalar:
    if solver.operator is None:
        following = solver.step(z, mechanism, game)
    else:
        following = solver.operator.respond(flow.rounds, mechanism, (solver, game))
    reach = jnp.sum(flow.agents, axis=-1)
    moved = jnp.sum(jnp.abs(solver.policy(following) - policy), axis=-1) / 2
    return jnp.max(jnp.sum(reach * moved, axis=-1))


def _carried(solver: AbstractSolver) -> AbstractOperator | None:
    return None if solver.operator is None else Carried(solver.operator)


def _settled(z: SolverState, mechanism: Mechanism, consts: Any) -> Bool[Array, ""]:
    solver, game = consts
    z = solver.turn(z, game)
    policy = solver.policy(z)
    flow = population_flow(game, policy, mechanism)
    return _residual(game, solver, policy, flow, mechanism, z) <= solver.enough


def _raise_nonfinite(equilibrium: Equilibrium) -> Equilibrium:
    status = equilibrium.status
    if isinstance(status, Tracer):
        return eqx.error_if(
            equilibrium,
            status == Status.NONFINITE_EQUILIBRIUM,
            Status.NONFINITE_EQUILIBRIUM.sentence,
        )
    if jnp.any(status == Status.NONFINITE_EQUILIBRIUM):
        raise DesignError(Status.NONFINITE_EQUILIBRIUM.sentence)
    return equilibrium
