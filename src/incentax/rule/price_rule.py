"""What all rules for prices share: publish, observe actions, turn the social slope into a step."""

from abc import abstractmethod
from typing import Any, ClassVar

import optax
from jaxtyping import Array, Float

from .._types import Key, Objective, Scalar
from ..mechanism import Price
from ..population import AbstractPopulation, Access
from .base import AbstractRule, Exchange
from .observation import joint_action, social_slope

Vector = Float[Array, "*shape"]


class AbstractPriceRule(AbstractRule):
    """A rule that sees actions x and the social slope g there, and says where prices should go."""

    needs: ClassVar[Access] = Access.RESPONSE

    @abstractmethod
    def turn(
        self, price: Float[Array, "..."], actions: Vector, slope: Vector
    ) -> tuple[Float[Array, "..."], Scalar]:
        """The direction for the prices that lowers the social cost, in their shape.

        And the relative residual of the linear solve behind it; NaN where there is none.
        """

    def optimizer(self, num_steps: int) -> optax.GradientTransformation:
        """Plain steps of a tenth: one gain for all prices."""
        return optax.sgd(0.1)

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
        direction, residual = self.turn(mechanism.value, actions, slope)
        return Exchange(value, Price(-direction), response, following, residual)
