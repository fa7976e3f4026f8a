"""Seconds of one design iteration on A1, by adjoint: forward solve alone, and with its gradient.

python -m benchmarks.gradient
"""

import time

import equinox as eqx
import jax

import incentax as ix

from .machine import no_options, publish

RUNS = 15


def median_seconds(function) -> float:
    """Median over RUNS calls, after one that compiles."""
    jax.block_until_ready(function())
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        jax.block_until_ready(function())
        seconds.append(time.perf_counter() - began)
    return sorted(seconds)[RUNS // 2]


def main() -> None:
    """Print and keep the table."""
    setting = ix.problems["a1"].setting
    game, mechanism = setting.population().game, setting.mechanism(jax.random.key(0))
    implicit = setting.population().adjoint
    warm = setting.recipe().schedule
    cases = {
        f"implicit, recipe ({warm.solver_steps} warm steps)": (
            implicit,
            warm.solver_steps,
            warm.share,
            warm.start,
        ),
        "checkpointed, published (400 cold steps)": (ix.Checkpointed(), 400, 0.01, 1e-3),
        "backprop, published (400 cold steps)": (ix.Backprop(), 400, 0.01, 1e-3),
    }
    rows = []
    for name, (adjoint, num_steps, share, temperature) in cases.items():
        solver = ix.MirrorDescent(
            temperature=temperature, learning_rate=share / temperature, num_steps=num_steps
        )
        population = ix.EquilibriumPopulation(game, solver, adjoint)
        state = population.init(mechanism, key=jax.random.key(0))

        @eqx.filter_jit
        def meet(population, mechanism, state):
            return population.respond(mechanism, state, key=jax.random.key(0))

        @eqx.filter_jit
        def forward(population, mechanism, state):
            response, _ = population.respond(mechanism, state, key=jax.random.key(0))
            return ix.revenue(mechanism, response)

        @eqx.filter_jit
        def gradient(population, mechanism, state):
            rule = ix.Hypergradient()
            exchange = rule.exchange(
                population, ix.revenue, mechanism, state, key=jax.random.key(0)
            )
            return exchange.gradient

        # As in a design: bidders are where some exchanges have left them; unrolled, at zero again.
        for _ in range(warm.settle):
            _, state = meet(population, mechanism, state)
        once = median_seconds(lambda: forward(population, mechanism, state))  # noqa: B023
        both = median_seconds(lambda: gradient(population, mechanism, state))  # noqa: B023
        rows.append(
            {
                "adjoint": name,
                "forward (ms)": once * 1e3,
                "forward and gradient (ms)": both * 1e3,
                "both / forward": both / once,
                "adjoint / forward": both / once - 1,
            }
        )
    publish("gradient", "One design iteration on A1", rows)


if __name__ == "__main__":
    no_options(__doc__)
    main()
