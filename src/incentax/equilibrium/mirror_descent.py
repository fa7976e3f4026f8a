"""Online mirror descent on scores, for any mirror map and temperature."""

from dataclasses import replace
from numbers import Integral
from typing import final

import equinox as eqx
import jax.numpy as jnp

from .._types import FlowArray, Mechanism, PolicyArray, Round, Scalar
from ..fixed_point import AbstractOperator
from ..flow import Temperature, action_values, best_reply, deviation_gain, population_flow
from ..game import AbstractGame
from ..layout import states_last
from ..simplex import AbstractMirror, Entropy
from .base import AbstractSolver, SolverState

# How many times as long bold steps are.
BOLD = 2

# Calm steps are so many times as short, and so many times as many: in all they reach further.
_CALM, _CALM_STEPS = 2, 4


@final
class RegularisedReply(AbstractOperator):
    """The regularised best reply, factored through what a round triggers.

    `aggregate` maps scores to the rounds they cause, `respond` maps rounds to the scores of the
    optimal reply to them: its fixed point is the regularised equilibrium, that of mirror descent.
    """

    def aggregate(self, z, mechanism, consts):
        """The rounds that the policy of scores `z` triggers."""
        solver, game = consts
        return population_flow(game, solver.policy(z), mechanism).rounds

    def respond(self, aggregate, mechanism, consts):
        """Scores of the regularised best reply to these rounds."""
        solver, game = consts
        reply = best_reply(
            game, aggregate, temperature=solver.temperature, mirror=solver.mirror
        ).action_values
        return reply / jnp.asarray(solver.temperature, reply.dtype)

    def apart(self, z, aggregate, mechanism, consts):
        """Each round by itself: the agents who come to it and what follows stay as they are."""
        solver, game = consts
        temperature = jnp.asarray(solver.temperature, z.dtype)
        flow = population_flow(game, solver.policy(z), mechanism)
        values = temperature * solver.mirror.conjugate(z[1:])
        following = jnp.concatenate([values, jnp.zeros_like(z[:1, :, 0])])
        distributions = jnp.sum(flow.agents, axis=-1)

        def reaction(round, known):
            t, distribution, public, next_values = known
            scores = game.action_values(t, round, next_values) / temperature
            choices = distribution[:, None] * solver.mirror.policy(scores)
            return game.play(t, choices, public, mechanism)

        return reaction, (jnp.arange(game.horizon), distributions, flow.public, following)


