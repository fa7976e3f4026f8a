"""Compiled temporary memory of one design gradient on A1, by adjoint and number of steps T.

python -m benchmarks.memory
"""

import equinox as eqx
import jax
import numpy as np

import incentax as ix

from .machine import no_options, publish

STEPS = (100, 400, 1600, 6400)
ADJOINTS = {"backprop": ix.Backprop(), "checkpointed": ix.Checkpointed(), "implicit": ix.Implicit()}


def temporary_bytes(adjoint: ix.AbstractAdjoint, num_steps: int) -> int:
    """What XLA's own analysis says; nothing is run."""
    setting = ix.problems["a1"].setting
    game, mechanism = setting.population().game, setting.mechanism(jax.random.key(0))
    solver = ix.MirrorDescent(temperature=1e-2, learning_rate=20.0, num_steps=num_steps)

    def loss(numbers, structure):
        mechanism = eqx.combine(numbers, structure)
        equilibrium = ix.solve(game, mechanism, solver=solver, adjoint=adjoint, throw=False)
        return ix.revenue(mechanism, equilibrium)

    numbers, structure = eqx.partition(mechanism, eqx.is_inexact_array)
    compiled = jax.jit(jax.grad(lambda n: loss(n, structure))).lower(numbers).compile()
    return compiled.memory_analysis().temp_size_in_bytes


def main() -> None:
    """Print and keep the table, with the fitted exponent of T."""
    rows = []
    for name, adjoint in ADJOINTS.items():
        sizes = [temporary_bytes(adjoint, num_steps) for num_steps in STEPS]
        slope = np.polyfit(np.log(STEPS), np.log(sizes), 1)[0]
        row = {"adjoint": name} | {
            f"T={t} (MiB)": size / 2**20 for t, size in zip(STEPS, sizes, strict=True)
        }
        rows.append(row | {"exponent of T": float(slope)})
    publish("memory", "Compiled temporary memory of one gradient on A1", rows)


if __name__ == "__main__":
    no_options(__doc__)
    main()
