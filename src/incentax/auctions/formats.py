"""Fixed auction formats: the textbook rules, as mechanisms."""

from typing import final

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._types import Scalar, Time
from .mechanism import AbstractAuction, Bids, Offer, bid_grid, counted


@final
class FirstPrice(AbstractAuction):
    """Pay-as-bid with a given supply [H] per round; `FirstPrice.equal_split` divides a total."""

    supply: Float[Array, " H"]
    num_bids: None = eqx.field(static=True, default=None)

    @property
    def horizon(self) -> int:
        """One supply a round."""
        return self.supply.shape[-1]

    @classmethod
    def equal_split(cls, total: float | Scalar, horizon: int) -> "FirstPrice":
        """The same supply in each of `horizon` rounds.

        >>> FirstPrice.equal_split(0.8, 4).supply.tolist()
        [0.2, 0.2, 0.2, 0.2]
        """
        supply = jnp.full((horizon,), total / horizon)
        # Abstract variables are fields to a type checker and properties here.
        return cls(supply=supply)  # pyright: ignore[reportCallIssue]

    def __call__(self, t: Time, bids: Bids, remaining: Scalar) -> Offer:
        """Sell the round's supply; winners pay their bids."""
        return Offer(jnp.minimum(self.supply[t], remaining), bid_grid(bids))


@final
class EqualShares(AbstractAuction):
    """Pay-as-bid that sells, in each round, an equal share of what remains for the rounds to come.

    The equal split of a total that only the game knows.
    """

    horizon: int = eqx.field(static=True)
    num_bids: None = eqx.field(static=True, default=None)

    def __call__(self, t: Time, bids: Bids, remaining: Scalar) -> Offer:
        """Sell one share of the rest; winners pay their bids."""
        rounds_left = self.horizon - jnp.asarray(t, bids.dtype)
        return Offer(remaining / rounds_left, bid_grid(bids))


@final
class ReservePrice(AbstractAuction):
    """Pay-as-bid with a reserve [H] per round: sells to every bid at or above it."""

    reserve: Float[Array, " H"]
    num_bids: None = eqx.field(static=True, default=None)

    @property
    def horizon(self) -> int:
        """One reserve a round."""
        return self.reserve.shape[-1]

    def __call__(self, t: Time, bids: Bids, remaining: Scalar) -> Offer:
        """Sell the mass of bids at or above the reserve; winners pay their bids."""
        return Offer(jnp.minimum(_mass_from(bids, self.reserve[t]), remaining), bid_grid(bids))


@final
class SoftReserve(AbstractAuction):
    """Pay-as-bid with a supply and a reserve per round that gradients can move.

    Sells a share of what remains, and at most the mass of bids above the reserve, as `counted`
    finds it.

    **Arguments:**

    - `share` [H]: logits of the share of the remaining supply.
    - `reserve` [H]: logits of the reserve, in [0, 1].
    """

    share: Float[Array, " H"]
    reserve: Float[Array, " H"]
    num_bids: None = eqx.field(static=True, default=None)

    @property
    def horizon(self) -> int:
        """One share and one reserve a round."""
        return self.share.shape[-1]

    def __call__(self, t: Time, bids: Bids, remaining: Scalar) -> Offer:
        """Sell to the bids that count; winners pay their bids."""
        demand = counted(bids, jax.nn.sigmoid(self.reserve[t]))
        supply = jnp.minimum(remaining * jax.nn.sigmoid(self.share[t]), demand)
        return Offer(supply, bid_grid(bids))


@final
class UniformPrice(AbstractAuction):
    """Every winner pays the clearing bid: the lowest bid that wins anything."""

    supply: Float[Array, " H"]
    num_bids: None = eqx.field(static=True, default=None)

    @property
    def horizon(self) -> int:
        """One supply a round."""
        return self.supply.shape[-1]

    def __call__(self, t: Time, bids: Bids, remaining: Scalar) -> Offer:
        """Sell the round's supply at the bid of the marginal winner."""
        supply = jnp.minimum(self.supply[t], remaining)
        grid = bid_grid(bids)
        above = jnp.cumsum(bids[::-1])[::-1] - bids
        wins = (above < supply) & (bids > 0)
        clearing = jnp.min(jnp.where(wins, grid, 1))
        # Nobody pays more than the bid, also on bids that lose and in rounds that sell nothing.
        return Offer(supply, jnp.minimum(grid, clearing))


@final
class PostedPrice(AbstractAuction):
    """A take-it-or-leave-it price [H] per round: whoever bids at least the price pays the price."""

    price: Float[Array, " H"]
    num_bids: None = eqx.field(static=True, default=None)

    @property
    def horizon(self) -> int:
        """One price a round."""
        return self.price.shape[-1]

    def __call__(self, t: Time, bids: Bids, remaining: Scalar) -> Offer:
        """Sell to all bids at or above the price, supply allowing."""
        price = self.price[t]
        supply = jnp.minimum(_mass_from(bids, price), remaining)
        return Offer(supply, jnp.minimum(bid_grid(bids), price))


def _mass_from(bids: Bids, threshold: Scalar) -> Scalar:
    # A little tolerance, so that a threshold on the grid means what it says in any precision.
    at_or_above = bid_grid(bids) > threshold - 1e-3 / bids.shape[0]
    return jnp.sum(jnp.where(at_or_above, bids, 0))
