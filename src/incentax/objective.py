"""What a planner may want: plain functions of (mechanism, response) that return a scalar.

A response here is an equilibrium: anything with `flow` [H S A] and `rounds`.
"""

from typing import final

import equinox as eqx
import jax
import jax.numpy as jnp

from ._types import Mechanism, Objective, Response, Scalar


def revenue(mechanism: Mechanism, response: Response) -> Scalar:
    """What an auction collects over all rounds, per unit mass of bidders, in units of value.

    Reference: arXiv 2510.21442, g_rev.
    """
    return jnp.sum(response.rounds.revenue)


def efficiency(mechanism: Mechanism, response: Response) -> Scalar:
    """The value an auction's winners have for what they won, per unit mass of bidders.

    Reference: arXiv 2510.21442, g_eff.
    """
    flow = response.flow[:, :-1]
    values = jnp.arange(flow.shape[1], dtype=flow.dtype) / flow.shape[1]
    return jnp.einsum("hsa,s,ha->", flow, values, response.rounds.win_probability)


@final
class Mix(eqx.Module):
    """`weight` x revenue + (1 - `weight`) x efficiency.

    Reference: arXiv 2510.21442, g_mix; the weight is an argument because the paper gives none.
    """

    weight: float = 0.5

    def __check_init__(self):
        if not 0 <= self.weight <= 1:
            raise ValueError(f"expected a weight between 0 and 1, got {self.weight}; try 0.5")

    def __call__(self, mechanism: Mechanism, response: Response) -> Scalar:
        """The weighted sum."""
        return self.weight * revenue(mechanism, response) + (1 - self.weight) * efficiency(
            mechanism, response
        )


@final
class Congestion(eqx.Module):
    """A smooth maximum of the mass in any state at any round: log-sum-exp at `sharpness`.

    It lies above the largest mass by at most log(H S) / sharpness. Rounds before `first_round`
    do not count: where everybody starts together, no price can spread them.

    Reference: arXiv 2510.21442, congestion pricing; the sharpness is our choice.
    """

    sharpness: float = 50.0
    first_round: int = eqx.field(static=True, default=0)

    def __check_init__(self):
        if not self.sharpness > 0:
            raise ValueError(f"expected sharpness > 0, got {self.sharpness}; try 50")

    def __call__(self, mechanism: Mechanism, response: Response) -> Scalar:
        """The smooth maximum over rounds and states."""
        mass = jnp.sum(response.flow[self.first_round :], axis=-1)
        return jax.nn.logsumexp(self.sharpness * mass) / self.sharpness


@final
class Expected(eqx.Module):
    """The mean of an objective over a batch of responses, stacked along the first axis."""

    objective: Objective

    def __call__(self, mechanism: Mechanism, response: Response) -> Scalar:
        """The mean over the batch."""
        return jnp.mean(jax.vmap(self.objective, in_axes=(None, 0))(mechanism, response))
