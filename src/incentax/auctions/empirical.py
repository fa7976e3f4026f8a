"""Designing for the bidders in a file: half of them to design on, half to judge on."""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._types import Key, Mechanism, Objective
from ..equilibrium import Equilibrium, MirrorDescent, solve
from ..objective import revenue
from ..population import EquilibriumPopulation
from ..setting import AbstractSetting, HeldOut, Recipe
from .game import BatchedAuction
from .held_out import bootstrap_interval
from .oracle import myerson
from .settings import KnownEconomy, krylov
from .snapshot import auction_snapshot
from .valuations import Valuations, distribution
from .yardsticks import proved_cap

CONFIDENCE = 0.95


@final
@dataclass(frozen=True, eq=False)
class EmpiricalRevenue(AbstractSetting):
    """A setting whose bidders' values come from a sample instead of a formula.

    Revenues stay in units of the scale (1 = `valuations.scale` in the units of the file).
    """

    kind: ClassVar[Literal["auction", "game"]] = "auction"
    sense: ClassVar[Literal["maximize", "minimize"]] = "maximize"
    objective_name: ClassVar[str] = "revenue"

    published: KnownEconomy
    valuations: Valuations
    seed: int
    resamples: int = 200

    def __post_init__(self):
        if not self.stakes > 0:
            raise ValueError(
                f"expected a scale that tells valuations apart, got {self.valuations.scale:g}, at "
                "which all of them fall in the lowest cell; try a smaller --scale"
            )

    @property
    def stakes(self) -> float:
        """The mean value of the sample over that of uniform values.

        Where most values are small beside the largest, as in heavy tails, so is what bidders
        reason about: temperatures and tolerances shrink with it.
        """
        values = np.arange(self.valuations.num_values) / self.valuations.num_values
        return float(self.valuations.law @ values / values.mean())

    @property
    def exploitability_bound(self) -> float:
        """That of the setting it stands on, at these stakes."""
        return self.stakes * self.published.exploitability_bound

    def recipe(self) -> Recipe:
        """That of the setting it stands on, at these stakes."""
        recipe = self.published.recipe()
        if recipe.schedule is None:
            return recipe
        # Values that crowd into a few cells make replies steeper: go slower.
        calm = replace(recipe.schedule.scaled(self.stakes), share=0.1, solver_steps=60)
        return replace(recipe, schedule=calm)

    def population(self) -> EquilibriumPopulation:
        """The bidders to design on, at equilibrium."""
        return EquilibriumPopulation(self._game(0), self._solver(), krylov())

    def mechanism(self, key: Key) -> Mechanism:
        """A network with random weights."""
        return self.published.mechanism(key)

    def objective(self) -> Objective:
        """Revenue."""
        return revenue

    def baselines(self) -> dict[str, Mechanism]:
        """First price with the supply split equally."""
        return self.published.baselines()

    def cap(self) -> float | None:
        """The tightest proved bound for the half designed on."""
        design, _ = self.valuations.halves(self.seed)
        economy = self.published.economy
        return proved_cap(economy, revenue, economy.market(design.law))

    def snapshot(self, mechanism: Mechanism, response: Equilibrium) -> dict[str, np.ndarray]:
        """The equilibrium's arrays."""
        return auction_snapshot(response)

    def held_out(self, mechanism: Mechanism, key: Key) -> HeldOut | None:
        """Revenue from the other half, with bootstrap intervals over its bidders."""
        _, judged = self.valuations.halves(self.seed)
        draws = np.random.default_rng(self.seed).integers(
            judged.cells.size, size=(self.resamples, judged.cells.size)
        )
        laws = np.stack(
            [judged.law] + [distribution(judged.cells[draw], judged.num_values) for draw in draws]
        )
        first_price = self.baselines()["first_price"]
        posted = self._posted_revenues(laws)
        rows = (
            ("designed", *_row(self._revenues(mechanism, laws))),
            ("first price, equal split", *_row(self._revenues(first_price, laws))),
            (f"Myerson price of the data ({self._prices()})", *_row(posted)),
        )
        return HeldOut(rows, judged.cells.size, CONFIDENCE)

    def _game(self, half: int) -> BatchedAuction:
        return self.published.economy.game(self.valuations.halves(self.seed)[half].law)

    def _myerson(self):
        design, _ = self.valuations.halves(self.seed)
        grid = np.arange(design.num_values) / design.num_values
        return myerson(grid, design.law, supply=self.published.economy.supply)

    def _solver(self) -> MirrorDescent:
        bidding = self.published.bidding
        share = bidding.learning_rate * bidding.temperature
        temperature = jnp.asarray(bidding.temperature * self.stakes, float)
        solver = bidding.solver().relaxed(temperature, share, bidding.solver_steps)
        return replace(solver, enough=bidding.enough)

    def _prices(self) -> str:
        prices = [f"{p * self.valuations.scale:.4g}" for p in self._myerson().prices]
        return " or ".join(dict.fromkeys(prices))

    def _posted_revenues(self, laws: np.ndarray) -> np.ndarray:
        best = self._myerson()
        grid = np.arange(laws.shape[1]) / laws.shape[1]
        supply = self.published.economy.supply
        total = np.zeros(laws.shape[0])
        for price, probability in zip(best.prices, best.probabilities, strict=True):
            buyers = laws[:, grid >= price - 1e-9].sum(axis=1)
            total += probability * price * np.minimum(buyers, supply)
        return total

    def _revenues(self, mechanism: Mechanism, laws: np.ndarray) -> np.ndarray:
        game = self._game(1)
        return np.asarray(_revenues(game, mechanism, self._solver(), jnp.asarray(laws, float)))


def _row(revenues: np.ndarray) -> tuple[float, float, float]:
    low, high = bootstrap_interval(revenues[1:], CONFIDENCE)
    return float(revenues[0]), low, high


@eqx.filter_jit
def _revenues(
    game: BatchedAuction, mechanism: Mechanism, solver: MirrorDescent, laws: jax.Array
) -> jax.Array:
    """Revenue at the equilibrium of each law [B S]; resamples start from the first."""

    def at(law: jax.Array, start: jax.Array | None, num_steps: int) -> Equilibrium:
        current = eqx.tree_at(lambda g: g.initial_values, game, law)
        paced = replace(solver, num_steps=num_steps)
        return solve(current, mechanism, solver=paced, start=start, throw=False)

    sample = at(laws[0], None, solver.num_steps)

    def resampled(law: jax.Array) -> jax.Array:
        return revenue(mechanism, at(law, sample.state, max(1, solver.num_steps // 4)))

    rest = jax.lax.map(resampled, laws[1:], batch_size=20)
    return jnp.concatenate([jnp.reshape(revenue(mechanism, sample), (1,)), rest])
