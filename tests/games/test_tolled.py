"""Mean-field tolls: descent in the occupancy polytope, with and without the model."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import incentax as ix
from incentax.games import BeachBar, TolledGame, flow_constraints
from incentax.objective import Congestion

SPOTS, HORIZON = 5, 3
BEACH = BeachBar.paced(SPOTS, HORIZON)
GAME = TolledGame(BEACH, ix.Price(jnp.zeros(SPOTS)))
FREE = ix.Price(jnp.zeros((HORIZON, SPOTS, 3)))
SOLVER = ix.MirrorDescent(temperature=0.05, learning_rate=5.0, num_steps=300)
OBJECTIVE = Congestion(20.0, first_round=1)


def tangent():
    return ix.SocialGradient(ix.TangentForm.of(flow_constraints(GAME, FREE)))


def run(population, rule=None, *, num_steps=60, step=0.5):
    return ix.design(
        population,
        FREE,
        minimize=OBJECTIVE,
        rule=tangent() if rule is None else rule,
        optimizer=optax.sgd(step),
        num_steps=num_steps,
        audit_every=0,
        throw=False,
    )


def test_every_flow_satisfies_the_constraints():
    matrix = flow_constraints(GAME, FREE)
    start, _ = GAME.initial(FREE)
    right = np.concatenate([np.asarray(start), np.zeros((HORIZON - 1) * SPOTS)])
    for seed in range(3):
        scores = jax.random.normal(jax.random.key(seed), (HORIZON, SPOTS, 3))
        flow = ix.population_flow(GAME, jax.nn.softmax(scores), FREE).agents
        np.testing.assert_allclose(matrix @ np.asarray(flow).reshape(-1), right, atol=1e-12)


def test_tolls_that_are_potentials_change_nothing():
    matrix = flow_constraints(GAME, FREE)
    potential = np.random.default_rng(0).normal(size=matrix.shape[0])
    tolls = ix.Price(jnp.asarray((matrix.T @ potential).reshape(FREE.value.shape)))
    plain = ix.solve(GAME, FREE, solver=SOLVER).flow
    np.testing.assert_allclose(ix.solve(GAME, tolls, solver=SOLVER).flow, plain, atol=1e-9)


def test_observed_flows_alone_improve_on_a_free_beach_and_match_the_hypergradient():
    population = ix.EquilibriumPopulation(GAME, SOLVER, ix.Implicit())
    social = run(population, num_steps=150)
    values = np.array([record.value for record in social.history])
    assert np.all(np.diff(values) < 1e-9)
    assert social.value < values[0] - 0.01
    # Tolls never enter the row space, so that they are determined.
    normals = tangent().form.normals
    np.testing.assert_allclose(normals @ social.mechanism.value.reshape(-1), 0, atol=1e-10)
    modelled = ix.design(
        population,
        FREE,
        minimize=OBJECTIVE,
        optimizer=optax.adam(0.05),
        num_steps=250,
        audit_every=0,
    )
    assert social.value < modelled.value + 2e-3


@pytest.mark.parametrize("agents", [None, 2000])
def test_learning_and_sampled_crowds_do_it_too(agents):
    crowd = ix.ObservedCrowd(GAME, SOLVER, 20, agents, judge_steps=300)
    result = run(crowd, num_steps=150)
    free = run(crowd, num_steps=1, step=1e-12)
    assert result.value < free.value - 0.01


def test_the_sampled_flow_is_the_flow_up_to_sampling():
    key = jax.random.key(0)
    flows = {}
    for agents in (None, 20_000):
        crowd = ix.ObservedCrowd(GAME, SOLVER, 50, agents)
        response, _ = crowd.respond(FREE, crowd.init(FREE, key=key), key=key)
        flows[agents] = np.asarray(response.actions)
    np.testing.assert_allclose(flows[20_000].sum(axis=(1, 2)), 1, atol=1e-12)
    np.testing.assert_allclose(flows[20_000], flows[None], atol=5 / np.sqrt(20_000))
    assert not np.allclose(flows[20_000], flows[None], atol=1e-6)


class Herding(ix.KernelGame):
    """Agents are carried to where the crowd is: transitions depend on the population."""

    horizon: int = 2
    num_states: int = 2
    num_actions: int = 2
    initial_distribution: jax.Array = None

    def transition(self, t, flow, mechanism):
        crowd = jnp.sum(flow, axis=0) / jnp.sum(flow)
        return jnp.broadcast_to(crowd, (2, 2, 2))

    def reward(self, t, flow, mechanism):
        return -flow


def test_transitions_that_depend_on_the_population_are_refused():
    herd = Herding(initial_distribution=jnp.array([0.5, 0.5]))
    with pytest.raises(ValueError, match="do not depend on the population"):
        flow_constraints(herd, ())


def test_tolls_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="each round, state and action"):
        ix.solve(GAME, ix.Price(jnp.zeros(SPOTS)))
