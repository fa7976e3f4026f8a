"""The auction among finitely many bidders, exactly, at a cost that does not grow with them.

Bidders of the same value and bid are exchangeable, so their number is all that matters: a round
draws how many of each value make each bid, how many of the threshold bids win, and how many of
each value move where. These are multinomial and hypergeometric draws, not approximations.
"""

from dataclasses import dataclass
from functools import cached_property

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from ..precision import in_float64
from .game import BatchedAuction
from .mechanism import AbstractAuction
from .valuation import Constant, Drifting

# A mass that is a whole number of goods up to rounding is that number.
_WHOLE = 1e-6
# To draw one bidder's bid costs as much as to count the bidders at so many bids.
_DRAWS_A_CELL = 4
# NumPy draws how ties are broken among fewer than this.
_TOO_MANY = 10**9


@dataclass(eq=False)
class Crowd:
    """A batch of auctions under way: bidders by value, bidders out, goods left."""

    active: Int[np.ndarray, "M S"]
    out: Int[np.ndarray, "M"]
    goods: Int[np.ndarray, "M"]


@dataclass(frozen=True, eq=False)
class AuctionHall:
    """The rules of one auction among `num_agents`, as arrays in float64.

    - `law`: `[S]`; `kernel`: `[S, S]`, or None where values never change.
    - `policy`: `[H, S, A]`, of active bidders.
    """

    game: BatchedAuction
    mechanism: AbstractAuction
    num_agents: int
    law: Float[np.ndarray, "S"]
    kernel: Float[np.ndarray, "S S"] | None
    policy: Float[np.ndarray, "H S A"]
    departure: float
    reentry: float
    supply: float

    @classmethod
    def open(
        cls,
        game: BatchedAuction,
        mechanism: AbstractAuction,
        policy: Float[np.ndarray, "H S A"],
        num_agents: int,
    ) -> "AuctionHall":
        """The hall for this auction; `ValueError` for impossible numbers."""
        if not 1 <= num_agents < _TOO_MANY:
            raise ValueError(
                f"expected num_agents from 1 to {_TOO_MANY - 1}, got {num_agents}; try 1000"
            )
        shape = (game.horizon, game.num_states, game.num_actions)
        if np.shape(policy) != shape:
            raise ValueError(
                f"expected a policy of shape {shape}, got {np.shape(policy)}; try that of an "
                "equilibrium of this game"
            )
        mechanism.check_fits(game.horizon, game.num_bids)
        chosen = np.asarray(policy, np.float64)[:, :-1]
        law = np.asarray(game.initial_values, np.float64)
        with jax.enable_x64(True):
            return cls(
                game=in_float64(game),
                mechanism=in_float64(mechanism),
                num_agents=num_agents,
                law=law / law.sum(),
                kernel=_kernel(game),
                policy=chosen / chosen.sum(axis=-1, keepdims=True),
                departure=float(game.departure),
                reentry=float(game.reentry),
                supply=float(game.supply),
            )

    @property
    def horizon(self) -> int:
        """Rounds."""
        return self.policy.shape[0]

    @property
    def num_values(self) -> int:
        """Size of the value grid."""
        return self.policy.shape[1]

    @property
    def num_bids(self) -> int:
        """Size of the bid grid."""
        return self.policy.shape[2]

    def admit(self, rng: np.random.Generator, num_trials: int, num_bidders: int) -> Crowd:
        """Fresh auctions, each with `num_bidders` bidders of independent values."""
        return Crowd(
            active=rng.multinomial(num_bidders, self.law, size=num_trials),
            out=np.zeros(num_trials, np.int64),
            goods=np.full(num_trials, self.goods(np.asarray(self.supply))),
        )

    def allocate(
        self, rng: np.random.Generator, t: int, choices: Int[np.ndarray, "M S A"], crowd: Crowd
    ) -> tuple[Int[np.ndarray, "M"], Float[np.ndarray, "M"], Float[np.ndarray, "M"]]:
        """Goods sold, money paid and value of the winners; `crowd` moves on to the next round."""
        bids = choices.sum(axis=1)
        supply, payment = self.offer(t, bids, crowd.goods)
        goods = np.minimum(self.goods(supply), crowd.goods)
        winning, winners = self.serve(rng, choices, goods, crowd)
        values = np.arange(self.num_values) / self.num_values
        return winning.sum(axis=1), np.sum(winning * payment, axis=1), winners @ values

    def serve(
        self,
        rng: np.random.Generator,
        choices: Int[np.ndarray, "M S A"],
        goods: Int[np.ndarray, "M"],
        crowd: Crowd,
    ) -> tuple[Int[np.ndarray, "M A"], Int[np.ndarray, "M S"]]:
        """Winners by bid and by value when so many goods go to the highest; `crowd` moves on."""
        bids = choices.sum(axis=1)
        above = np.cumsum(bids[:, ::-1], axis=1)[:, ::-1] - bids
        winning = np.clip(goods[:, None] - above, 0, bids)
        winners = _winners(rng, choices, bids, winning)
        crowd.goods = crowd.goods - goods
        self.move(rng, crowd, winners)
        return winning, winners

    def bid(self, rng: np.random.Generator, t: int, crowd: Crowd) -> Int[np.ndarray, "M S A"]:
        """How many bidders of each value make each bid."""
        trials, cells = len(crowd.active), self.num_values * self.num_bids
        if crowd.active.sum() * _DRAWS_A_CELL > trials * cells:
            return rng.multinomial(crowd.active, self.policy[t])
        # Few bidders: draw each one's bid, rather than how many of them make every bid.
        values = np.broadcast_to(np.arange(self.num_values), crowd.active.shape)
        states = np.repeat(values.ravel(), crowd.active.ravel())
        chosen = np.searchsorted(self._steps[t], states + rng.random(states.size), side="right")
        chosen = np.minimum(chosen, (states + 1) * self.num_bids - 1)
        trial = np.repeat(np.arange(trials), crowd.active.sum(axis=1))
        counts = np.bincount(trial * cells + chosen, minlength=trials * cells)
        return counts.reshape(trials, self.num_values, self.num_bids)

    @cached_property
    def _steps(self) -> Float[np.ndarray, "H K"]:
        # Cumulated odds of (value, bid), a unit for each value: one sorted list a round.
        steps = np.cumsum(self.policy, axis=-1) + np.arange(self.num_values)[:, None]
        return np.maximum.accumulate(steps.reshape(self.horizon, -1), axis=-1)

    def offer(
        self, t: int, bids: Int[np.ndarray, "*batch A"], goods: Int[np.ndarray, "*#batch"]
    ) -> tuple[Float[np.ndarray, "*batch"], Float[np.ndarray, "*batch A"]]:
        """Supply per bidder and payment rule for each row of bids, with so many goods left."""
        flat = bids.reshape(-1, bids.shape[-1]) / self.num_agents
        left = np.broadcast_to(goods, bids.shape[:-1]).reshape(-1) / self.num_agents
        with jax.enable_x64(True):
            supply, payment = _offers(self.mechanism, t, jnp.asarray(flat), jnp.asarray(left))
        supply = np.asarray(supply).reshape(bids.shape[:-1])
        return supply, np.asarray(payment).reshape(bids.shape)

    def utility(self, t: int, payment: Float[np.ndarray, "M A"]) -> Float[np.ndarray, "M S A"]:
        """Utility of winning round t at these payments, by own value."""
        values = np.arange(self.num_values) / self.num_values
        with jax.enable_x64(True):
            worth, paid = np.broadcast_arrays(values[None, :, None], payment[:, None, :])
            return np.asarray(self.game.utility(t, jnp.asarray(worth), jnp.asarray(paid)))

    def goods(self, supply: Float[np.ndarray, "*batch"]) -> Int[np.ndarray, "*batch"]:
        """Whole goods in a supply per bidder."""
        whole = np.floor(np.maximum(supply, 0) * self.num_agents + _WHOLE)
        return np.asarray(whole, np.int64)

    def move(self, rng: np.random.Generator, crowd: Crowd, winners: Int[np.ndarray, "M S"]) -> None:
        """`crowd` after winners have left, some bidders have returned and values have moved."""
        departed = rng.binomial(winners, self.departure)
        staying = crowd.active - departed
        out = crowd.out + departed.sum(axis=1)
        returning = rng.binomial(out, self.reentry)
        if self.kernel is not None:
            staying = rng.multinomial(staying, self.kernel).sum(axis=1)
        crowd.active = staying + rng.multinomial(returning, self.law)
        crowd.out = out - returning


