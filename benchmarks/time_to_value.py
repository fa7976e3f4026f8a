"""Seconds until a design of A1 is worth .240, .245 and .2475: the default recipe and its rivals.

    python -m benchmarks.time_to_value --seeds 3 --seconds 120

Values are judgements at the problem's own temperature from a cold start, and count only at trusted
exploitability. Judging is part of the time, compiling is not. The paper's recipe is unrolled for
400 steps from zero with sqrt(T) checkpoints, under plain Adam at each of its rates.
"""

import argparse
import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import optax

import incentax as ix
from incentax.order import RECIPES
from incentax.reproduction.amid.contest import RIVALS
from incentax.rule import AbstractRule
from incentax.setting import AbstractSetting
from incentax.workflow import TRUST

from .machine import publish

BARS = (0.240, 0.245, 0.2475)
PAPER_RATES = (3e-4, 1e-3, 3e-3)


class Contender(NamedTuple):
    """A way to design, and how often it is judged."""

    name: str
    recipe: str
    adjoint: ix.AbstractAdjoint | None
    rule: AbstractRule
    optimizer: Callable[[AbstractSetting, int], optax.GradientTransformation]
    num_steps: int
    audit_every: int


def contenders(setting: AbstractSetting) -> list[Contender]:
    """The default recipe first."""
    ours = setting.recipe()
    found = [
        Contender(
            "default recipe",
            "default",
            None,
            ix.Hypergradient(),
            lambda setting, steps: setting.recipe().optimizer(steps),
            ours.num_steps,
            ours.audit_every,
        )
    ]
    for rate in PAPER_RATES:
        adam = optax.adam(rate)
        found.append(
            Contender(
                f"paper's recipe, rate {rate:g}",
                "paper",
                ix.Checkpointed(),
                ix.Hypergradient(),
                lambda setting, steps, adam=adam: adam,
                1000,
                5,
            )
        )
    for name in ("0-adam", "anneal"):
        rival = RIVALS[name]
        made = rival.optimizer(rival.rate)
        found.append(
            Contender(
                name,
                "default",
                None,
                rival.rule(rival.rate),
                lambda setting, steps, made=made: made,
                100_000,
                20,
            )
        )
    return found


def race(contender: Contender, seed: int, seconds: float) -> dict[str, float]:
    """Seconds to each bar, NaN where it was not reached, and the value at the end."""
    setting = ix.problems["a1"].setting
    recipe = RECIPES[contender.recipe](setting)
    population = setting.population()
    if contender.adjoint is not None:
        population = ix.EquilibriumPopulation(population.game, population.solver, contender.adjoint)
    optimizer = contender.optimizer(setting, contender.num_steps)
    reached = dict.fromkeys(BARS, math.nan)

    def run(num_steps: int, limit: float) -> ix.Result:
        def watch(progress: ix.Progress) -> ix.Status | None:
            record = progress.record
            for bar in BARS:
                if record.audited_value >= bar and math.isnan(reached[bar]):
                    reached[bar] = record.seconds
            return ix.Status.OUT_OF_TIME if record.seconds > limit else None

        mechanism_key, design_key = jax.random.split(jax.random.key(seed))
        return ix.design(
            population,
            setting.mechanism(mechanism_key),
            maximize=setting.objective(),
            rule=contender.rule,
            optimizer=optimizer,
            num_steps=num_steps,
            schedule=recipe.schedule,
            key=design_key,
            audit_every=contender.audit_every,
            trust=TRUST * setting.exploitability_bound,
            patience=recipe.patience if contender.name == "default recipe" else 0,
            callback=watch,
            throw=False,
        )

    # Once for the compiler: as far as the first judgement.
    run(contender.audit_every, math.inf)
    reached.update(dict.fromkeys(BARS, math.nan))
    result = run(contender.num_steps, seconds)
    return {
        "recipe": contender.name,
        "seed": seed,
        **{f"s to {bar:.4g}": time for bar, time in reached.items()},
        "final value": result.value,
        "seconds": result.history[-1].seconds,
        "steps": len(result.history),
    }


def main(arguments: list[str] | None = None) -> None:
    """Print and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0, help="most for one design")
    given = parser.parse_args([] if arguments is None else arguments)
    setting = ix.problems["a1"].setting
    rows = [
        race(contender, seed, given.seconds)
        for contender in contenders(setting)
        for seed in range(given.seeds)
    ]
    publish("time_to_value", "Time to value on A1", rows)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
