"""What was left out, and what it would bring: quicker solves, bfloat16, fewer launches.

    python -m benchmarks.left_out

A solve is that of a design on A1, at the recipe's first and last temperature, from where agents
were before a step of the optimizer. Compared on it are mirror descent at the design's pace and at a
third of it; Anderson's acceleration with the last five, of those steps and of what agents face (win
probabilities and payments, a few numbers for each round and bid); and Newton's method on what
agents face once plain steps have brought the residual to a hundredth, each linear system by at most
twenty products of GMRES. Solves are in double precision: single ends above the smaller goal. Steps
are counted in a run that looks at the residual after each; the clock runs for a compiled loop of as
many that never looks. A dash: not within 300 steps.

Of one step, at the first temperature: its time by itself and within a loop of 400, that of a call
that adds one to the scores, and the residual and the revenue's relative error which each precision
finds where agents have settled. Times are medians of processor time: what all cores worked.
"""

import time
from statistics import median
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

import incentax as ix
from incentax.precision import in_float64

from .accelerated import Method, Solve, anderson, damped, mirror_descent, newton
from .machine import no_options, publish

GOALS, NEAR = (1e-4, 1e-6), 1e-2
MOST_STEPS, SETTLED, RUNS, LOOP = 300, 1000, 9, 400
# Times the design's pace.
CAREFUL = 1 / 3


def design_time(temperature: float) -> Solve:
    """A fresh mechanism of A1 after one step of the optimizer, and agents settled before it."""
    setting = ix.problems["a1"].setting
    recipe, key = setting.recipe(), jax.random.key(0)
    schedule = recipe.schedule
    population = setting.population().relaxed(
        jnp.asarray(temperature), CAREFUL * schedule.share, SETTLED
    )
    mechanism = setting.mechanism(key)
    state = population.init(mechanism, key=key)
    exchange = eqx.filter_jit(ix.Hypergradient().exchange)
    found = exchange(population, setting.objective(), mechanism, state, key=key)
    optimizer = recipe.optimizer(recipe.num_steps)
    uphill = jax.tree.map(jnp.negative, found.gradient)
    moves, _ = optimizer.update(uphill, optimizer.init(uphill), uphill)
    moved = eqx.apply_updates(mechanism, moves)
    return Solve(population.game, moved, population.solver, found.state).paced(1 / CAREFUL)


def steps_to(solve: Solve, method: Method, z, goals) -> list[int | None]:
    """How many steps bring the residual to each goal; None where that takes too many."""
    step = jax.jit(method.step)
    look = jax.jit(lambda state: solve.residual(method.scores(state)))
    state, needed = jax.jit(method.init)(z), [None] * len(goals)
    for count in range(MOST_STEPS + 1):
        found = float(look(state))
        needed = [
            count if known is None and found <= goal else known
            for known, goal in zip(needed, goals, strict=True)
        ]
        if None not in needed:
            break
        state = step(state)
    return needed


def looped(method: Method):
    """So many steps from scores, as one program."""

    def loop(z, count):
        return method.scores(
            jax.lax.fori_loop(0, count, lambda _, state: method.step(state), method.init(z))
        )

    return jax.jit(loop)


def seconds(function, *arguments) -> float:
    """Median of a processor's seconds over calls, after one that compiles."""
    jax.block_until_ready(function(*arguments))
    found = []
    for _ in range(RUNS):
        began = time.process_time()
        jax.block_until_ready(function(*arguments))
        found.append(time.process_time() - began)
    return median(found)


def solves(temperature: float) -> list[dict[str, Any]]:
    """A row per method: steps and milliseconds to each goal, with those before Newton's."""
    solve = Solve(*in_float64(tuple(design_time(temperature))))
    careful = solve.paced(CAREFUL)
    plain = mirror_descent(solve)
    (near,) = steps_to(solve, plain, solve.start, (NEAR,))
    methods = {
        "mirror descent, the design's pace": (plain, 0),
        "mirror descent, a third of it": (mirror_descent(careful), 0),
        "Anderson, of these steps": (anderson(lambda z: z, solve.step, lambda z: z), 0),
        "Anderson, of what agents face": (
            anderson(solve.aggregate, damped(solve), solve.respond),
            0,
        ),
        "Newton, once near": (newton(solve), near),
    }
    told = []
    for name, (method, before) in methods.items():
        loop, first = looped(method), looped(plain)
        z = first(solve.start, before)
        row: dict[str, Any] = {"temperature": temperature, "method": name}
        for goal, count in zip(GOALS, steps_to(solve, method, z, GOALS), strict=True):
            row |= {f"steps to {goal:g}": "-", f"ms to {goal:g}": "-"}
            if count is not None:
                spent = seconds(loop, z, count) + (before and seconds(first, solve.start, before))
                told_steps = f"{before} + {count}" if before else count
                row |= {f"steps to {goal:g}": told_steps, f"ms to {goal:g}": spent * 1e3}
        told.append(row)
    return told


def steps(temperature: float) -> list[dict[str, Any]]:
    """A row per precision: one step's time by how it is called, and what it finds."""
    exact = Solve(*in_float64(tuple(design_time(temperature)))).paced(CAREFUL)
    settled = looped(mirror_descent(exact))(exact.start, SETTLED)
    true = float(jax.jit(exact.revenue)(settled))
    told = []
    for precision in (jnp.float64, jnp.float32, jnp.bfloat16):
        solve, z = _in(precision, (exact, settled))
        alone, loop = jax.jit(solve.step), looped(mirror_descent(solve))
        add = jax.jit(lambda z: z + 1)
        one, inside = seconds(many(alone), z) / LOOP, seconds(loop, z, LOOP) / LOOP
        told.append(
            {
                "precision": jnp.dtype(precision).name,
                "a step by itself (us)": one * 1e6,
                "in a loop (us)": inside * 1e6,
                "share outside": 1 - inside / one,
                "a call that adds one (us)": seconds(many(add), z) / LOOP * 1e6,
                "residual": float(jax.jit(solve.residual)(z)),
                "revenue, relative error": abs(float(jax.jit(solve.revenue)(z)) - true) / true,
            }
        )
    return told


def many(call):
    """As many calls as a loop has steps: one alone is too short for a clock."""

    def calls(z):
        for _ in range(LOOP):
            z = call(z)
        return z

    return calls


def _in(precision, tree):
    return jax.tree.map(lambda x: x.astype(precision) if eqx.is_inexact_array(x) else x, tree)


def main() -> None:
    """Print and keep both tables."""
    schedule = ix.problems["a1"].setting.recipe().schedule
    with jax.enable_x64(True):
        rows = [
            row for temperature in (schedule.start, schedule.stop) for row in solves(temperature)
        ]
        publish("left_out", "One solve of a design on A1, other methods", rows)
        title = "One step of mirror descent on A1 by precision and call"
        publish("left_out_step", title, steps(schedule.start))


if __name__ == "__main__":
    no_options(__doc__)
    main()
