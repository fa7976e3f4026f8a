"""Our side: the same games, one compiled step, one compiled exploitability, one compiled solve.

Game and prices are arguments of every program: nothing is computed before the clock runs.
"""

import time
from statistics import median
from typing import Any, NamedTuple, final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

import incentax as ix
from incentax.games import BeachBar, BuildingEvacuation, CrowdMotion, Epidemic
from incentax.topology import AbstractTopology, topology

# Steps of one solve, as in the published ones.
CHAIN = 400
# What rounding may leave between scores of a solve and of single steps, by the bytes of a number:
# a score in single precision is a sum of so many rounded numbers.
SAME = {4: 1e-4, 8: 1e-9}


def build(case: dict[str, Any], path) -> tuple[ix.AbstractGame, ix.Price]:
    """The game at the case's numbers, and prices of zero."""
    options = case["options"]
    horizon = options["T"] + 1
    kind = case["game"]
    if kind == "beach_bar":
        game = BeachBar.published(options["n"], horizon, bar=options["bar_loc"])
    elif kind == "crowd_motion":
        game = CrowdMotion.published(tuple((row, column) for row, column in path))
    elif kind == "building_evacuation":
        game = BuildingEvacuation.published(horizon)
    else:
        game = Epidemic(horizon=horizon)
        return game, ix.Price(jnp.zeros(horizon))
    return game, ix.Price(jnp.zeros(game.num_states))


class Timed(NamedTuple):
    """Median seconds, and the policy after `compared` steps.

    Of a step called by itself, of one among the `CHAIN` of a solve with its evidence, of an
    exploitability, and of a call that only adds one to the scores: no program takes less. `drift`
    is how far scores of that solve are from those of as many single steps, relative to the largest.
    """

    step: float
    in_solve: float
    exploitability: float
    call: float
    policy: np.ndarray
    drift: float


class Answers(NamedTuple):
    """Exploitability at the uniform policy and after updates, and the policy then."""

    before: float
    after: float
    policy: np.ndarray


