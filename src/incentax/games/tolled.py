"""Tolls on everything agents do in a mean-field game: a price for each (round, state, action)."""

from typing import final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._types import Mechanism, Public, Round, RoundFlow, StateDistribution, Time
from ..game import AbstractGame
from ..mechanism import Price


class TolledRound(eqx.Module):
    """One round of a tolled game: that of the game beneath, and the round's tolls [S A]."""

    inner: Round
    toll: Float[Array, "S A"]


@final
class TolledGame(AbstractGame):
    """A mean-field game whose agents also pay `Price` [H S A] for what they do.

    Sign: tolls are subtracted from rewards. The game beneath keeps its own mechanism, which is
    not designed. Prices are determined only up to potentials, which the tangent form of the
    social gradient never enters: see `flow_constraints`.

    **Arguments:**

    - `inner`, `mechanism`: the game beneath and its mechanism.
    """

    inner: AbstractGame
    mechanism: Mechanism

    @property
    def num_states(self) -> int:
        """That of the game beneath."""
        return self.inner.num_states

    @property
    def num_actions(self) -> int:
        """That of the game beneath."""
        return self.inner.num_actions

    @property
    def horizon(self) -> int:
        """That of the game beneath."""
        return self.inner.horizon

    def initial(self, mechanism: Price) -> tuple[StateDistribution, Public]:
        """That of the game beneath; `ValueError` for a price of another shape than [H S A]."""
        shape = (self.horizon, self.num_states, self.num_actions)
        if mechanism.value.shape != shape:
            raise ValueError(
                f"expected a price for each round, state and action {shape}, got shape "
                f"{mechanism.value.shape}; try Price(jnp.zeros({shape}))"
            )
        return self.inner.initial(self.mechanism)

    def play(self, t: Time, flow: RoundFlow, public: Public, mechanism: Price) -> TolledRound:
        """The round beneath, and this round's tolls."""
        return TolledRound(
            self.inner.play(t, flow, public, self.mechanism), mechanism.value[t].astype(flow.dtype)
        )

    def advance(
        self, t: Time, flow: RoundFlow, round: TolledRound
    ) -> tuple[StateDistribution, Public]:
        """Tolls move nobody by themselves."""
        return self.inner.advance(t, flow, round.inner)

    def action_values(
        self, t: Time, round: TolledRound, next_values: StateDistribution
    ) -> Float[Array, "S A"]:
        """Values beneath, less the toll."""
        return self.inner.action_values(t, round.inner, next_values) - round.toll


def flow_constraints(game: AbstractGame, mechanism: Mechanism) -> Float[np.ndarray, "m k"]:
    """The matrix A with A L = b for every flow L [H S A] that the game's agents can have.

    Rows: mass at each state in round 0, then conservation from round to round. Dense.

    **Raises:** `ValueError` where transitions depend on what the population does: the set of
    flows then moves with the flow, and the social gradient need not descend.
    """
    horizon, states, actions = game.horizon, game.num_states, game.num_actions
    distribution, public = game.initial(mechanism)
    even = jnp.broadcast_to(distribution[:, None] / actions, (states, actions))
    crowded = jnp.zeros_like(even).at[:, 0].set(1 / states)

    def kernel(t: int, reference: RoundFlow) -> np.ndarray:
        round = game.play(t, reference, public, mechanism)
        push = jax.jacfwd(lambda flow: game.advance(t, flow, round)[0])(reference)
        return np.asarray(push, np.float64).reshape(states, states * actions)

    width = states * actions
    matrix = np.zeros((horizon * states, horizon * width))
    here = np.kron(np.eye(states), np.ones((1, actions)))
    matrix[:states, :width] = here
    for t in range(horizon - 1):
        pushed = kernel(t, even)
        if not np.allclose(pushed, kernel(t, crowded), atol=1e-6):
            raise ValueError(
                f"expected transitions that do not depend on the population, got ones of round "
                f"{t} that do, so that the social gradient need not descend; try Hypergradient()"
            )
        rows = slice((t + 1) * states, (t + 2) * states)
        matrix[rows, t * width : (t + 1) * width] = -pushed
        matrix[rows, (t + 1) * width : (t + 2) * width] = here
    return matrix
