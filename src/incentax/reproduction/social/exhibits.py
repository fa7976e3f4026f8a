"""The exhibits of the gallery: each condition violated, and repaired, as arguments of `design`."""

from collections.abc import Callable
from typing import Any, NamedTuple, final

import jax
import jax.numpy as jnp
import optax

from ...action_set import Interval
from ...games.smooth import AbstractInstance, Cournot, LinearQuadratic, Oscillators
from ...mechanism import Box, Price
from ...population import (
    BestReply,
    GradientPlay,
    LearningPopulation,
    MomentumPlay,
    NashPopulation,
    SemismoothNewton,
)
from ...rule import Externality, Hypergradient, ResidualForm, SharedForm, SocialGradient
from ...rule.guard import AbstractGuard
from ...rule.price_guard import PriceGuard
from ...rule.price_rule import AbstractPriceRule
from ...smooth_game import AggregativeGame, SmoothGame

NEWTON = SemismoothNewton(6)


class Exhibit(NamedTuple):
    """One way to fail.

    - `condition`: what is violated. `wanted`: `refused`, `warned`, or the name of a status.
    - `breaks`, `holds`: arguments of `design` that violate it, and that repair it.
    - `asked`: the arguments that the guard is asked about, where they are not those of `breaks`.
    """

    condition: str
    wanted: str
    breaks: Callable[[], dict[str, Any]]
    holds: Callable[[], dict[str, Any]]
    asked: Callable[[], dict[str, Any]] | None = None


def linear(jacobian, weight, target, offset=None) -> LinearQuadratic:
    """A linear-quadratic game from plain lists."""
    size = len(target)
    numbers = (jacobian, [0.0] * size if offset is None else offset, weight, target)
    return LinearQuadratic(*(jnp.asarray(x, jnp.result_type(float)) for x in numbers))


def asked(instance: AbstractInstance, population: Any = None, **options: Any) -> dict[str, Any]:
    """Arguments of `design` for plain social-gradient steps from no price, but for `options`."""
    game = instance.game()
    return {
        "population": NashPopulation(game, NEWTON) if population is None else population,
        "mechanism": Price(jnp.zeros(game.shape)),
        "minimize": instance.objective,
        "rule": SocialGradient(),
        "optimizer": optax.sgd(0.3),
        "num_steps": 200,
    } | options


# With M = diag(_GAINS) the trace of J^-1 M Q is negative: no step is small enough.
_COUPLED = ([[1.0, -2.0], [2.0, 1.0]], [[1.0, 0.8], [0.8, 1.0]], [0.5, 0.5])
_GAINS = (30.0, 1.0)
_LEANING = ([[1.0, 2.0], [0.0, 1.5]], [[1.0, 0.0], [0.0, 1.0]], [1.0, -0.6])
_TURNING = ([[0.5, -2.0], [2.0, 0.5]], [[1.0, 0.0], [0.0, 1.0]], [0.3, -0.2])
_TRAPPED = ([[0.327, -1.603], [1.654, 0.505]], [[0.933, -0.242], [-0.242, 0.12]], [0.0, 0.0])


def _scaled() -> optax.GradientTransformation:
    """A plain step with a gain of its own for each price."""

    def update(updates, state, params=None):
        gains = jnp.asarray(_GAINS, jnp.result_type(float))[:, None]
        return jax.tree.map(lambda u: -0.01 * gains * u, updates), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


def _uniform(rule) -> dict[str, Any]:
    zero = Price(jnp.zeros(()))
    return asked(linear(*_LEANING), mechanism=zero, rule=rule, optimizer=optax.sgd(0.2))


def _taxed(rule) -> dict[str, Any]:
    """A cost that also counts what is paid: its optimum is not the optimum of actions."""
    instance = linear(*_TURNING)

    def with_payments(mechanism, response):
        return instance.objective(mechanism, response) + jnp.sum(mechanism.value**2)

    return asked(instance, minimize=with_payments, rule=rule, optimizer=optax.sgd(0.1))


