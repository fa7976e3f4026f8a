"""incentax: incentive design in large populations.

A planner publishes an incentive; a population responds; the planner scores the response and
changes the incentive. Names load when first used, so that `incentax.users`, which needs no JAX,
never imports it.
"""

import importlib
import sys
import types
from typing import TYPE_CHECKING, Any

from ._version import __version__ as __version__

if TYPE_CHECKING:
    from ._errors import DesignError as DesignError
    from ._errors import IncentaxError as IncentaxError
    from ._status import Status as Status
    from .adjoint import AbstractAdjoint as AbstractAdjoint
    from .adjoint import AbstractOperator as AbstractOperator
    from .adjoint import Backprop as Backprop
    from .adjoint import Checkpointed as Checkpointed
    from .adjoint import Implicit as Implicit
    from .certificate import Certificate as Certificate
    from .certificate import certify as certify
    from .design import DesignState as DesignState
    from .design import Progress as Progress
    from .design import Result as Result
    from .design import StepRecord as StepRecord
    from .design import design as design
    from .equilibrium import AbstractSolver as AbstractSolver
    from .equilibrium import Equilibrium as Equilibrium
    from .equilibrium import MirrorDescent as MirrorDescent
    from .equilibrium import solve as solve
    from .flow import action_values as action_values
    from .flow import best_reply as best_reply
    from .flow import exploitability as exploitability
    from .flow import population_flow as population_flow
    from .game import AbstractGame as AbstractGame
    from .game import KernelGame as KernelGame
    from .game import SuccessorGame as SuccessorGame
    from .mechanism import AbstractConstraint as AbstractConstraint
    from .mechanism import Box as Box
    from .mechanism import CappedPrice as CappedPrice
    from .mechanism import Price as Price
    from .objective import Congestion as Congestion
    from .objective import Expected as Expected
    from .objective import Mix as Mix
    from .objective import efficiency as efficiency
    from .objective import revenue as revenue
    from .population import AbstractPopulation as AbstractPopulation
    from .population import Access as Access
    from .population import EquilibriumPopulation as EquilibriumPopulation
    from .population import SampledPopulation as SampledPopulation
    from .problems import Problem as Problem
    from .problems import problems as problems
    from .rule import AbstractRule as AbstractRule
    from .rule import Anneal as Anneal
    from .rule import Exchange as Exchange
    from .rule import Hypergradient as Hypergradient
    from .rule import ZerothOrder as ZerothOrder
    from .schedule import Schedule as Schedule
    from .simplex import AbstractMirror as AbstractMirror
    from .simplex import Entropy as Entropy
    from .simplex import Euclidean as Euclidean

_ROOMS = {
    "_errors": ("DesignError", "IncentaxError"),
    "_status": ("Status",),
    "adjoint": ("AbstractAdjoint", "AbstractOperator", "Backprop", "Checkpointed", "Implicit"),
    "certificate": ("Certificate", "certify"),
    "design": ("DesignState", "Progress", "Result", "StepRecord", "design"),
    "equilibrium": ("AbstractSolver", "Equilibrium", "MirrorDescent", "solve"),
    "flow": ("action_values", "best_reply", "exploitability", "population_flow"),
    "game": ("AbstractGame", "KernelGame", "SuccessorGame"),
    "mechanism": ("AbstractConstraint", "Box", "CappedPrice", "Price"),
    "objective": ("Congestion", "Expected", "Mix", "efficiency", "revenue"),
    "population": ("AbstractPopulation", "Access", "EquilibriumPopulation", "SampledPopulation"),
    "problems": ("Problem", "problems"),
    "rule": ("AbstractRule", "Anneal", "Exchange", "Hypergradient", "ZerothOrder"),
    "schedule": ("Schedule",),
    "simplex": ("AbstractMirror", "Entropy", "Euclidean"),
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}
_SUBPACKAGES = ("auctions", "games")

__all__ = ["__version__", *sorted(_HOME), *_SUBPACKAGES]


def __getattr__(name: str) -> Any:
    if name in _SUBPACKAGES:
        return importlib.import_module(f".{name}", __name__)
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


class _Namespace(types.ModuleType):
    """Two rooms, `design` and `problems`, are called like what they offer: the offer wins.

    Importing a room sets it as an attribute of the package, which would hide the offer.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOME and isinstance(value, types.ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Namespace
