"""How derivatives pass an iteration: the three adjoints. Knows neither games nor solvers."""

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, final

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
from jax.extend.core import primitives
from jaxtyping import Array, Bool, Float, Int, PyTree

from .deferral import AbstractDeferrable, unrolled
from .fixed_point import AbstractOperator, State
from .krylov import Gmres
from .preconditioner import PartsAlone

Step = Callable[[State, Any, Any], State]
Settled = Callable[[State, Any, Any], Bool[Array, ""]]
Scalar = Float[Array, ""]
Count = Int[Array, ""]

# Steps between two looks at whether an iteration has settled: a look costs about one step.
LOOK_EVERY = 10


class AbstractAdjoint(eqx.Module):
    """Runs `z <- step(z, mechanism, consts)` and defines the derivative of its result.

    `mechanism` and the inexact arrays of `consts` are differentiated.
    """

    @property
    @abstractmethod
    def forgets_start(self) -> bool:
        """Whether the derivative is the same from every start, so that warm starts are safe."""

    @abstractmethod
    def listening(self, probe: Scalar) -> "AbstractAdjoint":
        """The same adjoint, handing out the relative residual of its linear solve, if any.

        The residual becomes the cotangent of `probe`, a scalar zero: differentiate with respect
        to it. Without a probe a residual above tolerance is raised.
        """

    @abstractmethod
    def iterate(
        self,
        step: Step,
        operator: AbstractOperator | None,
        z0: State,
        mechanism: Any,
        consts: Any,
        *,
        num_steps: int | Count,
        settled: Settled | None = None,
    ) -> tuple[State, Count]:
        """The state after `num_steps` steps from `z0`, and that number.

        `num_steps` is a Python integer unless the adjoint forgets its start.

        Where `settled(z, mechanism, consts)` is given, an adjoint whose derivative is not that of
        the steps themselves may stop as soon as it holds; others make them all.
        """


@final
class Backprop(AbstractAdjoint):
    """Plain reverse mode: stores every step. Exact; memory grows with the number of steps.

    Use it to check the others, or where steps are few. `Checkpointed()` gives the same numbers.
    """

    @property
    def forgets_start(self) -> bool:
        """False: the derivative is that of the steps from this start."""
        return False

    def listening(self, probe: Scalar) -> AbstractAdjoint:
        """Itself: there is no linear system."""
        return self

    def iterate(self, step, operator, z0, mechanism, consts, *, num_steps, settled=None):
        """The state after `num_steps` steps; derivatives are those of the unrolled loop."""
        return _loop(step, z0, mechanism, consts, num_steps), jnp.asarray(num_steps)


@final
class Checkpointed(AbstractAdjoint):
    """Reverse mode that stores one state a segment and recomputes the rest.

    Equal to `Backprop` to rounding. With the default of about sqrt(T) segments, memory grows like
    sqrt(T) and time by one more forward pass. Within a segment only sums, products of matrices and
    sorted arrays are stored: what is computed entry by entry is cheaper to repeat than to fetch.
    Calls of a network are noted, and its weights' derivatives taken for a segment's calls at once.

    **Arguments:**

    - `segments`: number of stored states; None for the square root of the number of steps.

    Reference: arXiv 2510.21442, Algorithm 1.
    """

    segments: int | None = eqx.field(static=True, default=None)

    def __check_init__(self):
        if self.segments is not None and self.segments < 1:
            raise ValueError(f"expected segments >= 1 or None, got {self.segments}; try None")

    @property
    def forgets_start(self) -> bool:
        """False: the derivative is that of the steps from this start."""
        return False

    def listening(self, probe: Scalar) -> AbstractAdjoint:
        """Itself: there is no linear system."""
        return self

    def iterate(self, step, operator, z0, mechanism, consts, *, num_steps, settled=None):
        """The state after `num_steps` steps; derivatives are those of the unrolled loop."""
        segments = self.segments or max(1, math.isqrt(num_steps))
        length, remainder = divmod(num_steps, segments)
        # Filtered: a temperature that is the number zero stays one, and costs no regulariser.
        step = eqx.filter_checkpoint(step, policy=_is_dear, prevent_cse=False)

        def unroll(z, mechanism, consts, count):
            if count and isinstance(mechanism, AbstractDeferrable):
                return unrolled(step, z, mechanism, consts, count)
            return _loop(step, z, mechanism, consts, count)

        segment = eqx.filter_checkpoint(unroll)

        def advance(z, _):
            return segment(z, mechanism, consts, length), None

        if length:
            z0, _ = jax.lax.scan(advance, z0, length=segments)
        return unroll(z0, mechanism, consts, remainder), jnp.asarray(num_steps)


