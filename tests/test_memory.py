"""What a design costs in memory: by XLA's own analysis, and by every array in the program.

Programs of the published size are compiled here and never run.
"""

import dataclasses
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend import core as jex

import incentax as ix
from incentax.auctions import BatchedAuction, Drifting, Economy, NeuralAuction, gaussian_kernel
from incentax.games import BeachBar

from .games.dense import DenseTwin

STEPS = (100, 400, 1600, 6400)
# Fitted growth: log memory over log steps, between which exponents.
GROWTH = {
    "backprop": (ix.Backprop(), 0.95, 1.05),
    "checkpointed": (ix.Checkpointed(), 0.2, 0.5),
    "implicit": (ix.Implicit(), -0.001, 0.001),
}


def revenue_of(game, mechanism, adjoint, num_steps):
    """Revenue as a function of the mechanism's numbers, and those numbers."""
    numbers, structure = eqx.partition(mechanism, eqx.is_inexact_array)
    solver = ix.MirrorDescent(1e-3, learning_rate=200.0, num_steps=num_steps)

    def score(numbers):
        published = eqx.combine(numbers, structure)
        response = ix.solve(game, published, solver=solver, adjoint=adjoint, throw=False)
        return ix.revenue(published, response)

    return score, numbers


@pytest.mark.parametrize("kind", GROWTH)
def test_memory_of_the_gradient_on_a1(kind):
    adjoint, least, most = GROWTH[kind]
    mechanism = NeuralAuction(4, 100, width=8, key=jax.random.key(0))
    bytes_used = []
    for num_steps in STEPS:
        score, numbers = revenue_of(Economy().game(), mechanism, adjoint, num_steps)
        compiled = jax.jit(jax.grad(score)).lower(numbers).compile()
        bytes_used.append(compiled.memory_analysis().temp_size_in_bytes)
    exponent, _ = np.polyfit(np.log(STEPS), np.log(bytes_used), 1)
    assert least <= exponent <= most, dict(zip(STEPS, bytes_used, strict=True))
    # The fit must not hide a last leg that grows faster than the rest.
    last = math.log(bytes_used[-1] / bytes_used[-2]) / math.log(STEPS[-1] / STEPS[-2])
    assert last <= most + 0.01, dict(zip(STEPS, bytes_used, strict=True))


def arrays_in(jaxpr):
    """Every array shape in a program, those of loop bodies and called functions included."""
    for variable in (*jaxpr.invars, *jaxpr.constvars):
        yield variable.aval.shape
    for equation in jaxpr.eqns:
        for variable in (*equation.invars, *equation.outvars):
            yield getattr(variable.aval, "shape", ())
        for parameter in jax.tree.leaves(
            list(equation.params.values()),
            is_leaf=lambda leaf: isinstance(leaf, (jex.Jaxpr, jex.ClosedJaxpr)),
        ):
            if isinstance(parameter, jex.ClosedJaxpr):
                yield from (np.shape(const) for const in parameter.consts)
                yield from arrays_in(parameter.jaxpr)
            elif isinstance(parameter, jex.Jaxpr):
                yield from arrays_in(parameter)


def largest(function, *arguments):
    closed = jax.make_jaxpr(function)(*arguments)
    shapes = [*map(np.shape, closed.consts), *arrays_in(closed.jaxpr)]
    assert len(shapes) > 500, "the walk did not enter the loops"
    return max(math.prod(shape) for shape in shapes)


VALUES, BIDS, HORIZON = 37, 29, 3
DENSE = VALUES * BIDS * VALUES


@pytest.mark.parametrize("adjoint", [ix.Backprop(), ix.Checkpointed(), ix.Implicit()])
@pytest.mark.parametrize("moving", [False, True])
def test_no_dense_kernel_in_the_auction(adjoint, moving):
    kernel = gaussian_kernel(jnp.arange(VALUES) / VALUES, growth=1.2, spread=0.2)
    game = BatchedAuction(
        initial_values=jnp.full(VALUES, 1 / VALUES),
        supply=0.8,
        horizon=HORIZON,
        num_bids=BIDS,
        reentry=0.3,
    )
    if moving:
        game = dataclasses.replace(game, valuation=Drifting(kernel))
    mechanism = NeuralAuction(HORIZON, BIDS, width=8, key=jax.random.key(0))
    # Few steps, lest the stored iterates of an unrolled loop hide a kernel by their size.
    score, numbers = revenue_of(game, mechanism, adjoint, 4)
    assert largest(score, numbers) < DENSE
    assert largest(jax.grad(score), numbers) < DENSE


def test_a_dense_kernel_would_be_seen():
    prices = jnp.zeros(30)

    def congestion(game):
        def score(prices):
            mechanism = ix.Price(prices)
            solver = ix.MirrorDescent(num_steps=2)
            response = ix.solve(game, mechanism, solver=solver, throw=False)
            return ix.Congestion()(mechanism, response)

        return jax.grad(score)

    assert largest(congestion(DenseTwin.of(BeachBar.paced(30, 3))), prices) >= 30 * 3 * 30
    assert largest(congestion(BeachBar.paced(30, 3)), prices) < 30 * 3 * 30
