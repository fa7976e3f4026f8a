"""Agents at the Nash equilibrium of a continuous game, with its implicit derivative."""

from abc import abstractmethod
from typing import Any, ClassVar, final

import equinox as eqx
import jax
import jax.numpy as jnp

from .._status import Status
from .._types import Key, Scalar
from ..adjoint import AbstractAdjoint, Implicit
from ..fixed_point import AbstractOperator
from ..mechanism import Price
from ..smooth_game import AbstractSmoothGame, Actions
from .base import AbstractPopulation, Access
from .observed import JointAction, unknown

# Above this many coordinates the eigenvalues of a dense Jacobian are not worth their cost.
DENSE = 128


class AbstractNashSolver(eqx.Module):
    """An iteration on joint actions whose limit is the equilibrium under a price.

    All solve the variational inequality <F(x) + p, y - x> >= 0 for every y in the action set.
    """

    num_steps: eqx.AbstractVar[int]
    tolerance: eqx.AbstractVar[float]

    @abstractmethod
    def step(self, actions: Actions, price: Actions, game: AbstractSmoothGame) -> Actions:
        """One iteration."""


@final
class SemismoothNewton(AbstractNashSolver):
    """Newton's method on the natural residual, damped, with gradient steps to fall back on.

    Dense: a step costs O((n d)^3). Where the region visited is strongly monotone, a dozen steps
    reach rounding.

    Reference: Facchinei & Pang 2003, chapter 8.
    """

    num_steps: int = eqx.field(static=True, default=25)
    tolerance: float = eqx.field(static=True, default=1e-5)

    def step(self, actions: Actions, price: Actions, game: AbstractSmoothGame) -> Actions:
        """The best of a few damped Newton steps and gradient steps, by the residual left."""

        def residual(x: Actions) -> Actions:
            return game.natural_residual(x, price)

        size = actions.size
        now = residual(actions)
        slope = jax.jacfwd(residual)(actions).reshape(size, size)
        newton = jnp.linalg.solve(slope, now.reshape(-1)).reshape(actions.shape)
        halves = 0.5 ** jnp.arange(8, dtype=actions.dtype)
        gradient = game.marginal_cost(actions) + price
        curvature = jnp.linalg.norm(slope)
        rates = 10.0 ** -jnp.arange(3, dtype=actions.dtype) / jnp.maximum(curvature, 1)
        candidates = jnp.concatenate(
            [
                actions[None] - halves[:, None, None] * newton[None],
                actions[None] - rates[:, None, None] * gradient[None],
                actions[None],
            ]
        )
        candidates = jax.vmap(game.action_set.project)(candidates)
        left = jax.vmap(lambda x: jnp.linalg.norm(residual(x)))(candidates)
        return candidates[jnp.argmin(jnp.where(jnp.isnan(left), jnp.inf, left))]


@final
class ProjectedGradient(AbstractNashSolver):
    """x <- Proj(x - learning_rate (F(x) + p)); converges for rates below 2 mu / L^2.

    Its unrolled derivative is the comparator of Li et al. 2020.
    """

    learning_rate: float = 0.1
    num_steps: int = eqx.field(static=True, default=500)
    tolerance: float = eqx.field(static=True, default=1e-5)

    def __check_init__(self):
        _check_rate(self.learning_rate)

    def step(self, actions: Actions, price: Actions, game: AbstractSmoothGame) -> Actions:
        """One projected step."""
        force = game.marginal_cost(actions) + price
        return game.action_set.project(actions - self.learning_rate * force)


@final
class Extragradient(AbstractNashSolver):
    """A look ahead before each projected step: converges for monotone games at rates below 1 / L.

    Reference: Korpelevich 1976.
    """

    learning_rate: float = 0.1
    num_steps: int = eqx.field(static=True, default=500)
    tolerance: float = eqx.field(static=True, default=1e-5)

    def __check_init__(self):
        _check_rate(self.learning_rate)

    def step(self, actions: Actions, price: Actions, game: AbstractSmoothGame) -> Actions:
        """The step from here by the force a step ahead."""
        project, rate = game.action_set.project, self.learning_rate
        ahead = project(actions - rate * (game.marginal_cost(actions) + price))
        return project(actions - rate * (game.marginal_cost(ahead) + price))


@final
class NaturalMap(AbstractOperator):
    """x -> Proj(x - F(x) - p), whose fixed point is the equilibrium whatever the solver."""

    def aggregate(self, z: Any, mechanism: Any, consts: Any) -> Any:
        """The joint action itself."""
        return z

    def respond(self, aggregate: Any, mechanism: Any, consts: Any) -> Any:
        """One unit step of projected play."""
        _, game = consts
        force = game.marginal_cost(aggregate) + full_price(mechanism, game, aggregate.dtype)
        return game.action_set.project(aggregate - force)

    def apart(self, z: Any, aggregate: Any, mechanism: Any, consts: Any) -> None:
        """None: agents do not fall into parts."""


