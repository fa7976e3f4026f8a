"""Seconds until a design is worth so much: the default recipe and its rivals.

    python -m benchmarks.time_to_value --seeds 10 --seconds 15
    python -m benchmarks.time_to_value --problems a2 a3 a7 --seeds 5 --seconds 10
    python -m benchmarks.time_to_value --problems a8 --seeds 5 --seconds 30

On A1 the bars are .240, .245 and .2475. On other problems there is one for all recipes: 95 % of the
certified value of what the default recipe, run whole, returns with the same seed.

The clock runs for what each recipe does and for nothing else. The default recipe judges mechanisms
on its way, because it returns to the best of them: that is on its clock. The paper's recipe, as
published, never judges, nor do the rivals. What a mechanism is worth is found beside the clock, for
all alike, at every one of the first forty steps and at every tenth from there: the value at the
problem's own temperature from a cold start, which counts only where the agents have settled. Nor is
compiling on the clock. The paper's recipe is unrolled for 400 steps from zero with sqrt(T)
checkpoints, under plain Adam at each of its rates, from the network as published and from the
default recipe's start. (On A2 and A8 only the latter has a reserve: the network as published has
none.) It plans 1000 steps, and is cut when its seconds are over. 0-ADAM and ANNEAL plan as many
steps as fit; their rates are the best ones on A1, on other problems too: rates tuned for each
problem race in `benchmarks.baselines`. `final value` is the certified one of what the design
returns: the best judged by the default recipe, the last by the others; `bars held` are those that
it reaches. `last seen` and `lowest seen after` (the highest bar) are of mechanisms on the way,
returned or not. NaN is what was not reached within the seconds that a rival had.
"""

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median
from typing import NamedTuple

import jax

import incentax as ix
from incentax.judgement import TRUST, judged
from incentax.order import RECIPES

from .contenders import PAPER_RATES, Contender, contenders
from .machine import publish

BARS = {"a1": (0.240, 0.245, 0.2475)}
SHARE = 0.95
# Where values are looked at: all of the first steps, then some.
EACH_UNTIL, THEN_EVERY = 40, 10
# Steps that tell the pace of a recipe whose schedule falls over as many as there will be.
PACE_STEPS = 60
_MAXIMISED = [name for name, row in ix.problems.items() if row.setting.sense == "maximize"]


class Seen(NamedTuple):
    """A mechanism on the way: seconds on the clock when it was there, and what it is worth."""

    seconds: float
    value: float


class Race(NamedTuple):
    """How a design went: mechanisms of trusted value on the way, certified value, length, plan."""

    seen: list[Seen]
    final: float
    seconds: float
    num_steps: int
    planned_steps: int

    def seconds_to(self, bar: float) -> float:
        """When a mechanism was first worth `bar`; NaN if none was."""
        return next((seen.seconds for seen in self.seen if seen.value >= bar), math.nan)

    def lowest_after(self, bar: float) -> float:
        """The least that a mechanism was worth once one had been worth `bar`; NaN if none was."""
        since = self.seconds_to(bar)
        return min((seen.value for seen in self.seen if seen.seconds >= since), default=math.nan)


class Clock:
    """Seconds of a design, less those that `Clock.beside` was given.

    >>> clock = Clock()
    >>> clock.beside(0.5)
    >>> clock.at(2.0)
    1.5
    """

    def __init__(self) -> None:
        self._beside = 0.0

    def beside(self, seconds: float) -> None:
        """So many seconds were not the design's."""
        self._beside += seconds

    def at(self, seconds: float) -> float:
        """What the clock shows when so many seconds have passed in all."""
        return seconds - self._beside


def race(problem: str, contender: Contender, seed: int, seconds: float) -> Race:
    """One design of at most so many seconds, after one that compiles."""
    setting = ix.problems[problem].setting
    recipe = RECIPES[contender.recipe].recipe(setting)
    population, objective = setting.population(), setting.objective()
    if contender.adjoint is not None:
        population = replace(population, adjoint=contender.adjoint)
    optimizer = contender.optimizer(setting, contender.num_steps or 0)
    # As `incentax design NAME --seed K` draws.
    mechanism_key, design_key, judge_key = jax.random.split(jax.random.key(seed), 3)
    trust = TRUST * setting.exploitability_bound

    def run(num_steps: int, limit: float, look: bool = True) -> Race:
        clock, seen, ended = Clock(), [], [0.0]

        def watch(progress: ix.Progress) -> ix.Status | None:
            step, now = progress.record.step, clock.at(progress.record.seconds)
            if look and (step < EACH_UNTIL or (step + 1) % THEN_EVERY == 0):
                began = time.perf_counter()
                mechanism = progress.state.mechanism
                value = float(judged(population, objective, mechanism, trust=trust, key=judge_key))
                if math.isfinite(value):
                    seen.append(Seen(now, value))
                clock.beside(time.perf_counter() - began)
            ended.append(now)
            return ix.Status.OUT_OF_TIME if now > limit else None

        result = ix.design(
            population,
            RECIPES[contender.start].start(setting, mechanism_key),
            maximize=objective,
            rule=contender.rule,
            optimizer=optimizer,
            num_steps=num_steps,
            schedule=recipe.schedule,
            key=design_key,
            audit_every=contender.audit_every,
            trust=trust,
            patience=contender.patience,
            climb=contender.climb,
            callback=watch,
            throw=False,
        )
        return Race(seen, result.value, ended[-1], len(result.history), num_steps)

    # Once for the compiler: as far as the first judgement.
    run(max(2, contender.audit_every), math.inf)
    num_steps = contender.num_steps
    if num_steps is None:
        # The schedule falls over the steps that there will be: their pace says how many.
        paced = run(PACE_STEPS, math.inf, look=False)
        num_steps = max(1, int(seconds * paced.num_steps / paced.seconds))
    return run(num_steps, seconds)


