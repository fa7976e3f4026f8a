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
    from .action_set import Interval as Interval
    from .action_set import Simplices as Simplices
    from .action_set import Unbounded as Unbounded
    from .adjoint import AbstractAdjoint as AbstractAdjoint
    from .adjoint import Backprop as Backprop
    from .adjoint import Checkpointed as Checkpointed
    from .adjoint import Implicit as Implicit
    from .certificate import Certificate as Certificate
    from .certificate import certify as certify
    from .continuous import Flow as Flow
    from .continuous import joint_flow as joint_flow
    from .continuous import social_gradient_flow as social_gradient_flow
    from .design import design as design
    from .equilibrium import AbstractSolver as AbstractSolver
    from .equilibrium import Equilibrium as Equilibrium
    from .equilibrium import MirrorDescent as MirrorDescent
    from .equilibrium import solve as solve
    from .fixed_point import AbstractOperator as AbstractOperator
    from .flow import action_values as action_values
    from .flow import best_reply as best_reply
    from .flow import exploitability as exploitability
    from .flow import population_flow as population_flow
    from .game import AbstractGame as AbstractGame
    from .game import KernelGame as KernelGame
    from .game import SuccessorGame as SuccessorGame
    from .mechanism import AbstractConstraint as AbstractConstraint
    from .mechanism import AbstractLattice as AbstractLattice
    from .mechanism import Box as Box
    from .mechanism import CappedPrice as CappedPrice
    from .mechanism import Price as Price
    from .objective import Congestion as Congestion
    from .objective import Expected as Expected
    from .objective import Mix as Mix
    from .objective import efficiency as efficiency
    from .objective import revenue as revenue
    from .population import AbstractLearner as AbstractLearner
    from .population import AbstractNashSolver as AbstractNashSolver
    from .population import AbstractPopulation as AbstractPopulation
    from .population import Access as Access
    from .population import Asynchronous as Asynchronous
    from .population import BestReply as BestReply
    from .population import EquilibriumPopulation as EquilibriumPopulation
    from .population import Extragradient as Extragradient
    from .population import ExtragradientPlay as ExtragradientPlay
    from .population import FictitiousPlay as FictitiousPlay
    from .population import GradientPlay as GradientPlay
    from .population import JointAction as JointAction
    from .population import LearningPopulation as LearningPopulation
    from .population import MirrorPlay as MirrorPlay
    from .population import Mixture as Mixture
    from .population import MomentumPlay as MomentumPlay
    from .population import NashPopulation as NashPopulation
    from .population import Noisy as Noisy
    from .population import ObservedCrowd as ObservedCrowd
    from .population import OptimisticPlay as OptimisticPlay
    from .population import PowerSchedule as PowerSchedule
    from .population import ProjectedGradient as ProjectedGradient
    from .population import SampledPopulation as SampledPopulation
    from .population import SemismoothNewton as SemismoothNewton
    from .population import SequentialReply as SequentialReply
    from .population import UserLearner as UserLearner
    from .population import two_timescale as two_timescale
    from .preconditioner import PartsAlone as PartsAlone
    from .problems import Problem as Problem
    from .problems import problems as problems
    from .progress import DesignState as DesignState
    from .progress import Progress as Progress
    from .progress import Result as Result
    from .progress import StepRecord as StepRecord
    from .rule import AbstractRule as AbstractRule
    from .rule import Anneal as Anneal
    from .rule import Diagnosis as Diagnosis
    from .rule import Exchange as Exchange
    from .rule import Externality as Externality
    from .rule import Hypergradient as Hypergradient
    from .rule import LeverForm as LeverForm
    from .rule import PlainForm as PlainForm
    from .rule import ResidualForm as ResidualForm
    from .rule import SharedForm as SharedForm
    from .rule import SimultaneousDesign as SimultaneousDesign
    from .rule import SocialGradient as SocialGradient
    from .rule import TangentForm as TangentForm
    from .rule import ZerothOrder as ZerothOrder
    from .schedule import Schedule as Schedule
    from .sharding import SplitStates as SplitStates
    from .sharding import device_mesh as device_mesh
    from .sharding import split_batch as split_batch
    from .simplex import AbstractMirror as AbstractMirror
    from .simplex import Entropy as Entropy
    from .simplex import Euclidean as Euclidean
    from .smooth_game import AbstractSmoothGame as AbstractSmoothGame
    from .smooth_game import AggregativeGame as AggregativeGame
    from .smooth_game import RegularisedGame as RegularisedGame
    from .smooth_game import SmoothGame as SmoothGame


_ROOMS = {
    "_errors": (
        "DesignError",
        "IncentaxError",
    ),
    "_status": ("Status",),
    "action_set": (
        "Interval",
        "Simplices",
        "Unbounded",
    ),
    "adjoint": (
        "AbstractAdjoint",
        "Backprop",
        "Checkpointed",
        "Implicit",
    ),
    "certificate": (
        "Certificate",
        "certify",
    ),
    "continuous": ("Flow", "joint_flow", "social_gradient_flow"),
    "design": ("design",),
    "progress": ("DesignState", "Progress", "Result", "StepRecord"),
    "equilibrium": (
        "AbstractSolver",
        "Equilibrium",
        "MirrorDescent",
        "solve",
    ),
    "fixed_point": ("AbstractOperator",),
    "flow": (
        "action_values",
        "best_reply",
        "exploitability",
        "population_flow",
    ),
    "game": (
        "AbstractGame",
        "KernelGame",
        "SuccessorGame",
    ),
    "mechanism": (
        "AbstractConstraint",
        "AbstractLattice",
        "Box",
        "CappedPrice",
        "Price",
    ),
    "objective": (
        "Congestion",
        "Expected",
        "Mix",
        "efficiency",
        "revenue",
    ),
    "population": (
        "AbstractLearner",
        "AbstractNashSolver",
        "AbstractPopulation",
        "Access",
        "Asynchronous",
        "BestReply",
        "EquilibriumPopulation",
        "Extragradient",
        "ExtragradientPlay",
        "FictitiousPlay",
        "GradientPlay",
        "JointAction",
        "LearningPopulation",
        "MirrorPlay",
        "Mixture",
        "MomentumPlay",
        "NashPopulation",
        "ObservedCrowd",
        "Noisy",
        "OptimisticPlay",
        "PowerSchedule",
        "ProjectedGradient",
        "SampledPopulation",
        "SemismoothNewton",
        "SequentialReply",
        "UserLearner",
        "two_timescale",
    ),
    "preconditioner": ("PartsAlone",),
    "problems": (
        "Problem",
        "problems",
    ),
    "rule": (
        "AbstractRule",
        "Anneal",
        "Diagnosis",
        "Exchange",
        "Externality",
        "Hypergradient",
        "LeverForm",
        "PlainForm",
        "ResidualForm",
        "SharedForm",
        "SimultaneousDesign",
        "SocialGradient",
        "TangentForm",
        "ZerothOrder",
    ),
    "schedule": ("Schedule",),
    "sharding": ("SplitStates", "device_mesh", "split_batch"),
    "simplex": (
        "AbstractMirror",
        "Entropy",
        "Euclidean",
    ),
    "smooth_game": (
        "AbstractSmoothGame",
        "AggregativeGame",
        "RegularisedGame",
        "SmoothGame",
    ),
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