def _blind() -> dict[str, Any]:
    """What the social gradient would do if it were let: follow the part of the cost it sees."""
    return asked(linear(*_TURNING), optimizer=optax.sgd(0.1)) | {
        "scored": _taxed(SocialGradient())["minimize"]
    }


def _trapped(**options: Any) -> dict[str, Any]:
    start = Price(jnp.array([[-0.2755], [0.7293]]))
    return asked(
        linear(*_TRAPPED), mechanism=start, optimizer=optax.sgd(1.9), num_steps=300, **options
    )


def _pushing(strength: float) -> dict[str, Any]:
    game = Oscillators.random(jax.random.key(1), strength=strength)
    start = Price(game.optimal_price().value + 0.05)
    agents = NashPopulation(game.game(), SemismoothNewton(15))
    return asked(game, agents, mechanism=start, optimizer=optax.sgd(0.05), num_steps=30)


def _replying(weight: float) -> dict[str, Any]:
    firms = Cournot(curvature=1e-3)
    game = AggregativeGame(firms.game().private_cost, 4, bounds=(0.0, 9.0))
    agents = LearningPopulation(game, BestReply(weight), 10)
    return asked(firms, agents, optimizer=optax.sgd(0.01), num_steps=60)


def _learning(jacobian, learner, ratio: int = 20) -> dict[str, Any]:
    instance = linear(jacobian, [[1.0, 0.0], [0.0, 1.0]], [0.3, -0.2])
    agents = LearningPopulation(instance.game(), learner, ratio)
    return asked(instance, agents, optimizer=optax.sgd(0.1), num_steps=120)


def _rolling(speed: float) -> dict[str, Any]:
    friction, tick = 1.0, 0.05
    instance = linear([[1.0]], [[1.0]], [0.0])
    agents = LearningPopulation(
        instance.game(), MomentumPlay(tick**2, 1 - friction * tick), 1, judge_steps=4000
    )
    start = Price(jnp.ones((1, 1)))
    return asked(
        instance, agents, mechanism=start, optimizer=optax.sgd(speed * tick), num_steps=2000
    )


def _cornered(residual: bool) -> dict[str, Any]:
    instance = linear([[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]], [1.5, 0.4])
    corner = Interval(0.0, 1.0)
    game = SmoothGame(instance.game().private_cost, 2, bounds=corner)
    rule = SocialGradient(ResidualForm(corner)) if residual else SocialGradient()
    return asked(instance, NashPopulation(game), rule=rule)


def _stepping(share: float) -> dict[str, Any]:
    instance = LinearQuadratic.random(jax.random.key(3), 4)
    return asked(instance, optimizer=optax.sgd(share * instance.step_limit()), num_steps=300)


@final
class Flipped(AbstractPriceRule):
    """What the externality rule would do for the cost's negative to maximise, were it let.

    It would then step against e(x) - p with e of the negative: p' = g + F + p, which feeds the
    agents' lag F + p back into prices.
    """

    rule: Externality

    @property
    def guard(self) -> AbstractGuard:
        """One that does not ask which way the objective goes."""
        return PriceGuard("Externality", self.turn)

    def towards(self, sign: int) -> "Flipped":
        """Itself."""
        return self

    def turn(self, price, actions, slope):
        """Against the direction for the negative."""
        direction, residual = self.rule.turn(price, actions, -slope)
        return -direction, residual


def _priced(flipped: bool) -> dict[str, Any]:
    """Agents a few steps behind the price, and the externality rule."""
    instance = linear(*_TURNING)
    agents = LearningPopulation(instance.game(), GradientPlay(0.1), 3)
    rule = Externality(instance.game().marginal_cost)
    return asked(
        instance, agents, rule=Flipped(rule) if flipped else rule, optimizer=optax.sgd(0.3)
    )


def _maximised() -> dict[str, Any]:
    instance = linear(*_TURNING)

    def welfare(mechanism, response):
        return -instance.objective(mechanism, response)

    return _priced(False) | {"maximize": welfare, "minimize": None}


