"""Parameterised mean-field games, in operator form: no method returns an S x A x S kernel."""

from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ._types import Mechanism, Public, Round, RoundFlow, StateDistribution, Time
from .topology import AbstractTopology, Listed


class AbstractGame(eqx.Module):
    """A game with finitely many rounds H, states S and actions A, played by a continuum of agents.

    The mechanism is an argument of every method that may depend on it, never a field: it is what
    gets differentiated. What one round of joint behaviour triggers (win probabilities, prices,
    rewards) is a `Round`; it is computed once a round and shared by the flow, the values, the
    objective and the certificate. Public state (goods left, say) travels from round to round
    beside the distribution of agents; `()` where there is none.

    Reference: arXiv 2510.21442, definition of a parameterised mean-field game.
    """

    num_states: eqx.AbstractVar[int]
    num_actions: eqx.AbstractVar[int]
    horizon: eqx.AbstractVar[int]

    @abstractmethod
    def initial(self, mechanism: Mechanism) -> tuple[StateDistribution, Public]:
        """The distribution of agents over states before round 0, and the first public state."""

    @abstractmethod
    def play(self, t: Time, flow: RoundFlow, public: Public, mechanism: Mechanism) -> Round:
        """What the joint behaviour `flow` [S A] (mass at each state and action) triggers."""

    @abstractmethod
    def advance(self, t: Time, flow: RoundFlow, round: Round) -> tuple[StateDistribution, Public]:
        """The distribution over states and the public state after the round."""

    @abstractmethod
    def action_values(
        self, t: Time, round: Round, next_values: StateDistribution
    ) -> Float[Array, "S A"]:
        """Reward plus expected next value of each action in each state [S A]."""


class KernelRound(eqx.Module):
    """One round of a `KernelGame`: its kernel and rewards at the current flow."""

    transition: Float[Array, "#S #A S"]
    reward: Float[Array, "S A"]


class KernelGame(AbstractGame):
    """A small dense game: subclass it with two functions of the flow, a start and three numbers.

    `transition` may broadcast: a kernel that does not depend on the state has shape [1 A S].
    """

    initial_distribution: eqx.AbstractVar[Float[Array, " S"]]

    @abstractmethod
    def transition(self, t: Time, flow: RoundFlow, mechanism: Mechanism) -> Float[Array, "#S #A S"]:
        """Probability of each next state: rows over the last axis sum to one."""

    @abstractmethod
    def reward(self, t: Time, flow: RoundFlow, mechanism: Mechanism) -> Float[Array, "S A"]:
        """Reward of each action in each state; agents maximise it."""

    def initial(self, mechanism: Mechanism) -> tuple[StateDistribution, Public]:
        """The initial distribution, and no public state."""
        return self.initial_distribution, ()

    def play(self, t: Time, flow: RoundFlow, public: Public, mechanism: Mechanism) -> Round:
        """Kernel and rewards at this flow."""
        return KernelRound(self.transition(t, flow, mechanism), self.reward(t, flow, mechanism))

    def advance(self, t: Time, flow: RoundFlow, round: Round) -> tuple[StateDistribution, Public]:
        """Push the flow through the kernel."""
        num_sources, num_choices, _ = round.transition.shape
        # Sum over the axes on which the kernel is constant before multiplying by it.
        mass = flow if num_sources > 1 else jnp.sum(flow, axis=0, keepdims=True)
        mass = mass if num_choices > 1 else jnp.sum(mass, axis=1, keepdims=True)
        return jnp.einsum("sa,san->n", mass, round.transition), ()

    def action_values(
        self, t: Time, round: Round, next_values: StateDistribution
    ) -> Float[Array, "S A"]:
        """Reward plus the expectation of the next value under the kernel."""
        return round.reward + round.transition @ next_values


class SuccessorRound(eqx.Module):
    """One round of a `SuccessorGame`: branch probabilities and rewards at the current flow."""

    probability: Float[Array, "#S #A K"]
    reward: Float[Array, "S #A"]


class SuccessorGame(AbstractGame):
    """A sparse game: every state and action leads to at most K successors, listed once.

    `successors` [S A K] is the topology and never changes; `probability` may depend on round,
    flow and mechanism and may broadcast: a noise law common to all moves has shape [1 1 K].
    Cost and memory are those of S x A x K, never of a dense kernel. A large game that is played
    often keeps `topology.topology(successors)` in a field and returns it as its `topology`.
    """

    initial_distribution: eqx.AbstractVar[Float[Array, " S"]]
    successors: eqx.AbstractVar[Int[Array, "S A K"]]

    @property
    def topology(self) -> AbstractTopology:
        """How mass and values travel along the successors: by the lists as they are."""
        return Listed(self.successors)

    @abstractmethod
    def probability(
        self, t: Time, flow: RoundFlow, mechanism: Mechanism
    ) -> Float[Array, "#S #A K"]:
        """Probability of each listed successor: rows over the last axis sum to one."""

    @abstractmethod
    def reward(self, t: Time, flow: RoundFlow, mechanism: Mechanism) -> Float[Array, "S #A"]:
        """Reward of each action in each state, [S 1] where all are alike; agents maximise it."""

    def initial(self, mechanism: Mechanism) -> tuple[StateDistribution, Public]:
        """The initial distribution, and no public state."""
        return self.initial_distribution, ()

    def play(self, t: Time, flow: RoundFlow, public: Public, mechanism: Mechanism) -> Round:
        """Branch probabilities and rewards at this flow."""
        return SuccessorRound(self.probability(t, flow, mechanism), self.reward(t, flow, mechanism))

    def advance(self, t: Time, flow: RoundFlow, round: Round) -> tuple[StateDistribution, Public]:
        """Move the mass of every branch to its successor."""
        return self.topology.collect(flow, round.probability), ()

    def action_values(
        self, t: Time, round: Round, next_values: StateDistribution
    ) -> Float[Array, "S A"]:
        """Reward plus the expectation of the next value over the listed successors."""
        return round.reward + self.topology.expect(next_values, round.probability)
