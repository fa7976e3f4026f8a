"""How much of a model's ratings is the way it was asked."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..backends.language import LanguageUsers
from ..catalogue import Catalogue
from ..people import People
from ..prompts import Person, PromptStyle
from ..query import ask
from .further import correlation


@dataclass(frozen=True)
class Sensitivity:
    """One way of asking: its mean, and distance and correlation to the first way."""

    name: str
    mean: float
    distance: float
    correlation: float
    invalid: float


def prompt_sensitivity(
    raters: Sequence[tuple[str, LanguageUsers]],
    people: People,
    catalogue: Catalogue,
    *,
    num: int = 200,
    seed: int = 0,
) -> list[Sensitivity]:
    """The same questions asked in several ways, the first being the one compared with."""
    rng = np.random.default_rng(seed)
    asked = ask(
        people,
        catalogue,
        rng.integers(len(people), size=num),
        rng.integers(len(catalogue), size=num),
    )
    values = catalogue.domain.scale.array
    rows, base_p, base = [], None, None
    for name, rater in raters:
        reactions = rater.react(asked)
        p, mean = reactions.probability, reactions.probability @ values
        if base_p is None or base is None:
            base_p, base = p, mean
        kept = np.isfinite(mean) & np.isfinite(base)
        rows.append(
            Sensitivity(
                name,
                float(mean[kept].mean()) if kept.any() else float("nan"),
                float(0.5 * np.abs(p[kept].mean(0) - base_p[kept].mean(0)).sum())
                if kept.any()
                else float("nan"),
                correlation(mean[kept], base[kept]),
                float((~reactions.valid).mean()),
            )
        )
    return rows


def ways(rater: LanguageUsers) -> list[tuple[str, LanguageUsers]]:
    """The style axes of the sensitivity run, one change at a time, sharing model and cache."""
    styles = {
        "as given": rater.style,
        "1 shot": PromptStyle(shots=1),
        "1 shot, low example": PromptStyle(shots=1, inverted=True),
        "2 shots": PromptStyle(shots=2),
        "model's own system text": PromptStyle(own_system=False),
        "second person": PromptStyle(person=Person.SECOND),
        "persona as system": PromptStyle(person=Person.SYSTEM),
        "item before history": PromptStyle(order=("persona", "item", "history")),
        "no mean vote": PromptStyle(without=frozenset({"mean_vote"})),
        "no name": PromptStyle(without=frozenset({"name"})),
    }
    return [
        (name, LanguageUsers(rater.model, rater.template, style, rater.cache, min_mass=0.0))
        for name, style in styles.items()
    ]
