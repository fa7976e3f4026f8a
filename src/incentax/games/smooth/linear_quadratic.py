"""The linear-quadratic game, in which everything is linear algebra."""

from typing import final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ..._types import Key, Scalar
from ...smooth_game import Actions, SmoothGame
from .instance import AbstractInstance

Matrix = Float[Array, "n n"]


class QuadraticCost(eqx.Module):
    """The private costs whose pseudo-gradient is `jacobian x + offset`, with one number each."""

    jacobian: Matrix
    offset: Float[Array, " n"]

    def __call__(self, agent, actions: Actions) -> Scalar:
        """x_i (J x)_i - J_ii x_i^2 / 2 + c_i x_i."""
        x, row = actions[:, 0], self.jacobian[agent]
        return x[agent] * (row @ x) - row[agent] * x[agent] ** 2 / 2 + self.offset[agent] * x[agent]


@final
class LinearQuadratic(AbstractInstance):
    """F(x) = J x + c and social cost (x - target)' Q (x - target) / 2.

    **Arguments:**

    - `jacobian`: J [n n], with a positive definite symmetric part, else anything.
    - `offset`: c [n].
    - `weight`: Q [n n], symmetric positive definite.
    - `target`: the optimum [n].
    """

    jacobian: Matrix
    offset: Float[Array, " n"]
    weight: Matrix
    target: Float[Array, " n"]

    @classmethod
    def random(cls, key: Key, num_agents: int = 4, *, skew: float = 1.0) -> "LinearQuadratic":
        """A random strongly monotone game; `skew` scales the part of J that is not symmetric."""
        keys = jax.random.split(key, 5)
        shape = (num_agents, num_agents)
        spread, turn, weight = (jax.random.normal(k, shape) for k in keys[:3])
        eye = jnp.eye(num_agents)
        return cls(
            spread @ spread.T / num_agents + 0.5 * eye + skew * (turn - turn.T) / 2,
            jax.random.normal(keys[3], (num_agents,)),
            weight @ weight.T / num_agents + 0.5 * eye,
            jax.random.normal(keys[4], (num_agents,)),
        )

    def game(self) -> SmoothGame:
        """One number per agent, unconstrained."""
        return SmoothGame(QuadraticCost(self.jacobian, self.offset), self.target.shape[0])

    def social_cost(self, actions: Actions) -> Scalar:
        """Half the weighted squared distance to the target."""
        gap = actions[:, 0] - self.target
        return gap @ self.weight @ gap / 2

    def optimum(self) -> Actions:
        """The target."""
        return self.target[:, None]

    def step_limit(self) -> float:
        """The largest planner step with exact responses: min 2 Re(l) / |l|^2, l of J^-1 Q.

        Sharp: 2 % below it converges, 2 % above it diverges.
        """
        modes = self._modes()
        return float(np.min(2 * np.real(modes) / np.abs(modes) ** 2))

    def joint_radius(self, agents: float, planner: float) -> float:
        """Spectral radius of one gradient-play step of size `agents` and one price step.

        Below one the pair converges, from anywhere, without any time-scale separation.
        """
        jacobian, weight = np.asarray(self.jacobian), np.asarray(self.weight)
        eye = np.eye(len(jacobian))
        joint = np.block([[eye - agents * jacobian, -agents * eye], [planner * weight, eye]])
        return float(np.max(np.abs(np.linalg.eigvals(joint))))

    def _modes(self) -> Complex[np.ndarray, " n"]:
        rates = np.linalg.solve(np.asarray(self.jacobian), np.asarray(self.weight))
        return np.linalg.eigvals(rates).astype(complex)
