"""The designable continuous games, as records that the problem table lists."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, final

import jax
import jax.numpy as jnp
import numpy as np

from ..._types import Key, Mechanism, Objective, Response
from ...mechanism import Price
from ...population import NashPopulation
from ...setting import AbstractSetting, HeldOut, Recipe
from .assignment import assign
from .cournot import Cournot
from .energy import EnergyDemand
from .instance import AbstractInstance
from .network import Demand, Network, braess
from .oscillators import Oscillators
from .routing import RoutingPopulation, TravelTime
from .tntp import read_tntp


@final
@dataclass(frozen=True)
class PricedInstance(AbstractSetting):
    """A price for each agent of a continuous game whose social optimum is known."""

    kind: ClassVar[Literal["auction", "game", "smooth", "routing"]] = "smooth"
    sense: ClassVar[Literal["maximize", "minimize"]] = "minimize"
    objective_name: ClassVar[str] = "social cost"

    instance: Callable[[], AbstractInstance]
    price_step: float = 0.5

    @property
    def exploitability_bound(self) -> float:
        """Not measured: the residual is the evidence."""
        return float("inf")

    def recipe(self) -> Recipe:
        """A hundred plain steps along what can be observed."""
        return Recipe(
            num_steps=100,
            learning_rate=5e-2,
            audit_every=20,
            price_step=self.price_step,
            rule="social-gradient",
            marginal_cost=self.instance().game().marginal_cost,
        )

    def population(self) -> NashPopulation:
        """Agents at equilibrium."""
        return NashPopulation(self.instance().game())

    def mechanism(self, key: Key) -> Price:
        """No price."""
        return Price(jnp.zeros(self.instance().game().shape))

    def objective(self) -> Objective:
        """The social cost."""
        return self.instance().objective

    def baselines(self) -> dict[str, Mechanism]:
        """Free actions."""
        return {"no_price": self.mechanism(jax.random.key(0))}

    def cap(self) -> float | None:
        """The social cost at the optimum."""
        instance = self.instance()
        return float(instance.social_cost(instance.optimum()))

    def snapshot(self, mechanism: Mechanism, response: Response) -> dict[str, np.ndarray]:
        """Actions and prices, agent by agent."""
        return _snapshot(mechanism, response)

    def held_out(self, mechanism: Mechanism, key: Key) -> HeldOut | None:
        """Nothing is held out."""
        return None


@final
@dataclass(frozen=True)
class TolledNetwork(AbstractSetting):
    """Tolls on the links of a road network that lower the total travel time.

    `net` and `trips` are TNTP files; without them it is Braess's network.
    """

    kind: ClassVar[Literal["auction", "game", "smooth", "routing"]] = "routing"
    sense: ClassVar[Literal["maximize", "minimize"]] = "minimize"
    objective_name: ClassVar[str] = "total travel time"

    net: Path | None = None
    trips: Path | None = None

    def load(self) -> tuple[Network, Demand]:
        """The network and its demand; `ValueError` for files that cannot be read."""
        if self.net is None or self.trips is None:
            if self.net is not None or self.trips is not None:
                raise ValueError(
                    "expected a network and trips together, got one of them; give --net and --trips"
                )
            return braess()
        return read_tntp(self.net, self.trips)

    @property
    def exploitability_bound(self) -> float:
        """Not measured: the relative gap is the evidence."""
        return float("inf")

    def recipe(self) -> Recipe:
        """Plain steps of 1 / (1 + power): there the linearised error vanishes.

        By the externality rule, which leaves wrong sets of paths fast and keeps tolls bounded.
        """
        network, _ = self.load()
        congested = network.factor > 0
        power = float(network.power[congested].max()) if congested.any() else 1.0
        return Recipe(
            num_steps=60,
            audit_every=10,
            price_step=1 / (1 + power),
            rule="externality",
            constraints=network.incidence,
            marginal_cost=TravelTime.of(network).latency,
        )

    def population(self) -> RoutingPopulation:
        """Drivers at the user equilibrium."""
        return RoutingPopulation(*self.load())

    def mechanism(self, key: Key) -> Price:
        """No tolls."""
        network, _ = self.load()
        return Price(jnp.zeros(network.num_links))

    def objective(self) -> Objective:
        """The total travel time."""
        return TravelTime.of(self.load()[0])

    def baselines(self) -> dict[str, Mechanism]:
        """Free roads, and the textbook's marginal-cost tolls at the system optimum."""
        network, demand = self.load()
        optimum = assign(network.marginal(), demand)
        tolls = jnp.asarray(network.marginal_toll(optimum.flow), jnp.result_type(float))
        return {"no_tolls": self.mechanism(jax.random.key(0)), "marginal_cost_tolls": Price(tolls)}

    def cap(self) -> float | None:
        """The total travel time at the system optimum."""
        network, demand = self.load()
        return network.total_time(assign(network.marginal(), demand).flow)

    def snapshot(self, mechanism: Mechanism, response: Response) -> dict[str, np.ndarray]:
        """Link flows and tolls."""
        return _snapshot(mechanism, response)

    def held_out(self, mechanism: Mechanism, key: Key) -> HeldOut | None:
        """Nothing is held out."""
        return None


def cournot() -> AbstractInstance:
    """Four firms."""
    return Cournot()


def energy() -> AbstractInstance:
    """Six households."""
    return EnergyDemand.spread()


def oscillators() -> AbstractInstance:
    """Six oscillators, drawn once."""
    return Oscillators.random(jax.random.key(0))


def _snapshot(mechanism: Mechanism, response: Response) -> dict[str, np.ndarray]:
    return {
        "action": np.asarray(response.actions, np.float64),
        "price": np.asarray(mechanism.value, np.float64),
    }
