"""What a planner sees of agents who play a continuous game."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from .._types import Scalar


class JointAction(eqx.Module):
    """What agents did, with the evidence of how settled they are.

    - `actions`: in the shape of a full price: [n d] for agents, [E] for links.
    - `residual`: what is left to the equilibrium: the largest |x - Proj(x - F(x) - p)| where the
      model is at hand, the relative gap of a traffic assignment, and the largest move of the last
      step per unit of action where agents are only watched.
    - `uncertainty`: how far the actions may be from the equilibrium's, in order of magnitude and
      in their own unit; infinite where agents show no sign of settling.
    - `tracking`: size of the last move over that of the first, where agents are watched while
      they learn: below one they settle between prices; NaN elsewhere.
    - `monotonicity`: least eigenvalue of the symmetric part of F's derivative at these actions,
      where the model is at hand; NaN elsewhere.
    - `num_steps`: steps the agents took.
    - `status`: an integer; `Status(...).sentence` says what it means.
    """

    actions: Float[Array, "*shape"]
    residual: Scalar
    uncertainty: Scalar
    tracking: Scalar
    monotonicity: Scalar
    num_steps: Int[Array, ""]
    status: Int[Array, ""]

    @property
    def flow(self) -> Float[Array, "*shape"] | Float[np.ndarray, "*shape"]:
        """The actions, by their name in mean-field games: mass over rounds, states and actions."""
        return self.actions

    @classmethod
    def seen(cls, actions: Float[Array, "*shape"]) -> "JointAction":
        """Actions of which nothing else is known: for populations of the user's own."""
        nan = unknown(actions)
        none = jnp.zeros((), jnp.int32)
        return cls(actions, nan, nan, nan, nan, none, none)


@jax.custom_jvp
def observed(actions: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """The same actions, which nobody can differentiate: they were seen, not computed.

    **Raises:** `ValueError` when a derivative is asked for.
    """
    return actions


@observed.defjvp
def _refuse(primals, tangents):
    raise ValueError(
        "expected a rule that uses observed actions as they are, got one that differentiates "
        "them, but agents who are only observed have no derivative; try SocialGradient() or "
        "ZerothOrder(), or NashPopulation where the game is known"
    )


def unknown(like: Float[Array, "..."]) -> Scalar:
    """NaN of the same type: evidence that is not to be had."""
    return jnp.full((), jnp.nan, like.dtype)
