"""Type names shared by every room. Axes are always `H S A`: round, state, action."""

from collections.abc import Callable
from typing import Any

from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

FlowArray = Float[Array, "H S A"]
PolicyArray = Float[Array, "H S A"]
RoundFlow = Float[Array, "S A"]
StateDistribution = Float[Array, " S"]
Scalar = Float[Array, ""]
Time = int | Int[Array, ""]
Key = PRNGKeyArray
Mechanism = PyTree[Any]
Public = PyTree[Any]
Round = PyTree[Any]
Response = PyTree[Any]
Objective = Callable[[Mechanism, Response], Scalar]
