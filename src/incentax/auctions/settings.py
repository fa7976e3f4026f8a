"""The published auction settings, as records that the problem table lists."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, final

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._types import Key, Mechanism, Objective
from ..adjoint import AbstractAdjoint, Implicit
from ..equilibrium import Equilibrium, MirrorDescent
from ..krylov import Gmres
from ..objective import revenue
from ..population import EquilibriumPopulation
from ..schedule import Schedule
from ..setting import AbstractSetting, HeldOut, Recipe, check_temperature
from .economy import Economy
from .formats import FirstPrice, SoftReserve
from .mechanism import AbstractAuction, NeuralAuction, StaticAuction
from .snapshot import auction_snapshot
from .yardsticks import fast_yardsticks, proved_cap


@dataclass(frozen=True)
class Bidding:
    """How bidders find their equilibrium: the solver's numbers, published as tau, eta and T.

    The published rate is 10, with which 500 steps are far from converged at this temperature; with
    a twentieth of the way to the reply a step (rate x temperature) they converge on every setting.
    """

    temperature: float = 1e-3
    learning_rate: float = 50.0
    solver_steps: int = 500

    def __post_init__(self):
        check_temperature(self.temperature)

    def solver(self) -> MirrorDescent:
        """Mirror descent with these numbers."""
        return MirrorDescent(
            temperature=self.temperature,
            learning_rate=self.learning_rate,
            num_steps=self.solver_steps,
        )


def krylov() -> AbstractAdjoint:
    """The implicit adjoint of designs: in single precision a few Krylov vectors are enough."""
    return Implicit(Gmres(tolerance=1e-3, vectors=40))


def equal_parts(horizon: int) -> Float[Array, " H"]:
    """Logits of shares of the rest that make equal parts; the last one, all, is nearly all.

    >>> [round(float(jax.nn.sigmoid(x)), 3) for x in equal_parts(3)]
    [0.333, 0.5, 0.952]
    """
    share = 1 / jnp.maximum(horizon - jnp.arange(horizon, dtype=float), 1.05)
    return jnp.log(share / (1 - share))


class AbstractForm(ABC):
    """The form of mechanism that is designed; a frozen record whose numbers users may set."""

    @abstractmethod
    def start(self, economy: Economy, key: Key) -> AbstractAuction:
        """Where a design for this economy starts."""

    @property
    @abstractmethod
    def recipe(self) -> Recipe:
        """How mechanisms of this form are designed unless the setting says otherwise."""


@final
@dataclass(frozen=True)
class Network(AbstractForm):
    """A neural auction with `width` hidden units."""

    width: int = 256

    def start(self, economy: Economy, key: Key) -> NeuralAuction:
        """Random weights."""
        return NeuralAuction(economy.horizon, economy.num_bids, width=self.width, key=key)

    @property
    def recipe(self) -> Recipe:
        """Annealed from 0.02 to 0.006; small steps, lest the sawtooth throw the design off."""
        return Recipe(schedule=Schedule(2e-2, 6e-3, 30), clip=0.1, audit_every=20)


@final
@dataclass(frozen=True)
class TunedFirstPrice(AbstractForm):
    """First price whose supply and reserve in each round are designed: the fair baseline."""

    def start(self, economy: Economy, key: Key) -> SoftReserve:
        """Supply split equally, reserves low."""
        reserve = jnp.full((economy.horizon,), -2.0)
        # Abstract variables are fields to a type checker and properties here.
        return SoftReserve(  # pyright: ignore[reportCallIssue]
            share=equal_parts(economy.horizon), reserve=reserve
        )

    @property
    def recipe(self) -> Recipe:
        """That of tables."""
        return Table().recipe


@final
@dataclass(frozen=True)
class Table(AbstractForm):
    """A static auction: a number for every round and bid, whatever the bids."""

    def start(self, economy: Economy, key: Key) -> StaticAuction:
        """Winners pay half their bid, and supply is split equally over the rounds."""
        shading = jnp.zeros((economy.horizon, economy.num_bids), float)
        # Abstract variables are fields to a type checker and properties here.
        return StaticAuction(  # pyright: ignore[reportCallIssue]
            shading=shading, supply=equal_parts(economy.horizon)
        )

    @property
    def recipe(self) -> Recipe:
        """That of networks, with larger steps: a table's entries share nothing."""
        return replace(Network().recipe, learning_rate=3e-2)


FORMS: Mapping[str, Callable[[], AbstractForm]] = {
    "network": Network,
    "table": Table,
    "first-price": TunedFirstPrice,
}


def form_name(form: AbstractForm) -> str | None:
    """The name under which `FORMS` lists this kind of form; None for one of a user's own."""
    return next((name for name, made in FORMS.items() if made is type(form)), None)


@final
@dataclass(frozen=True)
class KnownEconomy(AbstractSetting):
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
        return proved_cap(self.economy, self.goal)

    def oracles(self) -> dict[str, Any]:
        """The oracle numbers that are quickly found; None for the others."""
        return fast_yardsticks(self.economy, self.goal).numbers

    def snapshot(self, mechanism: Mechanism, response: Equilibrium) -> dict[str, np.ndarray]:
        """The equilibrium's arrays."""
        return auction_snapshot(response)

    def held_out(self, mechanism: Mechanism, key: Key) -> HeldOut | None:
        """Nothing is held out: the economy is known."""
        return None
