"""The planner of the social gradient is given observed actions, and nothing of the agents."""

import contextlib
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import incentax as ix

playing = {"agents": False, "evaluations": 0}


def secret_cost(agent, actions):
    """A private cost that nobody but the agents may look at, not even to trace it."""
    if not playing["agents"]:
        raise AssertionError("a private cost was evaluated while no agent was playing")
    playing["evaluations"] += 1
    x = actions[:, 0]
    return x[agent] ** 2 + 0.5 * x[agent] * jnp.sum(x) - x[agent]


@contextlib.contextmanager
def agents_play():
    playing["agents"] = True
    try:
        yield
    finally:
        playing["agents"] = False


class SecretivePopulation(ix.AbstractPopulation):
    """Agents who look at their costs in `init` and `respond`, and only there."""

    offers: ClassVar[ix.Access] = ix.Access.RESPONSE
    agents: ix.LearningPopulation

    def init(self, mechanism, *, key):
        with agents_play():
            return self.agents.init(mechanism, key=key)

    def respond(self, mechanism, state, *, key):
        with agents_play():
            return self.agents.respond(mechanism, state, key=key)

    def at_rest(self):
        return SecretivePopulation(self.agents.at_rest())

    def relaxed(self, temperature, share, num_steps):
        raise ValueError("no temperature")

    def listening(self, probe):
        return self


def population():
    with agents_play():
        game = ix.SmoothGame(secret_cost, 3)
    return SecretivePopulation(ix.LearningPopulation(game, ix.GradientPlay(0.2), 10))


def distance(mechanism, response):
    return jnp.sum((response.actions[:, 0] - jnp.array([0.1, 0.2, 0.3])) ** 2)


def test_no_private_cost_is_evaluated_on_the_planner_s_behalf():
    playing["evaluations"] = 0
    result = ix.design(
        population(),
        ix.Price(jnp.zeros((3, 1))),
        minimize=distance,
        rule=ix.SocialGradient(),
        optimizer=optax.sgd(0.3),
        num_steps=200,
        audit_every=50,
    )
    assert playing["evaluations"] > 0
    # F_i = 2 x_i + 0.5 (X + x_i) - 1
    target = np.array([0.1, 0.2, 0.3])
    price = 1 - 2 * target - 0.5 * (target.sum() + target)
    np.testing.assert_allclose(result.mechanism.value[:, 0], price, atol=1e-6)


def test_the_same_population_catches_a_rule_that_looks():
    secretive = population()
    with pytest.raises(AssertionError, match="no agent was playing"):
        ix.design(
            secretive,
            ix.Price(jnp.zeros((3, 1))),
            minimize=distance,
            rule=ix.Externality(secretive.agents.game.marginal_cost),
            optimizer=optax.sgd(0.3),
            num_steps=1,
        )


def test_a_recorded_response_is_enough():
    """A population without any game behind it: a table of what was seen."""

    class Recorded(ix.AbstractPopulation):
        offers: ClassVar[ix.Access] = ix.Access.RESPONSE

        def init(self, mechanism, *, key):
            return ()

        def respond(self, mechanism, state, *, key):
            shape = jax.ShapeDtypeStruct((3, 1), jnp.float64)
            seen = jax.pure_callback(lambda p: 1.0 - 0.5 * np.asarray(p), shape, mechanism.value)
            return ix.JointAction.seen(seen), state

        def at_rest(self):
            return self

        def relaxed(self, temperature, share, num_steps):
            raise ValueError("no temperature")

        def listening(self, probe):
            return self

    result = ix.design(
        Recorded(),
        ix.Price(jnp.zeros((3, 1))),
        minimize=distance,
        rule=ix.SocialGradient(),
        optimizer=optax.sgd(0.5),
        num_steps=60,
        audit_every=0,
    )
    np.testing.assert_allclose(
        result.mechanism.value[:, 0], 2 * (1 - np.array([0.1, 0.2, 0.3])), atol=1e-8
    )


def test_an_observed_response_raises_when_differentiated():
    agents = ix.LearningPopulation(ix.SmoothGame(lambda i, x: x[i, 0] ** 2, 2))
    key = jax.random.key(0)

    def total(price):
        state = agents.init(price, key=key)
        return jnp.sum(agents.respond(price, state, key=key)[0].actions)

    with pytest.raises(ValueError, match="no derivative"):
        eqx.filter_grad(total)(ix.Price(jnp.zeros((2, 1))))
