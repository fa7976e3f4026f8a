"""The beach bar with priced spots: everybody wants to be near the bar, nobody in a crowd."""

from typing import final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ..game import SuccessorGame
from ..mechanism import CappedPrice, Price, check_price
from ..topology import AbstractTopology, topology


@final
class BeachBar(SuccessorGame):
    """Agents walk on a beach with noise; spots near the bar are good, crowded spots are bad.

    A step moves by the action (-1, 0, +1) plus noise (-1, 0, +1) and stops at the ends. Reward is
    -distance to the bar (around the ring) x `distance_weight`, -|move| x `move_weight`,
    -`crowd_weight` x log(mass at the spot + 1e-20), less the price of the spot.
    `BeachBar.published(...)` has the weights of MFGLib's game; `BeachBar.paced(...)` scales them
    by the size of the beach so that prices of order one matter.

    The mechanism is a price per spot: a `Price` or a `CappedPrice` of shape [S].

    Reference: Perrin et al., arXiv 2007.03458; MFGLib's beach_bar (its T is `horizon` - 1).
    """

    initial_distribution: Float[Array, " S"]
    successors: Int[Array, "S A K"]
    ways: AbstractTopology
    noise: Float[Array, " K"]
    bar: int = eqx.field(static=True)
    horizon: int = eqx.field(static=True)
    distance_weight: float = 1.0
    move_weight: float = 1.0
    crowd_weight: float = 1.0

    @classmethod
    def published(
        cls, num_spots: int = 4, horizon: int = 3, *, bar: int | None = None, still: float = 0.5
    ) -> "BeachBar":
        """The published weights: distance 1, move 1 / spots, crowd 1."""
        return cls.with_weights(num_spots, horizon, bar, still, 1.0, 1.0 / num_spots, 1.0)

    @classmethod
    def paced(
        cls,
        num_spots: int = 20,
        horizon: int = 15,
        *,
        still: float = 0.5,
        distance_weight: float = 1.0,
        crowd_weight: float = 0.1,
    ) -> "BeachBar":
        """Distance measured as a share of half the beach, so that rewards are of order one."""
        half = num_spots / 2
        move = distance_weight / num_spots
        return cls.with_weights(
            num_spots, horizon, None, still, distance_weight / half, move, crowd_weight
        )

    @classmethod
    def with_weights(
        cls,
        num_spots: int,
        horizon: int,
        bar: int | None,
        still: float,
        distance_weight: float,
        move_weight: float,
        crowd_weight: float,
    ) -> "BeachBar":
        """A beach of `num_spots` spots with the bar in the middle unless given."""
        if num_spots < 2 or horizon < 1:
            raise ValueError(
                f"expected num_spots >= 2 and horizon >= 1, got {num_spots} and {horizon}; try 20 "
                "and 15"
            )
        if not 0 <= still <= 1:
            raise ValueError(f"expected still between 0 and 1, got {still}; try 0.5")
        bar = num_spots // 2 if bar is None else bar
        if not 0 <= bar < num_spots:
            raise ValueError(f"expected a bar at one of {num_spots} spots, got {bar}; try None")
        steps = np.arange(-1, 2)
        landing = np.arange(num_spots)[:, None, None] + steps[None, :, None] + steps[None, None]
        successors = np.clip(landing, 0, num_spots - 1)
        # Abstract variables are fields to a type checker and properties here.
        return cls(  # pyright: ignore[reportCallIssue]
            initial_distribution=jnp.full(num_spots, 1 / num_spots),
            successors=jnp.asarray(successors),
            ways=topology(successors),
            noise=jnp.array([(1 - still) / 2, still, (1 - still) / 2]),
            bar=bar,
            horizon=horizon,
            distance_weight=distance_weight,
            move_weight=move_weight,
            crowd_weight=crowd_weight,
        )

    @property
    def topology(self) -> AbstractTopology:
        """Steps on the beach."""
        return self.ways

    @property
    def num_states(self) -> int:
        """The spots."""
        return self.successors.shape[0]

    @property
    def num_actions(self) -> int:
        """One step left, stay, one step right."""
        return 3

    def probability(self, t, flow, mechanism):
        """The noise, the same everywhere."""
        return self.noise[None, None]

    def reward(self, t, flow, mechanism: Price | CappedPrice):
        """Nearness to the bar, less effort, crowd and price."""
        check_price(mechanism, (self.num_states,))
        spots = jnp.arange(self.num_states)
        around = (spots - self.bar) % self.num_states
        distance = jnp.minimum(around, self.num_states - around).astype(flow.dtype)
        effort = jnp.abs(jnp.arange(-1, 2)).astype(flow.dtype)
        crowd = jnp.log(jnp.sum(flow, axis=1) + 1e-20)
        spot = -self.distance_weight * distance - self.crowd_weight * crowd - mechanism.value
        return spot[:, None] - self.move_weight * effort[None]
