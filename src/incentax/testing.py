"""Conformance checks for games, solvers, adjoints and populations that users write themselves.

Each returns nothing when all is well and raises `AssertionError`, with what was expected and what
came, when it is not. They run in double precision whatever the session's setting.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from ._types import Mechanism, Objective
from .adjoint import AbstractAdjoint
from .equilibrium import AbstractSolver, solve
from .flow import exploitability, population_flow
from .game import AbstractGame
from .population import AbstractPopulation
from .precision import in_float64

TOLERANCE = 1e-8


def check_game(game: AbstractGame, mechanism: Mechanism) -> None:
    """Check shapes, conservation of mass, and that values look ahead as the population moves.

    The last is the check that finds transposed kernels: for any values v of the next states, the
    flow's expected v must be the v of the flow's successors.
    """
    with jax.enable_x64(True):
        game, mechanism = in_float64((game, mechanism))
        shape = (game.horizon, game.num_states, game.num_actions)
        keys = jax.random.split(jax.random.key(0), 2)
        policy = jax.nn.softmax(jax.random.normal(keys[0], shape))
        values = jax.random.normal(keys[1], (game.num_states,))
        distribution, _ = game.initial(mechanism)
        _expect(
            distribution.shape == shape[1:2], "initial states of shape", shape[1:2], distribution
        )
        mass = float(jnp.sum(distribution))
        population = population_flow(game, policy, mechanism)
        _expect(population.agents.shape == shape, "a flow of shape", shape, population.agents)
        totals = np.asarray(jnp.sum(population.agents, axis=(1, 2)))
        _expect_close(totals, np.full(game.horizon, mass), "mass in each round")
        _expect(bool(jnp.all(population.agents >= -TOLERANCE)), "mass >= 0", 0, population.agents)
        for t in range(game.horizon):
            round = jax.tree.map(lambda leaf, t=t: leaf[t], population.rounds)
            flow = population.agents[t]
            following, _ = game.advance(t, flow, round)
            _expect_close(float(jnp.sum(following)), mass, f"mass after round {t}")
            rewards = game.action_values(t, round, jnp.zeros_like(values))
            ahead = game.action_values(t, round, values) - rewards
            _expect_close(
                float(jnp.sum(flow * ahead)),
                float(following @ values),
                f"expected next value in round {t} (does action_values transpose advance?)",
            )


def check_solver(
    solver: AbstractSolver, game: AbstractGame, mechanism: Mechanism, *, gain: float = 1e-6
) -> None:
    """Check that the solver's answer leaves nobody more than `gain`, in the game it solves.

    Where it has a smooth operator, its answer must also be that operator's fixed point.
    """
    with jax.enable_x64(True):
        solver, game, mechanism = in_float64((solver, game, mechanism))
        found = solve(game, mechanism, solver=solver, throw=False)
        rows = np.asarray(jnp.sum(found.policy, axis=-1))
        _expect_close(rows, np.ones_like(rows), "policy rows that sum to one")
        left = float(found.regularised_exploitability)
        _expect(
            -TOLERANCE <= left <= gain, f"a regularised gain between 0 and {gain:g}", gain, left
        )
        plain = float(exploitability(game, found.policy, mechanism))
        _expect(plain >= -TOLERANCE, "an exploitability >= 0", 0, plain)
        if solver.operator is not None:
            moved = float(found.residual)
            _expect(moved <= 1e-3, "a fixed point of the solver's operator", 0.0, moved)


def check_adjoint(
    adjoint: AbstractAdjoint,
    solver: AbstractSolver,
    game: AbstractGame,
    mechanism: Mechanism,
    objective: Objective,
    *,
    tolerance: float = 1e-5,
) -> None:
    """Check the gradient through the equilibrium against central differences."""
    with jax.enable_x64(True):
        solver, game, mechanism = in_float64((solver.thorough(), game, mechanism))
        numbers, structure = eqx.partition(mechanism, eqx.is_inexact_array)
        flat, unravel = ravel_pytree(numbers)

        @eqx.filter_jit
        def score(vector):
            moved = eqx.combine(unravel(vector), structure)
            found = solve(game, moved, solver=solver, adjoint=adjoint, throw=False)
            return objective(moved, found)

        gradient = eqx.filter_jit(jax.grad(score))(flat)
        for key in jax.random.split(jax.random.key(0), 3):
            direction = jax.random.normal(key, flat.shape, flat.dtype)
            step = 1e-5
            rise = float(score(flat + step * direction) - score(flat - step * direction))
            slope, difference = float(gradient @ direction), rise / (2 * step)
            scale = max(abs(difference), float(jnp.linalg.norm(gradient)), 1e-9)
            _expect(
                abs(slope - difference) <= tolerance * scale,
                f"the derivative by {type(adjoint).__name__} to equal central differences",
                difference,
                slope,
            )


def check_population(population: AbstractPopulation, mechanism: Mechanism) -> None:
    """Check that the same key gives the same bits, and that the state keeps its shape."""
    init_key, key = jax.random.split(jax.random.key(0))
    state = population.init(mechanism, key=init_key)
    first, following = population.respond(mechanism, state, key=key)
    again, _ = population.respond(mechanism, state, key=key)
    same = bool(eqx.tree_equal(first, again))
    _expect(same, "the same response to the same mechanism, state and key", "equal", "different")
    kept = jax.tree.structure(state) == jax.tree.structure(following)
    _expect(kept, "a state that keeps its structure", jax.tree.structure(state), following)


def _expect(holds: bool, what: str, expected: Any, got: Any) -> None:
    if not holds:
        shown = getattr(got, "shape", got)
        raise AssertionError(f"expected {what} ({expected}), got {shown}")


def _expect_close(got: Any, expected: Any, what: str) -> None:
    if not np.allclose(got, expected, rtol=TOLERANCE, atol=TOLERANCE):
        raise AssertionError(f"expected {what} to be {expected}, got {got}")
