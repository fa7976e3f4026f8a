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


@pytest.mark.parametrize("vectors", [7, 8, 9, 16, 17, 20])
def test_spaces_of_any_number_of_blocks(vectors):
    matrix, right = system(5, size=20)
    right = right / jnp.linalg.norm(right)
    apply = {"tolerance": 1e-13, "vectors": vectors}
    solution, taken = gmres(lambda x: matrix @ x, right, **apply)
    space = np.linalg.qr(_powers(np.asarray(matrix), np.asarray(right), vectors))[0]
    weights, *_ = np.linalg.lstsq(np.asarray(matrix) @ space, np.asarray(right), rcond=None)
    assert int(taken) == vectors
    np.testing.assert_allclose(solution, space @ weights, rtol=1e-6, atol=1e-9)


def _powers(matrix, right, count):
    """The first vectors of the Krylov space, each made orthogonal to those before."""
    columns = [right]
    for _ in range(count - 1):
        image = matrix @ columns[-1]
        for column in 2 * columns:
            image = image - column * (column @ image)
        columns.append(image / np.linalg.norm(image))
    return np.stack(columns, axis=1)


def test_a_batch_of_systems_that_take_different_numbers_of_vectors():
    easy = jnp.diag(jnp.repeat(jnp.array([1.0, 2.0]), 10))
    hard, right = system(6, size=20)
    matrices = jnp.stack([easy, hard])
    solve = jax.vmap(lambda matrix: gmres(lambda x: matrix @ x, right, tolerance=1e-11, vectors=20))
    solutions, vectors = solve(matrices)
    assert int(vectors[0]) == 2 < int(vectors[1])
    expected = np.linalg.solve(np.asarray(matrices), np.stack([right, right])[:, :, None])
    np.testing.assert_allclose(solutions, expected[:, :, 0], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("odd", [jnp.nan, jnp.inf])
def test_what_cannot_be_solved_never_looks_solved(odd):
    solution, _ = gmres(lambda x: 2 * x, jnp.array([1.0, odd]), tolerance=1e-9, vectors=4)
    assert not jnp.any(jnp.isfinite(solution))


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
