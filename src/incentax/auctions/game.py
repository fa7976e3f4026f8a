"""Sequential batched auctions with a continuum of bidders: one round in O(S A + S^2)."""

from typing import final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._types import RoundFlow, Scalar, StateDistribution, Time
from ..game import AbstractGame
from .mechanism import AbstractAuction
from .utility import AbstractUtility, RiskNeutral
from .valuation import AbstractValuation, Constant


class AuctionRound(eqx.Module):
    """What one round of bidding triggers.

    - `bids` [A]: mass of active bidders at each bid.
    - `win_probability` [A], `payment` [A]: what each bid earns and costs if it wins.
    - `supply`, `remaining`: mass of goods offered, and left before the round.
    - `present` [S]: values of those in the market after the allocation.
    """

    bids: Float[Array, " A"]
    win_probability: Float[Array, " A"]
    payment: Float[Array, " A"]
    supply: Scalar
    remaining: Scalar
    present: Float[Array, " V"]

    @property
    def sold(self) -> Float[Array | np.ndarray, "*rounds"]:
        """Mass of goods sold; also of a stack of rounds."""
        return (self.bids * self.win_probability).sum(axis=-1)

    @property
    def revenue(self) -> Float[Array | np.ndarray, "*rounds"]:
        """Payments collected, per unit mass of bidders; also of a stack of rounds."""
        return (self.bids * self.win_probability * self.payment).sum(axis=-1)


@final
class BatchedAuction(AbstractGame):
    """H rounds in which the highest bids of a continuum of bidders win.

    States are the values {0, ..., S-1} / S followed by one more: out of the market. Actions are
    the bids {0, ..., A-1} / A. Ties at the threshold are rationed uniformly. The remaining supply
    is public: the mechanism sees it, and the total offered never exceeds `supply`.

    **Arguments:**

    - `initial_values` [S]: distribution of values before round 0; also of those who re-enter.
    - `supply`: mass of goods for sale over all rounds (alpha_max), per unit mass of bidders.
    - `horizon`, `num_bids`: rounds H and bids A.
    - `valuation`: how values move between rounds.
    - `utility`: what winning at value v and payment p is worth.
    - `departure`: probability that a winner leaves the market.
    - `reentry`: probability, in each transition, that somebody out of the market comes back.

    Reference: arXiv 2510.21442, batched auctions (BA-MFG).
    """

    initial_values: Float[Array, " V"]
    supply: float | Scalar
    horizon: int = eqx.field(static=True)
    num_bids: int = eqx.field(static=True)
    valuation: AbstractValuation = Constant()
    utility: AbstractUtility = RiskNeutral()
    departure: float | Scalar = 1.0
    reentry: float | Scalar = 0.0

    def __check_init__(self):
        if self.horizon < 1:
            raise ValueError(f"expected horizon >= 1, got {self.horizon}; try 4")
        if self.num_bids < 2:
            raise ValueError(f"expected num_bids >= 2, got {self.num_bids}; try 100")
        if isinstance(self.supply, (int, float)) and not 0 <= self.supply < float("inf"):
            raise ValueError(f"expected a finite supply >= 0, got {self.supply}; try 0.8")
        for name in ("departure", "reentry"):
            probability = getattr(self, name)
            if isinstance(probability, (int, float)) and not 0 <= probability <= 1:
                raise ValueError(f"expected {name} between 0 and 1, got {probability}; try 0.3")

    @property
    def num_states(self) -> int:
        """The values and, last, out of the market."""
        return self.initial_values.shape[0] + 1

    @property
    def num_actions(self) -> int:
        """The bids."""
        return self.num_bids

    @property
    def values(self) -> Float[Array, " V"]:
        """The value of each state in the market, in [0, 1)."""
        count = self.initial_values.shape[0]
        return jnp.arange(count, dtype=self.initial_values.dtype) / count

    def initial(self, mechanism: AbstractAuction) -> tuple[StateDistribution, Scalar]:
        """Everybody in the market, everything for sale; `ValueError` for a misfit mechanism."""
        mechanism.check_fits(self.horizon, self.num_bids)
        dtype = self.initial_values.dtype
        nobody = jnp.zeros(1, dtype)
        return jnp.concatenate([self.initial_values, nobody]), jnp.asarray(self.supply, dtype)

    def play(
        self, t: Time, flow: RoundFlow, public: Scalar, mechanism: AbstractAuction
    ) -> AuctionRound:
        """Collect the bids, ask the mechanism, allocate to the highest."""
        bids = jnp.sum(flow[:-1], axis=0)
        offer = mechanism(t, bids, public)
        supply = jnp.clip(offer.supply, 0, public)
        win_probability = allocate(bids, supply)
        departed = self._probability(self.departure) * (flow @ win_probability)
        present = (jnp.sum(flow, axis=1) - departed)[:-1]
        return AuctionRound(bids, win_probability, offer.payment, supply, public, present)

    def advance(
        self, t: Time, flow: RoundFlow, round: AuctionRound
    ) -> tuple[StateDistribution, Scalar]:
        """Winners leave, some return at a fresh value, values move; goods once offered are gone."""
        mass = jnp.sum(flow, axis=1)
        out = mass[-1] + jnp.sum(mass[:-1] - round.present)
        returning = self._probability(self.reentry) * out
        moved = self.valuation.push(t, round.present, round.present)
        values = moved + returning * self.initial_values
        following = jnp.concatenate([values, jnp.reshape(out - returning, (1,))])
        return following, round.remaining - round.supply

    def action_values(
        self, t: Time, round: AuctionRound, next_values: StateDistribution
    ) -> Float[Array, "S A"]:
        """Value of losing, plus the chance of winning times what winning adds."""
        losing = self.valuation.pull(t, next_values[:-1], round.present)
        fresh = jnp.sum(self.initial_values * next_values[:-1])
        reentry = self._probability(self.reentry)
        out = reentry * fresh + (1 - reentry) * next_values[-1]
        utility = self.utility(t, *jnp.broadcast_arrays(self.values[:, None], round.payment[None]))
        leaving = self._probability(self.departure) * (out - losing)
        active = losing[:, None] + round.win_probability[None] * (utility + leaving[:, None])
        return jnp.concatenate([active, jnp.full((1, self.num_bids), out)])

    def _probability(self, number: float | Scalar) -> Scalar:
        return jnp.asarray(number, self.initial_values.dtype)


def allocate(bids: Float[Array, " A"], supply: Scalar) -> Float[Array, " A"]:
    """The probability [A] that each bid wins when `supply` goes to the highest of `bids` [A].

    Bids above the threshold win surely, the threshold bid is rationed uniformly, the rest lose.
    At a bid that nobody makes the probability is 1 if goods are left there and 0 if not.

    >>> import jax.numpy as jnp
    >>> allocate(jnp.array([0.5, 0.25, 0.25]), jnp.array(0.375)).tolist()
    [0.0, 0.5, 1.0]

    Reference: arXiv 2510.21442, the win probability.
    """
    above = jnp.cumsum(bids[::-1])[::-1] - bids
    left = supply - above
    # `left` carries the rounding of a sum to one: a bid made by less than that is not made, and
    # no more than that left is nothing left.
    rounding = 8 * jnp.finfo(bids.dtype).eps
    made = bids > rounding
    rationed = jnp.clip(left / jnp.where(made, bids, 1), 0, 1)
    return jnp.where(made, rationed, (left > rounding).astype(bids.dtype))
