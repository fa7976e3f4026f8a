"""One mechanism for games drawn anew in each exchange (setting A3)."""

import functools
import math
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, NamedTuple, final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from jaxtyping import Key as Keys

from .._types import Key, Mechanism, Objective
from ..equilibrium import Equilibrium
from ..objective import Expected, revenue
from ..population import SampledPopulation
from ..schedule import Schedule
from ..setting import AbstractSetting, HeldOut, Recipe
from .economy import Economy
from .formats import EqualShares
from .game import BatchedAuction
from .held_out import paired_interval
from .judge import Judged, judged_on
from .mechanism import RESERVE, NeuralAuction
from .oracle import revenue_cap
from .settings import Bidding, krylov
from .snapshot import auction_snapshot


class RandomEconomy(eqx.Module):
    """Draws a game: values from the uniform law on the simplex, supply uniform in an interval."""

    economy: Economy = eqx.field(static=True)
    supply_low: float = eqx.field(static=True)
    supply_high: float = eqx.field(static=True)

    def __call__(self, key: Key) -> BatchedAuction:
        """One game; the mechanism sees its supply but not its distribution of values."""
        values_key, supply_key = jax.random.split(key)
        values = jax.random.dirichlet(values_key, jnp.ones(self.economy.num_values))
        supply = jax.random.uniform(supply_key, minval=self.supply_low, maxval=self.supply_high)
        return self.economy.game(values, supply)


@final
@dataclass(frozen=True)
class PriorFree(AbstractSetting):
    """Revenue of one neural auction for games drawn anew in each exchange (setting A3).

    Reference: arXiv 2510.21442, the prior-free setting.
    """

    kind: ClassVar[Literal["auction", "game"]] = "auction"
    sense: ClassVar[Literal["maximize", "minimize"]] = "maximize"
    objective_name: ClassVar[str] = "revenue"

    economy: Economy = field(default_factory=lambda: Economy(horizon=5, reentry=0.3))
    bidding: Bidding = field(default_factory=lambda: Bidding(solver_steps=200, bold_steps=0))
    width: int = 256
    reserve: float = RESERVE
    supply_low: float = 0.6
    supply_high: float = 1.2
    games: int = 8
    held_out_games: int = 100

    def __post_init__(self):
        if self.games < 1 or self.held_out_games < 2:
            raise ValueError(
                f"expected games >= 1 and held_out_games >= 2, got {self.games} and "
                f"{self.held_out_games}; try 8 and 100"
            )
        if not 0 <= self.supply_low <= self.supply_high:
            raise ValueError(
                f"expected 0 <= supply_low <= supply_high, got {self.supply_low} and "
                f"{self.supply_high}; try 0.6 and 1.2"
            )

    @property
    def exploitability_bound(self) -> float:
        """A tenth of a tick of the bid grid."""
        return 0.1 / self.economy.num_bids

    def recipe(self) -> Recipe:
        """Fewer steps, each of several games; solves start cold, so each takes more iterations."""
        return Recipe(num_steps=200, schedule=Schedule(2e-2, 1e-2, 50), audit_every=0)

    def population(self) -> SampledPopulation:
        """A batch of games an exchange."""
        draw = RandomEconomy(self.economy, self.supply_low, self.supply_high)
        return SampledPopulation(draw, self.games, self.bidding.solver(), krylov())

    def mechanism(self, key: Key) -> NeuralAuction:
        """A network with random weights."""
        return NeuralAuction(
            self.economy.horizon,
            self.economy.num_bids,
            width=self.width,
            reserve=self.reserve or None,
            key=key,
        )

    def objective(self) -> Objective:
        """Mean revenue over the batch."""
        return Expected(revenue)

    def baselines(self) -> dict[str, Mechanism]:
        """First price, with each game's supply split equally."""
        return {"first_price": EqualShares(self.economy.horizon)}

    def cap(self) -> float | None:
        """None: the bound differs from game to game."""
        return None

    def snapshot(self, mechanism: Mechanism, response: Equilibrium) -> dict[str, np.ndarray]:
        """The arrays of the batch's first game."""
        return auction_snapshot(jax.tree.map(lambda leaf: leaf[0], response))

    def held_out(self, mechanism: Mechanism, key: Key) -> HeldOut | None:
        """Revenue on fresh games, beside first price and proved caps on the same games."""
        draw, keys = self._games(key)
        ours = judged_on(draw, self.bidding.solver(), mechanism, keys)
        words = tuple(jax.random.key_data(key).tolist())
        theirs, caps = _measures(self, words, jax.random.key_impl(key))
        rows = (
            ("designed", *paired_interval(ours.revenue)),
            ("first price, equal split", *paired_interval(theirs.revenue)),
            ("difference, paired by game", *paired_interval(ours.revenue - theirs.revenue)),
        )
        if known := bool(np.isfinite(caps).all()):
            rows = (*rows, ("proved caps", *paired_interval(caps)))
        return HeldOut(
            rows,
            self.held_out_games,
            0.95,
            settled=int(ours.settled.sum()),
            exploitability=float(ours.exploitability.max()),
            cap=float(caps.mean()) if known else None,
            baselines={"first_price": float(theirs.revenue.mean())},
        )

    def _games(self, key: Key) -> tuple[RandomEconomy, Keys[Array, " G"]]:
        draw = RandomEconomy(self.economy, self.supply_low, self.supply_high)
        return draw, jax.random.split(key, self.held_out_games)

    def _cap_of(self, game: BatchedAuction) -> float:
        """The tightest proved bound on one game's revenue; not a number where none is known."""
        economy = replace(self.economy, supply=float(game.supply))
        law = np.asarray(game.initial_values, np.float64)
        market = economy.market(law / law.sum())
        cap = None if market is None else revenue_cap(market)
        return math.nan if cap is None else cap


class _Measures(NamedTuple):
    """What every mechanism is held against on the same games: first price, and caps by game."""

    first_price: Judged
    caps: Float[np.ndarray, " G"]


# A design and its rivals, with the same seed, meet the same games.
@functools.lru_cache(maxsize=16)
def _measures(setting: PriorFree, words: tuple[int, ...], impl) -> _Measures:
    draw, keys = setting._games(jax.random.wrap_key_data(jnp.array(words, "uint32"), impl=impl))
    first_price = EqualShares(setting.economy.horizon)
    return _Measures(
        judged_on(draw, setting.bidding.solver(), first_price, keys),
        np.array([setting._cap_of(draw(key)) for key in keys], np.float64),
    )
