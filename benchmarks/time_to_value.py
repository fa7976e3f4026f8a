"""Seconds until a design is worth so much: the default recipe and its rivals.

    python -m benchmarks.time_to_value --seeds 3 --seconds 120
    python -m benchmarks.time_to_value --problems a2 a3 a7 a8 --seconds 60

On A1 the bars are .240, .245 and .2475. On other problems there is one for all recipes: 95 % of the
certified value of what the default recipe returns with the same seed.

Values are judgements at the problem's own temperature from a cold start, and count only at trusted
exploitability; every recipe is judged this one way and returns the best it was judged at. Judging
is part of the time, compiling is not. The paper's recipe is unrolled for 400 steps from zero with
sqrt(T) checkpoints, under plain Adam at each of its rates. It starts at the network as published;
a row more shows its last rate from the default recipe's start. It is judged at every step, so that
no bar is passed unseen; since as published it does not judge at all, `steps alone` is the time less
that of the judgements until then, for every recipe: so many times a measured judgement, which is
a judged step's median time less that of steps that are not judged.
"""

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median
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

BARS = {"a1": (0.240, 0.245, 0.2475)}
SHARE = 0.95
# For recipes that are not judged on the way.
AUDIT_EVERY = 10
# Steps that are not judged, to tell what a judgement takes.
BARE_STEPS = 6
PAPER_RATES = (3e-4, 1e-3, 3e-3)
_MAXIMISED = [name for name, row in ix.problems.items() if row.setting.sense == "maximize"]


class Contender(NamedTuple):
    """A way to design, how often it is judged, and its steps; None for as many as fit."""

    name: str
    recipe: str
    start: str
    adjoint: ix.AbstractAdjoint | None
    rule: AbstractRule
    optimizer: Callable[[AbstractSetting, int], optax.GradientTransformation]
    num_steps: int | None
    audit_every: int


class Judged(NamedTuple):
    """A trusted judgement: when it came, when it would have come without judging, and its value."""

    seconds: float
    steps_alone: float
    value: float


class Race(NamedTuple):
    """How a design went: trusted judgements, certified value, length, seconds of a judgement."""

    judged: list[Judged]
    final: float
    seconds: float
    num_steps: int
    judging: float

    def reached(self, bar: float) -> Judged:
        """The first judgement of at least `bar`; all NaN if there was none."""
        never = Judged(math.nan, math.nan, math.nan)
        return next((judged for judged in self.judged if judged.value >= bar), never)


def contenders(setting: AbstractSetting, rates: Sequence[float] = PAPER_RATES) -> list[Contender]:
    """The default recipe first; the paper's at each of these rates."""
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
            ours.audit_every or AUDIT_EVERY,
        )
    ]
    published = [(f"paper's recipe, rate {rate:g}", "paper", rate) for rate in rates]
    ours_too = [(f"{published[-1][0]}, our start", "default", rates[-1])]
    for name, start, rate in published + ours_too:
        adam = optax.adam(rate)
        found.append(
            Contender(
                name,
                "paper",
                start,
                ix.Checkpointed(),
                ix.Hypergradient(),
                lambda setting, steps, adam=adam: adam,
                1000,
                1,
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
                rival.rule(rival.rate),
                lambda setting, steps, made=made: made,
                None,
                20,
            )
        )
    return found


