"""What a run with a language model would cost, found by rendering its prompts and asking nobody."""

from dataclasses import dataclass, replace

import numpy as np
from gymnasium.vector import AutoresetMode

from .prompts import PromptStyle, Template, render
from .query import AbstractFormula, AbstractRater, Queries, Reactions
from .vector import RecommenderVectorEnv
from .world import World


@dataclass(frozen=True)
class Plan:
    """Projected calls and tokens of `steps`; `repeated` is the share a cache would answer."""

    steps: int
    calls: int
    repeated: float
    prompt_tokens: int
    completion_tokens: int
    tokens_per_call: float


class _Dry(AbstractFormula):
    """Lets the world's own people answer, and notes what a model would have been asked."""

    def __init__(self, rater: AbstractRater, template: Template, style: PromptStyle):
        self._rater, self._template, self._style = rater, template, style
        self.seen: set[str] = set()
        self.asked = 0
        self.tokens = 0
        self.rendered = 0

    @property
    def identity(self) -> str:
        """Dry."""
        return "dry/" + self._rater.identity

    def react(self, queries: Queries) -> Reactions:
        """The people's answers."""
        for k, key in enumerate(queries.keys()):
            self.asked += 1
            if key not in self.seen:
                self.seen.add(key)
                # A few hundred prompts fix the mean length well enough.
                if self.rendered < 500:
                    prompt = render(queries[k], self._template, self._style)
                    self.tokens += prompt.estimated_tokens
                    self.rendered += 1
        return self._rater.react(queries)


def estimate(
    world: World,
    template: Template,
    style: PromptStyle | None = None,
    *,
    num_steps: int = 10_000,
    num_envs: int = 64,
    sample: int = 2000,
    seed: int = 0,
) -> Plan:
    """The plan of a run of `num_steps` with random recommendations, from at most `sample` of them.

    Tokens are counted as four characters each, which is within a third for common tokenisers.
    """
    dry = _Dry(world.rater, template, style or PromptStyle())
    envs = RecommenderVectorEnv(
        replace(world, rater=dry), num_envs, autoreset_mode=AutoresetMode.SAME_STEP
    )
    envs.reset(seed=seed)
    envs.action_space.seed(seed)
    steps = 0
    while steps < min(num_steps, sample):
        _, reward, _, _, _ = envs.step(envs.action_space.sample())
        steps += len(np.asarray(reward))
    per_step = dry.asked / steps
    fresh = len(dry.seen) / max(dry.asked, 1)
    calls = round(num_steps * per_step * fresh)
    length = dry.tokens / max(dry.rendered, 1)
    return Plan(
        num_steps, calls, round(1.0 - fresh, 4), round(calls * length), calls, round(length, 1)
    )
