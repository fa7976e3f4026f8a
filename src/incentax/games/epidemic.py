"""An epidemic in which people choose whether to keep their distance."""

from typing import final

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._types import Mechanism, Response, Scalar
from ..game import KernelGame
from ..mechanism import CappedPrice, Price, check_price


@final
class Epidemic(KernelGame):
    """Susceptible people catch a disease from the infected unless they keep their distance.

    States are susceptible and infected, actions are going out and keeping one's distance. Who goes
    out is infected with probability `contagion` x infected mass; who keeps away never is; the
    infected recover with probability `recovery`. A round of illness costs `illness`, keeping away
    `distancing`, less the subsidy.

    The mechanism is a subsidy per round for keeping one's distance: a `Price` or `CappedPrice` of
    shape [H], counted as a gain.

    Reference: Cui & Koeppl, arXiv 2102.01585; MFGLib's susceptible_infected (its T is
    `horizon` - 1).
    """

    initial_distribution: Float[Array, " S"] = eqx.field(
        default_factory=lambda: jnp.array([0.4, 0.6])
    )
    horizon: int = eqx.field(static=True, default=51)
    num_states: int = eqx.field(static=True, default=2)
    num_actions: int = eqx.field(static=True, default=2)
    contagion: float = 0.81
    recovery: float = 0.3
    illness: float = 1.0
    distancing: float = 0.5

    def __check_init__(self):
        for name in ("contagion", "recovery"):
            probability = getattr(self, name)
            if not 0 <= probability <= 1:
                raise ValueError(f"expected {name} between 0 and 1, got {probability}; try 0.5")

    def transition(self, t, flow, mechanism):
        """Infection by the crowd for those who go out, recovery at a constant rate."""
        infected = jnp.sum(flow[1])
        caught = jnp.stack([self.contagion * infected, jnp.zeros_like(infected)])
        ill = jnp.stack([caught, jnp.full_like(caught, 1 - self.recovery)])
        return jnp.stack([1 - ill, ill], axis=-1)

    def reward(self, t, flow, mechanism: Price | CappedPrice):
        """What illness and distance cost, less the subsidy."""
        check_price(mechanism, (self.horizon,))
        illness = jnp.array([0.0, -self.illness], flow.dtype)
        choice = jnp.stack([jnp.zeros((), flow.dtype), mechanism.value[t] - self.distancing])
        return illness[:, None] + choice[None]


@final
class Burden(eqx.Module):
    """What an epidemic costs a person and round, on average: illness and distance, no subsidy.

    Subsidies are transfers: they change hands and cost nobody anything in sum.
    """

    illness: float = 1.0
    distancing: float = 0.5

    def __call__(self, mechanism: Mechanism, response: Response) -> Scalar:
        """The mean over rounds."""
        ill = jnp.mean(jnp.sum(response.flow[:, 1], axis=-1))
        away = jnp.mean(jnp.sum(response.flow[:, :, 1], axis=-1))
        return self.illness * ill + self.distancing * away
