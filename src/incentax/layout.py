"""Which axis memory runs along: processors are quick along long axes only."""

from jaxtyping import Array

# Actions, at most, for which states go last: a vector register holds 8 or 16 numbers.
MOST_TURNED = 8


def states_last(array: Array, *, num_actions: int) -> Array:
    """`array` [... S A] as [... A S] where actions are few, else as it is; its own inverse.

    Only where numbers lie changes. Transposes that meet cancel in compiled programs: a chain of
    passes over states turns its arrays once.

    >>> import jax.numpy as jnp
    >>> states_last(jnp.zeros((4, 100, 3)), num_actions=3).shape
    (4, 3, 100)
    """
    return array.swapaxes(-1, -2) if num_actions <= MOST_TURNED else array
