"""Games with a social cost whose optimum is known without solving any game."""

from abc import abstractmethod

import equinox as eqx

from ..._types import Mechanism, Response, Scalar
from ...mechanism import Price
from ...smooth_game import AbstractSmoothGame, Actions


class AbstractInstance(eqx.Module):
    """A smooth game, what society makes of it, and the optimum as an oracle.

    With unconstrained actions every joint action can be implemented, so that the optimal price is
    explicit: p = -F(x) at the social optimum x. Instances are the library's own.

    Reference: the optimum's price holds for any strongly monotone F; arXiv 2604.11346, theorem 1.
    """

    @abstractmethod
    def game(self) -> AbstractSmoothGame:
        """The agents' game."""

    @abstractmethod
    def social_cost(self, actions: Actions) -> Scalar:
        """What the planner wants less of, as a function of the joint action [n d] alone."""

    @abstractmethod
    def optimum(self) -> Actions:
        """The joint action with the least social cost, from a closed form or a linear solve."""

    def optimal_price(self) -> Price:
        """-F at the optimum: the price [n d] under which agents choose it by themselves."""
        return Price(-self.game().marginal_cost(self.optimum()))

    def objective(self, mechanism: Mechanism, response: Response) -> Scalar:
        """The social cost of a response, as `design` takes it; the mechanism is not read."""
        return self.social_cost(response.actions)
