"""Populations in equilibrium: one mean-field game, or a fresh draw of many in each exchange."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar, final

import equinox as eqx
import jax

from .._types import Key, Mechanism, Scalar
from ..adjoint import AbstractAdjoint, Implicit
from ..equilibrium import AbstractSolver, Equilibrium, MirrorDescent, solve
from ..game import AbstractGame
from .base import AbstractPopulation, Access


@final
class EquilibriumPopulation(AbstractPopulation):
    """Agents who are always at the equilibrium of `game`; the response is an `Equilibrium`.

    The state is the solver's last state. It is the next start where the adjoint forgets its
    start, and is ignored elsewhere, since an unrolled derivative depends on where it began.

    **Arguments:**

    - `game`: any `AbstractGame`.
    - `solver`: the problem's own solver; its temperature is what certificates are computed at.
    - `adjoint`: how derivatives pass the equilibrium.
    """

    offers: ClassVar[Access] = Access.MODEL

    game: AbstractGame
    solver: AbstractSolver = MirrorDescent()
    adjoint: AbstractAdjoint = Implicit()

    def init(self, mechanism: Mechanism, *, key: Key) -> Any:
        """The solver's cold start."""
        return self.solver.init(self.game, mechanism)

    def respond(self, mechanism: Mechanism, state: Any, *, key: Key) -> tuple[Equilibrium, Any]:
        """The equilibrium, and the solver's state."""
        start = state if self.adjoint.forgets_start else None
        equilibrium = solve(
            self.game,
            mechanism,
            solver=self.solver,
            adjoint=self.adjoint,
            start=start,
            throw=False,
        )
        return equilibrium, equilibrium.state

    def at_rest(self) -> "EquilibriumPopulation":
        """Itself: its responses are equilibria already."""
        return self

    def relaxed(self, temperature: Scalar, share: float, num_steps: int) -> "EquilibriumPopulation":
        """The same game at another temperature."""
        return replace(self, solver=self.solver.relaxed(temperature, share, num_steps))

    def listening(self, probe: Scalar) -> "EquilibriumPopulation":
        """The same population with a listening adjoint."""
        return replace(self, adjoint=self.adjoint.listening(probe))


@final
class SampledPopulation(AbstractPopulation):
    """A fresh batch of games in each exchange: one mechanism has to serve them all.

    The response is a stack of equilibria along the first axis; score it with
    `objective.Expected`. Solves start cold, since no game is met twice.

    **Arguments:**

    - `draw`: a function from a key to a game; all its games have the same shapes.
    - `num_games`: games an exchange.
    """

    offers: ClassVar[Access] = Access.MODEL

    draw: Callable[[Key], AbstractGame]
    num_games: int = eqx.field(static=True, default=8)
    solver: AbstractSolver = MirrorDescent()
    adjoint: AbstractAdjoint = Implicit()

    def __check_init__(self):
        if self.num_games < 1:
            raise ValueError(f"expected num_games >= 1, got {self.num_games}; try 8")

    def init(self, mechanism: Mechanism, *, key: Key) -> tuple[()]:
        """Nothing is carried from one batch to the next."""
        return ()

    def respond(self, mechanism: Mechanism, state: Any, *, key: Key) -> tuple[Equilibrium, Any]:
        """The equilibria of `num_games` games drawn with this key."""

        def one(game_key: Key) -> Equilibrium:
            return solve(
                self.draw(game_key),
                mechanism,
                solver=self.solver,
                adjoint=self.adjoint,
                throw=False,
            )

        return eqx.filter_vmap(one)(jax.random.split(key, self.num_games)), state

    def at_rest(self) -> "SampledPopulation":
        """Itself: its responses are equilibria already."""
        return self

    def relaxed(self, temperature: Scalar, share: float, num_steps: int) -> "SampledPopulation":
        """The same draws at another temperature."""
        return replace(self, solver=self.solver.relaxed(temperature, share, num_steps))

    def listening(self, probe: Scalar) -> "SampledPopulation":
        """The same population with a listening adjoint."""
        return replace(self, adjoint=self.adjoint.listening(probe))
