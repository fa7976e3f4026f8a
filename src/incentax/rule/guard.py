"""Guards: what a rule cannot work with is refused before, and what goes wrong is named after."""

from abc import abstractmethod
from typing import Any, NamedTuple, final

import equinox as eqx
import optax

from .._status import Status
from .._types import Key, Mechanism, Objective, Response
from ..population import AbstractPopulation


class Setup(NamedTuple):
    """All that a design was asked to do; `sign` is +1 to maximise, -1 to minimise."""

    population: AbstractPopulation
    objective: Objective
    mechanism: Mechanism
    optimizer: optax.GradientTransformation
    sign: int
    key: Key


class Move(NamedTuple):
    """One step as a guard sees it: where it began, what was wanted, where the projection led."""

    mechanism: Mechanism
    wanted: Mechanism
    made: Mechanism
    exchange: Any
    sign: int


class Diagnosis(NamedTuple):
    """What a guard measured, in plain numbers; NaN where there was nothing to measure.

    - `gradient_norm`: size of the last direction, zero at an optimum.
    - `projection_activity`: share of the steps that the safe set cut short.
    - `monotonicity`: least monotonicity met: of observed pairs of prices and actions (an upper
      bound on mu), or of F's derivative where the population tells it.
    - `tracking`: the agents' last move over their first between the last two looks.
    - `lag`: how far the last observed actions were from where the agents settle, relative.
    - `agent_steps`: steps the agents made in all.
    """

    gradient_norm: float
    projection_activity: float
    monotonicity: float
    tracking: float
    lag: float
    agent_steps: int


class AbstractGuard(eqx.Module):
    """Refuses before anything runs; remembers while it runs; passes a verdict at the end."""

    @abstractmethod
    def refuse(self, setup: Setup) -> None:
        """Nothing, or a `ValueError` for a design that cannot work."""

    @abstractmethod
    def init(self, mechanism: Mechanism) -> Any:
        """The memory before the first step, a pytree of arrays."""

    @abstractmethod
    def observe(self, memory: Any, move: Move) -> Any:
        """The memory after a step; runs inside the compiled step."""

    @abstractmethod
    def verdict(
        self, memory: Any, mechanism: Mechanism, response: Response
    ) -> tuple[Status, Diagnosis | None]:
        """How the design went, and the numbers; `response` is the certified one to `mechanism`."""


@final
class Unguarded(AbstractGuard):
    """No conditions, no memory, no objection."""

    def refuse(self, setup: Setup) -> None:
        """Nothing is refused."""

    def init(self, mechanism: Mechanism) -> tuple[()]:
        """Nothing is remembered."""
        return ()

    def observe(self, memory: Any, move: Move) -> Any:
        """The memory as it is."""
        return memory

    def verdict(self, memory, mechanism, response) -> tuple[Status, None]:
        """DONE."""
        return Status.DONE, None
