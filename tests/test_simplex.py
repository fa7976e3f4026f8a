"""Mirror maps against independent projections, conjugates and each other's limits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import incentax as ix

MIRRORS = {"entropy": ix.Entropy(), "Euclidean": ix.Euclidean()}
scores = hnp.arrays(np.float64, (3, 5), elements=st.floats(-20, 20))


def projection(point):
    """The nearest point of the simplex, by root finding on the threshold."""

    def excess(threshold):
        return np.maximum(point - threshold, 0).sum() - 1

    low, high = point.min() - 1, point.max()
    threshold = scipy.optimize.brentq(excess, low, high, xtol=1e-15, rtol=1e-14)
    return np.maximum(point - threshold, 0)


@given(scores)
def test_the_euclidean_mirror_is_the_projection(table):
    found = ix.Euclidean().policy(jnp.asarray(table))
    np.testing.assert_allclose(found, [projection(row) for row in table], atol=1e-12)


@pytest.mark.parametrize("mirror", MIRRORS)
@given(table=scores, shift=st.floats(-10, 10))
def test_policies_are_distributions_and_ignore_constants(mirror, table, shift):
    policy = MIRRORS[mirror].policy(jnp.asarray(table))
    assert jnp.all(policy >= 0)
    np.testing.assert_allclose(policy.sum(axis=-1), 1, atol=1e-13)
    moved = MIRRORS[mirror].policy(jnp.asarray(table + shift))
    np.testing.assert_allclose(moved, policy, atol=1e-12)


@pytest.mark.parametrize("mirror", MIRRORS)
@given(table=scores, rival=scores)
def test_the_conjugate_is_the_attained_maximum(mirror, table, rival):
    kind, table = MIRRORS[mirror], jnp.asarray(table)
    policy = kind.policy(table)
    attained = jnp.sum(policy * table, axis=-1) + kind.bonus(policy)
    np.testing.assert_allclose(kind.conjugate(table), attained, atol=1e-11)
    other = jax.nn.softmax(jnp.asarray(rival))
    assert jnp.all(jnp.sum(other * table, axis=-1) + kind.bonus(other) <= attained + 1e-11)


@pytest.mark.parametrize("mirror", MIRRORS)
def test_the_derivative_of_the_conjugate_is_the_policy(mirror):
    kind = MIRRORS[mirror]
    # In the first row the last score is exactly at the edge of the Euclidean support.
    table = jnp.array([[0.3, -0.2, 0.9, 0.1], [2.0, 0.0, -1.0, 1.5]])
    found = jax.grad(lambda z: kind.conjugate(z).sum())(table)
    np.testing.assert_allclose(found, kind.policy(table), atol=1e-14)


@pytest.mark.parametrize("mirror", MIRRORS)
def test_the_policy_and_its_bonus_at_once_are_those_apart(mirror):
    kind = MIRRORS[mirror]
    # A policy that underflows in the last row.
    table = jnp.array([[0.3, -0.2, 0.9], [2.0, 0.0, -1.0], [0.0, 1.0, -2000.0]])
    weights = jnp.array([[0.5, -1.0, 2.0], [1.0, 0.3, -0.7], [0.2, 0.4, 0.6]])

    def apart(z):
        policy = kind.policy(z)
        return policy, kind.bonus(policy)

    def scored(function):
        return lambda z: jnp.sum(weights * function(z)[0]) + jnp.sum(function(z)[1] ** 2)

    for found, expected in zip(kind.play(table), apart(table), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-14)
    found, expected = (jax.grad(scored(f))(table) for f in (kind.play, apart))
    np.testing.assert_allclose(found, expected, atol=1e-13)


@pytest.mark.parametrize("low", [-jnp.inf, -1e30])
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_a_masked_action_leaves_the_derivatives_of_the_others(low, dtype):
    def entropy(z):
        return ix.Entropy().play(z)[1]

    free = jnp.array([0.3, -0.2], dtype)
    masked = jnp.array([0.3, -0.2, low], dtype)
    tolerance = 50 * float(jnp.finfo(dtype).eps)
    for found, expected in (
        (jax.grad(entropy)(masked)[:2], jax.grad(entropy)(free)),
        (jax.hessian(entropy)(masked)[:2, :2], jax.hessian(entropy)(free)),
        (jax.jvp(entropy, (masked,), (jnp.ones(3, dtype),))[0], entropy(free)),
    ):
        np.testing.assert_allclose(found, expected, atol=tolerance)


def test_entropy_at_a_vertex_has_a_finite_derivative():
    vertex = jnp.array([1.0, 0.0])
    assert float(ix.Entropy().bonus(vertex)) == 0
    assert jnp.all(jnp.isfinite(jax.grad(ix.Entropy().bonus)(vertex)))
