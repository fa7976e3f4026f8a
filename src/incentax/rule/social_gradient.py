"""The social gradient: raise the price of what is socially over-used."""

from typing import final

import equinox as eqx

from .direction import AbstractForm, PlainForm
from .guard import AbstractGuard
from .price_guard import PriceGuard
from .price_rule import AbstractPriceRule


@final
class SocialGradient(AbstractPriceRule):
    """Moves each price by the social cost's derivative at the observed actions: p' = g(x).

    No model of the agents is used: not their costs, not their response's derivative. Where the
    agents are at the equilibrium of a strongly monotone game this descends, because
    dPhi/dt = -<g, J^-1 g> <= -(mu / L^2) |g|^2 for every g, symmetric game or not.

    Sign: prices are paid per unit of action, agents minimise cost, and a social *cost* pushes
    prices up where it grows. Needs a `Price` in the shape of the actions, an objective of the
    actions alone, and an optimizer with one scalar gain (plain SGD, global-norm clipping): each
    has a counterexample otherwise, so each is refused.

    **Arguments:**

    - `form`: `PlainForm()`; `ResidualForm(...)` and `TangentForm(...)` for constrained actions;
      `SharedForm()` for fewer prices than actions, `LeverForm(...)` for incentives that are not
      paid per unit of action.
    - `trust_optimizer`: let any optimizer pass, with a warning.
    - `tolerance`: direction, relative to the first one, below which the guard calls it zero.

    Reference: arXiv 2604.11346, theorems 1 and 2.
    """

    form: AbstractForm = PlainForm()
    trust_optimizer: bool = eqx.field(static=True, default=False)
    tolerance: float = eqx.field(static=True, default=1e-3)

    @property
    def guard(self) -> AbstractGuard:
        """Price, objective and optimizer before; monotonicity, projection and drift after."""
        return PriceGuard(
            "SocialGradient",
            self.turn,
            tolerance=self.tolerance,
            minimize_only=not self.form.odd,
            trust_optimizer=self.trust_optimizer,
        )

    def towards(self, sign: int) -> "SocialGradient":
        """Itself: forms that cannot maximise are refused by the guard."""
        return self

    def turn(self, price, actions, slope):
        """The form's direction."""
        return self.form.direction(price, actions, slope)
