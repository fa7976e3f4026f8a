"""Design against the zeroth-order baselines at equal wall time, paired by seed.

    python benchmarks/baselines.py --problems a1 a4 --seconds 60 --seeds 10

Prints, for each problem and rival, the mean difference design - rival with its 95 % interval:
the design is better where the interval lies above zero. Every rival starts from the same
mechanism and has the same seconds, compilation left out.
"""

import argparse
import dataclasses
import json
import math
import time
from pathlib import Path

import jax
import numpy as np

from incentax import Anneal, Hypergradient, Status, ZerothOrder, design
from incentax.auctions import paired_interval
from incentax.problems import problems
from incentax.setting import clipped_sgd, decaying_adam
from incentax.workflow import TRUST

RIVALS = {
    "design": (Hypergradient(), None),
    "0-adam": (ZerothOrder(), decaying_adam),
    "0-sgd": (ZerothOrder(), clipped_sgd),
    "anneal": (Anneal(), None),
}


def run(setting, rule, method, seconds, seed, steps):
    """The certified value after `seconds` of designing, and the steps made."""
    recipe = setting.recipe()
    if method is not None:
        recipe = dataclasses.replace(recipe, method=method)
    optimizer = rule.optimizer(steps) if isinstance(rule, Anneal) else recipe.optimizer(steps)
    key = jax.random.key(seed)
    began = None

    def watch(progress):
        nonlocal began
        began = time.perf_counter() if began is None else began  # the first step compiles
        return Status.OUT_OF_TIME if time.perf_counter() - began > seconds else None

    goal = {setting.sense: setting.objective()}
    result = design(
        setting.population(),
        setting.mechanism(key),
        maximize=goal.get("maximize"),
        minimize=goal.get("minimize"),
        rule=rule,
        optimizer=optimizer,
        num_steps=steps,
        schedule=recipe.schedule,
        key=key,
        audit_every=recipe.audit_every,
        trust=TRUST * setting.exploitability_bound,
        callback=watch,
        throw=False,
    )
    return result.value, len(result.history)


def calibrated_steps(setting, rule, method, seconds):
    """How many steps fit into `seconds`, so that schedules end when the time does."""
    probe = 12
    began = time.perf_counter()
    times = []

    def watch(progress):
        times.append(time.perf_counter() - began)

    recipe = setting.recipe()
    optimizer = rule.optimizer(probe) if method is None else recipe.optimizer(probe)
    goal = {setting.sense: setting.objective()}
    design(
        setting.population(),
        setting.mechanism(jax.random.key(0)),
        maximize=goal.get("maximize"),
        minimize=goal.get("minimize"),
        rule=rule,
        optimizer=optimizer,
        num_steps=probe,
        schedule=recipe.schedule,
        audit_every=0,
        callback=watch,
        throw=False,
    )
    a_step = np.median(np.diff(times[1:]))
    return max(2, int(seconds / a_step))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", nargs="+", default=["a1"], choices=sorted(problems))
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--out", type=Path, default=None, help="JSON file for the figures")
    arguments = parser.parse_args()
    table = []
    for name in arguments.problems:
        setting = problems[name].setting
        values = {}
        for rival, (rule, method) in RIVALS.items():
            steps = calibrated_steps(setting, rule, method, arguments.seconds)
            runs = [
                run(setting, rule, method, arguments.seconds, seed, steps)
                for seed in range(arguments.seeds)
            ]
            values[rival] = np.array([value for value, _ in runs])
            spread = values[rival].std(ddof=1) if arguments.seeds > 1 else math.nan
            print(f"{name} {rival}: {values[rival].mean():.4f} sd {spread:.4f}, {steps} steps")
        for rival in ("0-adam", "0-sgd", "anneal"):
            if arguments.seeds < 2:
                continue
            sign = 1 if setting.sense == "maximize" else -1
            mean, low, high = paired_interval(sign * (values["design"] - values[rival]))
            print(f"{name} design - {rival}: {mean:+.4f} [{low:+.4f}, {high:+.4f}]", flush=True)
            table.append(
                {
                    "problem": name,
                    "rival": rival,
                    "seconds": arguments.seconds,
                    "seeds": arguments.seeds,
                    "difference": mean,
                    "low": low,
                    "high": high,
                }
            )
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    main()
