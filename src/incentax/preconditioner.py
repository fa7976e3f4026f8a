"""A preconditioner for linear systems whose parts react mostly to themselves, in one direction."""

from collections.abc import Callable
from typing import final

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from .fixed_point import Part, Reaction

# A part is left alone if the identity less its projection is this close to singular.
NEARLY = 1e-2


@final
class PartsAlone(eqx.Module):
    """Inverts what each part does to itself, as a matrix of rank one.

    **Arguments:**

    - `fewest`: parts from which on it is used. It costs about three products with the system; with
      few parts a Krylov method needs few vectors anyway.
    """

    fewest: int = eqx.field(static=True, default=16)

    def worth(self, faced: PyTree[Array]) -> bool:
        """Whether there are enough parts, if the leading axis counts them."""
        leaves = jax.tree.leaves(faced)
        return all(leaf.ndim > 0 and leaf.shape[0] >= self.fewest for leaf in leaves)

    def inverse(
        self,
        reaction: Reaction,
        known: PyTree[Array],
        faced: PyTree[Array],
        right: PyTree[Array],
    ) -> Callable[[PyTree[Array]], PyTree[Array]]:
        """A linear map close to the inverse of `w -> w - pull(w)`, `pull` the transposed reaction.

        Each part (an entry along the leading axis) is taken by itself, and its transposed Jacobian
        J' is replaced by its projection on u = J'b, where b is the part of `right`: exact where all
        that the part does goes through one number. In a round of an auction nearly all does: win
        probabilities move at the marginal bid only, and payments move little. With v = J u the
        projection is u v' / u'u, and the inverse of the identity less it is I + u v' / (u'u - v'u).

        **Arguments:**

        - `reaction`: a part and what is known about it, to that part again.
        - `known`, `faced`: stacks of both, where the Jacobian is taken.
        - `right`: the right-hand side of the system, in which directions are looked for.

        >>> import jax.numpy as jnp
        >>> multiply = lambda part, known: known * part
        >>> stack = jnp.array([0.5, 0.75]), jnp.ones(2), jnp.ones(2)
        >>> PartsAlone().inverse(multiply, *stack)(jnp.ones(2)).tolist()
        [2.0, 4.0]
        """
        numbers, rest = eqx.partition(faced, eqx.is_inexact_array)

        def directions(inputs):
            part, others, known, b = inputs

            def react(part):
                again = jax.tree.map(jnp.asarray, reaction(eqx.combine(part, others), known))
                return eqx.filter(again, eqx.is_inexact_array)

            # Reverse mode, twice: forward mode is not for functions with a rule for reverse only.
            _, pull = jax.vjp(react, part)
            (u,) = pull(b)
            (v,) = jax.linear_transpose(pull, b)((u,))
            length, left = _dot(u, u), _dot(u, jax.tree.map(jnp.subtract, u, v))
            told = jnp.abs(left) > NEARLY * length
            weight = jnp.where(told, 1 / jnp.where(told, left, 1), 0)
            return u, jax.tree.map(lambda leaf: (weight * leaf).astype(leaf.dtype), v)

        b = eqx.filter(right, eqx.is_inexact_array)
        u, v = jax.lax.map(directions, (numbers, rest, known, b))

        def precondition(w):
            along = jax.vmap(_dot)(v, w)

            def moved(w, u):
                return w + jax.vmap(jnp.multiply)(along, u).astype(w.dtype)

            return jax.tree.map(moved, w, u)

        return precondition


def _dot(left: Part, right: Part) -> Float[Array, ""]:
    products = jax.tree.map(lambda a, b: jnp.sum(a * b), left, right)
    return jax.tree.reduce(jnp.add, products)
