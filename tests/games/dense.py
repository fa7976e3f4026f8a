"""Dense twins of sparse games, for tests of one form against the other."""

from typing import final

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from incentax import KernelGame, SuccessorGame


@final
class DenseTwin(KernelGame):
    """Any `SuccessorGame` with its successors written out as a kernel."""

    sparse: SuccessorGame
    initial_distribution: Float[Array, " S"]
    horizon: int = eqx.field(static=True)
    num_states: int = eqx.field(static=True)
    num_actions: int = eqx.field(static=True)

    @classmethod
    def of(cls, sparse: SuccessorGame) -> "DenseTwin":
        return cls(
            sparse,
            sparse.initial_distribution,
            sparse.horizon,
            sparse.num_states,
            sparse.num_actions,
        )

    def transition(self, t, flow, mechanism):
        """One-hot successors, weighted."""
        branches = self.sparse.probability(t, flow, mechanism)
        states = jnp.arange(self.num_states)
        arrives = self.sparse.successors[..., None] == states[None, None, None]
        return jnp.sum(branches[..., None] * arrives.astype(flow.dtype), axis=2)

    def reward(self, t, flow, mechanism):
        """The same rewards."""
        return jnp.broadcast_to(self.sparse.reward(t, flow, mechanism), flow.shape)
