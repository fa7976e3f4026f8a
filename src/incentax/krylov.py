"""GMRES that stops by the norm of the residual: a few vectors are enough for a design step."""

from typing import Any, final

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PyTree

# Vectors that are made orthogonal at once: the basis is read no further than it is filled.
BLOCK = 8


@final
class Gmres(lx.AbstractLinearSolver):
    """GMRES without restarts, for square, possibly nonsymmetric operators.

    lineax's own GMRES looks at its tolerance element by element and only at restarts; here the
    iteration ends at the first vector whose residual norm is small enough, which for adjoints is
    most of the work saved. Memory is that of `vectors` copies of the unknown, in whole blocks.

    **Arguments:**

    - `tolerance`: residual norm over norm of the right-hand side at which to stop.
    - `vectors`: largest Krylov space; the result is the best approximation in it.

    Reference: Saad & Schultz 1986.
    """

    tolerance: float = 1e-9
    vectors: int = eqx.field(static=True, default=100)

    def __check_init__(self):
        if not (self.tolerance > 0 and self.vectors >= 1):
            raise ValueError(
                f"expected tolerance > 0 and vectors >= 1, got {self.tolerance} and "
                f"{self.vectors}; try Gmres(1e-6, 50)"
            )

    def init(self, operator: lx.AbstractLinearOperator, options: dict[str, Any]):
        """The operator itself is the state."""
        if operator.in_size() != operator.out_size():
            raise ValueError("expected a square operator, got a rectangular one; try lineax's QR")
        return operator

    def compute(self, state: lx.AbstractLinearOperator, vector: PyTree[Array], options):
        """The approximate solution; the result is always `successful`: check the residual."""
        flat, unravel = ravel_pytree(vector)

        def apply(x: Float[Array, " n"]) -> Float[Array, " n"]:
            return ravel_pytree(state.mv(unravel(x)))[0]

        solution, num_vectors = gmres(
            apply, flat, tolerance=self.tolerance, vectors=min(self.vectors, flat.size)
        )
        return unravel(solution), lx.RESULTS.successful, {"num_steps": num_vectors}

    def transpose(self, state, options):
        """The transposed operator."""
        return state.transpose(), {}

    def conj(self, state, options):
        """The conjugated operator."""
        return lx.conj(state), {}

    def assume_full_rank(self) -> bool:
        """True: singular systems are not handled."""
        return True


def gmres(apply, right: Float[Array, " n"], *, tolerance: float, vectors: int):
    """The solution of `apply(x) = right` in a Krylov space, and how many vectors it took.

    The least-squares problem is kept triangular by one accumulated rotation matrix, so that the
    residual is known after each vector at the price of a small product.
    """
    dtype = right.dtype
    scale = jnp.linalg.norm(right)
    safe = jnp.where(scale > 0, scale, 1)
    # Whole blocks, of which only those begun are read.
    num_blocks = vectors // BLOCK + 1
    basis = jnp.zeros((num_blocks * BLOCK, right.size), dtype).at[0].set(right / safe)
    rotation = jnp.eye(vectors + 1, dtype=dtype)
    triangle = jnp.zeros((vectors, vectors), dtype)
    order = jnp.arange(vectors, dtype=jnp.int32)

    def unfinished(carry):
        k, _, rotation, _ = carry
        # The residual is what the rotations leave of the first unit vector in row k.
        return (k < vectors) & (jnp.abs(rotation[k, 0]) > tolerance) & (scale > 0)

    def extend(carry):
        k, basis, rotation, triangle = carry
        image, projection = _orthogonal(apply(basis[k]), basis, k)
        # Once more, because single precision loses orthogonality.
        image, correction = _orthogonal(image, basis, k)
        length = jnp.linalg.norm(image)
        column = rotation @ (projection + correction)[: vectors + 1].at[k + 1].set(length)
        radius = jnp.hypot(column[k], column[k + 1])
        # A breakdown (length and column both zero) leaves the solution exact so far.
        cosine = jnp.where(radius > 0, column[k] / jnp.where(radius > 0, radius, 1), 1)
        sine = jnp.where(radius > 0, column[k + 1] / jnp.where(radius > 0, radius, 1), 0)
        upper, lower = rotation[k], rotation[k + 1]
        rotation = rotation.at[k].set(cosine * upper + sine * lower)
        rotation = rotation.at[k + 1].set(cosine * lower - sine * upper)
        kept = jnp.where(order < k, column[:vectors], 0).at[k].set(radius)
        following = jnp.where(length > 0, image / jnp.where(length > 0, length, 1), 0)
        return k + 1, basis.at[k + 1].set(following), rotation, triangle.at[:, k].set(kept)

    start = (jnp.zeros((), jnp.int32), basis, rotation, triangle)
    k, basis, rotation, triangle = jax.lax.while_loop(unfinished, extend, start)
    used = order < k
    solvable = used & (jnp.diagonal(triangle) != 0)
    triangle = triangle + jnp.diag(jnp.where(solvable, 0, 1).astype(dtype))
    target = jnp.where(solvable, scale * rotation[:vectors, 0], 0)
    weights = jax.scipy.linalg.solve_triangular(triangle, target)
    weights = jnp.zeros(basis.shape[0], dtype).at[:vectors].set(weights)

    def add(block, total):
        return jax.lax.cond(block * BLOCK < k, added, lambda _, total: total, block, total)

    def added(block, total):
        start = block * BLOCK
        share = jax.lax.dynamic_slice_in_dim(weights, start, BLOCK)
        return total + share @ jax.lax.dynamic_slice_in_dim(basis, start, BLOCK)

    # A right-hand side that is infinite or not a number must not look solved.
    nothing = jnp.where(jnp.isfinite(scale), 0, jnp.nan) * jnp.ones_like(right)
    return jax.lax.fori_loop(0, num_blocks, add, nothing), k


def _orthogonal(image: Float[Array, " n"], basis: Float[Array, "m n"], k):
    """What is left of `image` outside the first k + 1 rows, and its components along them."""

    # Bounds that do not depend on k: under `vmap` blocks stay slices, where k differs.
    def remove(block, carry):
        return jax.lax.cond(block * BLOCK <= k, removed, lambda _, carry: carry, block, carry)

    def removed(block, carry):
        image, components = carry
        start = block * BLOCK
        rows = jax.lax.dynamic_slice_in_dim(basis, start, BLOCK)
        along = rows @ image
        components = jax.lax.dynamic_update_slice_in_dim(components, along, start, 0)
        return image - along @ rows, components

    nothing = jnp.zeros(basis.shape[0], basis.dtype)
    return jax.lax.fori_loop(0, basis.shape[0] // BLOCK, remove, (image, nothing))
