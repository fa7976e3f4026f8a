"""The social gradient: raise the price of what is socially over-used."""

from typing import Any, ClassVar, final

import equinox as eqx
import jax.numpy as jnp

from .._types import Key, Objective
from ..mechanism import Price
from ..population import AbstractPopulation, Access
from .base import AbstractRule, Exchange
from .direction import AbstractForm, PlainForm
from .guard import AbstractGuard
from .observation import joint_action, social_slope
from .price_guard import PriceGuard


@final
class SocialGradient(AbstractRule):
    """Moves each price by the social cost's derivative at the observed actions: p' = g(x).

    No model of the agents is used: not their costs, not their response's derivative. Where the
    agents are at the equilibrium of a strongly monotone game this descends, because
    dPhi/dt = -<g, J^-1 g> <= -(mu / L^2) |g|^2 for every g, symmetric game or not.

    Sign: prices are paid per unit of action, agents minimise cost, and a social *cost* pushes
    prices up where it grows. Needs a `Price` in the shape of the actions, an objective of the
    actions alone, and an optimizer with one scalar gain (plain SGD, global-norm clipping): each
    has a counterexample otherwise, so each is refused.

    **Arguments:**

    - `form`: `PlainForm()`, or `ResidualForm(...)` and `TangentForm(...)` for constrained actions.
    - `trust_optimizer`: let any optimizer pass, with a warning.
    - `tolerance`: direction, relative to the first one, below which the guard calls it zero.

    Reference: arXiv 2604.11346, theorems 1 and 2.
    """

    needs: ClassVar[Access] = Access.RESPONSE

    form: AbstractForm = PlainForm()
    trust_optimizer: bool = eqx.field(static=True, default=False)
    tolerance: float = eqx.field(static=True, default=1e-3)

    @property
    def guard(self) -> AbstractGuard:
        """Price, objective and optimizer before; monotonicity, projection and drift after."""
        return PriceGuard(
            "SocialGradient",
            tolerance=self.tolerance,
            minimize_only=not self.form.odd,
            trust_optimizer=self.trust_optimizer,
        )

    def exchange(
        self,
        population: AbstractPopulation,
        objective: Objective,
        mechanism: Price,
        state: Any,
        *,
        key: Key,
    ) -> Exchange:
        """Publish prices, observe actions, differentiate the social cost in them: one response."""
        response, following = population.respond(mechanism, state, key=key)
        actions = joint_action(response)
        value, slope = social_slope(objective, actions)
        direction = self.form.direction(actions, slope)
        return Exchange(
            value, Price(-direction), response, following, jnp.full((), jnp.nan, value.dtype)
        )
