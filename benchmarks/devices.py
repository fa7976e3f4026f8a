"""The state axis over eight devices: |S| = |A| = 4000, whole against split, and what each holds.

    python -m benchmarks.devices

Devices are forced on the CPU, so the table shows that numbers agree and memory divides, not speed.
In double precision, as the gradient's linear system may enlarge what rounding leaves.
"""

import json
import os
import subprocess
import sys

from .machine import publish

DEVICES = 8
# One state is out of the market.
SIZE, HORIZON, STEPS = 4000, 2, 3
COMPARED = ("value", "gradient along a random direction")


def measure(split: bool) -> dict[str, float]:
    """One hypergradient at the published temperatures' first, in this process."""
    import resource
    import time

    import equinox as eqx
    import jax
    import jax.numpy as jnp

    import incentax as ix

    changes = {"num_values": SIZE - 1, "num_bids": SIZE, "horizon": HORIZON, "width": 64}
    setting = ix.problems["a1"].with_options(**changes).setting
    key = jax.random.key(0)
    mechanism = setting.mechanism(key)
    solver = ix.MirrorDescent(temperature=2e-2, learning_rate=10.0, num_steps=STEPS)
    solver = ix.SplitStates(solver) if split else solver
    population = ix.EquilibriumPopulation(setting.population().game, solver)

    @eqx.filter_jit
    def exchange(mechanism):
        state = population.init(mechanism, key=key)
        return ix.Hypergradient().exchange(population, ix.revenue, mechanism, state, key=key)

    began = time.perf_counter()
    found = exchange(mechanism)
    jax.block_until_ready(found.gradient)
    leaves = jax.tree.leaves(eqx.filter(found.gradient, eqx.is_array))
    flat = jnp.concatenate([leaf.reshape(-1) for leaf in leaves])
    probe = jax.random.normal(key, flat.shape)
    return {
        "value": float(found.value),
        "gradient along a random direction": float(flat @ probe / jnp.linalg.norm(probe)),
        "scores on a device (MiB)": max(
            shard.data.nbytes for shard in found.state.addressable_shards
        )
        / 2**20,
        "seconds with compilation": time.perf_counter() - began,
        "peak of the process (MiB)": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10,
    }


def apart(split: bool) -> dict[str, float]:
    """The measurement in a process with forced devices."""
    flags = f"--xla_force_host_platform_device_count={DEVICES}"
    command = [sys.executable, "-m", "benchmarks.devices", "split" if split else "whole"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"XLA_FLAGS": flags, "JAX_ENABLE_X64": "1", "JAX_PLATFORMS": "cpu"},
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> None:
    """Print and keep the table."""
    whole, split = apart(False), apart(True)
    for name in COMPARED:
        difference = abs(split[name] / whole[name] - 1)
        whole[f"{name}, relative difference"] = 0.0
        split[f"{name}, relative difference"] = difference
    rows = [{"scores": "on one device"} | whole, {"scores": f"split over {DEVICES}"} | split]
    publish("devices", f"|S| = |A| = {SIZE}, H = {HORIZON}, on {DEVICES} forced devices", rows)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1] == "split")))
    else:
        main()
