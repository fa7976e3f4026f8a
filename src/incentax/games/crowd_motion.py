"""A crowd on a square, drawn to a point of interest that wanders."""

from typing import final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from .._types import Key
from ..game import SuccessorGame
from ..mechanism import CappedPrice, Price, check_price
from ..topology import AbstractTopology, topology

# Down, up, right, left, stay: rows and columns of a grid.
MOVES = ((1, 0), (-1, 0), (0, 1), (0, -1), (0, 0))


@final
class CrowdMotion(SuccessorGame):
    """Agents on a grid follow an attraction that moves about, and avoid each other.

    A step is a move plus noise, both one of (down, up, right, left, stay), and stops at the edges.
    In round t reward is `attraction` x (1 - distance to the point / (length + width)) less
    log(mass in the cell + 1e-10), less the price of the cell; distance counts rows and columns.

    The mechanism is a price per cell, row by row: a `Price` or `CappedPrice` of shape [S].

    Reference: MFGLib's crowd_motion (its T is `horizon` - 1).
    """

    initial_distribution: Float[Array, " S"]
    successors: Int[Array, "S A K"]
    ways: AbstractTopology
    noise: Float[Array, " K"]
    path: Int[Array, "H 2"]
    length: int = eqx.field(static=True)
    width: int = eqx.field(static=True)
    attraction: float = 10.0

    @classmethod
    def published(
        cls,
        path: tuple[tuple[int, int], ...] = ((10, 10), (10, 10), (9, 11), (9, 11)),
        *,
        length: int = 20,
        width: int = 20,
        still: float = 0.5,
        attraction: float = 10.0,
    ) -> "CrowdMotion":
        """The published game; `path` is where the attraction is in each round (row, column)."""
        if not 0 <= still <= 1:
            raise ValueError(f"expected still between 0 and 1, got {still}; try 0.5")
        if length < 2 or width < 2:
            raise ValueError(
                f"expected at least 2 rows and 2 columns, got {length} and {width}; try 20 and 20"
            )
        inside = all(0 <= row < length and 0 <= column < width for row, column in path)
        if not path or not inside:
            raise ValueError(
                f"expected a path inside {length} x {width} cells, one per round, got {path}; try "
                "the middle"
            )
        steps = np.array(MOVES)
        cells = np.stack(np.unravel_index(np.arange(length * width), (length, width)), axis=-1)
        landing = cells[:, None, None] + steps[None, :, None] + steps[None, None]
        landing = np.clip(landing, 0, (length - 1, width - 1))
        successors = landing[..., 0] * width + landing[..., 1]
        stray = (1 - still) / 4
        # Abstract variables are fields to a type checker and properties here.
        return cls(  # pyright: ignore[reportCallIssue]
            initial_distribution=jnp.full(length * width, 1 / (length * width)),
            successors=jnp.asarray(successors),
            ways=topology(successors),
            noise=jnp.array([stray, stray, stray, stray, still]),
            path=jnp.asarray(path),
            length=length,
            width=width,
            attraction=attraction,
        )

    @property
    def topology(self) -> AbstractTopology:
        """Steps on a grid."""
        return self.ways

    @property
    def horizon(self) -> int:
        """As many rounds as the path has points."""
        return self.path.shape[0]

    @property
    def num_states(self) -> int:
        """The cells, row by row."""
        return self.length * self.width

    @property
    def num_actions(self) -> int:
        """Down, up, right, left, stay."""
        return len(MOVES)

    def probability(self, t, flow, mechanism):
        """The noise, the same everywhere."""
        return self.noise[None, None]

    def reward(self, t, flow, mechanism: Price | CappedPrice):
        """Nearness to the attraction, less crowd and price."""
        check_price(mechanism, (self.num_states,))
        rows = jnp.abs(jnp.arange(self.length) - self.path[t, 0])
        columns = jnp.abs(jnp.arange(self.width) - self.path[t, 1])
        distance = (rows[:, None] + columns[None]).reshape(-1).astype(flow.dtype)
        nearness = 1 - distance / (self.length + self.width)
        crowd = jnp.log(jnp.sum(flow, axis=1) + 1e-10)
        cell = self.attraction * nearness - crowd - mechanism.value
        return cell[:, None]


def wandering_path(
    horizon: int, *, length: int, width: int, every: int, key: Key
) -> tuple[tuple[int, int], ...]:
    """A path of so many points from the middle, with a diagonal step `every` so many rounds.

    A step that would leave the grid is not made.
    """
    signs = 2 * np.asarray(jax.random.bernoulli(key, shape=(horizon, 2))).astype(int) - 1
    here, path = (length // 2, width // 2), []
    for t in range(horizon):
        path.append(here)
        if (t + 1) % every == 0:
            row, column = here[0] + int(signs[t, 0]), here[1] + int(signs[t, 1])
            if 0 <= row < length and 0 <= column < width:
                here = (row, column)
    return tuple(path)