EXHIBITS = {
    "a gain for each price": Exhibit(
        "one scalar gain: dPhi/dt = -g'J^-1 M g has no sign for other M",
        "refused",
        lambda: asked(
            linear(*_COUPLED), rule=SocialGradient(trust_optimizer=True), optimizer=_scaled()
        ),
        lambda: asked(linear(*_COUPLED), optimizer=optax.sgd(0.3)),
        lambda: asked(linear(*_COUPLED), optimizer=_scaled()),
    ),
    "planner with momentum": Exhibit(
        "no momentum, unless its friction outweighs what turns in J^-1 Q",
        "warned",
        lambda: asked(linear(*_TURNING), optimizer=optax.sgd(0.3, momentum=0.9)),
        lambda: asked(linear(*_TURNING), optimizer=optax.sgd(0.3)),
    ),
    "one price for all": Exhibit(
        "a price per action coordinate, or prices whose reach is invariant under J",
        "refused",
        lambda: _uniform(SocialGradient(SharedForm())),
        lambda: _uniform(Hypergradient()),
        lambda: _uniform(SocialGradient()),
    ),
    "a cost that reads the price": Exhibit(
        "a social cost of the actions alone: the price's own part is not seen",
        "refused",
        _blind,
        lambda: _taxed(Hypergradient()),
        lambda: _taxed(SocialGradient()),
    ),
    "agents that push each other away": Exhibit(
        "a monotone game: sym(J) > 0 where it is visited",
        "NOT_MONOTONE",
        lambda: _pushing(-8.0),
        lambda: _pushing(0.5),
    ),
    "a trap in the safe set": Exhibit(
        "sym(Q J) > 0 where prices are projected: an optimum inside the set is not enough",
        "PROJECTION_TRAP",
        lambda: _trapped(
            constraint=Box(-jnp.array([[0.601], [1.8353]]), jnp.array([[0.601], [1.8353]]))
        ),
        _trapped,
    ),
    "an optimum outside the safe set": Exhibit(
        "a safe set that contains the optimal price",
        "SAFE_SET_ACTIVE",
        lambda: asked(Cournot(), constraint=Box(-1.0, 0.0), num_steps=100),
        lambda: asked(Cournot(), constraint=Box(-9.0, 9.0), num_steps=100),
    ),
    "an optimum on the agents' boundary": Exhibit(
        "an optimum inside the action set: prices there drift, though actions settle",
        "PRICE_DRIFT",
        lambda: _cornered(False),
        lambda: _cornered(True),
    ),
    "four firms that reply at once": Exhibit(
        "agents that track: radius of I - D^-1 J below one, which monotone games do not imply",
        "NOT_TRACKING",
        lambda: _replying(1.0),
        lambda: _replying(0.3),
    ),
    "agents with momentum": Exhibit(
        "agents that track: J with a real spectrum, or little momentum",
        "NOT_TRACKING",
        lambda: _learning(_TURNING[0], MomentumPlay(0.1, 0.9)),
        lambda: _learning(_TURNING[0], GradientPlay(0.1)),
    ),
    "a game that only turns": Exhibit(
        "strong monotonicity: gradient play spirals out of merely monotone games",
        "NOT_TRACKING",
        lambda: _learning([[0.0, 1.0], [-1.0, 0.0]], GradientPlay(0.1)),
        lambda: _learning([[0.5, 1.0], [-1.0, 0.5]], GradientPlay(0.1)),
    ),
    "a planner faster than friction": Exhibit(
        "agents of the first order: with inertia the planner's speed must stay below friction",
        "NOT_DESCENDING",
        lambda: _rolling(1.2),
        lambda: _rolling(0.5),
    ),
    "a step above the limit": Exhibit(
        "steps below min 2 Re(l) / |l|^2, l of J^-1 Q: here 2 % above, and 2 % below",
        "NOT_DESCENDING",
        lambda: _stepping(1.02),
        lambda: _stepping(0.98),
    ),
    "an externality to maximise": Exhibit(
        "an objective to minimise for the externality rule: p' = e(x) - p is not odd in it",
        "refused",
        lambda: _priced(True),
        lambda: _priced(False),
        _maximised,
    ),
}
