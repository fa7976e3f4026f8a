"""Measures that need no real log, each beside a rater that knows nothing of the person."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..backends.language import LanguageUsers
from ..catalogue import Catalogue
from ..people import People, Taste
from ..query import AbstractRater
from .against import questions
from .further import Retest, VarianceSplit, anchoring, retest, variance_split
from .raters import BlindRater
from .sensitivity import Sensitivity, prompt_sensitivity, ways


@dataclass(frozen=True)
class Beyond:
    """Variance split and test-retest of a rater and of a random one; for prompts, what they do.

    `sensitivity` and `anchoring` are empty for a back end that reads no prompt.
    """

    variance: VarianceSplit
    variance_floor: VarianceSplit
    retest: Retest
    retest_floor: Retest
    sensitivity: tuple[Sensitivity, ...]
    anchoring: dict[str, float]

    def rows(self) -> list[dict[str, Any]]:
        """One row per measure, with the random rater's beside it."""
        pairs = [
            (f"variance: {name}", own, asdict(self.variance_floor)[name])
            for name, own in asdict(self.variance).items()
        ]
        pairs += [
            (f"test-retest: {name}", own, asdict(self.retest_floor)[name])
            for name, own in asdict(self.retest).items()
        ]
        return [
            {"measure": name, "value": own, "random rater": floor} for name, own, floor in pairs
        ]

    def to_json(self) -> dict[str, Any]:
        """Everything as plain values."""
        return asdict(self)


def beyond(
    rater: AbstractRater, people: People, catalogue: Catalogue, *, size: int = 200, seed: int = 0
) -> Beyond:
    """The measures on tables of `size` people and items."""
    scale = catalogue.domain.scale
    blind = BlindRater("uniform", (1.0 / scale.num_levels,) * scale.num_levels)
    asked = questions(people, catalogue, 10 * size, seed)

    def judged(who: AbstractRater) -> tuple[VarianceSplit, Retest]:
        told = who.react(asked)
        split = variance_split(who, people, catalogue, num_users=size, num_items=size, seed=seed)
        return split, retest(told.probability[told.valid], scale.array, seed)

    own, floor = judged(rater), judged(blind)
    sensitivity: Sequence[Sensitivity] = ()
    anchored: dict[str, float] = {}
    if isinstance(rater, LanguageUsers):
        asked_ways = ways(rater)
        sensitivity = prompt_sensitivity(asked_ways, people, catalogue, num=size, seed=seed)
        anchored = _anchored(dict(asked_ways), people, catalogue, size, seed)
    return Beyond(own[0], floor[0], own[1], floor[1], tuple(sensitivity), anchored)


def _anchored(asked_ways: dict[str, LanguageUsers], people, catalogue, size, seed):
    asked, taste = questions(people, catalogue, size, seed), Taste(people, catalogue)
    wanted = (taste.liked - taste.disliked)[asked.user]
    match = (wanted * catalogue.label_share[asked.item]).sum(1)
    vote = catalogue.vote[asked.item]
    told = [asked_ways[name].react(asked) for name in ("as given", "no mean vote")]
    kept = np.logical_and(told[0].valid, told[1].valid)
    if kept.sum() < 3:
        return {}
    mean = [(t.probability @ catalogue.domain.scale.array)[kept] for t in told]
    return anchoring(mean[0], mean[1], vote[kept], match[kept])