def rows(problem: str, seeds: int, seconds: float, rates: Sequence[float]) -> Iterator[dict]:
    """A row per recipe and seed, the default recipe's first."""
    setting = ix.problems[problem].setting
    bars: dict[int, dict[str, float]] = {}
    default, *others = contenders(setting, rates)
    for contender in (default, *others):
        # The default recipe runs whole: what it ends at is the bar of the others.
        limit = math.inf if contender is default else seconds
        for seed in range(seeds):
            found = race(problem, contender, seed, limit)
            if seed not in bars and problem in BARS:
                bars[seed] = {f"s to {bar:.4g}": bar for bar in BARS[problem]}
            elif seed not in bars:
                bars[seed] = {f"s to {SHARE:.0%}": SHARE * found.final}
            yield {
                "recipe": contender.name,
                "seed": seed,
                **{name: found.seconds_to(bar) for name, bar in bars[seed].items()},
                "lowest seen after": found.lowest_after(max(bars[seed].values())),
                "last seen": found.seen[-1].value if found.seen else math.nan,
                "final value": found.final,
                "bars held": sum(found.final >= bar for bar in bars[seed].values()),
                "seconds": found.seconds,
                "steps": found.num_steps,
                "of planned": found.planned_steps,
            }


def summary(found: list[dict]) -> list[dict]:
    """A row per bar and recipe: medians over seeds, who got there, how many times slower than ours.

    `ended there` counts the certified final values that reach the bar, `got there` also what was
    lost again. A seed that never gets there counts as taking for ever; so does the median where
    most do not. Ratios are of medians.
    """
    bars = [name for name in found[0] if name.startswith("s to ")]
    recipes = list(dict.fromkeys(row["recipe"] for row in found))
    told = []
    for place, bar in enumerate(bars):
        ours = None
        for recipe in recipes:
            rows = [row for row in found if row["recipe"] == recipe]
            seconds = [math.inf if math.isnan(row[bar]) else row[bar] for row in rows]
            middle = median(seconds)
            ours = middle if ours is None else ours
            line: dict = {"bar": bar, "recipe": recipe, "median": _ever(middle)}
            line["slowest"] = _ever(max(seconds))
            line["got there"] = f"{sum(map(math.isfinite, seconds))} of {len(rows)}"
            # Bars rise: who holds more of them holds this one.
            line["ended there"] = f"{sum(row['bars held'] > place for row in rows)} of {len(rows)}"
            line["times ours"] = _ever(middle / ours)
            line["final value, median"] = median(row["final value"] for row in rows)
            line["lowest final"] = min(row["final value"] for row in rows)
            line["steps, median"] = _steps(rows)
            told.append(line)
    return told


def _steps(rows: list[dict]) -> str:
    made, planned = (median(row[name] for row in rows) for name in ("steps", "of planned"))
    return f"{'cut at ' if made < planned else ''}{made:g} of {planned:g}"


def _ever(seconds: float) -> float | str:
    return seconds if math.isfinite(seconds) else "-"


def main(arguments: list[str] | None = None) -> None:
    """Print and keep two tables for each problem: medians, then every design."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", nargs="+", default=["a1"], choices=_MAXIMISED)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0, help="most for a rival's design")
    parser.add_argument("--rates", type=float, nargs="+", default=PAPER_RATES, help="the paper's")
    given = parser.parse_args([] if arguments is None else arguments)
    for problem in given.problems:
        name = "time_to_value" if problem in BARS else f"time_to_value_{problem}"
        found = []
        for row in rows(problem, given.seeds, given.seconds, given.rates):
            found.append(row)
            print(problem, row["recipe"], row["seed"], f"{row['seconds']:.1f} s", flush=True)
        title = f"Time to value on {problem.upper()}"
        if problem != "a1":
            title += ", 0-ADAM and ANNEAL at their best rates on A1"
        publish(f"{name}_summary", f"{title}, medians over {given.seeds} seeds", summary(found))
        publish(name, f"{title}, every design", found)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
