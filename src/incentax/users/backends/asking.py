"""Asking a language model: what is known comes from the cache, the rest in one call."""

import time
from collections.abc import Sequence
from dataclasses import replace

from ..prompts import Prompt
from .accounting import Budget, Usage
from .cache import Cache
from .model import AbstractModel, Answer


class Desk:
    """A model with its cache, its budget and the account of what was asked.

    **Arguments:**

    - `model`: who answers. `cache`: where answers are kept; in memory by default.
    - `budget`: when to stop.
    """

    def __init__(
        self, model: AbstractModel, cache: Cache | None = None, budget: Budget | None = None
    ):
        self.model = model
        self.cache = cache if cache is not None else Cache(None)
        self.usage = Usage()
        self.budget = budget or Budget()

    def answer(self, prompts: list[Prompt]) -> list[Answer]:
        """Answers to prompts of any kind, known ones from the cache, equal ones asked once."""
        keys = [f"{self.model.identity}/{prompt.scale.name}/{prompt.hash}" for prompt in prompts]
        known = self.cache.find(keys)
        fresh = {key: prompt for key, prompt in zip(keys, prompts, strict=True) if key not in known}
        self.usage += Usage(cached=len(keys) - len(fresh))
        known |= dict(zip(fresh, self.ask(list(fresh.values()), list(fresh)), strict=True))
        return [known[key] for key in keys]

    def ask(self, prompts: Sequence[Prompt], keys: list[str]) -> list[Answer]:
        """Answers to prompts that are not known, each kept under its key as it arrives.

        **Raises:** `BudgetExceeded` before a call too many; `ModelError` from the model.
        """
        if not prompts:
            return []
        self.budget.check(self.usage, len(prompts))
        start = time.perf_counter()

        def arrived(k: int, answer: Answer) -> None:
            self.cache.put(keys[k], answer)
            self.usage += Usage(
                calls=1,
                prompt_tokens=answer.prompt_tokens,
                completion_tokens=answer.completion_tokens,
                retries=answer.retries,
            )

        try:
            return self.model.score(prompts, arrived)
        finally:
            self.usage = replace(
                self.usage, seconds=self.usage.seconds + time.perf_counter() - start
            )

    def close(self) -> None:
        """Close model and cache."""
        self.model.close()
        self.cache.close()
