"""A mean-field population seen from outside: its flow, exact or counted on finitely many agents."""

from typing import Any, ClassVar, final

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._status import Status
from .._types import FlowArray, Key, Mechanism, Scalar
from ..equilibrium import AbstractSolver, MirrorDescent
from ..flow import population_flow
from ..game import AbstractGame
from .base import AbstractPopulation, Access
from .observed import JointAction, observed, unknown


@final
class ObservedCrowd(AbstractPopulation):
    """Agents of a mean-field game who learn, observed by their flow [H S A] only.

    Between two looks they make `steps_per_price` steps of the solver, from where they were.

    **Arguments:**

    - `game`, `solver`: the game, and the solver whose steps are the agents' learning.
    - `steps_per_price`: many are an equilibrium, few a population that is still learning.
    - `num_agents`: None to observe the flow itself; a number to count it on so many simulated
      agents, who are drawn anew at each look. Needs transitions that leave no mass unaccounted.
    - `judge_steps`: steps when a certificate asks how the agents end up.
    """

    offers: ClassVar[Access] = Access.RESPONSE

    game: AbstractGame
    solver: AbstractSolver = MirrorDescent()
    steps_per_price: int = eqx.field(static=True, default=10)
    num_agents: int | None = eqx.field(static=True, default=None)
    judge_steps: int = eqx.field(static=True, default=2000)

    def __check_init__(self):
        if self.steps_per_price < 1 or (self.num_agents is not None and self.num_agents < 1):
            raise ValueError(
                f"expected steps_per_price >= 1 and num_agents >= 1 or None, got "
                f"{self.steps_per_price} and {self.num_agents}; try 10 and 1000"
            )

    def init(self, mechanism: Mechanism, *, key: Key) -> Any:
        """The solver's cold start."""
        return self.solver.init(self.game, mechanism)

    def respond(self, mechanism: Mechanism, state: Any, *, key: Key) -> tuple[JointAction, Any]:
        """The flow after the steps, and the agents' state."""

        def step(z: Any, _: None) -> tuple[Any, Scalar]:
            following = self.solver.step(z, mechanism, self.game)
            change = self.solver.policy(following) - self.solver.policy(z)
            return following, jnp.max(jnp.abs(change))

        following, moves = jax.lax.scan(step, state, length=self.steps_per_price)
        policy = self.solver.policy(following)
        flow = population_flow(self.game, policy, mechanism).agents
        if self.num_agents is not None:
            flow = _counted(self.game, policy, mechanism, self.num_agents, key)
        first = moves[0]
        ratio = jnp.where(first > 0, moves[-1] / jnp.where(first > 0, first, 1), 0)
        finite = jnp.all(jnp.isfinite(flow))
        response = JointAction(
            actions=observed(flow),
            residual=moves[-1],
            # Sampling, or learners whose pace is not known: no secant is trusted.
            uncertainty=jnp.full_like(first, jnp.inf),
            tracking=ratio,
            monotonicity=unknown(first),
            num_steps=jnp.asarray(self.steps_per_price),
            status=jnp.where(finite, Status.DONE, Status.NONFINITE_EQUILIBRIUM).astype(jnp.int32),
        )
        return response, following

    def at_rest(self) -> "ObservedCrowd":
        """The same agents given `judge_steps` steps, none of them sampled."""
        steps = max(self.judge_steps, self.steps_per_price)
        return ObservedCrowd(self.game, self.solver, steps, None, self.judge_steps)

    def relaxed(self, temperature: Scalar, share: float, num_steps: int) -> "ObservedCrowd":
        """The same game at another temperature, given `num_steps` between looks."""
        solver = self.solver.relaxed(temperature, share, num_steps)
        return ObservedCrowd(self.game, solver, num_steps, self.num_agents, self.judge_steps)

    def listening(self, probe: Scalar) -> "ObservedCrowd":
        """Itself: there is no adjoint."""
        return self


def _counted(
    game: AbstractGame, policy: FlowArray, mechanism: Mechanism, num_agents: int, key: Key
) -> FlowArray:
    """The empirical flow of agents who play `policy` on their own, in a mean-field environment."""
    rounds = population_flow(game, policy, mechanism).rounds
    distribution, _ = game.initial(mechanism)
    states, actions = game.num_states, game.num_actions
    first_key, key = jax.random.split(key)
    start = jax.random.choice(first_key, states, (num_agents,), p=distribution)

    def play(state, inputs) -> tuple[Any, Float[Array, "S A"]]:
        t, choice, round, round_key = inputs
        act_key, move_key = jax.random.split(round_key)
        action = jax.random.categorical(act_key, jnp.log(choice[state]))
        counts = jnp.zeros((states, actions), choice.dtype).at[state, action].add(1 / num_agents)

        def push(flow: Float[Array, "S A"]) -> Float[Array, " S"]:
            return game.advance(t, flow, round)[0]

        kernel = jax.jacfwd(push)(jnp.zeros_like(counts))
        odds = jnp.moveaxis(kernel, 0, -1)[state, action]
        following = jax.random.categorical(move_key, jnp.log(jnp.maximum(odds, 0)))
        return following, counts

    keys = jax.random.split(key, game.horizon)
    times = jnp.arange(game.horizon)
    return jax.lax.scan(play, start, (times, policy, rounds, keys))[1]
