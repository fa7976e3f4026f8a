"""The economy of an auction, as plain numbers."""

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .game import BatchedAuction
from .oracle import AbstractAfterWin, Leave, Market, Regenerate, Stay
from .utility import AbstractUtility, RiskNeutral
from .valuation import AbstractValuation, Constant, Drifting, gaussian_kernel


@dataclass(frozen=True)
class Economy:
    """The economy of an auction: who bids, for how much, and how values move.

    - `horizon`, `supply`: rounds, and mass of goods over all rounds per unit mass of bidders.
    - `num_values`, `num_bids`: sizes of the value and bid grids.
    - `decay`: the initial distribution is proportional to decay^index; 1 is uniform.
    - `growth`, `spread`: of the Gaussian value kernel; spread 0 keeps values constant.
    - `departure`, `reentry`: probability that a winner leaves, and that somebody out returns.
    - `utility`: what winning is worth to a bidder.
    """

    horizon: int = 4
    supply: float = 0.8
    num_values: int = 100
    num_bids: int = 100
    decay: float = 1.0
    growth: float = 1.0
    spread: float = 0.0
    departure: float = 1.0
    reentry: float = 0.0
    utility: AbstractUtility = field(default_factory=RiskNeutral)

    def __post_init__(self):
        if self.horizon < 1:
            raise ValueError(f"expected horizon >= 1, got {self.horizon}; try 4")
        if self.num_values < 2 or self.num_bids < 2:
            raise ValueError(
                f"expected num_values and num_bids >= 2, got {self.num_values} and "
                f"{self.num_bids}; try 100"
            )
        if not 0 <= self.supply < float("inf"):
            raise ValueError(f"expected a finite supply >= 0, got {self.supply}; try 0.8")
        if not 0 < self.decay < float("inf"):
            raise ValueError(f"expected a finite decay > 0, got {self.decay}; try 0.9")
        if not 0 <= self.spread < float("inf"):
            raise ValueError(f"expected a finite spread >= 0, got {self.spread}; try 0.2")
        if not -float("inf") < self.growth < float("inf"):
            raise ValueError(f"expected a finite growth, got {self.growth}; try 1")
        if 0 < self.spread < 1e-4:
            raise ValueError(
                f"expected spread 0 or at least 0.0001, got {self.spread}: no grid resolves it; "
                "try 0.2"
            )
        with np.errstate(all="ignore"):
            weights = self.initial_values()
        if not np.all(np.isfinite(weights)):
            raise ValueError(f"expected a decay whose powers are finite, got {self.decay}; try 0.9")
        for name in ("departure", "reentry"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(
                    f"expected {name} between 0 and 1, got {getattr(self, name)}; try 0.3"
                )

    def initial_values(self) -> np.ndarray:
        """The distribution of values before round 0 [S], in float64."""
        weights = self.decay ** np.arange(self.num_values, dtype=np.float64)
        return weights / weights.sum()

    def valuation(self) -> AbstractValuation:
        """The law by which values move."""
        if self.spread == 0:
            return Constant()
        return Drifting(self._kernel())

    def game(
        self,
        initial_values: Float[Array, " S"] | np.ndarray | None = None,
        supply: float | Float[Array, ""] | None = None,
    ) -> BatchedAuction:
        """The game, with these bidders and this supply instead of the economy's own if given."""
        law = self.initial_values() if initial_values is None else initial_values
        # Abstract variables are fields to a type checker and properties here.
        return BatchedAuction(  # pyright: ignore[reportCallIssue]
            initial_values=jnp.asarray(law, float),
            supply=self.supply if supply is None else supply,
            horizon=self.horizon,
            num_bids=self.num_bids,
            valuation=self.valuation(),
            utility=self.utility,
            departure=self.departure,
            reentry=self.reentry,
        )

    def market(self, initial_values: np.ndarray | None = None) -> Market | None:
        """The same economy for the oracles, in float64; None where winners leave only sometimes.

        Oracles know bidders who weigh surpluses by round, not how others feel about risk.
        """
        after_win = self._after_win()
        if after_win is None:
            return None
        values = np.arange(self.num_values) / self.num_values
        law = self.initial_values() if initial_values is None else initial_values
        kernel = None
        if self.spread:
            with jax.enable_x64(True):
                kernel = np.asarray(self._kernel(), np.float64)
        return Market(
            values,
            law,
            kernel=kernel,
            horizon=self.horizon,
            supply=self.supply,
            after_win=after_win,
            round_weights=self.utility.round_weights(self.horizon),
        )

    def _kernel(self) -> Float[Array, "S S"]:
        grid = jnp.arange(self.num_values, dtype=float) / self.num_values
        return gaussian_kernel(grid, growth=self.growth, spread=self.spread)

    def _after_win(self) -> AbstractAfterWin | None:
        if self.departure == 0:
            return Stay()
        if self.departure < 1:
            return None
        return Regenerate(probability=self.reentry) if self.reentry else Leave()
