"""One design gradient for 1, 10 and 100 seeds at once, `vmap`ped, on the device at hand.

    python -m benchmarks.batches
    python -m benchmarks.batches --seeds 1 10 100 --repeats 5

A gradient is that of the default recipe on A1: bidders from where ten exchanges have left them,
value and gradient; mechanisms are drawn beforehand. `a gradient` is the batch's time over its
seeds: what filling the device saves.
"""

import argparse
import time
from statistics import median

import equinox as eqx
import jax

import incentax as ix

from .machine import publish


def cost(seeds: int, repeats: int) -> dict[str, float]:
    """Seconds of the gradients of so many fresh mechanisms, in one call."""
    setting = ix.problems["a1"].setting
    schedule = setting.recipe().schedule
    population = setting.population().relaxed(
        jax.numpy.asarray(schedule.start), schedule.share, schedule.solver_steps
    )

    @eqx.filter_jit
    @eqx.filter_vmap
    def exchange(mechanism, state, key):
        found = ix.Hypergradient().exchange(
            population, setting.objective(), mechanism, state, key=key
        )
        return found.state, found.gradient

    keys = jax.random.split(jax.random.key(0), seeds)
    mechanisms = eqx.filter_jit(eqx.filter_vmap(setting.mechanism))(keys)
    first = population.init(setting.mechanism(keys[0]), key=keys[0])
    states = jax.numpy.broadcast_to(first, (seeds, *first.shape))
    for _ in range(schedule.settle):
        states, _ = exchange(mechanisms, states, keys)
    jax.block_until_ready(states)
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        jax.block_until_ready(eqx.filter(exchange(mechanisms, states, keys), eqx.is_array))
        seconds.append(time.perf_counter() - began)
    together = median(seconds)
    return {"seeds": seeds, "seconds": together, "a gradient": together / seeds}


def main(arguments: list[str] | None = None) -> None:
    """Print and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args([] if arguments is None else arguments)
    rows = [cost(seeds, given.repeats) for seeds in given.seeds]
    publish("batches", "Gradients of A1 for many seeds at once", rows)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
