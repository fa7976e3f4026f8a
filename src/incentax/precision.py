"""Double precision, for evidence."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp


def in_float64(tree: Any) -> Any:
    """The same tree with every floating array in double precision; call it under x64."""

    def widen(leaf):
        return leaf.astype(jnp.float64) if eqx.is_inexact_array(leaf) else leaf

    return jax.tree.map(widen, tree)
