"""People played by a language model: prompts, cache, retries and accounts around any model."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from ..._errors import InvalidReaction
from ..prompts import Prompt, PromptStyle, Template, explain, find_template, render, stricter
from ..query import AbstractRater, Capabilities, Queries, Query, Reactions
from .accounting import Budget, Usage
from .asking import Desk
from .cache import Cache
from .model import AbstractModel, Answer, distribution


class OnInvalid(StrEnum):
    """What to do with a reply that is still not a rating at the last attempt."""

    RAISE = "raise"
    MASK = "mask"


@dataclass(frozen=True)
class _Outcome:
    probability: tuple[float, ...]
    residual: float
    hard: bool
    tokens: int


class LanguageUsers(AbstractRater):
    """People whose answers come from a language model.

    Equal questions of a step are asked once; known ones not at all; the rest go to the model in one
    call and are kept as they arrive. An invalid reply is asked again with a stricter reminder at
    most `max_attempts − 1` times, each attempt cached under its own key, and then raised or masked.
    It never becomes a number.

    **Main arguments:**

    - `model`: who answers.
    - `template`, `style`: how it is asked.
    - `cache`: where answers are kept; in memory by default.

    **Other arguments:**

    - `on_invalid`: raise, or a void step.
    - `min_mass`: probability that must be on the labels.
    - `max_attempts`: tries per question.
    - `budget`: when to stop.
    """

    def __init__(
        self,
        model: AbstractModel,
        template: Template | str,
        style: PromptStyle | None = None,
        cache: Cache | None = None,
        *,
        on_invalid: OnInvalid = OnInvalid.MASK,
        min_mass: float = 0.5,
        max_attempts: int = 3,
        budget: Budget | None = None,
    ):
        self.template = find_template(template) if isinstance(template, str) else template
        self.style = style or PromptStyle()
        self._desk = Desk(model, cache, budget)
        self._on_invalid = OnInvalid(on_invalid)
        self.min_mass = min_mass
        self._max_attempts = max_attempts
        self._read: dict[str, _Outcome | InvalidReaction] = {}

    @property
    def model(self) -> AbstractModel:
        """Who answers."""
        return self._desk.model

    @property
    def cache(self) -> Cache:
        """Where answers are kept."""
        return self._desk.cache

    @property
    def usage(self) -> Usage:
        """What was asked so far."""
        return self._desk.usage

    @property
    def identity(self) -> str:
        """Model, template and style: everything but the question itself."""
        t = self.template
        return f"{self.model.identity}/{t.id}/{t.version}/{t.hash}/{self.style.key()}"

    @property
    def capabilities(self) -> Capabilities:
        """Those of the model."""
        return self.model.capabilities

    def react(self, queries: Queries) -> Reactions:
        """Answers to n questions.

        **Raises:** `ModelError` from the model, `BudgetExceeded` before a call too many,
        `InvalidReaction` if told to raise.
        """
        scale = queries.scale
        base = f"{self.identity}/{scale.name}/{','.join(scale.labels)}/{self.min_mass}/"
        keys = [
            hashlib.sha256((base + key).encode("utf-8", "surrogatepass")).hexdigest()
            for key in queries.keys()
        ]
        first = {key: k for k, key in reversed(list(enumerate(keys)))}
        fresh = [key for key in first if key not in self._read]
        asked = self._resolve(queries, fresh, first) if fresh else set()
        n, levels = len(keys), scale.num_levels
        probability = np.full((n, levels), np.nan)
        valid, hard, cached = np.zeros(n, bool), np.zeros(n, bool), np.ones(n, bool)
        residual, tokens = np.zeros(n), np.zeros(n, np.int64)
        for k, key in enumerate(keys):
            outcome = self._read[key]
            if isinstance(outcome, InvalidReaction):
                if self._on_invalid == OnInvalid.RAISE:
                    raise outcome
                continue
            probability[k], valid[k] = outcome.probability, True
            residual[k], hard[k] = outcome.residual, outcome.hard
            if key in asked and first[key] == k:
                cached[k], tokens[k] = False, outcome.tokens
        hits, invalid = int(cached.sum()), int((~valid).sum())
        self._desk.usage += Usage(cached=hits, invalid=invalid)
        return Reactions(probability, valid, residual, hard, cached, tokens, tuple(keys))

    def answer(self, prompts: list[Prompt]) -> list[Answer]:
        """Answers to prompts of any kind, known ones from the cache."""
        return self._desk.answer(prompts)

    def explain(self, queries: Queries, rating: float) -> str:
        """Why they gave `rating` to the first question, in their words; a call of its own."""
        prompt = render(queries[0], self.template, self.style)
        return self.model.generate(explain(prompt, self.template, rating))

    def close(self) -> None:
        """Close model and cache."""
        self._desk.close()

    def _resolve(self, queries: Queries, keys: list[str], first: dict[str, int]) -> set[str]:
        """Bring every key into `_read`; returns those a model was asked for."""
        asked: set[str] = set()
        open_ = keys
        for attempt in range(self._max_attempts):
            tagged = {key: f"{key}.{attempt}" for key in open_}
            known = self.cache.find(tagged.values())
            missing = [key for key in open_ if tagged[key] not in known]
            rows = [first[key] for key in missing]
            answers = self._desk.ask(
                _Written(rows, lambda row, times=attempt: self._prompt(queries[row], times)),
                [tagged[key] for key in missing],
            )
            asked.update(missing)
            by_key = dict(zip(missing, answers, strict=True))
            again = []
            for key in open_:
                answer = by_key.get(key) or known[tagged[key]]
                try:
                    shares, outside, hard = distribution(answer, queries.scale, self.min_mass)
                    used = answer.prompt_tokens + answer.completion_tokens
                    self._read[key] = _Outcome(shares, outside, hard, used)
                except InvalidReaction as error:
                    self._read[key] = error
                    again.append(key)
            open_ = again
            if not open_:
                break
        return asked

    def _prompt(self, query: Query, attempt: int) -> Prompt:
        prompt = render(query, self.template, self.style)
        return stricter(prompt, self.template, attempt) if attempt else prompt


class _Written(Sequence[Prompt]):
    """Prompts written when they are first read: the first is on its way before the last is."""

    def __init__(self, rows: list[int], write: Callable[[int], Prompt]):
        self._rows, self._write = rows, write
        self._prompts: dict[int, Prompt] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index) -> Any:
        k = range(len(self._rows))[index]
        if k not in self._prompts:
            self._prompts[k] = self._write(self._rows[k])
        return self._prompts[k]
