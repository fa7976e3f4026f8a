"""Non-finite numbers and failures of the default recipe over many seeds and settings of auctions.

    python -m benchmarks.robust --seeds 100 --batch 10 --folder runs/robust

The seeds of a batch are designed side by side, step by step under `jax.vmap`. Mechanisms are judged
only at the end, cold and at the problem's own temperature, so that no design goes back to its best
on the way: what is counted here is without that help. A batch whose file is in the folder is not
made again. Each batch ends in a row per seed:

- `bad steps`: steps whose value, gradient, exploitability or residuals are not all finite.
- `failed`: whether a step could not be made, or the final equilibrium is not finite.
- `settled`: whether nobody could gain more than the bound by deviating from it.
"""

import argparse
import math
import time
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import incentax as ix
from incentax.design import _step, initial_state
from incentax.reproduction.frame import Cell, gather
from incentax.setting import AbstractSetting

from .machine import publish

NAMES = ("a1", "a2", "a3", "a7", "a10")
SIGNS = {"maximize": 1, "minimize": -1}


def robust(name: str, seeds: range) -> list[dict[str, Any]]:
    """A row per seed."""
    setting = ix.problems[name].setting
    began = time.perf_counter()
    states, step_keys = _starts(setting, seeds)
    states, bad_steps, broken = _train(setting, states, step_keys)
    value, status, gain = _judge(setting, states, step_keys)
    failed = broken | (status == ix.Status.NONFINITE_EQUILIBRIUM) | ~np.isfinite(value)
    seconds = (time.perf_counter() - began) / len(seeds)
    return [
        {
            "problem": name,
            "seed": seed,
            "bad steps": int(bad_steps[i]),
            "failed": bool(failed[i]),
            "settled": bool(gain[i] <= setting.exploitability_bound),
            "value": float(value[i]),
            "exploitability": float(gain[i]),
            "steps": setting.recipe().num_steps,
            "seconds": seconds,
        }
        for i, seed in enumerate(seeds)
    ]


def _starts(setting: AbstractSetting, seeds: range):
    population, optimizer = setting.population(), _optimizer(setting)

    def start(seed):
        # As `incentax design NAME --seed K` draws.
        mechanism_key, design_key, _ = jax.random.split(jax.random.key(seed), 3)
        mechanism = setting.mechanism(mechanism_key)
        step_key = jax.random.split(design_key, 4)[1]
        return initial_state(population, mechanism, optimizer, design_key), step_key

    return eqx.filter_jit(eqx.filter_vmap(start))(jnp.asarray(seeds))


def _train(setting: AbstractSetting, states, step_keys):
    recipe, sign = setting.recipe(), SIGNS[setting.sense]
    rule, optimizer, objective = (
        ix.Hypergradient().towards(sign),
        _optimizer(setting),
        setting.objective(),
    )
    population = setting.population()

    @eqx.filter_jit
    def advance(population, states, keys):
        def one(state, key):
            return _step(rule, population, objective, optimizer, None, sign, state, key)

        return eqx.filter_vmap(one)(states, keys)

    count = step_keys.shape[0]
    bad_steps, broken = np.zeros(count, int), np.zeros(count, bool)
    for step in range(recipe.num_steps):
        current = population
        if recipe.schedule is not None:
            # An array, so that the next temperature does not compile the step again.
            temperature = recipe.schedule.temperature(step, recipe.num_steps)
            current = population.relaxed(
                jnp.asarray(temperature, jnp.float32),
                recipe.schedule.share,
                recipe.schedule.solver_steps,
            )
        states, facts, healthy = advance(current, states, step_keys)
        finite = np.all([np.isfinite(numbers) for numbers in facts.values()], axis=0)
        bad_steps += ~finite & ~broken
        # A design ends at the first step that cannot be made.
        broken |= ~np.asarray(healthy)
    return states, bad_steps, broken


def _judge(setting: AbstractSetting, states, keys) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    population, objective = setting.population().at_rest(), setting.objective()

    def one(state, key):
        cold = population.init(state.mechanism, key=key)
        response, _ = population.respond(state.mechanism, cold, key=key)
        worst = jnp.max(response.status), jnp.max(response.exploitability)
        return objective(state.mechanism, response), *worst

    value, status, gain = eqx.filter_jit(eqx.filter_vmap(one))(states, keys)
    return np.asarray(value), np.asarray(status), np.asarray(gain)


def _optimizer(setting: AbstractSetting):
    recipe = setting.recipe()
    return recipe.optimizer(recipe.num_steps)


def main(arguments: list[str] | None = None) -> None:
    """Print and keep the table: a row per problem."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", nargs="+", default=list(NAMES), choices=list(ix.problems))
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--batch", type=int, default=10, help="seeds side by side")
    parser.add_argument("--folder", type=Path, default=Path("runs/robust"))
    given = parser.parse_args([] if arguments is None else arguments)
    rows = []
    for name in given.problems:
        batches = [
            range(first, min(first + given.batch, given.seeds))
            for first in range(0, given.seeds, given.batch)
        ]
        cells = [
            Cell(f"{name}-{seeds.start}-{seeds.stop}", lambda s=seeds, n=name: robust(n, s))
            for seeds in batches
        ]
        table = gather(given.folder, cells, lambda line: print(line, flush=True))
        values = table["value"].to_numpy()
        rows.append(
            {
                "problem": name,
                "seeds": table.height,
                "steps each": int(table["steps"].max()),
                "bad steps": int(table["bad steps"].sum()),
                "failed designs": int(table["failed"].sum()),
                "not settled": table.height - int(table["settled"].sum()),
                "value, lowest": float(np.nanmin(values)) if len(values) else math.nan,
                "value, median": float(np.nanmedian(values)) if len(values) else math.nan,
                "seconds a design": float(table["seconds"].mean()),
            }
        )
    publish("robust", "The default recipe over seeds, without going back", rows)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
