"""GMRES against dense solves: exact, early, truncated, and as a lineax solver."""

import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incentax.krylov import Gmres, gmres


def system(seed, size=8):
    generator = np.random.default_rng(seed)
    matrix = np.eye(size) + 0.3 * generator.normal(size=(size, size))
    return jnp.asarray(matrix), jnp.asarray(generator.normal(size=size))


@jax.jit
def solved(matrix, right):
    return gmres(lambda x: matrix @ x, right, tolerance=1e-12, vectors=8)


@given(st.integers(0, 2**32 - 1))
def test_a_full_space_solves_nonsymmetric_systems(seed):
    matrix, right = system(seed)
    solution, vectors = solved(matrix, right)
    scale = np.linalg.cond(matrix)
    np.testing.assert_allclose(solution, np.linalg.solve(matrix, right), atol=1e-11 * scale**2)
    assert vectors <= 8


def test_it_stops_at_the_first_vector_that_is_good_enough():
    # Three distinct eigenvalues: three vectors suffice.
    diagonal = jnp.array([1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0])
    solution, vectors = gmres(lambda x: diagonal * x, jnp.ones(8), tolerance=1e-10, vectors=8)
    assert int(vectors) == 3
    np.testing.assert_allclose(solution, 1 / diagonal, rtol=1e-9)


def test_a_truncated_space_gives_its_least_residual():
    matrix, right = system(0)
    count = 3
    solution, vectors = gmres(lambda x: matrix @ x, right, tolerance=1e-12, vectors=count)
    space = np.stack([np.linalg.matrix_power(matrix, k) @ right for k in range(count)], axis=1)
    weights, *_ = np.linalg.lstsq(np.asarray(matrix) @ space, np.asarray(right), rcond=None)
    assert int(vectors) == count
    np.testing.assert_allclose(solution, space @ weights, rtol=1e-9)


def test_nothing_to_solve_is_nothing():
    solution, vectors = gmres(lambda x: 2 * x, jnp.zeros(4), tolerance=1e-9, vectors=4)
    assert int(vectors) == 0 and not jnp.any(solution)


def test_it_serves_lineax_on_trees():
    matrix, right = system(3)

    def apply(tree):
        flat = matrix @ jnp.concatenate([tree["a"], tree["b"]])
        return {"a": flat[:3], "b": flat[3:]}

    tree = {"a": right[:3], "b": right[3:]}
    operator = lx.FunctionLinearOperator(apply, jax.eval_shape(lambda: tree))
    solution = lx.linear_solve(operator, tree, Gmres(1e-12)).value
    flat = jnp.concatenate([solution["a"], solution["b"]])
    np.testing.assert_allclose(matrix @ flat, right, atol=1e-10)


@pytest.mark.parametrize("tolerance, vectors", [(0.0, 5), (1e-6, 0), (-1.0, 5)])
def test_impossible_settings(tolerance, vectors):
    with pytest.raises(ValueError, match=r"expected tolerance > 0 and vectors >= 1, got .*try"):
        Gmres(tolerance, vectors)
