"""The social gradient in continuous time, by adaptive integrators."""

from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ._errors import DesignError
from ._types import Objective
from .mechanism import Price
from .population import NashPopulation
from .rule.direction import AbstractForm, PlainForm
from .rule.observation import social_cost, social_slope
from .smooth_game import AbstractSmoothGame, Actions

Times = Float[Array, " T"]


class Flow(eqx.Module):
    """A trajectory of prices and actions in continuous time.

    - `times` [T] and, at each, `price` [T n d], `actions` [T n d], `value` [T] (the objective).
    - `dense`: the integrator's interpolation; `price_at(t)` evaluates it.
    """

    times: Times
    price: Float[Array, "T n d"]
    actions: Float[Array, "T n d"]
    value: Times
    dense: Any

    def price_at(self, time: float | Float[Array, ""]) -> Actions:
        """The price [n d] at any time of the trajectory."""
        state = self.dense.evaluate(time)
        return state[1] if isinstance(state, tuple) else state


def social_gradient_flow(
    population: NashPopulation,
    price: Price,
    *,
    minimize: Objective,
    duration: float,
    form: AbstractForm | None = None,
    num_points: int = 101,
    tolerance: float = 1e-8,
) -> Flow:
    """The trajectory of p' = g(x*(p)), agents at equilibrium all the time.

    Along it the objective never rises if F is strongly monotone, at a rate of at least
    (mu / L^2) |g|^2.

    **Main arguments:**

    - `population`, `price`: whose equilibrium, and where the price [n d] starts.
    - `minimize`: an objective of the actions alone.
    - `duration`: in units of time; a gain b on g for time t is a gain of one for time b t.

    **Other arguments:**

    - `form`: as in `SocialGradient`. `num_points`: times at which the trajectory is returned.
    - `tolerance`: relative and absolute, of the integrator.

    **Raises:** `DesignError` if the integrator fails.

    Reference: arXiv 2604.11346, theorem 1.
    """
    form = PlainForm() if form is None else form
    key = jax.random.key(0)

    def equilibrium(value: Actions) -> Actions:
        start = population.init(Price(value), key=key)
        return population.respond(Price(value), start, key=key)[0].actions

    def field(time, value, _):
        actions = equilibrium(value)
        return form.direction(value, actions, social_slope(minimize, actions)[1])[0]

    times, prices, dense = _integrate(field, price.value, duration, num_points, tolerance)
    actions = jax.lax.map(equilibrium, prices)
    value = jax.lax.map(lambda x: social_cost(minimize, x), actions)
    return Flow(times, prices, actions, value, dense)


def joint_flow(
    game: AbstractSmoothGame,
    price: Price,
    *,
    minimize: Objective,
    duration: float,
    speed: float = 1.0,
    gain: Float[Array, "nd nd"] | None = None,
    start: Actions | None = None,
    num_points: int = 101,
    tolerance: float = 1e-8,
) -> Flow:
    """The trajectory of x' = -K (F(x) + p), p' = speed g(x): agents and planner move together.

    Converges for *every* speed > 0 if F is monotone with a positive definite derivative, K is
    symmetric positive definite, actions are unconstrained and g is a gradient: a damped
    mechanical system whose energy falls. For oscillators it is the dynamic-phase game.

    **Main arguments:**

    - `game`, `price`: whose gradient play, and where the price starts.
    - `minimize`: an objective of the actions alone.
    - `duration`: in units of the agents' time. `speed`: of the planner, in that time.

    **Other arguments:**

    - `gain`: K [nd nd]; None for the identity. `start`: first actions; None for the game's.
    - `num_points`, `tolerance`: as in `social_gradient_flow`.

    **Raises:** `DesignError` if the integrator fails.

    Reference: the single-timescale theorem is this library's; arXiv 2604.11346 separates scales.
    """
    start = game.start(price.value.dtype) if start is None else start

    def field(time, state, _):
        actions, value = state
        force = -(game.marginal_cost(actions) + value)
        if gain is not None:
            force = (gain @ force.reshape(-1)).reshape(force.shape)
        return force, speed * social_slope(minimize, actions)[1]

    times, points, dense = _integrate(field, (start, price.value), duration, num_points, tolerance)
    actions, prices = points
    value = jax.lax.map(lambda x: social_cost(minimize, x), actions)
    return Flow(times, prices, actions, value, dense)


@eqx.filter_jit
def _solve(field, start, times, tolerance):
    return diffrax.diffeqsolve(
        diffrax.ODETerm(field),
        diffrax.Tsit5(),
        t0=times[0],
        t1=times[-1],
        dt0=None,
        y0=start,
        saveat=diffrax.SaveAt(ts=times, dense=True),
        stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=tolerance),
        max_steps=16384,
        throw=False,
    )


def _integrate(field, start, duration: float, num_points: int, tolerance: float):
    if not (0 < duration < float("inf") and num_points >= 2):
        raise ValueError(
            f"expected duration > 0 and num_points >= 2, got {duration} and {num_points}; try 10 "
            "and 101"
        )
    dtype = jnp.result_type(*jax.tree.leaves(start))
    solution = _solve(field, start, jnp.linspace(0, duration, num_points, dtype=dtype), tolerance)
    if not bool(solution.result == diffrax.RESULTS.successful):
        raise DesignError(
            "the flow could not be integrated: the equilibrium or the objective is not smooth "
            "enough here; loosen `tolerance` or shorten `duration`"
        )
    if solution.ts is None or solution.ys is None:  # what SaveAt(ts=...) rules out
        raise DesignError("the flow has no points; try a longer `duration`")
    return solution.ts, solution.ys, solution
