"""Drivers on a tolled network, seen by a road authority."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..._status import Status
from ..._types import Key, Mechanism, Response, Scalar
from ...mechanism import Price
from ...population import AbstractPopulation, Access, JointAction, observed
from ...population.nash import no_temperature
from ...population.observed import unknown
from .assignment import Assignment, assign
from .network import Demand, Network, check_demand

# Assignments kept to start the next one from.
KEPT = 4


@dataclass(eq=False)
class _Drivers:
    """The network, its demand, and the last few assignments by number, on the host."""

    network: Network
    demand: Demand
    tolerance: float
    kept: dict[int, Assignment] = field(default_factory=dict)
    count: int = 0

    def answer(self, toll: Any, token: Any) -> tuple[np.ndarray, ...]:
        """Link flows, relative gap and sweeps, and the number under which they are kept."""
        toll = np.asarray(toll)
        start = self.kept.get(int(token))
        assignment = assign(
            self.network,
            self.demand,
            toll=toll.astype(np.float64),
            start=start,
            tolerance=self.tolerance,
        )
        self.count += 1
        self.kept[self.count] = assignment
        self.kept.pop(self.count - KEPT, None)
        number = np.asarray(assignment.relative_gap, toll.dtype)
        return (
            assignment.flow.astype(toll.dtype),
            number,
            np.asarray(assignment.num_sweeps, np.int32),
            np.asarray(self.count, np.int32),
        )


@final
class RoutingPopulation(AbstractPopulation):
    """Drivers at the user equilibrium under a toll on each link; the response is link flows [E].

    Only flows can be observed, as by a road authority: differentiating them raises. The solver
    runs on the host in double precision. The state is the number of the last assignment, from
    whose paths the next one starts; a number that is not known any more starts cold, with the
    same result within `tolerance`.

    **Arguments:**

    - `network`, `demand`: as in `assign`; every pair has to be connected.
    - `tolerance`: relative gap of each assignment.

    **Raises:** `ValueError` for a pair with demand that no path connects.
    """

    offers: ClassVar[Access] = Access.RESPONSE

    drivers: _Drivers = eqx.field(static=True)

    def __init__(self, network: Network, demand: Demand, *, tolerance: float = 1e-10):
        self.drivers = _Drivers(network, check_demand(network, demand), tolerance)
        # One search finds pairs without a path before anything is compiled.
        assign(network, self.drivers.demand, max_searches=1)

    def init(self, mechanism: Price, *, key: Key) -> Any:
        """A number that no assignment has: a cold start."""
        return jnp.zeros((), jnp.int32)

    def respond(self, mechanism: Price, state: Any, *, key: Key) -> tuple[JointAction, Any]:
        """Equilibrium link flows under the tolls, and the number to start from next."""
        network, dtype = self.drivers.network, mechanism.value.dtype
        if mechanism.value.shape != (network.num_links,):
            raise ValueError(
                f"expected one toll for each of {network.num_links} links, got shape "
                f"{mechanism.value.shape}; try Price(jnp.zeros({network.num_links}))"
            )
        shapes = (
            jax.ShapeDtypeStruct((network.num_links,), dtype),
            jax.ShapeDtypeStruct((), dtype),
            jax.ShapeDtypeStruct((), jnp.int32),
            jax.ShapeDtypeStruct((), jnp.int32),
        )
        toll = observed(mechanism.value)
        flow, gap, sweeps, token = jax.pure_callback(
            self.drivers.answer, shapes, toll, state, vmap_method="sequential"
        )
        reached = gap <= 10 * self.drivers.tolerance
        response = JointAction(
            actions=flow,
            residual=gap,
            # The gap grows with the square of the error in flows.
            uncertainty=jnp.sqrt(gap) * jnp.max(flow),
            tracking=unknown(flow),
            monotonicity=unknown(flow),
            num_steps=sweeps,
            status=jnp.where(reached, Status.DONE, Status.NOT_CONVERGED).astype(jnp.int32),
        )
        return response, token

    def at_rest(self) -> "RoutingPopulation":
        """Itself: its responses are equilibria already."""
        return self

    def relaxed(self, temperature: Scalar, share: float, num_steps: int) -> "RoutingPopulation":
        """Refused: drivers have no temperature."""
        raise ValueError(no_temperature("RoutingPopulation"))

    def listening(self, probe: Scalar) -> "RoutingPopulation":
        """Itself: there is no adjoint."""
        return self


@final
class TravelTime(eqx.Module):
    """The objective of a road authority: the sum over links of flow times latency.

    In units of time times flow; it reads link flows only. `latency` is what drivers feel.
    """

    constant: Float[Array, " E"]
    factor: Float[Array, " E"]
    power: Float[Array, " E"]

    @classmethod
    def of(cls, network: Network) -> "TravelTime":
        """The travel time on a network."""
        return cls(*map(jnp.asarray, (network.constant, network.factor, network.power)))

    def latency(self, flow: Float[Array, " E"]) -> Float[Array, " E"]:
        """Each link's travel time."""
        parts = (self.constant, self.factor, self.power)
        constant, factor, power = (part.astype(flow.dtype) for part in parts)
        # A flow of zero has no derivative in single steps of x^power below power one.
        return constant + factor * jnp.maximum(flow, 0) ** power

    def __call__(self, mechanism: Mechanism, response: Response) -> Scalar:
        """The total."""
        return jnp.sum(response.actions * self.latency(response.actions))
