"""Coupled oscillators: phases that a planner wants in step."""

from typing import final

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..._types import Key, Scalar
from ...smooth_game import Actions, SmoothGame
from .instance import AbstractInstance


class PhaseCost(eqx.Module):
    """The cost of leaving one's own phase, and of being out of step with those one looks at."""

    stiffness: Float[Array, " n"]
    natural: Float[Array, " n"]
    coupling: Float[Array, "n n"]

    def __call__(self, agent, actions: Actions) -> Scalar:
        """a_i (th_i - om_i)^2 / 2 - sum_j W_ij cos(th_i - th_j)."""
        phase = actions[:, 0]
        own = self.stiffness[agent] * (phase[agent] - self.natural[agent]) ** 2 / 2
        return own - jnp.sum(self.coupling[agent] * jnp.cos(phase[agent] - phase))


@final
class Oscillators(AbstractInstance):
    """F_i = a_i (th_i - om_i) + (K / n) sum_j w_ij sin(th_i - th_j), w not symmetric.

    The social cost is the mean disorder plus `pull` times the squared distance to a common
    phase. At that phase all sines vanish: the optimal price is -a (target - om), whatever the
    coupling. Played by gradient play the game is a Kuramoto model; `joint_flow` runs it in
    continuous time (the dynamic phases).

    **Arguments:**

    - `stiffness`, `natural`: a and om [n], om in radians.
    - `weight`: w [n n], zero on the diagonal. `strength`: K.
    - `target`: the phase wanted, in radians. `pull`: kappa > 0.

    Reference: arXiv 2604.11346, coupled oscillators (these parameters are our own).
    """

    stiffness: Float[Array, " n"]
    natural: Float[Array, " n"]
    weight: Float[Array, "n n"]
    strength: float = 0.5
    target: float = 0.3
    pull: float = 0.5

    @classmethod
    def random(cls, key: Key, num_agents: int = 6, **numbers: float) -> "Oscillators":
        """Random natural phases in [-1, 1], random couplings in [0, 1], stiffness in [1, 2]."""
        phase_key, weight_key = jax.random.split(key)
        natural = jax.random.uniform(phase_key, (num_agents,), minval=-1.0, maxval=1.0)
        weight = jax.random.uniform(weight_key, (num_agents, num_agents))
        stiffness = jnp.linspace(1.0, 2.0, num_agents)
        return cls(stiffness, natural, weight * (1 - jnp.eye(num_agents)), **numbers)

    def game(self) -> SmoothGame:
        """Oscillators that choose a phase."""
        coupling = self.strength / self.natural.shape[0] * self.weight
        return SmoothGame(PhaseCost(self.stiffness, self.natural, coupling), self.natural.shape[0])

    def social_cost(self, actions: Actions) -> Scalar:
        """Disorder, and distance to the target."""
        phase = actions[:, 0]
        gaps = phase[:, None] - phase[None, :]
        disorder = jnp.sum(1 - jnp.cos(gaps)) / (2 * phase.shape[0])
        return disorder + self.pull * jnp.sum((phase - self.target) ** 2)

    def optimum(self) -> Actions:
        """Everybody at the target."""
        return jnp.full((self.natural.shape[0], 1), self.target, self.natural.dtype)

    def order(self, actions: Actions) -> Scalar:
        """|mean exp(i th)|, between 0 (incoherent) and 1 (in step)."""
        phase = actions[:, 0]
        return jnp.hypot(jnp.mean(jnp.cos(phase)), jnp.mean(jnp.sin(phase)))

    def monotonicity_bound(self) -> Scalar:
        """A lower bound on mu, by Gershgorin: min a_i - (K/n)(1.5 sum_j w_ij + .5 sum_j w_ji)."""
        scale = self.strength / self.natural.shape[0]
        reach = 1.5 * jnp.sum(self.weight, axis=1) + 0.5 * jnp.sum(self.weight, axis=0)
        return jnp.min(self.stiffness - scale * reach)
