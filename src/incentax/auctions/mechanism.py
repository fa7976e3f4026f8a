"""What an auction's planner publishes: each round, how much to sell and what winners pay."""

import math
from abc import abstractmethod
from typing import final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from .._types import Key, Scalar, Time
from ..deferral import AbstractDeferrable, Calls, noted
from ..mechanism import AbstractLattice

Bids = Float[Array, " A"]

# The share of the supply that a network offers, and of a winning bid that it charges, where its
# heads say zero.
OFFERED, PAID = 0.9, 0.5

# The price at least that a network with a reserve asks where its head says zero.
RESERVE = 0.3

# Logits by which a bid's part grows in a tick. As few parts as gradients allow: whoever counts in
# part goes unserved in part.
PER_TICK = 4.0


class Offer(eqx.Module):
    """One round's rule: `supply` (mass of goods, at most what is left), `payment` [A] by bid."""

    supply: Scalar
    payment: Bids


class AbstractAuction(eqx.Module):
    """A mechanism for sequential batched auctions.

    Called with the round, the mass of active bidders at each bid (`bids` [A], summing to at most
    one) and the public remaining supply, it returns an `Offer`.
    """

    horizon: eqx.AbstractVar[int]
    num_bids: eqx.AbstractVar[int | None]

    @abstractmethod
    def __call__(self, t: Time, bids: Bids, remaining: Scalar) -> Offer:
        """The offer of round t."""

    def check_fits(self, horizon: int, num_bids: int) -> None:
        """Nothing if made for this many rounds and bids; a `ValueError` if not.

        Array lookups clamp under JAX: a table with too few rows would answer wrongly, not fail.
        """
        if self.horizon != horizon or self.num_bids not in (None, num_bids):
            bids = "any number of" if self.num_bids is None else self.num_bids
            raise ValueError(
                f"expected a mechanism for {horizon} rounds and {num_bids} bids, got one for "
                f"{self.horizon} rounds and {bids} bids; make it for this game's grid"
            )


