"""What a population is to a planner: something that responds, seen through one kind of access."""

from abc import abstractmethod
from enum import IntEnum
from typing import Any

import equinox as eqx

from .._types import Key, Mechanism, Response, Scalar


class Access(IntEnum):
    """What the planner may know of the population; each level includes those below it."""

    OBJECTIVE = 1
    RESPONSE = 2
    MODEL = 3

    @property
    def sentence(self) -> str:
        """The access in words."""
        return {
            Access.OBJECTIVE: "only the objective can be observed",
            Access.RESPONSE: "what the agents do can be observed, but not why",
            Access.MODEL: "the response can be differentiated",
        }[self]


class AbstractPopulation(eqx.Module):
    """Self-interested agents, as a map from a mechanism to their response.

    The state carries what outlives one exchange (a warm start, what agents have learned) and is
    always explicit.
    """

    offers: eqx.AbstractClassVar[Access]

    @abstractmethod
    def init(self, mechanism: Mechanism, *, key: Key) -> Any:
        """The state before the first exchange."""

    @abstractmethod
    def respond(self, mechanism: Mechanism, state: Any, *, key: Key) -> tuple[Response, Any]:
        """The response to a mechanism, and the next state. The key is consumed."""

    @abstractmethod
    def relaxed(self, temperature: Scalar, share: float, num_steps: int) -> "AbstractPopulation":
        """The same population with smoother behaviour, to design against before the real one.

        Temperature, pace and number of steps are those of `AbstractSolver.relaxed`.
        """

    @abstractmethod
    def listening(self, probe: Scalar) -> "AbstractPopulation":
        """The same population, whose adjoint hands out its residual as the cotangent of `probe`."""

    @abstractmethod
    def at_rest(self) -> "AbstractPopulation":
        """The same population given all the time it needs: the one that certificates judge.

        Itself, but for agents who are still learning when the planner looks.
        """
