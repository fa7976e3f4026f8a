"""A rule turns one exchange with the population into a direction for the mechanism."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import optax

from .._types import Key, Mechanism, Objective, Response, Scalar
from ..population import AbstractPopulation, Access
from .guard import AbstractGuard


class Exchange(eqx.Module):
    """What one exchange yields.

    - `value`: the objective, in the user's sign.
    - `gradient`: of the objective (direction of increase), shaped like the mechanism.
    - `response`, `state`: what the population did and what it carries on.
    - `adjoint_residual`: relative residual of the adjoint's linear solve; NaN where there is none.
    """

    value: Scalar
    gradient: Mechanism
    response: Response
    state: Any
    adjoint_residual: Scalar


class AbstractRule(eqx.Module):
    """One way to improve a mechanism, given a certain access to the population."""

    needs: eqx.AbstractClassVar[Access]

    @property
    @abstractmethod
    def guard(self) -> AbstractGuard:
        """What is refused before a design with this rule runs, and watched while it does."""

    @abstractmethod
    def towards(self, sign: int) -> "AbstractRule":
        """The rule for a planner who maximises (1) or minimises (-1); most serve both alike."""

    @abstractmethod
    def optimizer(self, num_steps: int) -> optax.GradientTransformation:
        """What turns its gradients into steps unless the user says otherwise."""

    @abstractmethod
    def exchange(
        self,
        population: AbstractPopulation,
        objective: Objective,
        mechanism: Mechanism,
        state: Any,
        *,
        key: Key,
    ) -> Exchange:
        """Publish, observe, score, and say which way is up. Never reads beyond `needs`."""


def clipped_adam(num_steps: int) -> optax.GradientTransformation:
    """Adam on gradients clipped to norm one, at a rate that falls from 1e-3 like a cosine."""
    rate = optax.cosine_decay_schedule(1e-3, num_steps)
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adam(rate))


def check_access(rule: AbstractRule, population: AbstractPopulation) -> None:
    """Nothing, if the rule may run on the population; otherwise a `ValueError` before tracing."""
    if rule.needs > population.offers:
        raise ValueError(
            f"expected a population of which {rule.needs.sentence} for {type(rule).__name__}, got "
            f"{type(population).__name__}, of which {population.offers.sentence}; try "
            f"{_ALTERNATIVE[population.offers]}"
        )


_ALTERNATIVE = {
    Access.OBJECTIVE: "ZerothOrder()",
    Access.RESPONSE: "SocialGradient() or ZerothOrder()",
    Access.MODEL: "Hypergradient()",
}