@final
class NeuralAuction(AbstractAuction, AbstractDeferrable, AbstractLattice):
    """A network from (round, bid distribution, remaining supply) to supply and payment rule.

    The supply is at most a fraction of what remains: the total can never be exceeded. The payment
    is non-decreasing in the bid, zero at zero and never above the bid, by construction. About
    2 x 10^5 parameters at 100 bids.

    **Arguments:**

    - `horizon`, `num_bids`: rounds H and size A of the bid grid {0, ..., A-1} / A.
    - `width`: hidden units (d).
    - `offered`: about the share of the supply that the fresh network offers, over all rounds; None
      for about half of what remains in each round, as published.
    - `paid`: about the share of a winning bid that it charges.
    - `reserve`: about the price that the fresh network asks at least, by a head of its own: it
      sells at most the mass of bids that `counted` finds above it, and winners pay no less, or all
      they bid; None for no such head, as published. To all its reserves `ticks` of the bid grid
      are added: zero at first, one apart in `neighbours`.
    - `key`: consumed to draw the initial weights.

    Reference: arXiv 2510.21442, appendix F; the residual form is our reading.
    """

    first: eqx.nn.Linear
    second: eqx.nn.Linear
    skip: eqx.nn.Linear
    third: eqx.nn.Linear
    supply_head: eqx.nn.Linear
    payment_head: eqx.nn.Linear
    reserve_head: eqx.nn.Linear | None
    ticks: Int[Array, ""] | None
    horizon: int = eqx.field(static=True)
    num_bids: int = eqx.field(static=True)

    def __init__(
        self,
        horizon: int,
        num_bids: int,
        *,
        width: int = 256,
        offered: float | None = OFFERED,
        paid: float = PAID,
        reserve: float | None = None,
        key: Key,
    ):
        if horizon < 1 or num_bids < 2 or width < 1:
            raise ValueError(
                f"expected horizon >= 1, num_bids >= 2 and width >= 1, got {horizon}, {num_bids} "
                f"and {width}; try NeuralAuction(4, 100, key=key)"
            )
        for name, share in (("offered", offered), ("paid", paid), ("reserve", reserve)):
            if share is not None and not 0 < share < 1:
                raise ValueError(f"expected {name} between 0 and 1, got {share}; try 0.5")
        inputs = horizon + num_bids + 1
        sizes = (
            (inputs, width),
            (width, width),
            (inputs, width),
            (width, width),
            (width, 1),
            (width, num_bids - 1),
        )
        spread = _spread_logit(offered, horizon) - _spread_logit(OFFERED, horizon)
        (
            self.first,
            self.second,
            self.skip,
            self.third,
            self.supply_head,
            self.payment_head,
        ) = _drawn(sizes, np.array([0.0, 0.0, 0.0, 0.0, spread, _logit(paid)]), key)
        self.reserve_head = self.ticks = None
        if reserve is not None:
            # Drawn apart: with a reserve or without, the rest is the same.
            apart = jax.random.fold_in(key, len(sizes))
            (self.reserve_head,) = _drawn(((width, 1),), np.array([_logit(reserve)]), apart)
            self.ticks = jnp.zeros((), jnp.int32)
        self.horizon = horizon
        self.num_bids = num_bids

    def __call__(self, t: Time, bids: Bids, remaining: Scalar) -> Offer:
        """The network's offer for round t."""
        round = jax.nn.one_hot(t, self.horizon, dtype=bids.dtype)
        inputs = jnp.concatenate([round, bids, jnp.reshape(remaining, (1,))])
        hidden = jax.nn.relu(self.first(inputs))
        hidden = jax.nn.relu(self.second(hidden) + self.skip(inputs))
        hidden = hidden + jax.nn.relu(self.third(hidden))
        spread = _spread_logit(OFFERED, self.horizon)
        supply = remaining * jax.nn.sigmoid(spread + self.supply_head(hidden)[0])
        increments = jax.nn.sigmoid(self.payment_head(hidden)) / self.num_bids
        payment = jnp.concatenate([jnp.zeros(1, bids.dtype), jnp.cumsum(increments)])
        if self.reserve_head is None or self.ticks is None:
            return Offer(supply, payment)
        shift = self.ticks.astype(bids.dtype) / self.num_bids
        reserve = jnp.clip(jax.nn.sigmoid(self.reserve_head(hidden)[0]) + shift, 0, 1)
        # A floor to bids alone would be a price only where winners pay all they bid; and then they
        # bid so near it that many of them count in part.
        return Offer(
            jnp.minimum(supply, counted(bids, reserve)),
            jnp.maximum(payment, jnp.minimum(bid_grid(bids), reserve)),
        )

    def blank_call(self) -> tuple[Offer, tuple[Bids, Scalar]]:
        """An offer, and the bids and remaining supply that it answers."""
        dtype = self.first.weight.dtype
        supply, bids = jnp.zeros((), dtype), jnp.zeros(self.num_bids, dtype)
        return Offer(supply, bids), (bids, supply)

    def neighbours(self) -> tuple["NeuralAuction", ...]:
        """The same network with all reserves a tick higher, and a tick lower."""
        if self.ticks is None:
            return ()
        moved = (self.ticks + 1, self.ticks - 1)
        return tuple(eqx.tree_at(lambda own: own.ticks, self, ticks) for ticks in moved)

    def deferred(self, calls: Calls) -> "NotedAuction":
        """The same network, each call noted."""
        return NotedAuction(  # pyright: ignore[reportCallIssue]
            auction=self, calls=calls
        )


