"""A preconditioner for linear systems whose parts react mostly to themselves, in one direction."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from .fixed_point import Part, Reaction

# A part is left alone if the identity less its projection is this close to singular.
NEARLY = 1e-2


def parts_alone(
    reaction: Reaction, known: PyTree[Array], faced: PyTree[Array], right: PyTree[Array]
) -> Callable[[PyTree[Array]], PyTree[Array]]:
    """A linear map close to the inverse of `w -> w - pull(w)`, where `pull` transposes a reaction.

    Each part (an entry along the leading axis) is taken by itself, and its transposed Jacobian J'
    is replaced by its projection on u = J'b, where b is the part of `right`: exact where all that
    the part does goes through one number, as in a round of an auction, whose win probabilities
    move at the marginal bid only. With v = J u the projection is u v' / u'u, and the inverse of
    the identity less it is I + u v' / (u'u - v'u).

    **Arguments:**

    - `reaction`: a part and what is known about it, to that part again.
    - `known`, `faced`: stacks of both, where the Jacobian is taken.
    - `right`: the right-hand side of the system, in which directions are looked for.

    >>> import jax.numpy as jnp
    >>> halve = lambda part, known: known * part
    >>> invert = parts_alone(halve, jnp.array([0.5, 0.75]), jnp.ones(2), jnp.ones(2))
    >>> invert(jnp.ones(2)).tolist()
    [2.0, 4.0]
    """
    numbers, rest = eqx.partition(faced, eqx.is_inexact_array)

    def directions(inputs):
        part, others, known, b = inputs

        def react(part):
            return eqx.filter(reaction(eqx.combine(part, others), known), eqx.is_inexact_array)

        _, push = jax.linearize(react, part)
        pull = jax.linear_transpose(push, part)
        (u,) = pull(b)
        v = push(u)
        length, left = _dot(u, u), _dot(u, jax.tree.map(jnp.subtract, u, v))
        told = jnp.abs(left) > NEARLY * length
        weight = jnp.where(told, 1 / jnp.where(told, left, 1), 0)
        return u, jax.tree.map(lambda leaf: weight * leaf, v)

    u, v = jax.lax.map(directions, (numbers, rest, known, eqx.filter(right, eqx.is_inexact_array)))

    def precondition(w):
        along = jax.vmap(_dot)(v, w)
        return jax.tree.map(lambda w, u: w + jax.vmap(jnp.multiply)(along, u), w, u)

    return precondition


def _dot(left: Part, right: Part) -> Float[Array, ""]:
    products = jax.tree.map(lambda a, b: jnp.sum(a * b), left, right)
    return jax.tree.reduce(jnp.add, products)
