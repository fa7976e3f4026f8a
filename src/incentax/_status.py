"""How a computation ended, as a number that can live under `jit` and a sentence for people."""

from enum import IntEnum
from typing import Any


class Status(IntEnum):
    """The outcome of a solve or a design: an integer inside `jit`, a sentence outside.

    `Status(code).sentence` says what happened and what to do next; `Status(code).ok` is true for
    outcomes that need no action.

    >>> Status(0).sentence
    'done'
    """

    DONE = 0
    NOT_CONVERGED = 1
    NONFINITE_EQUILIBRIUM = 2
    ADJOINT_RESIDUAL = 3
    NONFINITE_DESIGN = 4
    INTERRUPTED = 5
    OUT_OF_TIME = 6
    PROJECTION_TRAP = 20
    SAFE_SET_ACTIVE = 21
    NOT_MONOTONE = 22
    NOT_TRACKING = 23
    PRICE_DRIFT = 24
    NOT_DESCENDING = 25

    @property
    def sentence(self) -> str:
        """The outcome in words, with the remedy."""
        return _SENTENCES[self]

    @property
    def ok(self) -> bool:
        """Whether the outcome can be used as it is."""
        return self in (Status.DONE, Status.OUT_OF_TIME, Status.INTERRUPTED)

    @property
    def cautions(self) -> bool:
        """Whether the result is there, but does not carry the claim that was asked of it."""
        cautious = (Status.NOT_CONVERGED, Status.ADJOINT_RESIDUAL)
        return self in cautious or self >= Status.PROJECTION_TRAP

    @property
    def failed(self) -> bool:
        """Whether there is nothing to use: neither a result nor one with a caution."""
        return not (self.ok or self.cautions)

    @classmethod
    def of(cls, code: Any) -> "Status":
        """The status for a (possibly traced-out) integer array."""
        return cls(int(code))


_SENTENCES = {
    Status.DONE: "done",
    Status.NOT_CONVERGED: (
        "the equilibrium's residual is above the solver's tolerance; raise `num_steps` or the "
        "temperature, or start from a nearby equilibrium"
    ),
    Status.NONFINITE_EQUILIBRIUM: (
        "the equilibrium contains NaN or infinity; lower `learning_rate` so that learning_rate x "
        "temperature < 1, and check the game's rewards"
    ),
    Status.ADJOINT_RESIDUAL: (
        "the adjoint linear system was not solved to tolerance, so the last gradients are "
        "inexact; give Implicit a solver with more vectors or raise the temperature, or use "
        "Checkpointed()"
    ),
    Status.NONFINITE_DESIGN: (
        "the design met a NaN or infinite gradient and stopped with the best mechanism so far; "
        "lower the learning rate or raise the final temperature"
    ),
    Status.INTERRUPTED: "interrupted; everything up to the last step is kept and can be resumed",
    Status.OUT_OF_TIME: "stopped at the time limit; everything up to the last step is kept",
    Status.PROJECTION_TRAP: (
        "the projection on the safe set holds the price while the objective got worse along it; "
        "widen the set, or use Hypergradient()"
    ),
    Status.SAFE_SET_ACTIVE: (
        "the price rests on the edge of the safe set while the social gradient is not zero, so "
        "the optimum lies outside, or the projection hides it; widen the set"
    ),
    Status.NOT_MONOTONE: (
        "the game is not monotone where it was visited, so the social gradient need not descend "
        "and equilibria may be many; start elsewhere, or use ZerothOrder()"
    ),
    Status.NOT_TRACKING: (
        "the agents do not settle under the price, so their actions are no equilibrium; give "
        "them smaller steps or more of them for each price, or slow the planner down"
    ),
    Status.PRICE_DRIFT: (
        "the price drifts while nobody reacts, as at an optimum on the boundary of what agents "
        "can do; use the residual or the tangent form of SocialGradient, or Externality(...)"
    ),
    Status.NOT_DESCENDING: (
        "the objective ended worse than it began; lower the planner's learning rate, or let the "
        "agents make more steps for each price"
    ),
}
