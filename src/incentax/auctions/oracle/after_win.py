import math
from abc import ABC, abstractmethod
from dataclasses import dataclass


class AbstractAfterWin(ABC):
    """What happens to a bidder who has just won, as two probabilities that every oracle reads.

    With exit probability e and return probability ρ, winners x of active mass m leave m - e·x
    bidders to move with the kernel, and a share ρ of everybody who is out comes back at each
    transition with a fresh value.
    """

    @property
    @abstractmethod
    def exit_probability(self) -> float:
        """Probability that a winner goes out: 1 when winners leave, 0 when they stay."""

    @property
    @abstractmethod
    def return_probability(self) -> float:
        """Probability, per transition, that a bidder who is out re-enters with a fresh value."""


@dataclass(frozen=True)
class Leave(AbstractAfterWin):
    """A winner is gone for good: unit demand.

    >>> Leave().exit_probability, Leave().return_probability
    (1.0, 0.0)
    """

    @property
    def exit_probability(self) -> float:
        """One: she goes."""
        return 1.0

    @property
    def return_probability(self) -> float:
        """Zero: she never comes back."""
        return 0.0


@dataclass(frozen=True)
class Regenerate(AbstractAfterWin):
    """A winner goes out and re-enters with `probability` at every later transition.

    The first such transition is the one right after the win; the new value is drawn from the
    market's initial law.

    **Arguments:**

    - `probability`: in [0, 1], per transition (ρ). Zero is the same market as `Leave()`.

    Raises `ValueError` when it is not a probability.

    >>> Regenerate(probability=0.3).return_probability
    0.3
    """

    probability: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.probability) and 0 <= self.probability <= 1):
            raise ValueError(
                f"expected a re-entry probability in [0, 1], got {self.probability}; "
                "try Regenerate(probability=0.3)"
            )

    @property
    def exit_probability(self) -> float:
        """One: she goes out."""
        return 1.0

    @property
    def return_probability(self) -> float:
        """The `probability` given."""
        return self.probability


@dataclass(frozen=True)
class Stay(AbstractAfterWin):
    """A winner stays in the market and her value moves like everybody's: repeated demand.

    >>> Stay().exit_probability
    0.0
    """

    @property
    def exit_probability(self) -> float:
        """Zero: she goes on bidding."""
        return 0.0

    @property
    def return_probability(self) -> float:
        """Zero: nobody is ever out."""
        return 0.0
