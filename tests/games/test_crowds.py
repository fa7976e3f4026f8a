"""The published crowds: definitions by hand, sparse against dense, reference values, settings."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import incentax as ix
from incentax.games import (
    BeachBar,
    BuildingEvacuation,
    Burden,
    CrowdMotion,
    Epidemic,
    wandering_path,
)

from .dense import DenseTwin


def free(count):
    return ix.Price(jnp.zeros(count))


GAMES = {
    "beach": (BeachBar.published(7, 3), 7),
    "square": (CrowdMotion.published(((1, 1), (1, 1), (0, 2)), length=3, width=4), 12),
    "building": (BuildingEvacuation.published(3, floors=3, length=2, width=3), 18),
}


@pytest.mark.parametrize("name", GAMES)
def test_collected_mass_is_that_of_the_dense_twin(name):
    game, count = GAMES[name]
    scores = jax.random.normal(jax.random.key(0), (game.horizon, game.num_states, game.num_actions))
    policy, prices = jax.nn.softmax(scores), ix.Price(jnp.linspace(0.0, 1.0, count))
    sparse = ix.population_flow(game, policy, prices)
    dense = ix.population_flow(DenseTwin.of(game), policy, prices)
    np.testing.assert_allclose(sparse.agents, dense.agents, rtol=0, atol=1e-14)
    gains = [ix.exploitability(g, policy, prices) for g in (game, DenseTwin.of(game))]
    np.testing.assert_allclose(*gains, rtol=1e-12)


@pytest.mark.parametrize("name", GAMES)
def test_the_derivative_through_the_flow_is_that_of_the_dense_twin(name):
    game, count = GAMES[name]
    scores = jax.random.normal(jax.random.key(0), (game.horizon, game.num_states, game.num_actions))
    weight = jax.random.normal(jax.random.key(1), scores.shape)

    def score(scores, game):
        flow = ix.population_flow(game, jax.nn.softmax(scores), free(count))
        return jnp.sum(weight * flow.agents)

    sparse, dense = (jax.grad(score)(scores, g) for g in (game, DenseTwin.of(game)))
    np.testing.assert_allclose(sparse, dense, rtol=0, atol=1e-14)


# Exploitability of mirror descent (step size, updates), from spec tables and from MFGLib 0.3.0 in
# double precision.
REFERENCE = [
    ("epidemic", lambda: (Epidemic(), free(51)), 0.1, 0, 5.466873913228518),
    ("epidemic", lambda: (Epidemic(), free(51)), 0.1, 5, 4.958634573144835),
    ("epidemic", lambda: (Epidemic(), free(51)), 0.3, 10, 2.785003063),
    ("square", lambda: (CrowdMotion.published(), free(400)), 0.1, 0, 1.4674829515747234),
    ("square", lambda: (CrowdMotion.published(), free(400)), 0.1, 5, 1.1073252476105964),
    ("building", lambda: (BuildingEvacuation.published(), free(500)), 0.1, 0, 0.32126509367461153),
    ("building", lambda: (BuildingEvacuation.published(), free(500)), 0.1, 5, 0.17042937413209103),
]


@pytest.mark.parametrize(("name", "make", "rate", "updates", "expected"), REFERENCE)
def test_exploitability_is_the_published_library_s(name, make, rate, updates, expected):
    game, prices = make()
    solver = ix.MirrorDescent(temperature=0.0, learning_rate=rate)
    z = jax.lax.fori_loop(
        0, updates, lambda _, z: solver.step(z, prices, game), solver.init(game, prices)
    )
    found = ix.exploitability(game, solver.policy(z), prices)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_stairs_lead_down_from_the_first_cell_and_up_from_the_last():
    game = BuildingEvacuation.published(2, floors=3, length=2, width=3)
    down, up = np.asarray(game.successors[:, 4, 0]), np.asarray(game.successors[:, 5, 0])
    cells = np.arange(18)
    moved_down, moved_up = cells[down != cells], cells[up != cells]
    assert moved_down.tolist() == [6, 12] and down[[6, 12]].tolist() == [0, 6]
    assert moved_up.tolist() == [5, 11] and up[[5, 11]].tolist() == [11, 17]


def test_nobody_is_infected_at_a_distance_and_the_subsidy_is_a_transfer():
    game = Epidemic(horizon=2)
    away = jnp.broadcast_to(jnp.array([0.0, 1.0]), (2, 2, 2))
    flow = ix.population_flow(game, away, free(2))
    np.testing.assert_allclose(flow.agents.sum(axis=-1), [[0.4, 0.6], [0.58, 0.42]], atol=1e-15)
    subsidised = game.reward(0, flow.agents[0], ix.Price(jnp.array([0.2, 0.0])))
    np.testing.assert_allclose(subsidised, [[0, -0.3], [-1, -1.3]], atol=1e-15)

    class Response:
        flow: jax.Array

    response = Response()
    response.flow = flow.agents
    np.testing.assert_allclose(Burden()((), response), (0.6 + 0.42) / 2 + 0.5, atol=1e-15)


def test_the_path_wanders_by_diagonal_steps_inside_the_grid():
    path = np.array(wandering_path(40, length=3, width=5, every=2, key=jax.random.key(1)))
    assert path[0].tolist() == [1, 2]
    assert (path >= 0).all() and (path < (3, 5)).all()
    steps = np.abs(np.diff(path, axis=0))
    assert set(map(tuple, steps)) == {(0, 0), (1, 1)}
    assert (steps[0::2] == 0).all()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: CrowdMotion.published(((30, 0),)), "a path inside 20 x 20"),
        (lambda: CrowdMotion.published(still=2.0), "still between 0 and 1"),
        (lambda: CrowdMotion.published(length=1), "at least 2 rows"),
        (lambda: BuildingEvacuation.published(0), "horizon >= 1"),
        (lambda: Epidemic(contagion=1.5), "contagion between 0 and 1"),
    ],
)
def test_impossible_games_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_subsidy_lowers_the_burden():
    setting = ix.problems["epidemic"].with_options(horizon=8, solver_steps=300).setting
    result = ix.design(
        setting.population(),
        setting.mechanism(jax.random.key(0)),
        minimize=setting.objective(),
        num_steps=15,
        audit_every=5,
        optimizer=setting.recipe().optimizer(15),
    )
    nothing, _ = ix.certify(
        setting.population(),
        setting.objective(),
        setting.baselines()["no_price"],
        key=jax.random.key(0),
    )
    assert result.status.ok
    price = setting.snapshot(result.mechanism, result.response)["price"]
    np.testing.assert_array_equal(price[:, 1, 1], -np.asarray(result.mechanism.value, np.float64))
    assert price.shape == result.response.flow.shape and not price[:, :, 0].any()
    assert result.value < nothing.value - 0.01
