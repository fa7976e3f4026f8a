"""Crowds in a square, a building and an epidemic, as records that the problem table lists."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, final

import jax
import jax.numpy as jnp
import numpy as np

from .._types import Key, Mechanism, Objective
from ..adjoint import Implicit
from ..equilibrium import Equilibrium, MirrorDescent
from ..game import AbstractGame
from ..krylov import Gmres
from ..mechanism import CappedPrice, Price
from ..objective import Congestion
from ..population import EquilibriumPopulation
from ..setting import AbstractSetting, HeldOut, Recipe, check_temperature
from .building_evacuation import BuildingEvacuation
from .crowd_motion import CrowdMotion, wandering_path
from .epidemic import Burden, Epidemic


@dataclass(frozen=True)
class AbstractCrowd(AbstractSetting):
    """A published game with prices up to a cap, solved by mirror descent."""

    kind: ClassVar[Literal["auction", "game", "smooth", "routing"]] = "game"
    sense: ClassVar[Literal["maximize", "minimize"]] = "minimize"

    price_cap: float = 0.5
    temperature: float = 0.1
    learning_rate: float = 1.0
    solver_steps: int = 500

    def __post_init__(self):
        check_temperature(self.temperature)

    @abstractmethod
    def game(self) -> AbstractGame:
        """The game."""

    @property
    @abstractmethod
    def num_prices(self) -> int:
        """How many prices the mechanism has."""

    def recipe(self) -> Recipe:
        """The problem is smooth at its own temperature: no annealing."""
        return Recipe(num_steps=200, learning_rate=5e-2, audit_every=20)

    def population(self) -> EquilibriumPopulation:
        """Agents at equilibrium."""
        solver = MirrorDescent(
            temperature=self.temperature,
            learning_rate=self.learning_rate,
            num_steps=self.solver_steps,
        )
        return EquilibriumPopulation(self.game(), solver, Implicit(Gmres(1e-5, 60)))

    def mechanism(self, key: Key) -> CappedPrice:
        """Half the cap everywhere."""
        return CappedPrice(jnp.zeros(self.num_prices), self.price_cap)

    def baselines(self) -> dict[str, Mechanism]:
        """No prices."""
        return {"no_price": Price(jnp.zeros(self.num_prices))}

    def cap(self) -> float | None:
        """No bound is known."""
        return None

    def snapshot(self, mechanism: Mechanism, response: Equilibrium) -> dict[str, np.ndarray]:
        """Flow and prices."""
        return {
            "flow": np.asarray(response.flow, np.float64),
            "price": self.charged(np.asarray(mechanism.value, np.float64)),
        }

    @abstractmethod
    def charged(self, value: np.ndarray) -> np.ndarray:
        """What agents pay, by state, or by round, state and action."""

    def held_out(self, mechanism: Mechanism, key: Key) -> HeldOut | None:
        """Nothing is held out."""
        return None


@dataclass(frozen=True)
class AbstractCells(AbstractCrowd):
    """Prices on cells that spread the crowd over them."""

    objective_name: ClassVar[str] = "congestion"

    sharpness: float = 1000.0

    def charged(self, value: np.ndarray) -> np.ndarray:
        """The prices, cell by cell."""
        return value

    def objective(self) -> Objective:
        """The smooth maximum of the crowd."""
        return Congestion(self.sharpness, first_round=1)


@final
@dataclass(frozen=True)
class PricedSquare(AbstractCells):
    """Prices on the cells of a square that spread a crowd drawn to a moving attraction.

    Reference: MFGLib's crowd_motion; prices and objective are our extension.
    """

    length: int = 20
    width: int = 20
    horizon: int = 4
    still: float = 0.5
    attraction: float = 10.0
    path_seed: int = 0

    @property
    def exploitability_bound(self) -> float:
        """The temperature's greatest bonus: log 5 a round and unit of it."""
        return self.temperature * float(np.log(5)) * self.horizon

    def game(self) -> CrowdMotion:
        """The published path where it fits, a drawn one elsewhere."""
        size = {"length": self.length, "width": self.width}
        published = (self.length, self.width, self.horizon, self.path_seed) == (20, 20, 4, 0)
        if published:
            return CrowdMotion.published(still=self.still, attraction=self.attraction)
        key = jax.random.key(self.path_seed)
        path = wandering_path(self.horizon, **size, every=2, key=key)
        return CrowdMotion.published(path, **size, still=self.still, attraction=self.attraction)

    @property
    def num_prices(self) -> int:
        """One a cell."""
        return self.length * self.width


@final
@dataclass(frozen=True)
class PricedBuilding(AbstractCells):
    """Prices on the cells of a building that spread those who leave it.

    Reference: MFGLib's building_evacuation; prices and objective are our extension.
    """

    floors: int = 5
    length: int = 10
    width: int = 10
    horizon: int = 4
    crowd_weight: float = 1.0

    @property
    def exploitability_bound(self) -> float:
        """The temperature's greatest bonus: log 6 a round and unit of it."""
        return self.temperature * float(np.log(6)) * self.horizon

    def game(self) -> BuildingEvacuation:
        """The published game at this size."""
        return BuildingEvacuation.published(
            self.horizon,
            floors=self.floors,
            length=self.length,
            width=self.width,
            crowd_weight=self.crowd_weight,
        )

    @property
    def num_prices(self) -> int:
        """One a cell."""
        return self.floors * self.length * self.width


@final
@dataclass(frozen=True)
class SubsidisedDistance(AbstractCrowd):
    """A subsidy in each round for keeping one's distance in an epidemic.

    Reference: MFGLib's susceptible_infected; subsidy and objective are our extension.
    """

    objective_name: ClassVar[str] = "burden"

    horizon: int = 51
    contagion: float = 0.81
    recovery: float = 0.3
    distancing: float = 0.5
    solver_steps: int = 2000

    @property
    def exploitability_bound(self) -> float:
        """The temperature's greatest bonus: log 2 a round and unit of it."""
        return self.temperature * float(np.log(2)) * self.horizon

    def game(self) -> Epidemic:
        """The published game at these rates."""
        return Epidemic(
            horizon=self.horizon,
            contagion=self.contagion,
            recovery=self.recovery,
            distancing=self.distancing,
        )

    @property
    def num_prices(self) -> int:
        """One a round."""
        return self.horizon

    def charged(self, value: np.ndarray) -> np.ndarray:
        """A subsidy is a negative price of keeping one's distance, whatever one's state."""
        going_out = np.zeros_like(value)
        return np.repeat(np.stack([going_out, -value], axis=-1)[:, None], 2, axis=1)

    def objective(self) -> Objective:
        """What illness and distance cost a person and round."""
        return Burden(distancing=self.distancing)
