"""Rules against central differences and against each other."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import incentax as ix
from incentax.games import LeftRight
from incentax.krylov import Gmres

from ..cases import CASES

SOLVER = ix.MirrorDescent(0.5, learning_rate=0.4, num_steps=80)
CROWD = ix.Congestion(5.0, first_round=1)
START = ix.Price(jnp.array([1.0, 2.5]))
POPULATION = ix.EquilibriumPopulation(LeftRight(), SOLVER)


def exchange(rule, key):
    state = POPULATION.init(START, key=key)
    return rule.exchange(POPULATION, CROWD, START, state, key=key)


@jax.jit
def score(prices):
    mechanism = ix.Price(prices)
    return CROWD(mechanism, ix.solve(LeftRight(), mechanism, solver=SOLVER, throw=False))


def central(step=1e-5):
    moves = step * jnp.eye(2)
    return np.array([(score(START.value + m) - score(START.value - m)) / (2 * step) for m in moves])


def test_the_hypergradient_is_the_slope(key):
    found = exchange(ix.Hypergradient(), key)
    np.testing.assert_allclose(found.gradient.value, central(), rtol=1e-6)
    assert float(found.value) == pytest.approx(float(score(START.value)), rel=1e-12)
    assert float(found.adjoint_residual) < 1e-8


def test_an_unsolved_adjoint_is_reported_by_the_exchange(key):
    case = CASES["rock-paper-scissors"]()
    poor = ix.Implicit(Gmres(1e-12, vectors=1), tolerance=1e-9)
    population = ix.EquilibriumPopulation(case.game, case.solver, poor)
    state = population.init(case.mechanism, key=key)
    found = ix.Hypergradient().exchange(population, case.objective, case.mechanism, state, key=key)
    assert float(found.adjoint_residual) > 1e-4
    assert jnp.any(found.gradient.value != 0)


def test_zeroth_order_is_the_two_point_formula(key):
    rule = ix.ZerothOrder(1e-4)
    found = exchange(rule, key)
    gradient = np.asarray(found.gradient.value)
    direction = gradient / np.linalg.norm(gradient)
    above, below = (float(score(START.value + s * 1e-4 * direction)) for s in (1, -1))
    slope = 2 * (above - below) / 2e-4
    np.testing.assert_allclose(gradient, slope * direction, rtol=1e-9)
    assert float(found.value) == pytest.approx((above + below) / 2, rel=1e-12)
    assert jnp.isnan(found.adjoint_residual)


def test_zeroth_order_averages_to_the_slope():
    keys = jax.random.split(jax.random.key(2), 400)
    mean = jax.jit(
        lambda keys: jax.lax.map(
            lambda k: exchange(ix.ZerothOrder(1e-3), k).gradient.value, keys
        ).mean(axis=0)
    )(keys)
    # Each draw has a spread of about one slope: four standard errors.
    tolerance = 4 * np.linalg.norm(central()) / np.sqrt(400)
    np.testing.assert_allclose(mean, central(), atol=tolerance)


@pytest.mark.parametrize("radius", [0.0, -1.0, float("inf"), float("nan")])
def test_impossible_radii(radius):
    with pytest.raises(ValueError, match="expected a radius > 0, got .*; try 0.01"):
        ix.ZerothOrder(radius)


def test_rules_need_no_more_than_they_say():
    assert ix.Hypergradient.needs is ix.Access.MODEL
    assert ix.ZerothOrder.needs is ix.Access.OBJECTIVE
