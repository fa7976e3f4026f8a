"""The population flow (forward), action values and best replies (backward), round by round."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ._types import FlowArray, Mechanism, PolicyArray, Public, Round, Scalar, StateDistribution
from .game import AbstractGame
from .layout import states_last
from .simplex import AbstractMirror, Entropy

Temperature = float | Scalar


class PopulationFlow(eqx.Module):
    """Where the agents are and what they do: mass `agents` [H S A] and the rounds it triggers.

    `public` is the public state before each round.
    """

    agents: FlowArray
    rounds: Round
    public: Public


class Reply(eqx.Module):
    """A backward pass: `action_values` [H S A] and the value of each state before round 0 [S]."""

    action_values: FlowArray
    initial_values: StateDistribution


def population_flow(
    game: AbstractGame, policy: PolicyArray, mechanism: Mechanism
) -> PopulationFlow:
    """The flow that a policy generates from the game's initial distribution.

    `policy` [H S A] has rows that sum to one. Mass is conserved: every `agents[h]` sums to the
    mass of the initial distribution. Differentiable in policy and mechanism.

    Reference: arXiv 2510.21442, the population operator (Lambda).
    """
    start = game.initial(mechanism)
    times = jnp.arange(game.horizon)
    turn = _turning(game)

    def play_round(carry, inputs):
        distribution, public = carry
        t, choice = inputs
        flow = distribution[:, None] * turn(choice)
        round = game.play(t, flow, public, mechanism)
        return game.advance(t, flow, round), (turn(flow), round, public)

    _, (agents, rounds, public) = jax.lax.scan(play_round, start, (times, turn(policy)))
    return PopulationFlow(turn(agents), rounds, public)


def action_values(
    game: AbstractGame,
    rounds: Round,
    policy: PolicyArray,
    *,
    temperature: Temperature = 0.0,
    mirror: AbstractMirror | None = None,
    bonus: Float[Array, "H S"] | None = None,
) -> Reply:
    """Values of each action when later rounds are played by `policy` against fixed `rounds`.

    The regulariser of later rounds is included, that of the current one is not. `bonus` [H S] is
    `mirror.bonus(policy)` where it is already at hand.

    Reference: arXiv 2510.21442, the regularised action value (q^tau).
    """
    extra = None
    if not _is_zero(temperature):
        mirror = Entropy() if mirror is None else mirror
        known = mirror.bonus(policy) if bonus is None else bonus
        extra = jnp.asarray(temperature, known.dtype) * known

    turn = _turning(game)

    def value(action_value, inputs):
        choice, extra = inputs
        expected = jnp.sum(turn(choice) * action_value, axis=-1)
        return expected if extra is None else expected + extra

    return _backward(game, rounds, (turn(policy), extra), value)


def best_reply(
    game: AbstractGame,
    rounds: Round,
    *,
    temperature: Temperature = 0.0,
    mirror: AbstractMirror | None = None,
) -> Reply:
    """Values of each action when later rounds are played optimally against fixed `rounds`.

    At temperature zero this is dynamic programming; above it, its regularised counterpart.
    """
    mirror = Entropy() if mirror is None else mirror

    def value(action_value, _):
        if _is_zero(temperature):
            return jnp.max(action_value, axis=-1)
        scale = jnp.asarray(temperature, action_value.dtype)
        return scale * mirror.conjugate(action_value / scale)

    return _backward(game, rounds, None, value)


def exploitability(
    game: AbstractGame,
    policy: PolicyArray,
    mechanism: Mechanism,
    *,
    temperature: Temperature = 0.0,
    mirror: AbstractMirror | None = None,
) -> Scalar:
    """What a single agent gains by the best deviation while all others play `policy`; >= 0.

    At temperature zero it is the unregularised exploitability, the one to trust. It is zero
    exactly at an equilibrium. Evaluate it in float64 before quoting small values.

    Reference: arXiv 2510.21442; Perolat et al., arXiv 2103.00623.
    """
    rounds = population_flow(game, policy, mechanism).rounds
    return deviation_gain(game, policy, rounds, mechanism, temperature=temperature, mirror=mirror)


def deviation_gain(
    game: AbstractGame,
    policy: PolicyArray,
    rounds: Round,
    mechanism: Mechanism,
    *,
    temperature: Temperature = 0.0,
    mirror: AbstractMirror | None = None,
) -> Scalar:
    """`exploitability` for rounds that are already at hand, to share one forward pass."""
    best = best_reply(game, rounds, temperature=temperature, mirror=mirror)
    own = action_values(game, rounds, policy, temperature=temperature, mirror=mirror)
    distribution, _ = game.initial(mechanism)
    return jnp.sum(distribution * (best.initial_values - own.initial_values))


def _backward(game, rounds, inputs, value) -> Reply:
    times = jnp.arange(game.horizon)
    turn = _turning(game)

    def evaluate_round(next_values, inputs):
        t, round, own = inputs
        action_value = game.action_values(t, round, next_values)
        return value(action_value, own), turn(action_value)

    initial_values, values = jax.lax.scan(
        evaluate_round, _nothing_left(game, rounds), (times, rounds, inputs), reverse=True
    )
    return Reply(turn(values), initial_values)


def _turning(game: AbstractGame):
    return partial(states_last, num_actions=game.num_actions)


def _nothing_left(game: AbstractGame, rounds: Round) -> Float[Array, " S"]:
    floats = [leaf for leaf in jax.tree.leaves(rounds) if jnp.issubdtype(leaf.dtype, jnp.inexact)]
    return jnp.zeros(game.num_states, jnp.result_type(*floats))


def _is_zero(temperature: Temperature) -> bool:
    # Decided while tracing: a traced temperature is a regularised game even where it reaches zero.
    return isinstance(temperature, (int, float)) and temperature == 0