def race(problem: str, contender: Contender, seed: int, seconds: float) -> Race:
    """One design of at most so many seconds, after one that compiles."""
    setting = ix.problems[problem].setting
    recipe = RECIPES[contender.recipe].recipe(setting)
    population = setting.population()
    if contender.adjoint is not None:
        population = replace(population, adjoint=contender.adjoint)
    optimizer = contender.optimizer(setting, contender.num_steps or 0)

    def run(num_steps: int, limit: float, audit_every: int = contender.audit_every) -> ix.Result:
        def watch(progress: ix.Progress) -> ix.Status | None:
            return ix.Status.OUT_OF_TIME if progress.record.seconds > limit else None

        # As `incentax design NAME --seed K` draws.
        mechanism_key, design_key, _ = jax.random.split(jax.random.key(seed), 3)
        return ix.design(
            population,
            RECIPES[contender.start].start(setting, mechanism_key),
            maximize=setting.objective(),
            rule=contender.rule,
            optimizer=optimizer,
            num_steps=num_steps,
            schedule=recipe.schedule,
            key=design_key,
            audit_every=audit_every,
            trust=TRUST * setting.exploitability_bound,
            patience=recipe.patience if contender.name == "default recipe" else 0,
            callback=watch,
            throw=False,
        )

    # Once for the compiler: as far as the first judgement.
    run(contender.audit_every, math.inf)
    bare = paces(run(BARE_STEPS, math.inf, 0).history)
    num_steps = contender.num_steps
    if num_steps is None:
        # The schedule falls over the steps that there will be: their pace says how many.
        history = run(3 * contender.audit_every, math.inf).history
        num_steps = max(1, int(seconds * len(history) / history[-1].seconds))
    result = run(num_steps, seconds)
    judging = judgement_seconds(result.history, bare, contender.audit_every)
    return Race(
        judgements(result.history, judging, contender.audit_every),
        result.value,
        result.history[-1].seconds,
        len(result.history),
        judging,
    )


def paces(history: Sequence[ix.StepRecord]) -> list[float]:
    """Seconds of each step after the first."""
    return [now.seconds - last.seconds for last, now in pairwise(history)]


def judgement_seconds(
    history: Sequence[ix.StepRecord], bare: Sequence[float], audit_every: int
) -> float:
    """The median time of judged steps less that of `bare` ones; NaN where none is to compare."""
    judged = [
        now.seconds - last.seconds
        for last, now in pairwise(history)
        if (now.step + 1) % audit_every == 0
    ]
    return max(0.0, median(judged) - median(bare)) if judged and bare else math.nan


def judgements(history: Sequence[ix.StepRecord], judging: float, audit_every: int) -> list[Judged]:
    """The trusted judgements; the time of every judgement until then is what they could save."""
    return [
        Judged(
            record.seconds,
            record.seconds - judging * math.ceil((record.step + 1) / audit_every),
            record.audited_value,
        )
        for record in history
        if math.isfinite(record.audited_value)
    ]


def rows(problem: str, seeds: int, seconds: float, rates: Sequence[float]) -> Iterator[dict]:
    """A row per recipe and seed, the default recipe's first."""
    setting = ix.problems[problem].setting
    bars: dict[int, dict[str, float]] = {}
    for contender in contenders(setting, rates):
        for seed in range(seeds):
            found = race(problem, contender, seed, seconds)
            if seed not in bars and problem in BARS:
                bars[seed] = {f"s to {bar:.4g}": bar for bar in BARS[problem]}
            elif seed not in bars:
                bars[seed] = {f"s to {SHARE:.0%}": SHARE * found.final}
            yield {
                "recipe": contender.name,
                "seed": seed,
                **{name: found.reached(bar).seconds for name, bar in bars[seed].items()},
                **{
                    f"{name}, steps alone": found.reached(bar).steps_alone
                    for name, bar in bars[seed].items()
                },
                "final value": found.final,
                "seconds": found.seconds,
                "steps": found.num_steps,
                "s a judgement": found.judging,
            }


def main(arguments: list[str] | None = None) -> None:
    """Print and keep a table for each problem."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", nargs="+", default=["a1"], choices=_MAXIMISED)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0, help="most for one design")
    parser.add_argument("--rates", type=float, nargs="+", default=PAPER_RATES, help="the paper's")
    given = parser.parse_args([] if arguments is None else arguments)
    for problem in given.problems:
        name = "time_to_value" if problem in BARS else f"time_to_value_{problem}"
        found = list(rows(problem, given.seeds, given.seconds, given.rates))
        publish(name, f"Time to value on {problem.upper()}", found)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
