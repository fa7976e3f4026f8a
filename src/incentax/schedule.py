"""Temperatures to design at, from smooth to sharp."""

import math
from dataclasses import replace
from numbers import Integral
from typing import final

import equinox as eqx

# Careful steps go a quarter as far as a design's: enough where agents at its pace circle closely.
# Steps are not shortened below the share at which so many get there.
CAREFUL_STEPS, CAREFUL_PACE, LEAST_SHARE = 1000, 0.25, 0.02


@final
class Schedule(eqx.Module):
    """Smooth first, sharpen later: design at a temperature that is held, then falls geometrically.

    On a grid of actions the objective along exact equilibria is a sawtooth in the mechanism; at a
    higher temperature it is smooth. Results are always judged at the problem's own temperature.

    **Arguments:**

    - `start`, `stop`: temperatures of the first and of the last step.
    - `solver_steps`: solver iterations in each exchange.
    - `share`: learning rate x temperature of these iterations: the share of the way to the reply
      that each goes. Above about 0.4 they cycle.
    - `hold`: share of the design spent at `start` before the temperature falls. While agents
      spread over many actions, a payment rule learns to be flat where they win, and flat rules
      have no sawtooth.
    - `settle`: exchanges, at most, before the first step in which only the agents move, until
      fewer than one in 1000 would still act differently: the first gradients of agents who are
      on their way from a cold start point anywhere.
    """

    start: float = 2e-2
    stop: float = 4e-3
    solver_steps: int = 30
    share: float = 0.2
    hold: float = 0.0
    settle: int = 0

    def __check_init__(self):
        if not 0 < self.stop <= self.start < math.inf:
            raise ValueError(
                f"expected 0 < stop <= start, got start={self.start} and stop={self.stop}; try "
                "Schedule(0.02, 0.004)"
            )
        if not isinstance(self.solver_steps, Integral) or self.solver_steps < 1:
            raise ValueError(
                f"expected a whole number of solver_steps >= 1, got {self.solver_steps}; try 30"
            )
        if not 0 < self.share <= 1:
            raise ValueError(f"expected 0 < share <= 1, got {self.share}; try 0.2")
        if not 0 <= self.hold < 1:
            raise ValueError(
                f"expected 0 <= hold < 1, got {self.hold}; try 0.4, or 0 to fall at once"
            )
        if not isinstance(self.settle, Integral) or self.settle < 0:
            raise ValueError(
                f"expected a whole number of settle >= 0, got {self.settle}; try 5, or 0 for none"
            )

    def scaled(self, factor: float) -> "Schedule":
        """The same schedule with both temperatures multiplied by `factor`."""
        return replace(self, start=self.start * factor, stop=self.stop * factor)

    def careful(self) -> "Schedule":
        """The same temperatures in so many short steps that agents settle, for checks.

        >>> Schedule(0.1, 0.001, share=0.2).careful().share
        0.05
        """
        share = max(CAREFUL_PACE * self.share, min(LEAST_SHARE, self.share))
        return replace(self, share=share, solver_steps=CAREFUL_STEPS)

    def temperature(self, step: int, num_steps: int) -> float:
        """The temperature of a step.

        >>> Schedule(0.1, 0.001).temperature(1, 3)
        0.01
        >>> Schedule(0.1, 0.001, hold=0.5).temperature(1, 3)
        0.1
        """
        fraction = step / max(1, num_steps - 1)
        fraction = max(0.0, fraction - self.hold) / (1 - self.hold)
        return self.start * (self.stop / self.start) ** fraction
