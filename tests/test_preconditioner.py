"""The preconditioner by parts: exact where parts have rank one, harmless elsewhere, worth it."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import incentax as ix
from incentax.adjoint import Implicit
from incentax.auctions import BatchedAuction, NeuralAuction
from incentax.equilibrium.mirror_descent import RegularisedReply
from incentax.krylov import Gmres
from incentax.preconditioner import PartsAlone

from .cases import CASES, numbers_of

PARTS, SIZE = 3, 4
ROUNDS, BIDS = 40, 30


class Part(eqx.Module):
    """Numbers in two leaves, and one that is not differentiated."""

    numbers: jax.Array
    scale: jax.Array
    name: jax.Array


def stack(generator):
    numbers = jnp.asarray(generator.normal(size=(PARTS, SIZE)))
    scale = jnp.asarray(generator.normal(size=PARTS))
    return Part(numbers, scale, jnp.arange(PARTS))


def linear(part, matrix):
    """The part times a matrix, in the order numbers, scale."""
    flat = matrix @ jnp.append(part.numbers, part.scale)
    return Part(flat[:-1], flat[-1], part.name)


def flat(part):
    return np.concatenate([part.numbers, part.scale[:, None]], axis=1)


@given(st.integers(0, 2**32 - 1))
def test_it_inverts_parts_of_rank_one(seed):
    generator = np.random.default_rng(seed)
    left, right = 0.5 * generator.normal(size=(2, PARTS, SIZE + 1))
    matrices = jnp.asarray(left[:, :, None] * right[:, None, :])
    system = np.eye(SIZE + 1) - np.swapaxes(np.asarray(matrices), 1, 2)
    faced, b, w = stack(generator), stack(generator), stack(generator)
    found = PartsAlone().inverse(linear, matrices, faced, b)(eqx.filter(w, eqx.is_inexact_array))
    scale = np.linalg.cond(system).max()
    assume(scale < 100)
    expected = np.linalg.solve(system, flat(w)[:, :, None])[:, :, 0]
    np.testing.assert_allclose(flat(found), expected, rtol=1e-9, atol=1e-10 * scale)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_part_that_does_nothing_or_cannot_be_inverted_is_left_alone(share):
    matrices = share * jnp.eye(SIZE + 1)[None].repeat(PARTS, 0)
    w = eqx.filter(stack(np.random.default_rng(1)), eqx.is_inexact_array)
    found = PartsAlone().inverse(linear, matrices, stack(np.random.default_rng(0)), w)(w)
    np.testing.assert_array_equal(flat(found), flat(w))


@pytest.mark.parametrize("name", CASES)
def test_rounds_apart_are_the_rounds_of_the_whole(name):
    case = CASES[name]()
    operator, consts = RegularisedReply(), (case.solver, case.game)
    z = case.solver.init(case.game, case.mechanism)
    faced = operator.aggregate(z, case.mechanism, consts)
    replied = operator.respond(faced, case.mechanism, consts)
    reaction, known = operator.apart(replied, faced, case.mechanism, consts)
    apart = jax.lax.map(lambda inputs: reaction(*inputs), (faced, known))
    whole = operator.aggregate(replied, case.mechanism, consts)
    for found, expected in zip(jax.tree.leaves(apart), jax.tree.leaves(whole), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)

    # Nothing comes before the first round: what it does to itself is all it does to itself.
    first = jax.tree.map(lambda leaf: leaf[0], (faced, known))
    change = jax.tree.map(
        lambda leaf: jnp.sin(1 + jnp.arange(leaf.size)).reshape(leaf.shape), first[0]
    )

    def around(first):
        moved = jax.tree.map(lambda all, one: all.at[0].set(one), faced, first)
        answer = operator.respond(moved, case.mechanism, consts)
        return jax.tree.map(
            lambda leaf: leaf[0], operator.aggregate(answer, case.mechanism, consts)
        )

    _, expected = jax.jvp(around, first[:1], (change,))
    _, found = jax.jvp(lambda part: reaction(part, first[1]), first[:1], (change,))
    for one, two in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-8, atol=1e-10)


def step(z, mechanism, consts):
    solver, game = consts
    return solver.step(z, mechanism, game)


def long_auction(vectors, preconditioner):
    """The gradient of revenue where agents still move, and the residual of its linear solve."""
    game = BatchedAuction(jnp.full(BIDS, 1 / BIDS), supply=0.8, horizon=ROUNDS, num_bids=BIDS)
    mechanism = NeuralAuction(ROUNDS, BIDS, width=8, key=jax.random.key(0))
    numbers, rest = numbers_of(mechanism)
    solver = ix.MirrorDescent(0.005, learning_rate=60.0, num_steps=60)
    operator = RegularisedReply()
    adjoint = Implicit(Gmres(1e-10, vectors), preconditioner=preconditioner)

    def score(numbers, probe):
        offered = eqx.combine(numbers, rest)
        start, loop = solver.init(game, offered), {"num_steps": solver.num_steps}
        heard = adjoint.listening(probe)
        z, _ = heard.iterate(step, operator, start, offered, (solver, game), **loop)
        return jnp.sum(operator.aggregate(z, offered, (solver, game)).revenue)

    return jax.jit(jax.grad(score, argnums=(0, 1)))(numbers, jnp.zeros(()))


def test_few_vectors_do_in_a_long_auction():
    exact, residual = long_auction(200, None)
    few, few_residual = long_auction(8, PartsAlone(ROUNDS))
    assert residual < 1e-9 and few_residual < 1e-4
    for one, two in zip(jax.tree.leaves(few), jax.tree.leaves(exact), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-5 * np.abs(two).max())
    _, too_short = long_auction(8, PartsAlone(ROUNDS + 1))
    assert too_short > 0.1


@jax.custom_vjp
def flatly(price):
    return jnp.round(price)


flatly.defvjp(lambda price: (jnp.round(price), None), lambda _, bar: (bar,))


def test_it_takes_reactions_with_a_rule_for_reverse_mode_only():
    def reaction(part, known):
        return flatly(known * part)

    stack = (jnp.full(2, 0.5), jnp.ones(2), jnp.ones(2))
    found = PartsAlone().inverse(reaction, *stack)(jnp.ones(2))
    np.testing.assert_allclose(found, [2.0, 2.0])
