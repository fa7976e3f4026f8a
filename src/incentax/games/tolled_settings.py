"""Tolls on a mean-field game, designable with and without its model."""

from dataclasses import dataclass
from typing import ClassVar, Literal, final

import jax.numpy as jnp
import numpy as np

from .._types import Key, Mechanism, Objective
from ..adjoint import Implicit
from ..equilibrium import Equilibrium, MirrorDescent
from ..krylov import Gmres
from ..mechanism import Price
from ..objective import Congestion
from ..population import EquilibriumPopulation, JointAction
from ..setting import AbstractSetting, HeldOut, Recipe
from .beach_bar import BeachBar
from .tolled import TolledGame, flow_constraints


@final
@dataclass(frozen=True)
class TolledBeach(AbstractSetting):
    """A toll for each round, spot and move at the beach bar that spreads the crowd.

    The walkers' kernel does not depend on the crowd, so that both the hypergradient and the
    social gradient apply: the same problem with and without the agents' model. Under rules that
    watch agents they make `steps_per_price` steps between tolls, and `num_agents` are counted.
    """

    kind: ClassVar[Literal["auction", "game", "smooth", "routing"]] = "game"
    sense: ClassVar[Literal["maximize", "minimize"]] = "minimize"
    objective_name: ClassVar[str] = "congestion"

    spots: int = 10
    horizon: int = 8
    still: float = 0.5
    crowd_weight: float = 0.1
    sharpness: float = 50.0
    temperature: float = 1e-2
    learning_rate: float = 10.0
    solver_steps: int = 500
    price_step: float = 1.0
    steps_per_price: int = 20
    num_agents: int = 2000

    @property
    def exploitability_bound(self) -> float:
        """Two hundredths of a unit of reward, all of it due to the temperature."""
        return 2e-2

    def recipe(self) -> Recipe:
        """The problem is smooth at its own temperature: no annealing."""
        return Recipe(
            num_steps=200,
            learning_rate=5e-2,
            audit_every=20,
            price_step=self.price_step,
            constraints=lambda: flow_constraints(self._game(), self._free()),
            steps_per_price=self.steps_per_price,
            num_agents=self.num_agents,
        )

    def population(self) -> EquilibriumPopulation:
        """Walkers at equilibrium."""
        solver = MirrorDescent(
            temperature=self.temperature,
            learning_rate=self.learning_rate,
            num_steps=self.solver_steps,
        )
        return EquilibriumPopulation(self._game(), solver, Implicit(Gmres(1e-5, 60)))

    def mechanism(self, key: Key) -> Price:
        """No tolls."""
        return self._free()

    def objective(self) -> Objective:
        """The smooth maximum of the crowd, over rounds that tolls can still change."""
        return Congestion(self.sharpness, first_round=1)

    def baselines(self) -> dict[str, Mechanism]:
        """A free beach."""
        return {"no_price": self._free()}

    def cap(self) -> float | None:
        """No bound is known."""
        return None

    def snapshot(
        self, mechanism: Mechanism, response: Equilibrium | JointAction
    ) -> dict[str, np.ndarray]:
        """The flow, and what was paid at each spot on average."""
        flow = np.asarray(response.flow, np.float64)
        paid = np.sum(flow * np.asarray(mechanism.value, np.float64), axis=(0, 2))
        return {"flow": flow, "price": paid / np.maximum(np.sum(flow, axis=(0, 2)), 1e-12)}

    def held_out(self, mechanism: Mechanism, key: Key) -> HeldOut | None:
        """Nothing is held out."""
        return None

    def _free(self) -> Price:
        return Price(jnp.zeros((self.horizon, self.spots, 3)))

    def _game(self) -> TolledGame:
        beach = BeachBar.paced(
            self.spots, self.horizon, still=self.still, crowd_weight=self.crowd_weight
        )
        # Abstract variables are fields to a type checker and properties here.
        return TolledGame(beach, Price(jnp.zeros(self.spots)))  # pyright: ignore[reportCallIssue]
