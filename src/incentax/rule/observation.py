"""What an objective may look at when only actions are observed."""

from typing import Any, final

import equinox as eqx
import jax
from jaxtyping import Array, Float

from .._types import Objective, Response, Scalar
from ..equilibrium import Equilibrium
from ..population import JointAction


@final
class Observation(eqx.Module):
    """The observed actions, and nothing else; `flow` is their name in mean-field games."""

    actions: Float[Array, "*shape"]

    @property
    def flow(self) -> Float[Array, "*shape"]:
        """The actions of a mean-field game: mass over rounds, states and actions."""
        return self.actions

    def __getattr__(self, name: str):
        if name.startswith("_"):
            raise AttributeError(name)
        raise ValueError(
            f"expected an objective of the observed actions alone, got one that reads `{name}` of "
            "the response, whose change with the actions is not seen; try Hypergradient() or "
            "ZerothOrder()"
        )


@final
class Withheld(eqx.Module):
    """Stands where an objective would find the mechanism; reading it is refused."""

    def __getattr__(self, name: str):
        if name.startswith("_"):
            raise AttributeError(name)
        raise ValueError(
            f"expected an objective of the response alone, got one that reads `{name}` of the "
            "mechanism, and that part of its derivative is not seen; try Hypergradient() or "
            "ZerothOrder()"
        )


def joint_action(response: Response) -> Any:
    """The array that prices multiply: a response's actions, or a mean-field game's flow.

    In JAX or NumPy, as the response is.

    **Raises:** `ValueError` for a response without one.
    """
    if isinstance(response, JointAction):
        return response.actions
    if isinstance(response, Equilibrium):
        return response.flow
    raise ValueError(
        "expected a response with one action per price (a JointAction or an Equilibrium), got "
        f"{type(response).__name__}; try JointAction.seen(actions), or ZerothOrder()"
    )


def social_cost(objective: Objective, actions: Float[Array, "*shape"]) -> Any:
    """The objective of observed actions; it sees no mechanism."""
    return objective(Withheld(), Observation(actions))


def social_slope(
    objective: Objective, actions: Float[Array, "*shape"]
) -> tuple[Scalar, Float[Array, "*shape"]]:
    """The objective and its derivative in the observed actions (g)."""
    return jax.value_and_grad(lambda x: social_cost(objective, x))(actions)
