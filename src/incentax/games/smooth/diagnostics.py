"""How monotone and how steep a game is, on the region that was visited."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..._types import Key, Scalar
from ...smooth_game import AbstractSmoothGame, Actions

Visited = Float[Array, "k n d"]


def strong_monotonicity(game: AbstractSmoothGame, visited: Visited) -> Scalar:
    """The least eigenvalue of F's symmetrised derivative over visited joint actions (mu).

    An upper bound on the mu of any region that contains them; positive means that the social
    gradient descends at each of them. Dense: (n d)^3 a point.

    >>> from incentax import SmoothGame
    >>> game = SmoothGame(lambda i, x: x[i, 0] ** 2, 2)
    >>> float(strong_monotonicity(game, jnp.zeros((1, 2, 1))))
    2.0
    """

    def least(actions: Actions) -> Scalar:
        jacobian = game.jacobian(actions)
        return jnp.linalg.eigvalsh((jacobian + jacobian.T) / 2)[0]

    return jnp.min(jax.lax.map(least, visited))


def lipschitz(game: AbstractSmoothGame, visited: Visited) -> Scalar:
    """The largest spectral norm of F's derivative over visited joint actions (L).

    A lower bound on the L of any region that contains them. Dense: (n d)^3 a point.
    """
    return jnp.max(jax.lax.map(lambda x: jnp.linalg.norm(game.jacobian(x), 2), visited))


def secant_monotonicity(
    game: AbstractSmoothGame, visited: Visited, *, num_pairs: int = 64, key: Key
) -> Scalar:
    """The least <F(x) - F(y), x - y> / |x - y|^2 over random pairs: for games too large for J.

    An upper bound on mu. Differences below rounding are left out; infinite if nothing is left.
    """
    one, other = jax.random.randint(key, (2, num_pairs), 0, visited.shape[0])

    def ratio(pair) -> Scalar:
        x, y = visited[pair[0]], visited[pair[1]]
        gap = x - y
        distance = jnp.sum(gap**2)
        product = jnp.sum(gap * (game.marginal_cost(x) - game.marginal_cost(y)))
        return jnp.where(distance > 0, product / jnp.where(distance > 0, distance, 1), jnp.inf)

    return jnp.min(jax.lax.map(ratio, (one, other)))


def shared_defect(
    game: AbstractSmoothGame, visited: Visited, price_shape: tuple[int, ...]
) -> Scalar:
    """How far J is from keeping what prices of a shape can reach, over visited joint actions.

    Zero where `SharedForm` may be declared: with B the orthonormal map from prices to actions,
    the largest |J B - B B'J B| over |J B|; one where sym(B'J B) is not positive definite. Dense.

    >>> from incentax import SmoothGame
    >>> game = SmoothGame(lambda i, x: x[i, 0] ** 2, 2)
    >>> float(shared_defect(game, jnp.zeros((1, 2, 1)), ()))
    0.0
    """
    size = math.prod(price_shape)
    units = jnp.eye(size).reshape(size, *price_shape)
    spread = jax.vmap(lambda unit: jnp.broadcast_to(unit, game.shape).reshape(-1))(units).T
    basis = spread / jnp.linalg.norm(spread, axis=0, keepdims=True)

    def defect(actions: Actions) -> Scalar:
        moved = game.jacobian(actions) @ basis
        inside = basis.T @ moved
        left = jnp.linalg.norm(moved - basis @ inside) / jnp.linalg.norm(moved)
        least = jnp.linalg.eigvalsh((inside + inside.T) / 2)[0]
        return jnp.where(least > 0, left, 1.0)

    return jnp.max(jax.lax.map(defect, visited))