@final
class Implicit(AbstractAdjoint):
    """The derivative of the fixed point itself, by one linear solve: memory does not grow.

    The answer is the limit of the unrolled adjoints as the number of steps grows, so it is only
    as good as the fixed point is converged: watch the equilibrium's residual. The starting point
    gets no derivative, because a fixed point does not depend on it. It refuses solvers without a
    smooth operator. The operator's Jacobian is not symmetric, so the linear solver must not be CG.

    **Arguments:**

    - `linear_solver`: a lineax solver for nonsymmetric systems.
    - `tolerance`: relative residual above which a gradient is called inexact.
    - `probe`: see `listening`.
    - `preconditioner`: for operators that fall into parts (rounds, say); None for none.

    Reference: arXiv 2510.21442, Lemma 1 (the limit); implicit function theorem.
    """

    linear_solver: lx.AbstractLinearSolver = Gmres()
    tolerance: float = eqx.field(static=True, default=1e-2)
    probe: Scalar | None = None
    preconditioner: PartsAlone | None = PartsAlone()

    @property
    def forgets_start(self) -> bool:
        """True: a fixed point does not depend on where the iteration began."""
        return True

    def listening(self, probe: Scalar) -> AbstractAdjoint:
        """The same adjoint with the residual of its linear solve as the cotangent of `probe`."""
        return Implicit(self.linear_solver, self.tolerance, probe, self.preconditioner)

    def iterate(self, step, operator, z0, mechanism, consts, *, num_steps, settled=None):
        """The state once `settled`, or after `num_steps`; derivatives are the fixed point's."""
        if operator is None:
            raise ValueError(
                "expected a solver with a smooth operator for Implicit(), got one without (its "
                "iteration has no differentiable fixed point, as at temperature 0); try "
                "Checkpointed(), or a positive temperature"
            )
        problem = (mechanism, consts, self.probe)
        start = jax.lax.stop_gradient(z0)
        loop = (step, num_steps, settled)
        system = (self.linear_solver, self.tolerance, self.preconditioner)
        return _implicit(problem, start, loop, operator, system)


@eqx.filter_custom_vjp
def _implicit(problem, z0, loop, operator, system):
    mechanism, consts, _ = problem
    step, num_steps, settled = loop
    if settled is None:
        return _loop(step, z0, mechanism, consts, num_steps), jnp.asarray(num_steps)
    return _loop_until(settled, step, z0, mechanism, consts, num_steps)


@_implicit.def_fwd
def _implicit_forward(perturbed, problem, z0, loop, operator, system):
    reached = _implicit(problem, z0, loop, operator, system)
    return reached, reached[0]


@_implicit.def_bwd
def _implicit_backward(z, bars, perturbed, problem, z0, loop, operator, system):
    mechanism, consts, probe = problem
    linear_solver, tolerance, preconditioner = system
    z_bar, _ = bars
    # Only what is differentiated is pulled back to: the rest is not even traced.
    inputs, fixed = eqx.partition((mechanism, consts), perturbed[:2])

    def aggregate(z, inputs):
        return operator.aggregate(z, *eqx.combine(inputs, fixed))

    def respond(faced, inputs):
        return operator.respond(faced, *eqx.combine(inputs, fixed))

    faced = aggregate(z, inputs)
    replied, pull_respond = eqx.filter_vjp(respond, faced, inputs)
    _, pull_aggregate = eqx.filter_vjp(aggregate, replied, inputs)
    faced_bar, _ = pull_respond(z_bar)

    def left(w):
        return jax.tree.map(jnp.subtract, w, pull_respond(pull_aggregate(w)[0])[0])

    precondition = _same
    if preconditioner is not None and preconditioner.worth(faced):
        parts = operator.apart(replied, faced, mechanism, consts)
        if parts is not None:
            precondition = preconditioner.inverse(*parts, faced, faced_bar)
    shape = jax.eval_shape(lambda: faced_bar)
    linear = lx.FunctionLinearOperator(lambda v: left(precondition(v)), shape)
    w = precondition(lx.linear_solve(linear, faced_bar, linear_solver, throw=False).value)
    # One last pull-back yields both the derivative and, for nothing, the residual of the solve.
    replied_bar, direct_bar = pull_aggregate(w)
    faced_again, through_bar = pull_respond(eqx.apply_updates(z_bar, replied_bar))
    scale = _norm(faced_bar)
    residual = _norm(jax.tree.map(jnp.subtract, faced_again, w)) / jnp.where(scale > 0, scale, 1)
    inputs_bar = eqx.apply_updates(direct_bar, through_bar)
    if probe is None:
        inputs_bar = eqx.error_if(
            inputs_bar,
            ~(residual <= tolerance),
            "the adjoint linear system was not solved to tolerance: give Implicit a solver with "
            "more vectors, raise the temperature, or use Checkpointed()",
        )
        return (*inputs_bar, None)
    return (*inputs_bar, residual.astype(probe.dtype))


def _same(w: PyTree[Array]) -> PyTree[Array]:
    return w


_DEAR = (
    primitives.dot_general_p,
    primitives.reduce_sum_p,
    primitives.reduce_max_p,
    primitives.reduce_min_p,
    primitives.cumsum_p,
    primitives.sort_p,
)


def _is_dear(primitive: Any, *_, **__) -> bool:
    return primitive in _DEAR


def _loop(step: Step, z: State, mechanism: Any, consts: Any, num_steps: int | Count) -> State:
    return jax.lax.fori_loop(0, num_steps, lambda _, z: step(z, mechanism, consts), z)


def _loop_until(settled, step, z, mechanism, consts, num_steps) -> tuple[State, Count]:
    def unfinished(carry):
        _, count, done = carry
        return (count < num_steps) & ~done

    def advance(carry):
        z, count, _ = carry
        following = jnp.minimum(count + LOOK_EVERY, num_steps)
        z = jax.lax.fori_loop(count, following, lambda _, z: step(z, mechanism, consts), z)
        return z, following, settled(z, mechanism, consts)

    start = (z, jnp.asarray(0), jnp.asarray(False))
    z, count, _ = jax.lax.while_loop(unfinished, advance, start)
    return z, count


def _norm(tree: PyTree[Array]) -> Scalar:
    return jnp.sqrt(sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(tree)))
