"""Games from plain costs: derivatives, aggregates, bounds, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import incentax as ix
from incentax.games.smooth import Cournot, lipschitz, secant_monotonicity, strong_monotonicity

MATRIX = jnp.array([[2.0, 1.0, 0.0], [-1.5, 2.0, 0.3], [0.2, 0.1, 1.0]])


def quadratic(agent, actions):
    x = actions[:, 0]
    return x[agent] * (MATRIX[agent] @ x) - MATRIX[agent, agent] * x[agent] ** 2 / 2


def test_the_pseudo_gradient_and_its_jacobian_are_those_of_the_costs():
    game = ix.SmoothGame(quadratic, 3)
    x = jnp.array([[1.0], [-2.0], [0.5]])
    np.testing.assert_allclose(game.marginal_cost(x), MATRIX @ x, atol=1e-14)
    np.testing.assert_allclose(game.jacobian(x), MATRIX, atol=1e-14)
    np.testing.assert_allclose(game.own_curvature(x, x)[:, 0, 0], jnp.diag(MATRIX), atol=1e-14)


def test_two_coordinates_an_agent():
    weight = jnp.array([1.0, 2.0])

    def cost(i, x):
        return jnp.sum(x[i] ** 2) * weight[i] + x[i, 0] * x[1 - i, 1]

    game = ix.SmoothGame(cost, 2, 2)
    x = jnp.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_allclose(game.marginal_cost(x), [[6.0, 4.0], [14.0, 16.0]])
    curvature = game.own_curvature(x, x)
    np.testing.assert_allclose(curvature, [2 * np.eye(2), 4 * np.eye(2)], atol=1e-14)


def test_an_aggregative_game_is_the_smooth_game_of_its_sum():
    aggregative = Cournot().game()
    cost = aggregative.private_cost
    plain = ix.SmoothGame(lambda i, x: cost(i, x[i], jnp.sum(x, axis=0)), 4)
    x = jnp.array([[1.0], [2.0], [0.5], [3.0]])
    np.testing.assert_allclose(aggregative.costs(x), plain.costs(x), atol=1e-12)
    np.testing.assert_allclose(aggregative.marginal_cost(x), plain.marginal_cost(x), atol=1e-12)
    np.testing.assert_allclose(aggregative.jacobian(x), plain.jacobian(x), atol=1e-12)


def test_a_step_of_an_aggregative_game_needs_memory_in_proportion_to_its_agents():
    def temporary(num_agents):
        game = ix.AggregativeGame(lambda i, own, total: jnp.sum(own * total + own**2), num_agents)
        compiled = jax.jit(game.marginal_cost).lower(game.start()).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    assert temporary(200_000) < 200 * 200_000


def test_diagnostics_of_a_linear_game_are_eigenvalues():
    game = ix.SmoothGame(quadratic, 3)
    visited = jax.random.normal(jax.random.key(0), (5, 3, 1))
    symmetric = np.linalg.eigvalsh((MATRIX + MATRIX.T) / 2)
    assert float(strong_monotonicity(game, visited)) == pytest.approx(symmetric[0])
    assert float(lipschitz(game, visited)) == pytest.approx(np.linalg.norm(MATRIX, 2))
    secant = float(secant_monotonicity(game, visited, key=jax.random.key(1)))
    assert symmetric[0] - 1e-12 <= secant <= symmetric[-1]


def test_rows_of_agents_stand_in_for_their_numbers():
    weight = jnp.array([1.0, 2.0, 3.0])
    rows = ix.AggregativeGame(lambda w, own, total: w * own[0] * total[0], 3, agents=weight)
    numbers = ix.AggregativeGame(lambda i, own, total: weight[i] * own[0] * total[0], 3)
    x = jnp.array([[1.0], [-2.0], [0.5]])
    np.testing.assert_allclose(rows.marginal_cost(x), numbers.marginal_cost(x), atol=1e-14)
    with pytest.raises(ValueError, match="a leading axis of 3"):
        ix.AggregativeGame(lambda w, own, total: own[0], 3, agents=jnp.ones(2))


REFUSED = {
    "vector": (lambda: ix.SmoothGame(lambda i, x: x[i], 2), "floating scalar, got shape \\(1,\\)"),
    "integer": (lambda: ix.SmoothGame(lambda i, x: i, 2), "floating scalar"),
    "nothing": (lambda: ix.SmoothGame(lambda i, x: None, 2), "got something else"),
    "NaN": (lambda: ix.SmoothGame(lambda i, x: jnp.log(x[i, 0] - 1), 2), "got nan for agent 0"),
    "infinite": (
        lambda: ix.AggregativeGame(lambda i, own, total: 1 / total[0], 2),
        "got inf for agent 0",
    ),
    "no agents": (lambda: ix.SmoothGame(quadratic, 0), "num_agents >= 1"),
    "empty bounds": (lambda: ix.SmoothGame(quadratic, 3, bounds=(1.0, 0.0)), "lower bounds <="),
    "bounds shape": (
        lambda: ix.SmoothGame(quadratic, 3, bounds=(np.zeros(5), np.ones(5))),
        "broadcast to agents by coordinates",
    ),
    "bounds word": (lambda: ix.SmoothGame(quadratic, 3, bounds="positive"), "None, \\(lower"),
    "simplex of one": (
        lambda: ix.SmoothGame(quadratic, 3, bounds=ix.Simplices()),
        "action_dim >= 2",
    ),
    "empty safe set": (lambda: ix.Box(jnp.ones(2), jnp.zeros(2)), "lower <= upper"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_games_and_sets_that_make_no_sense_are_one_sentence(name):
    build, sentence = REFUSED[name]
    with pytest.raises(ValueError, match=sentence) as error:
        build()
    assert str(error.value).startswith("expected ")


def test_projections():
    box = ix.Interval(jnp.array([[0.0], [-1.0]]), 2.0)
    np.testing.assert_allclose(box.project(jnp.array([[-3.0], [5.0]])), [[0.0], [2.0]])
    half = ix.Interval(0.5, jnp.inf)
    np.testing.assert_allclose(half.start((1, 1), jnp.float64), [[1.5]])
    rows = ix.Simplices().project(jnp.array([[2.0, 0.0], [0.4, 0.4]]))
    np.testing.assert_allclose(rows, [[1.0, 0.0], [0.5, 0.5]])