def _kernel(game: BatchedAuction) -> Float[np.ndarray, "S S"] | None:
    if isinstance(game.valuation, Constant):
        return None
    if not isinstance(game.valuation, Drifting):
        raise ValueError(
            f"expected values that are Constant or Drifting, got {type(game.valuation).__name__}; "
            "only these are laws of a single bidder"
        )
    rows = np.asarray(game.valuation.kernel, np.float64)
    return rows / rows.sum(axis=1, keepdims=True)


@eqx.filter_jit
def _offers(mechanism, t, bids, left):
    def one(row, remaining):
        offer = mechanism(t, row, remaining)
        return offer.supply, offer.payment

    return jax.vmap(one)(bids, left)


def _winners(rng, choices, bids, winning) -> Int[np.ndarray, "M S"]:
    """Winners by value: everybody above the threshold, a uniform draw of those at it."""
    trials = np.arange(bids.shape[0])
    rationed = (winning > 0) & (winning < bids)
    threshold = np.argmax(rationed, axis=1)
    full = np.where(rationed, 0, winning > 0)
    winners = np.einsum("msa,ma->ms", choices, full)
    tied = choices[trials, :, threshold]
    # Without a tie there is nothing to draw.
    left = np.where(rationed.any(axis=1), winning[trials, threshold], 0)
    rest = tied.sum(axis=1)
    for s in range(tied.shape[1]):
        rest = rest - tied[:, s]
        drawn = rng.hypergeometric(tied[:, s], rest, left)
        winners[:, s] += drawn
        left = left - drawn
    return winners
