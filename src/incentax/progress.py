"""The records of a design: its state, its steps, its result."""

from typing import Any, NamedTuple

import equinox as eqx
from jaxtyping import Array, Int

from ._status import Status
from ._types import Mechanism, Response, Scalar
from .certificate import Certificate
from .rule import Diagnosis


class DesignState(eqx.Module):
    """All that the next step depends on: saved and resumed, a design is bit for bit the same.

    `best_population` is the population's state when the best mechanism was judged, `setbacks` the
    audits since then. `guard` is what the rule's guard remembers; no step depends on it, the final
    status does.
    """

    step: Int[Array, ""]
    mechanism: Mechanism
    optimizer: Any
    population: Any
    best_mechanism: Mechanism
    best_value: Scalar
    best_population: Any
    setbacks: Int[Array, ""]
    guard: Any = ()


class StepRecord(NamedTuple):
    """One step, in plain numbers. `audited_value` is NaN without an audit, or one to trust."""

    step: int
    value: float
    exploitability: float
    residual: float
    adjoint_residual: float
    gradient_norm: float
    temperature: float
    audited_value: float
    seconds: float


History = tuple[StepRecord, ...]


class Progress(NamedTuple):
    """What a callback sees after each step."""

    record: StepRecord
    num_steps: int
    state: DesignState


class Result(NamedTuple):
    """What `design` returns.

    `value` is the certified value in the user's sign: the objective of `mechanism` at the
    problem's own temperature, from a cold start, in float64; never a value seen in training.
    `diagnosis` is what the rule's guard measured, None for rules without one.
    """

    mechanism: Mechanism
    response: Response
    value: float
    history: History
    certificate: Certificate
    status: Status
    state: DesignState
    diagnosis: Diagnosis | None = None
