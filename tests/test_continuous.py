"""Flows in continuous time: they end at the price computed by hand and never climb."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import incentax as ix
from incentax.continuous import joint_flow, social_gradient_flow
from incentax.games.smooth import Cournot, LinearQuadratic, Oscillators


def test_the_flow_of_a_linear_game_is_its_matrix_exponential_and_meets_the_proven_rate():
    case = LinearQuadratic.random(jax.random.key(5), 3, skew=2.0)
    population = ix.NashPopulation(case.game(), ix.SemismoothNewton(2))
    start = ix.Price(jnp.zeros((3, 1)))
    flow = social_gradient_flow(population, start, minimize=case.objective, duration=8.0)
    jacobian, weight = np.asarray(case.jacobian), np.asarray(case.weight)
    exact_end = np.asarray(case.optimal_price().value)[:, 0]
    generator = -weight @ np.linalg.inv(jacobian)
    values, vectors = np.linalg.eig(generator)
    grown = vectors @ np.diag(np.exp(8.0 * values)) @ np.linalg.inv(vectors)
    expected = exact_end + (grown @ (0 - exact_end)).real
    np.testing.assert_allclose(flow.price[-1, :, 0], expected, atol=1e-6)
    assert np.all(np.diff(flow.value) <= 1e-12)
    least = np.linalg.eigvalsh((jacobian + jacobian.T) / 2)[0]
    convexity = np.linalg.eigvalsh(weight)[0]
    rate = 2 * convexity * least / np.linalg.norm(jacobian, 2) ** 2
    bound = np.exp(-rate * np.asarray(flow.times)) * float(flow.value[0])
    assert np.all(np.asarray(flow.value) <= bound * (1 + 1e-9))
    middle = flow.price_at(0.5 * (flow.times[3] + flow.times[4]))
    between = (flow.price[3] + flow.price[4]) / 2
    np.testing.assert_allclose(middle, between, atol=5e-3)


@pytest.mark.parametrize("speed", [0.1, 10.0])
def test_agents_and_planner_together_reach_the_optimum_at_any_speed(speed):
    case = Cournot()
    flow = joint_flow(
        case.game(),
        ix.Price(jnp.zeros((4, 1))),
        minimize=case.objective,
        duration=30.0 * max(1, 1 / speed),
        speed=speed,
        gain=jnp.diag(jnp.array([1.0, 2.0, 0.5, 1.0])),
    )
    np.testing.assert_allclose(flow.price[-1], case.optimal_price().value, atol=1e-4)
    assert isinstance(flow.price_at(1.0), jax.Array)


def test_oscillators_fall_into_step():
    case = Oscillators.random(jax.random.key(2), 5, strength=0.3)
    flow = joint_flow(
        case.game(), ix.Price(jnp.zeros((5, 1))), minimize=case.objective, duration=60.0
    )
    assert float(case.order(flow.actions[-1])) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(flow.actions[-1], 0.3, atol=1e-3)
    assert float(case.monotonicity_bound()) > 0


def test_a_flow_without_duration_is_refused():
    case = Cournot()
    with pytest.raises(ValueError, match="duration > 0"):
        joint_flow(case.game(), ix.Price(jnp.zeros((4, 1))), minimize=case.objective, duration=0.0)
