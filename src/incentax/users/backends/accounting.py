"""What a run asked for, what it was spared, and when it must stop."""

from dataclasses import dataclass, fields

from ..._errors import ModelError


class BudgetExceeded(ModelError):
    """A budget does not allow the next call; everything before it is kept."""


@dataclass(frozen=True)
class Prices:
    """Money per million tokens."""

    prompt: float = 0.0
    completion: float = 0.0


@dataclass(frozen=True)
class Usage:
    """Totals of a run; `+` adds two runs up.

    >>> (Usage(calls=1, prompt_tokens=10) + Usage(cached=2)).cost(Prices(prompt=2.0))
    2e-05
    """

    calls: int = 0
    cached: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    retries: int = 0
    invalid: int = 0
    seconds: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def tokens(self) -> int:
        """Prompt and completion tokens together."""
        return self.prompt_tokens + self.completion_tokens

    def cost(self, prices: Prices) -> float:
        """Money spent."""
        prompt = self.prompt_tokens * prices.prompt
        return (prompt + self.completion_tokens * prices.completion) / 1e6


@dataclass(frozen=True)
class Budget:
    """Limits of a run; infinite by default."""

    calls: float = float("inf")
    tokens: float = float("inf")
    cost: float = float("inf")
    seconds: float = float("inf")
    prices: Prices = Prices()

    def check(self, used: Usage, coming: int) -> None:
        """Return if `coming` more calls fit.

        **Raises:** `BudgetExceeded` otherwise, before anything is asked.
        """
        limits = (
            ("calls", used.calls + coming, self.calls),
            ("tokens", used.tokens, self.tokens),
            ("cost", used.cost(self.prices), self.cost),
            ("seconds", used.seconds, self.seconds),
        )
        for name, value, limit in limits:
            if value > limit:
                raise BudgetExceeded(
                    f"the next step would bring the run to {value:g} {name} of {limit:g} allowed",
                    hint=f"a larger budget; with a cache the {used.calls} answers so far are kept",
                )
