"""Everybody has to leave a building by stairs that do not hold a crowd."""

from typing import final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ..game import SuccessorGame
from ..mechanism import CappedPrice, Price, check_price
from ..topology import AbstractTopology, topology


@final
class BuildingEvacuation(SuccessorGame):
    """Agents on several floors walk to the stairs and down, to be on the ground floor.

    A floor has `length` x `width` cells. Actions are a step in each of four directions, stopping at
    walls, one floor down, possible in the first cell of a floor, and one up, possible in its last;
    elsewhere these two stay. Nothing is random. Reward is `reward_outside` on the ground floor,
    less `crowd_weight` x log(max(mass in the cell, 1e-20)), less the price of the cell.

    The mechanism is a price per cell, floor by floor and row by row: a `Price` or `CappedPrice` of
    shape [S].

    Reference: Perolat et al., arXiv 2103.00623; MFGLib's building_evacuation (its T is
    `horizon` - 1).
    """

    initial_distribution: Float[Array, " S"]
    successors: Int[Array, "S A K"]
    ways: AbstractTopology
    num_floors: int = eqx.field(static=True)
    horizon: int = eqx.field(static=True)
    reward_outside: float = 10.0
    crowd_weight: float = 1.0

    @classmethod
    def published(
        cls,
        horizon: int = 4,
        *,
        floors: int = 5,
        length: int = 10,
        width: int = 10,
        reward_outside: float = 10.0,
        crowd_weight: float = 1.0,
    ) -> "BuildingEvacuation":
        """The published building, everybody spread evenly over it."""
        if horizon < 1 or floors < 1 or length < 2 or width < 2:
            raise ValueError(
                "expected horizon >= 1, floors >= 1 and at least 2 x 2 cells, got "
                f"{horizon}, {floors} and {length} x {width}; try 4, 5 and 10 x 10"
            )
        shape = (floors, length, width)
        floor, row, column = np.unravel_index(np.arange(floors * length * width), shape)
        first = (row == 0) & (column == 0)
        last = (row == length - 1) & (column == width - 1)
        landings = (
            (floor, np.minimum(row + 1, length - 1), column),
            (floor, np.maximum(row - 1, 0), column),
            (floor, row, np.maximum(column - 1, 0)),
            (floor, row, np.minimum(column + 1, width - 1)),
            (np.where(first, np.maximum(floor - 1, 0), floor), row, column),
            (np.where(last, np.minimum(floor + 1, floors - 1), floor), row, column),
        )
        targets = [np.ravel_multi_index(landing, shape) for landing in landings]
        successors = np.stack(targets, axis=-1)[:, :, None]
        # Abstract variables are fields to a type checker and properties here.
        return cls(  # pyright: ignore[reportCallIssue]
            initial_distribution=jnp.full(floor.size, 1 / floor.size),
            successors=jnp.asarray(successors),
            ways=topology(successors),
            num_floors=floors,
            horizon=horizon,
            reward_outside=reward_outside,
            crowd_weight=crowd_weight,
        )

    @property
    def topology(self) -> AbstractTopology:
        """Steps on grids, and stairs."""
        return self.ways

    @property
    def num_states(self) -> int:
        """The cells of all floors."""
        return self.successors.shape[0]

    @property
    def num_actions(self) -> int:
        """Four directions, down the stairs, up the stairs."""
        return 6

    def probability(self, t, flow, mechanism):
        """Every step succeeds."""
        return jnp.ones((1, 1, 1), flow.dtype)

    def reward(self, t, flow, mechanism: Price | CappedPrice):
        """The reward of being out, less crowd and price."""
        check_price(mechanism, (self.num_states,))
        outside = jnp.arange(self.num_states) < self.num_states // self.num_floors
        crowd = jnp.log(jnp.maximum(jnp.sum(flow, axis=1), 1e-20))
        cell = self.reward_outside * outside.astype(flow.dtype) - self.crowd_weight * crowd
        return (cell - mechanism.value)[:, None]
