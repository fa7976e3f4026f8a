"""Flows and values against a simulation-free reference, and their conservation laws."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import incentax as ix

from .test_game import TableGame

MIRRORS = {"entropy": ix.Entropy(), "Euclidean": ix.Euclidean()}
seeds = st.integers(0, 2**32 - 1)
PRICES = ix.Price(jnp.array([0.1, -0.2, 0.3, 0.0]))


def drawn_policy(seed):
    scores = np.random.default_rng(seed).normal(scale=2, size=(3, 4, 3))
    return jax.nn.softmax(jnp.asarray(scores))


@jax.jit
def quantities(game, policy):
    flow = ix.population_flow(game, policy, PRICES)
    gains = {
        (temperature, name): ix.exploitability(
            game, policy, PRICES, temperature=temperature, mirror=mirror
        )
        for temperature in (0.0, 0.3)
        for name, mirror in MIRRORS.items()
    }
    own = ix.action_values(game, flow.rounds, policy)
    best = ix.best_reply(game, flow.rounds)
    return flow, list(gains.values()), own, best


@given(seeds, seeds)
def test_mass_is_kept_and_nobody_gains_less_than_nothing(game_seed, policy_seed):
    game, policy = TableGame.drawn(game_seed), drawn_policy(policy_seed)
    flow, gains, own, best = quantities(game, policy)
    assert jnp.all(flow.agents >= 0)
    np.testing.assert_allclose(flow.agents.sum(axis=(1, 2)), 1, atol=1e-13)
    marginal = flow.agents.sum(axis=2)
    np.testing.assert_allclose(flow.agents, marginal[:, :, None] * policy, atol=1e-15)
    assert min(map(float, gains)) >= -1e-12
    assert jnp.all(best.initial_values >= own.initial_values - 1e-12)


@given(seeds, seeds)
def test_flow_and_values_tell_the_same_reward(game_seed, policy_seed):
    """Mass times reward, summed forwards, is the value of the start, summed backwards."""
    game, policy = TableGame.drawn(game_seed), drawn_policy(policy_seed)
    flow, _, own, _ = quantities(game, policy)
    forwards = jnp.sum(flow.agents * flow.rounds.reward)
    backwards = jnp.sum(game.initial_distribution * own.initial_values)
    assert float(forwards) == pytest.approx(float(backwards), abs=1e-12)


def slow_values(game, rounds, policy):
    """Values by looping over rounds, states and actions in plain Python."""
    following, values = np.zeros(4), []
    for t in reversed(range(3)):
        table = np.zeros((4, 3))
        for s in range(4):
            for a in range(3):
                ahead = sum(float(game.kernel[s, a, n]) * following[n] for n in range(4))
                table[s, a] = float(rounds.reward[t, s, a]) + ahead
        values.append(table)
        following = table.max(axis=1) if policy is None else (policy[t] * table).sum(axis=1)
    return np.array(values[::-1]), following


def test_values_against_plain_loops():
    game, policy = TableGame.drawn(1), drawn_policy(2)
    flow, _, own, best = quantities(game, policy)
    for reply, how in ((own, np.asarray(policy)), (best, None)):
        expected, start = slow_values(game, flow.rounds, how)
        np.testing.assert_allclose(reply.action_values, expected, atol=1e-13)
        np.testing.assert_allclose(reply.initial_values, start, atol=1e-13)


@pytest.mark.parametrize("mirror", MIRRORS)
def test_values_of_the_best_regularised_reply_are_those_of_playing_it(mirror):
    game, temperature = TableGame.drawn(3), 0.3
    kind = MIRRORS[mirror]
    rounds = ix.population_flow(game, drawn_policy(4), PRICES).rounds
    best = ix.best_reply(game, rounds, temperature=temperature, mirror=kind)
    policy = kind.policy(best.action_values / temperature)
    own = ix.action_values(game, rounds, policy, temperature=temperature, mirror=kind)
    np.testing.assert_allclose(own.action_values, best.action_values, atol=1e-12)
    np.testing.assert_allclose(own.initial_values, best.initial_values, atol=1e-12)
