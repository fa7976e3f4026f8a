"""The designable mean-field games, as records that the problem table lists."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, final

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
from .beach_bar import BeachBar


class AbstractPriced(AbstractSetting):
    """A mean-field game with prices that spread the crowd, solved by mirror descent."""

    kind: ClassVar[Literal["auction", "game"]] = "game"
    sense: ClassVar[Literal["maximize", "minimize"]] = "minimize"
    objective_name: ClassVar[str] = "congestion"

    temperature: float
    learning_rate: float
    solver_steps: int

    def __post_init__(self):
        check_temperature(self.temperature)

    @abstractmethod
    def played(self) -> AbstractGame:
        """The game."""

    @property
    def exploitability_bound(self) -> float:
        """Two hundredths of a unit of reward, all of it due to the temperature."""
        return 2e-2

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
        adjoint = Implicit(Gmres(tolerance=1e-5, vectors=60))
        return EquilibriumPopulation(self.played(), solver, adjoint)

    def cap(self) -> float | None:
        """No bound is known."""
        return None

    def snapshot(self, mechanism: Mechanism, response: Equilibrium) -> dict[str, np.ndarray]:
        """Flow and prices."""
        return {
            "flow": np.asarray(response.flow, np.float64),
            "price": np.asarray(mechanism.value, np.float64),
        }

    def held_out(self, mechanism: Mechanism, key: Key) -> HeldOut | None:
        """Nothing is held out."""
        return None


@final
@dataclass(frozen=True)
class PricedBeach(AbstractPriced):
    """Prices on the spots of a beach that spread the crowd.

    The size of the beach, its noise and its weights are not published; these are our choice.

    Reference: arXiv 2510.21442, the beach bar experiment.
    """

    price_cap: float = 0.5
    spots: int = 20
    horizon: int = 15
    still: float = 0.5
    crowd_weight: float = 0.1
    sharpness: float = 50.0
    temperature: float = 1e-2
    learning_rate: float = 10.0
    solver_steps: int = 500

    def played(self) -> AbstractGame:
        """The beach."""
        return BeachBar.paced(
            self.spots, self.horizon, still=self.still, crowd_weight=self.crowd_weight
        )

    def mechanism(self, key: Key) -> CappedPrice:
        """Half the cap on every spot, which changes nothing: only price differences matter."""
        return CappedPrice(jnp.zeros(self.spots), self.price_cap)

    def objective(self) -> Objective:
        """The smooth maximum of the crowd."""
        return Congestion(self.sharpness)

    def baselines(self) -> dict[str, Mechanism]:
        """Free spots."""
        return {"no_price": Price(jnp.zeros(self.spots))}


@final
@dataclass(frozen=True)
class PricedChoice(AbstractPriced):
    """Prices on a one-shot choice that spread the crowd over the options."""

    game: Callable[[], AbstractGame]
    start: tuple[float, ...]
    sharpness: float = 50.0
    temperature: float = 0.1
    learning_rate: float = 0.05
    solver_steps: int = 500

    def played(self) -> AbstractGame:
        """The choice."""
        return self.game()

    def mechanism(self, key: Key) -> Price:
        """The game's own prices."""
        return Price(jnp.array(self.start))

    def objective(self) -> Objective:
        """The smooth maximum of the crowd after the choice."""
        return Congestion(self.sharpness, first_round=1)

    def baselines(self) -> dict[str, Mechanism]:
        """The game's own prices."""
        return {"no_design": Price(jnp.array(self.start))}