@final
class NotedAuction(AbstractAuction):
    """An auction whose calls are noted in the cotangents of `calls`, a row for each round."""

    auction: NeuralAuction
    calls: Calls

    @property
    def horizon(self) -> int:
        """That of the auction."""
        return self.auction.horizon

    @property
    def num_bids(self) -> int:
        """That of the auction."""
        return self.auction.num_bids

    def __call__(self, t: Time, bids: Bids, remaining: Scalar) -> Offer:
        """The auction's offer."""
        offer = self.auction(t, bids, remaining)
        return noted(offer, (bids, remaining), jax.tree.map(lambda row: row[t], self.calls))


def counted(bids: Bids, reserve: Scalar) -> Scalar:
    """The mass of `bids` [A] above a `reserve` in [0, 1] that gradients can move.

    Bids near the reserve count in part: half at the reserve, all from a tick above. Among finitely
    many bidders the parts are added up, and a good that they do not make up is not sold.

    >>> import jax.numpy as jnp
    >>> counted(jnp.array([0.0, 0.0, 1.0, 0.0]), jnp.array(0.5)).item()
    0.5
    """
    ticks_above = (bid_grid(bids) - reserve) * bids.shape[0]
    return jnp.sum(bids * jax.nn.sigmoid(PER_TICK * ticks_above))


def bid_grid(bids: Bids) -> Bids:
    """The bids [A] themselves, {0, ..., A - 1} / A, for masses at them."""
    return jnp.arange(bids.shape[0], dtype=bids.dtype) / bids.shape[0]


# Drawn together and cut to size: random numbers are most of what a start compiles, or loads, and
# one draw of many costs as much as one of few. The numbers are those of `eqx.nn.Linear`, with
# biases shifted.
@eqx.filter_jit
def _drawn(
    sizes: tuple[tuple[int, int], ...], shifts: Float[np.ndarray | Array, " n"], key: Key
) -> tuple[eqx.nn.Linear, ...]:
    most = max(inputs * outputs for inputs, outputs in sizes)
    keys = jax.vmap(jax.random.split)(jax.random.split(key, len(sizes)))
    draws = jax.vmap(jax.vmap(lambda key: jax.random.uniform(key, (most,))))(keys)
    layers = []
    for (inputs, outputs), shift, (weight, bias) in zip(sizes, shifts, draws, strict=True):
        limit = 1 / math.sqrt(inputs)
        weight = weight[: inputs * outputs].reshape(outputs, inputs)
        bias = bias[:outputs] * (2 * limit) - limit
        numbers = (weight * (2 * limit) - limit, bias + shift.astype(bias.dtype))
        blank = eqx.filter_eval_shape(eqx.nn.Linear, inputs, outputs, key=key)
        layers.append(eqx.tree_at(lambda layer: (layer.weight, layer.bias), blank, numbers))
    return tuple(layers)


def _spread_logit(offered: float | None, horizon: int) -> float:
    if offered is None:
        return 0.0
    # Of the fraction that leaves 1 - offered after all rounds: without it, long auctions would
    # start by selling out in their first few.
    return _logit(-math.expm1(math.log1p(-offered) / horizon))


def _logit(share: float) -> float:
    return math.log(share / (1 - share))


@final
class StaticAuction(AbstractAuction):
    """A table: supply and payment rule of every round, whatever the bids.

    **Arguments:**

    - `shading` [H A]: logits of the fraction of the bid that a winner pays.
    - `supply` [H]: logits of the fraction of the remaining supply sold in each round.

    Reference: arXiv 2510.21442, the static mechanism.
    """

    shading: Float[Array, "H A"]
    supply: Float[Array, " H"]

    @property
    def horizon(self) -> int:
        """Rows of the table."""
        return self.shading.shape[-2]

    @property
    def num_bids(self) -> int:
        """Columns of the table."""
        return self.shading.shape[-1]

    def __call__(self, t: Time, bids: Bids, remaining: Scalar) -> Offer:
        """The table's offer for round t."""
        payment = bid_grid(bids) * jax.nn.sigmoid(self.shading[t])
        return Offer(remaining * jax.nn.sigmoid(self.supply[t]), payment)
