"""Rock-paper-scissors against the crowd, with weights that make the equilibrium uneven."""

from typing import final

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..game import KernelGame
from ..mechanism import Price, check_price

# Row: what I play; column: what the crowd plays (rock, paper, scissors).
PAYOFF = ((0.0, -1.0, 2.0), (4.0, 0.0, -2.0), (-3.0, 6.0, 0.0))


@final
class RockPaperScissors(KernelGame):
    """Choose once, then meet the crowd; a `Price` of shape [3] is charged for each choice.

    Without prices the equilibrium is (26, 20, 31) / 77 and its value 6/11.

    Reference: MFGLib's game of the same name.
    """

    horizon: int = eqx.field(static=True, default=2)
    num_states: int = eqx.field(static=True, default=4)
    num_actions: int = eqx.field(static=True, default=3)
    initial_distribution: Float[Array, " S"] = eqx.field(
        default_factory=lambda: jnp.array([1.0, 0.0, 0.0, 0.0])
    )

    def transition(self, t, flow, mechanism: Price):
        """The state of the choice, from anywhere."""
        return jnp.eye(3, 4, 1, dtype=flow.dtype)[None]

    def reward(self, t, flow, mechanism: Price):
        """The payoff against the crowd, less the price of one's choice."""
        check_price(mechanism, (3,))
        crowd = jnp.sum(flow, axis=1)[1:]
        payoff = jnp.asarray(PAYOFF, flow.dtype) @ crowd - mechanism.value
        reward = jnp.concatenate([jnp.zeros(1, flow.dtype), payoff])
        return jnp.broadcast_to(reward[:, None], flow.shape)
