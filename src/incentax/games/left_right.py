"""Left-right: the smallest mean-field game, with a closed form for everything."""

from typing import final

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..game import KernelGame
from ..mechanism import Price, check_price


@final
class LeftRight(KernelGame):
    """Agents at the centre choose a side once and pay for the crowd they meet there.

    Rewards are -price[0] x mass at the left and -price[1] x mass at the right, so the mechanism is
    a `Price` of shape [2]. At prices (1, 2) two thirds go left.
    """

    horizon: int = eqx.field(static=True, default=2)
    num_states: int = eqx.field(static=True, default=3)
    num_actions: int = eqx.field(static=True, default=2)
    initial_distribution: Float[Array, " S"] = eqx.field(
        default_factory=lambda: jnp.array([1.0, 0.0, 0.0])
    )

    def transition(self, t, flow, mechanism: Price):
        """The side that was chosen, from anywhere."""
        return jnp.eye(2, 3, 1, dtype=flow.dtype)[None]

    def reward(self, t, flow, mechanism: Price):
        """The crowd at one's side, times its price; the centre is free."""
        check_price(mechanism, (2,))
        crowd = jnp.sum(flow, axis=1)
        free = jnp.zeros(1, flow.dtype)
        reward = -jnp.concatenate([free, mechanism.value * crowd[1:]])
        return jnp.broadcast_to(reward[:, None], flow.shape)
