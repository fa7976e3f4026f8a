"""What a solver is, and the record of an equilibrium."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
from jaxtyping import Array, Int, PyTree

from .._types import FlowArray, Mechanism, PolicyArray, Round, Scalar
from ..fixed_point import AbstractOperator
from ..game import AbstractGame

SolverState = PyTree[Any]

# How often a solve that has not converged goes on, each time calmer, before it is given up.
CALMER = 2


class AbstractSolver(eqx.Module):
    """An iteration whose limit is an equilibrium: a frozen record with pure methods.

    `operator` is a smooth map with the same fixed point as `step`, for the implicit adjoint, or
    None where there is none: accelerate the step, differentiate the operator. A solve makes
    `num_steps` steps, or fewer once its residual is `enough`; above `tolerance` it has failed. One
    that may end early makes its first `bold_steps` as the solver `bold()`.
    """

    num_steps: eqx.AbstractVar[int]
    tolerance: eqx.AbstractVar[float]
    enough: eqx.AbstractVar[float]
    bold_steps: eqx.AbstractVar[int]

    @abstractmethod
    def init(self, game: AbstractGame, mechanism: Mechanism) -> SolverState:
        """The cold start."""

    @abstractmethod
    def step(self, z: SolverState, mechanism: Mechanism, game: AbstractGame) -> SolverState:
        """One iteration."""

    @abstractmethod
    def turn(self, z: SolverState, game: AbstractGame) -> SolverState:
        """The state in the order of axes in which steps are quick; its own inverse."""

    @property
    @abstractmethod
    def operator(self) -> AbstractOperator | None:
        """A smooth map with the fixed point of `step`; its consts are `(solver, game)`."""

    @abstractmethod
    def policy(self, z: SolverState) -> PolicyArray:
        """The policy [H S A] that a state stands for."""

    @abstractmethod
    def relaxed(self, temperature: Scalar, share: float, num_steps: int) -> "AbstractSolver":
        """The same solver at another temperature, pace and number of steps.

        `share` is how far of the way to the exact reply one step goes. It makes all its steps, so
        that what it finds is smooth in the mechanism.
        """

    @abstractmethod
    def bold(self) -> "AbstractSolver":
        """The same solver in longer steps, with the same fixed point."""

    @abstractmethod
    def calm(self) -> "AbstractSolver":
        """The same solver in more and shorter steps, for mechanisms at which longer ones cycle."""

    @abstractmethod
    def thorough(self) -> "AbstractSolver":
        """The same solver, which makes all its steps: for differences between close answers."""

    @abstractmethod
    def regularised_gain(
        self, game: AbstractGame, policy: PolicyArray, rounds: Round, mechanism: Mechanism
    ) -> Scalar:
        """Exploitability in the game the solver really solves, regulariser included."""


class Equilibrium(eqx.Module):
    """What `solve` returns: behaviour, the flow it causes, and the evidence of convergence.

    - `policy` [H S A], `flow` [H S A] (mass), `rounds` (what the flow triggers in each round).
    - `state`: the solver's state, a warm start for a nearby mechanism.
    - `exploitability`: gain of the best unilateral deviation in the unregularised game.
    - `regularised_exploitability`: the same in the game with the solver's regulariser.
    - `residual`: the share of agents who would act differently after one more exact reply,
      largest over rounds.
    - `num_steps`: iterations made.
    - `status`: an integer; `Status(...).sentence` says what it means.
    """

    policy: PolicyArray
    flow: FlowArray
    rounds: Round
    state: SolverState
    exploitability: Scalar
    regularised_exploitability: Scalar
    residual: Scalar
    num_steps: Int[Array, ""]
    status: Int[Array, ""]