def timed(game, mechanism, step_size: float, runs: int, compared: int) -> Timed:
    """The times of a chain of steps from the uniform policy, after one that compiles."""
    programs = Programs(game, mechanism, step_size)
    z = start = programs.start
    found, policy = [], None
    for k in range(max(runs, compared) + 1):
        if k == compared:
            policy = np.asarray(programs.policy(z))
        began = time.perf_counter()
        z = jax.block_until_ready(programs.step(z))
        found.append(time.perf_counter() - began)
    add = jax.jit(lambda z: z + 1)
    return Timed(
        step=median(found[1 : runs + 1]),
        in_solve=seconds(lambda: programs.chain(start), runs // 5) / CHAIN,
        exploitability=seconds(lambda: programs.gain(start), runs),
        call=seconds(lambda: add(start), runs),
        policy=policy,
        drift=drift(programs),
    )


def answers(game, mechanism, step_size: float, updates: int) -> Answers:
    """What so many updates from the uniform policy come to."""
    programs = Programs(game, mechanism, step_size)
    z = start = programs.start
    for _ in range(updates):
        z = programs.step(z)
    before, after = float(programs.gain(start)), float(programs.gain(z))
    return Answers(before, after, np.asarray(programs.policy(z)))


class Programs:
    """Compiled maps of scores: `step`, `gain` (exploitability) and `chain` (a whole solve)."""

    def __init__(self, game, mechanism, step_size: float):
        solver = ix.MirrorDescent(temperature=0.0, learning_rate=step_size, num_steps=CHAIN)
        arrays, static = eqx.partition((game, mechanism), eqx.is_array)

        def program(function):
            def whole(z, arrays):
                return function(z, *eqx.combine(arrays, static))

            compiled = jax.jit(whole)
            return lambda z: compiled(z, arrays)

        self.start, self.policy = solver.init(game, mechanism), solver.policy
        self.step = program(lambda z, game, mechanism: solver.step(z, mechanism, game))
        self.gain = program(
            lambda z, game, mechanism: ix.exploitability(game, solver.policy(z), mechanism)
        )
        self.chain = program(
            lambda z, game, mechanism: ix.solve(
                game, mechanism, solver=solver, start=z, throw=False
            )
        )


def drift(programs: Programs) -> float:
    """How far the scores that a solve ends in are from those of as many single steps, relatively.

    Of scores, not of policies: without a regulariser the policy of two actions worth the same is
    decided by their last digits.
    """
    z = programs.start
    for _ in range(CHAIN):
        z = programs.step(z)
    apart = float(jnp.max(jnp.abs(programs.chain(programs.start).state - z)))
    found, bound = apart / float(jnp.max(jnp.abs(z))), SAME[z.dtype.itemsize]
    if not found <= bound:
        raise SystemExit(f"expected a solve to end within {bound:g} of its steps, got {found:g}")
    return found


def seconds(function, runs: int) -> float:
    """Median over calls after one that compiles."""
    jax.block_until_ready(function())
    found = []
    for _ in range(runs):
        began = time.perf_counter()
        jax.block_until_ready(function())
        found.append(time.perf_counter() - began)
    return median(found)


@final
class RingCrowd(ix.SuccessorGame):
    """OpenSpiel's crowd game with its first-visit move costs, which its values are keyed by.

    The cost of a move is paid at the next place, but values are tabulated by place and round: each
    keeps the cost of whoever reached it first in a depth-first walk.

    Reference: OpenSpiel's mfg_crowd_modelling, version 2.0.2.
    """

    initial_distribution: Float[Array, " S"]
    successors: Int[Array, "S A K"]
    ways: AbstractTopology
    cost: Float[Array, "H S"]
    num_states: int = eqx.field(static=True)
    horizon: int = eqx.field(static=True)
    num_actions: int = eqx.field(static=True, default=3)

    @classmethod
    def of(cls, size: int, horizon: int) -> "RingCrowd":
        """A ring of `size` places."""
        steps = np.arange(-1, 2)
        landing = np.arange(size)[:, None, None] + steps[None, :, None] + steps[None, None]
        return cls(  # pyright: ignore[reportCallIssue]
            initial_distribution=jnp.full(size, 1 / size),
            successors=jnp.asarray(landing % size),
            ways=topology(landing % size),
            cost=jnp.asarray(first_visits(size, horizon)),
            num_states=size,
            horizon=horizon,
        )

    @property
    def topology(self) -> AbstractTopology:
        """Steps on the ring."""
        return self.ways

    def probability(self, t, flow, mechanism):
        """Uniform noise."""
        return jnp.full((1, 1, 3), 1 / 3, flow.dtype)

    def reward(self, t, flow, mechanism):
        """Nearness to the middle, less the move that led here and the crowd."""
        middle = self.num_states // 2
        distance = jnp.abs(jnp.arange(self.num_states) - middle).astype(flow.dtype)
        crowd = jnp.log(jnp.sum(flow, axis=1) + 1e-25)
        place = 1 - distance / middle - self.cost[t] - crowd
        return place[:, None]


def first_visits(size: int, horizon: int) -> np.ndarray:
    """The cost of the move by which a depth-first walk first reaches each round and place."""
    cost = np.full((horizon, size), np.nan)
    chosen = np.zeros((horizon, size), bool)

    def visit(place: int, t: int, last: int) -> None:
        if t == horizon or not np.isnan(cost[t, place]):
            return
        cost[t, place] = abs(last) / size
        for move in (-1, 0, 1):
            after = (place + move) % size
            if not chosen[t, after]:
                chosen[t, after] = True
                for noise in (-1, 0, 1):
                    visit((after + noise) % size, t + 1, move)

    for place in range(size):
        visit(place, 0, 0)
    return cost
