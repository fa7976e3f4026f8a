"""The published auction settings, as records that the problem table lists."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, final

import numpy as np

from .._types import Key, Mechanism, Objective
from ..adjoint import AbstractAdjoint, Implicit
from ..equilibrium import Equilibrium, MirrorDescent
from ..krylov import Gmres
from ..objective import revenue
from ..population import EquilibriumPopulation
from ..setting import AbstractMeasured, AbstractSetting, HeldOut, Recipe, check_temperature
from .economy import Economy
from .form import FORMS, AbstractForm, Network, form_name
from .formats import FirstPrice
from .mechanism import AbstractAuction
from .oracle import Market
from .snapshot import auction_snapshot
from .yardsticks import Yardsticks, fast_yardsticks, proved_cap


@dataclass(frozen=True)
class Bidding:
    """How bidders find their equilibrium: the solver's numbers, published as tau, eta and T.

    The published rate is 10, with which 500 steps are far from converged at this temperature; with
    a fifth of the way to the reply a step (twice rate x temperature) most settings converge within
    150, A2 under first price in 540. A few mechanisms cycle at this pace: after `bold_steps`, at
    most a fifth of all, a solve goes on at half of it; where half would be more than a tenth of the
    way, none is bold. It ends when fewer than one agent in 10^4 would still move (`enough`).
    """

    temperature: float = 1e-3
    learning_rate: float = 100.0
    solver_steps: int = 1000
    bold_steps: int = 200
    enough: float = 1e-4

    def __post_init__(self):
        check_temperature(self.temperature)

    def solver(self) -> MirrorDescent:
        """Mirror descent with these numbers."""
        tenth = self.learning_rate * self.temperature <= 0.1 + 1e-9
        bold_steps = min(self.bold_steps, self.solver_steps // 5) if tenth else 0
        return MirrorDescent(
            temperature=self.temperature,
            learning_rate=self.learning_rate,
            num_steps=self.solver_steps,
            enough=self.enough,
            bold_steps=bold_steps,
        )


def krylov() -> AbstractAdjoint:
    """The implicit adjoint of designs: in single precision a few Krylov vectors are enough."""
    return Implicit(Gmres(tolerance=1e-3, vectors=40))


@final
@dataclass(frozen=True)
class KnownEconomy(AbstractSetting, AbstractMeasured):
    """A mechanism for one economy that the planner knows (every published setting but A3).

    - `economy`, `bidding`: who bids, and how they find their equilibrium.
    - `form`: what is designed.
    - `goal`: what to maximise: `revenue`, `efficiency` or a `Mix`.
    - `plan`: the recipe; None for the form's own.

    Reference: arXiv 2510.21442, section on batched auctions.
    """

    kind: ClassVar[Literal["auction", "game"]] = "auction"
    sense: ClassVar[Literal["maximize", "minimize"]] = "maximize"

    economy: Economy = field(default_factory=Economy)
    bidding: Bidding = field(default_factory=Bidding)
    form: AbstractForm = field(default_factory=Network)
    goal: Objective = revenue
    plan: Callable[[], Recipe] | None = None

    @property
    def objective_name(self) -> str:
        """The goal's name."""
        return getattr(self.goal, "__name__", type(self.goal).__name__).lower()

    @property
    def exploitability_bound(self) -> float:
        """A tenth of a tick of the bid grid in each round, or in four at least."""
        return 0.1 / self.economy.num_bids * max(1.0, self.economy.horizon / 10)

    def with_form(self, name: str) -> "KnownEconomy":
        """The same economy with the form that `FORMS` lists so; itself if it has it already."""
        if form_name(self.form) == name:
            return self
        return replace(self, form=FORMS[name](), plan=None)

    def recipe(self) -> Recipe:
        """The plan, or that of the form."""
        return self.form.recipe if self.plan is None else self.plan()

    def population(self) -> EquilibriumPopulation:
        """Bidders at equilibrium."""
        return EquilibriumPopulation(self.economy.game(), self.bidding.solver(), krylov())

    def mechanism(self, key: Key) -> AbstractAuction:
        """The form's start."""
        return self.form.start(self.economy, key)

    def objective(self) -> Objective:
        """The goal."""
        return self.goal

    def baselines(self) -> dict[str, Mechanism]:
        """First price with the supply split equally."""
        return {"first_price": FirstPrice.equal_split(self.economy.supply, self.economy.horizon)}

    def cap(self) -> float | None:
        """The tightest proved bound that applies to these bidders and this goal."""
        return proved_cap(self.economy, self.goal, self._market)

    def oracles(self) -> dict[str, Any]:
        """The oracle numbers that are quickly found; None for the others."""
        return dict(self._yardsticks.numbers)

    def slow_oracles(self) -> tuple[str, ...]:
        """The prices that only `incentax oracle` waits for."""
        return self._yardsticks.slow

    def snapshot(self, mechanism: Mechanism, response: Equilibrium) -> dict[str, np.ndarray]:
        """The equilibrium's arrays."""
        return auction_snapshot(response)

    def held_out(self, mechanism: Mechanism, key: Key) -> HeldOut | None:
        """Nothing is held out: the economy is known."""
        return None

    # The cap and the oracles ask the same market, which remembers what it has been asked.
    @cached_property
    def _market(self) -> Market | None:
        return self.economy.market()

    @cached_property
    def _yardsticks(self) -> Yardsticks:
        return fast_yardsticks(self.economy, self.goal, self._market)
