"""Several devices: games too large for one are split by state, batches of designs by seed.

JAX compiles one program for all devices from where arrays are placed, so nothing else changes.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar, final

import equinox as eqx
import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from ._types import Mechanism, PolicyArray, Round, Scalar
from .equilibrium import AbstractSolver
from .equilibrium.base import SolverState
from .fixed_point import AbstractOperator
from .game import AbstractGame

T = TypeVar("T")

DEVICES = "devices"


def device_mesh(devices: Sequence[Any] | None = None) -> Mesh:
    """A line of devices, all that there are unless given.

    >>> device_mesh().axis_names
    ('devices',)
    """
    return Mesh(np.asarray(jax.devices() if devices is None else devices), (DEVICES,))


def split_batch(tree: T, mesh: Mesh) -> T:
    """The batch with the first axis of each array spread over the devices, seed by seed.

    Give it a stack of mechanisms, keys or states, then call `jax.vmap` of what is done to one.

    **Raises:** `ValueError` for an array whose first axis the devices cannot share evenly.
    """

    def place(leaf: Any) -> Any:
        if not eqx.is_array(leaf):
            return leaf
        if leaf.ndim == 0 or leaf.shape[0] % mesh.size:
            raise ValueError(
                f"expected a batch whose size is a multiple of {mesh.size} devices, got shape "
                f"{list(leaf.shape)}; try another size, or device_mesh with fewer devices"
            )
        return jax.device_put(leaf, NamedSharding(mesh, PartitionSpec(DEVICES)))

    return jax.tree.map(place, tree)


@final
class SplitStates(AbstractSolver):
    """A solver whose scores [H S A] are spread over devices by state.

    Each device keeps and updates the scores, policy and flow of its own states; what everybody
    faces (bids, prices, the crowd) is summed over devices and known to all. The numbers are those
    of `solver` to rounding. Use it wherever a solver goes: `solve`, `EquilibriumPopulation`,
    `design`.

    **Arguments:**

    - `solver`: the solver proper.
    - `mesh`: from `device_mesh`. Where the states are no multiple of its size, devices hold uneven
      shares while they compute, but results that leave a compiled function are whole on each.
    """

    solver: AbstractSolver
    mesh: Mesh = eqx.field(static=True, default_factory=device_mesh)

    @property
    def num_steps(self) -> int:
        """The solver's."""
        return self.solver.num_steps

    @property
    def tolerance(self) -> float:
        """The solver's."""
        return self.solver.tolerance

    @property
    def enough(self) -> float:
        """The solver's."""
        return self.solver.enough

    @property
    def bold_steps(self) -> int:
        """The solver's."""
        return self.solver.bold_steps

    @property
    def operator(self) -> AbstractOperator | None:
        """The solver's, its answers spread."""
        inner = self.solver.operator
        return None if inner is None else _SplitOperator(inner)

    def init(self, game: AbstractGame, mechanism: Mechanism) -> SolverState:
        """The solver's cold start, spread."""
        return self.spread(self.solver.init(game, mechanism))

    def step(self, z: SolverState, mechanism: Mechanism, game: AbstractGame) -> SolverState:
        """One iteration on every device."""
        return self.spread(self.solver.step(self.spread(z), mechanism, game))

    def turn(self, z: SolverState, game: AbstractGame) -> SolverState:
        """As it is: what is spread is the axis of states, where it stands."""
        return z

    def policy(self, z: SolverState) -> PolicyArray:
        """The policy, spread."""
        return self.spread(self.solver.policy(z))

    def relaxed(self, temperature: Scalar, share: float, num_steps: int) -> "SplitStates":
        """The same split of the relaxed solver."""
        return replace(self, solver=self.solver.relaxed(temperature, share, num_steps))

    def bold(self) -> "SplitStates":
        """The same split of the bold solver."""
        return replace(self, solver=self.solver.bold())

    def calm(self) -> "SplitStates":
        """The same split of the calm solver."""
        return replace(self, solver=self.solver.calm())

    def thorough(self) -> "SplitStates":
        """The same split of the thorough solver."""
        return replace(self, solver=self.solver.thorough())

    def regularised_gain(
        self, game: AbstractGame, policy: PolicyArray, rounds: Round, mechanism: Mechanism
    ) -> Scalar:
        """The solver's."""
        return self.solver.regularised_gain(game, policy, rounds, mechanism)

    def spread(self, tree: SolverState) -> SolverState:
        """Every array [H S ...] of the tree split along its states."""
        return _spread(tree, NamedSharding(self.mesh, PartitionSpec(None, DEVICES)))


# Only inside a compiled function may devices hold uneven shares.
@eqx.filter_jit
def _spread(tree, sharding):
    return jax.tree.map(lambda leaf: jax.lax.with_sharding_constraint(leaf, sharding), tree)


@final
class _SplitOperator(AbstractOperator):
    """The operator of a split solver."""

    inner: AbstractOperator

    def aggregate(self, z, mechanism, consts):
        """What the spread scores add up to."""
        split, game = consts
        return self.inner.aggregate(split.spread(z), mechanism, (split.solver, game))

    def respond(self, aggregate, mechanism, consts):
        """The answer, spread."""
        split, game = consts
        return split.spread(self.inner.respond(aggregate, mechanism, (split.solver, game)))

    def apart(self, z, aggregate, mechanism, consts):
        """The inner operator's parts."""
        split, game = consts
        return self.inner.apart(z, aggregate, mechanism, (split.solver, game))
