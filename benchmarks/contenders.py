"""Ways to design that race for time to value: the default recipe, the paper's, two rivals."""

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import optax

import incentax as ix
from incentax.reproduction.amid.rivals import RADIUS, RIVALS
from incentax.rule import AbstractRule
from incentax.setting import AbstractSetting

PAPER_RATES = (3e-4, 1e-3, 3e-3)


class Contender(NamedTuple):
    """A way to design, how often it judges on its way, and its steps; None for all that fit."""

    name: str
    recipe: str
    start: str
    adjoint: ix.AbstractAdjoint | None
    rule: AbstractRule
    optimizer: Callable[[AbstractSetting, int], optax.GradientTransformation]
    num_steps: int | None
    audit_every: int
    patience: int
    climb: bool = False


def contenders(setting: AbstractSetting, rates: Sequence[float] = PAPER_RATES) -> list[Contender]:
    """The default recipe first; the paper's at each of these rates, from either start."""
    ours = setting.recipe()
    found = [
        Contender(
            "default recipe",
            "default",
            "default",
            None,
            ix.Hypergradient(),
            lambda setting, steps: setting.recipe().optimizer(steps),
            ours.num_steps,
            ours.audit_every,
            ours.patience,
            ours.climb,
        )
    ]
    starts = (("", "paper"), (", our start", "default"))
    for rate, (told, start) in itertools.product(rates, starts):
        adam = optax.adam(rate)
        found.append(
            Contender(
                f"paper's recipe, rate {rate:g}{told}",
                "paper",
                start,
                ix.Checkpointed(),
                ix.Hypergradient(),
                lambda setting, steps, adam=adam: adam,
                1000,
                0,
                0,
            )
        )
    for name in ("0-adam", "anneal"):
        rival = RIVALS[name]
        made = rival.optimizer(rival.rate)
        found.append(
            Contender(
                name,
                "default",
                "default",
                None,
                rival.rule(rival.rate, RADIUS),
                lambda setting, steps, made=made: made,
                None,
                0,
                0,
            )
        )
    return found