@final
class MirrorDescent(AbstractSolver):
    """Online mirror descent: scores move towards the action values at the current behaviour.

    One step is `z <- (1 - learning_rate * temperature) z + learning_rate * q(z)`, the policy is
    the mirror map of z. At a positive temperature its fixed point is the regularised equilibrium;
    at temperature zero it is plain mirror descent, whose scores have no fixed point.

    **Arguments:**

    - `temperature`: weight of the regulariser (tau), in units of reward.
    - `learning_rate`: step size (eta), in units of one over reward; rate x temperature <= 1.
    - `num_steps`: iterations of one solve (T), at most.
    - `mirror`: `Entropy()` (softmax policies) or `Euclidean()` (sparse policies).
    - `tolerance`: residual above which the status is NOT_CONVERGED.
    - `enough`: residual at which a solve ends, where its derivative is not that of its steps; zero
      never ends one early.
    - `bold_steps`: steps at twice the learning rate with which such a solve begins. Where long
      steps cycle, those at the learning rate itself may still settle.

    Reference: arXiv 2510.21442, the mirror descent operator (F) and appendix D.6.
    """

    temperature: Temperature = 1e-2
    learning_rate: Temperature = 1.0
    num_steps: int = eqx.field(static=True, default=500)
    mirror: AbstractMirror = Entropy()
    tolerance: float = eqx.field(static=True, default=1e-2)
    enough: float = eqx.field(static=True, default=0.0)
    bold_steps: int = eqx.field(static=True, default=0)

    def __check_init__(self):
        if not 0 <= self.enough <= self.tolerance:
            raise ValueError(
                f"expected 0 <= enough <= tolerance, got {self.enough} and {self.tolerance}; try "
                f"enough={self.tolerance / 100:g}"
            )
        if self.num_steps < 1:
            raise ValueError(f"expected num_steps >= 1, got {self.num_steps}; try 500")
        if not isinstance(self.bold_steps, Integral) or self.bold_steps < 0:
            raise ValueError(
                f"expected a whole number of bold_steps >= 0, got {self.bold_steps}; try 0"
            )
        for name in ("temperature", "learning_rate"):
            number = getattr(self, name)
            if isinstance(number, (int, float)) and not 0 <= number < float("inf"):
                raise ValueError(f"expected {name} >= 0 and finite, got {number}; try 0.01")
        if isinstance(self.temperature, (int, float)) and isinstance(
            self.learning_rate, (int, float)
        ):
            product = self.temperature * self.learning_rate
            if product > 1:
                raise ValueError(
                    f"expected learning_rate x temperature <= 1, got {product:g}; try "
                    f"learning_rate={1 / self.temperature:g} or less"
                )
            if self.bold_steps and BOLD * product > 1:
                raise ValueError(
                    f"expected learning_rate x temperature <= {1 / BOLD:g} with bold steps, got "
                    f"{product:g}; try bold_steps=0"
                )

    def init(self, game: AbstractGame, mechanism: Mechanism) -> FlowArray:
        """Scores of zero: the uniform policy."""
        # Its type alone: what the distribution is does not matter here.
        distribution, _ = eqx.filter_eval_shape(game.initial, mechanism)
        return jnp.zeros((game.horizon, game.num_states, game.num_actions), distribution.dtype)

    def step(self, z: FlowArray, mechanism: Mechanism, game: AbstractGame) -> FlowArray:
        """One forward and one backward pass."""
        policy, bonus = self.mirror.play(z)
        rounds = population_flow(game, policy, mechanism).rounds
        reply = action_values(game, rounds, policy, temperature=self.temperature, bonus=bonus)
        rate = jnp.asarray(self.learning_rate, z.dtype)
        temperature = jnp.asarray(self.temperature, z.dtype)
        return (1 - rate * temperature) * z + rate * reply.action_values

    def turn(self, z: SolverState, game: AbstractGame) -> SolverState:
        """Scores with states last where actions are few."""
        return states_last(z, num_actions=game.num_actions)

    @property
    def operator(self) -> AbstractOperator | None:
        """The regularised best reply, or None at temperature zero."""
        if isinstance(self.temperature, (int, float)) and self.temperature == 0:
            return None
        return RegularisedReply()

    def policy(self, z: FlowArray) -> PolicyArray:
        """The mirror map of the scores."""
        return self.mirror.policy(z)

    def relaxed(self, temperature: Scalar, share: float, num_steps: int) -> "MirrorDescent":
        """The same method at another temperature, with learning rate `share` / temperature."""
        return replace(
            self,
            temperature=temperature,
            learning_rate=share / temperature,
            num_steps=num_steps,
            enough=0.0,
            bold_steps=0,
        )

    def bold(self) -> "MirrorDescent":
        """The same method at twice the learning rate."""
        return replace(self, learning_rate=BOLD * self.learning_rate, bold_steps=0)

    def calm(self) -> "MirrorDescent":
        """The same method at half the learning rate, with four times the steps."""
        return replace(
            self,
            learning_rate=self.learning_rate / _CALM,
            num_steps=self.num_steps * _CALM_STEPS,
            bold_steps=0,
        )

    def thorough(self) -> "MirrorDescent":
        """The same method, never ended early."""
        return replace(self, enough=0.0)

    def regularised_gain(
        self, game: AbstractGame, policy: PolicyArray, rounds: Round, mechanism: Mechanism
    ) -> Scalar:
        """Exploitability at this temperature."""
        return deviation_gain(
            game, policy, rounds, mechanism, temperature=self.temperature, mirror=self.mirror
        )