@final
class NashPopulation(AbstractPopulation):
    """Agents who are always at the equilibrium; the response is a `JointAction`.

    The mechanism is a `Price` that broadcasts to [n d]: one per agent and coordinate, or fewer.
    The state is the last joint action, the next start where the adjoint forgets its start.

    **Arguments:**

    - `game`: any smooth game; its equilibrium is unique where F is strongly monotone.
    - `solver`: how the equilibrium is found.
    - `adjoint`: how derivatives pass it.

    >>> from incentax import SmoothGame
    >>> game = SmoothGame(lambda i, x: 0.5 * x[i, 0] ** 2 - x[i, 0], 1)
    >>> population = NashPopulation(game)
    >>> price, key = Price(jnp.array([[0.25]])), jax.random.key(0)
    >>> state = population.init(price, key=key)
    >>> float(population.respond(price, state, key=key)[0].actions[0, 0])
    0.75
    """

    offers: ClassVar[Access] = Access.MODEL

    game: AbstractSmoothGame
    solver: AbstractNashSolver = SemismoothNewton()
    adjoint: AbstractAdjoint = Implicit()

    def init(self, mechanism: Price, *, key: Key) -> Actions:
        """The game's start."""
        return self.game.start(mechanism.value.dtype)

    def respond(self, mechanism: Price, state: Any, *, key: Key) -> tuple[JointAction, Any]:
        """The equilibrium under the price, and its joint action as the next start."""
        start = state if self.adjoint.forgets_start else self.init(mechanism, key=key)
        actions, _ = self.adjoint.iterate(
            _step,
            NaturalMap(),
            start,
            mechanism,
            (self.solver, self.game),
            num_steps=self.solver.num_steps,
        )
        return self._describe(*jax.lax.stop_gradient((actions, mechanism)), actions), actions

    def at_rest(self) -> "NashPopulation":
        """Itself: its responses are equilibria already."""
        return self

    def relaxed(self, temperature: Scalar, share: float, num_steps: int) -> "NashPopulation":
        """Refused: a continuous game has no temperature."""
        raise ValueError(no_temperature("NashPopulation"))

    def listening(self, probe: Scalar) -> "NashPopulation":
        """The same population with a listening adjoint."""
        return NashPopulation(self.game, self.solver, self.adjoint.listening(probe))

    def _describe(self, still: Actions, mechanism: Price, actions: Actions) -> JointAction:
        price = full_price(mechanism, self.game, still.dtype)
        residual = jnp.max(jnp.abs(self.game.natural_residual(still, price)))
        failure = jnp.where(
            jnp.isfinite(residual), Status.NOT_CONVERGED, Status.NONFINITE_EQUILIBRIUM
        )
        monotonicity = least_monotonicity(self.game, still)
        return JointAction(
            actions=actions,
            residual=residual,
            # An error bound of strongly monotone games, but for their Lipschitz constant.
            uncertainty=10
            * residual
            / jnp.minimum(1, jnp.abs(jnp.nan_to_num(monotonicity, nan=1))),
            tracking=unknown(still),
            monotonicity=monotonicity,
            num_steps=jnp.asarray(self.solver.num_steps),
            status=jnp.where(residual <= self.solver.tolerance, Status.DONE, failure).astype(
                jnp.int32
            ),
        )


def full_price(mechanism: Price, game: AbstractSmoothGame, dtype: Any) -> Actions:
    """The price of each coordinate [n d]; `ValueError` for a price that does not broadcast."""
    shape = jnp.shape(mechanism.value)
    try:
        fits = jnp.broadcast_shapes(shape, game.shape) == game.shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"expected a Price that broadcasts to agents by coordinates {game.shape}, got shape "
            f"{shape}; try Price(jnp.zeros({game.shape}))"
        )
    return jnp.broadcast_to(mechanism.value.astype(dtype), game.shape)


def least_monotonicity(game: AbstractSmoothGame, actions: Actions) -> Scalar:
    """The least eigenvalue of (J + J') / 2 at these actions, NaN for large games.

    Positive: strongly monotone here, so that the social gradient descends. J is F's derivative.
    """
    if actions.size > DENSE:
        return unknown(actions)
    jacobian = game.jacobian(actions)
    return jnp.linalg.eigvalsh((jacobian + jacobian.T) / 2)[0]


def no_temperature(name: str) -> str:
    """The refusal of a schedule of temperatures."""
    return (
        f"expected no schedule with {name}, got one, but a continuous game has no temperature; "
        "leave schedule=None"
    )


def _step(actions: Actions, mechanism: Price, consts: Any) -> Actions:
    solver, game = consts
    return solver.step(actions, full_price(mechanism, game, actions.dtype), game)


def _check_rate(rate: float) -> None:
    if not 0 < rate < float("inf"):
        raise ValueError(f"expected a learning_rate > 0, got {rate}; try 0.1")
