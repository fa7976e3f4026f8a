"""Every adjoint x transform x case against central differences; agreement."""

import dataclasses
import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np
import pytest

import incentax as ix
from incentax.adjoint import Backprop, Checkpointed, Implicit
from incentax.fixed_point import AbstractOperator
from incentax.games import LeftRight

from .cases import (
    CASES,
    GAMES,
    economy,
    inner,
    left_right,
    neural,
    normal_like,
    numbers_of,
    relative,
    score_of,
)

ADJOINTS = {
    "backprop": Backprop(),
    "checkpointed": Checkpointed(),
    "implicit": Implicit(),
    "implicit, parts alone": Implicit(preconditioner=ix.PartsAlone(1)),
}
EXACT, LIMIT, DIFFERENCE = 1e-10, 1e-6, 1e-6
STEP = 1e-5
BATCH = 2


@functools.cache
def points(name):
    """A batch of mechanisms around the case's own, and one direction for each."""
    numbers, _ = numbers_of(CASES[name]().mechanism)
    generator = np.random.default_rng(4)
    directions = [normal_like(numbers, generator) for _ in range(BATCH)]
    places = [
        jax.tree.map(lambda x, d, i=i: x + 0.1 * i * d, numbers, direction)
        for i, direction in enumerate(directions)
    ]
    return stacked(places), stacked(directions)


@functools.cache
def differences(name):
    """Central differences of the score at each point along its direction [BATCH]."""
    case = CASES[name]()
    places, directions = points(name)
    score = score_of(case, Backprop())

    def along(place, direction, step):
        return score(jax.tree.map(lambda x, d: x + step * d, place, direction))

    steps = STEP * jnp.array([2.0, 1.0, -1.0, -2.0])
    table = jax.jit(jax.vmap(jax.vmap(along, (None, None, 0)), (0, 0, None)))(
        places, directions, steps
    )
    # Fourth order: the truncation error is far below rounding at this step.
    weights = jnp.array([-1.0, 8.0, -8.0, 1.0]) / (12 * STEP)
    return np.asarray(table @ weights)


def at(tree, index):
    return jax.tree.map(lambda leaf: leaf[index], tree)


def stacked(trees):
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)


def one_by_one(function, batch):
    return stacked([function(at(batch, i)) for i in range(BATCH)])


TRANSFORMS = {
    "grad": lambda score, batch: one_by_one(jax.grad(score), batch),
    "vmap(grad)": lambda score, batch: jax.vmap(jax.grad(score))(batch),
    "grad(vmap)": lambda score, batch: jax.grad(lambda b: jnp.sum(jax.vmap(score)(b)))(batch),
    "jit(grad)": lambda score, batch: one_by_one(jax.jit(jax.grad(score)), batch),
}


def slopes(gradients, name):
    _, directions = points(name)
    return np.asarray(jax.vmap(inner)(gradients, directions))


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("adjoint", ADJOINTS)
@pytest.mark.parametrize("name", GAMES)
def test_gradients_match_central_differences(name, adjoint, transform):
    score = score_of(CASES[name](), ADJOINTS[adjoint])
    gradients = TRANSFORMS[transform](score, points(name)[0])
    expected = differences(name)
    assert np.all(np.abs(expected) > 1e-4), "a slope of zero proves nothing"
    np.testing.assert_allclose(slopes(gradients, name), expected, rtol=DIFFERENCE, atol=1e-9)


@pytest.mark.parametrize("name", [name for name in CASES if name not in GAMES])
def test_unrolled_and_implicit_agree_on_every_case(name):
    case = CASES[name]()
    place, direction = (at(tree, 1) for tree in points(name))
    unrolled, implicit = score_of(case, Backprop()), score_of(case, Implicit())

    @jax.jit
    def everything(numbers):
        steps = STEP * jnp.array([1.0, -1.0])
        moved = jax.tree.map(
            lambda x, d: x[None] + jnp.reshape(steps, (2,) + (1,) * x.ndim) * d[None],
            numbers,
            direction,
        )
        up, down = jax.lax.map(unrolled, moved)
        return (up - down) / (2 * STEP), jax.grad(unrolled)(numbers), jax.grad(implicit)(numbers)

    expected, long, limit = everything(place)
    assert relative(limit, long) < LIMIT
    assert abs(expected) > 1e-4, "a slope of zero proves nothing"
    assert float(inner(long, direction)) == pytest.approx(float(expected), rel=1e-6)


@pytest.mark.parametrize("name", GAMES)
def test_checkpoints_change_nothing_but_rounding(name):
    case = CASES[name]()
    # Neither 4 (the default here) nor 7 segments divide the steps, which are far from enough.
    case = case._replace(solver=dataclasses.replace(case.solver, num_steps=23))
    place = at(points(name)[0], 0)

    @jax.jit
    def all_segments(numbers):
        unrolled = jax.value_and_grad(score_of(case, Backprop()))(numbers)
        rest = {k: jax.value_and_grad(score_of(case, Checkpointed(k)))(numbers) for k in (1, 7)}
        return unrolled, rest | {0: jax.value_and_grad(score_of(case, Checkpointed()))(numbers)}

    (value, gradient), rest = all_segments(place)
    for segments, (same_value, same_gradient) in rest.items():
        assert abs(same_value - value) < EXACT, segments
        assert relative(same_gradient, gradient) < EXACT, segments


def test_more_segments_than_steps_is_no_segment():
    def halve(z, mechanism, consts):
        return z / 2 + mechanism

    def last(z0, segments):
        kind = Checkpointed(segments)
        return kind.iterate(halve, None, z0, jnp.ones(()), (), num_steps=3)[0]

    assert float(last(jnp.zeros(()), 60)) == float(last(jnp.zeros(()), 1)) == 1.75


@pytest.mark.parametrize("adjoint", ADJOINTS)
def test_numbers_of_a_solver_stay_numbers(adjoint):
    def shrink(z, mechanism, solver):
        # A temperature of zero must be seen to be zero while tracing: regularisers cost time.
        assert isinstance(solver["temperature"], float)
        return z * solver["rate"]

    class Shrinking(AbstractOperator):
        def aggregate(self, z, mechanism, consts):
            return z

        def respond(self, aggregate, mechanism, consts):
            return aggregate * consts["rate"]

        def apart(self, z, aggregate, mechanism, consts):
            return None

    consts = {"temperature": 0.0, "rate": jnp.asarray(0.5)}
    kind = ADJOINTS[adjoint]
    z, _ = kind.iterate(shrink, Shrinking(), jnp.ones(()), (), consts, num_steps=5)
    assert float(z) == 0.5**5


def test_an_unrolled_gradient_is_that_of_its_own_steps():
    case = left_right()
    case = case._replace(solver=dataclasses.replace(case.solver, num_steps=3))
    numbers, _ = numbers_of(case.mechanism)
    direction = normal_like(numbers, np.random.default_rng(3))
    score = jax.jit(score_of(case, Backprop()))
    up = score(jax.tree.map(lambda x, d: x + STEP * d, numbers, direction))
    down = score(jax.tree.map(lambda x, d: x - STEP * d, numbers, direction))
    short = inner(jax.grad(score)(numbers), direction)
    limit = inner(jax.grad(score_of(left_right(), Implicit()))(numbers), direction)
    assert float(short) == pytest.approx(float((up - down) / (2 * STEP)), rel=1e-6)
    assert abs(short - limit) > 0.01 * abs(limit)


@pytest.mark.parametrize("adjoint", ADJOINTS)
def test_numbers_of_game_and_solver_are_differentiated_too(adjoint):
    kind = ADJOINTS[adjoint]
    base = economy(reentry=0.3)

    def score(inputs):
        supply, temperature, reentry = inputs
        game = eqx.tree_at(lambda g: (g.supply, g.reentry), base, (supply, reentry))
        solver = dataclasses.replace(
            CASES["auction"]().solver, temperature=temperature, learning_rate=0.2 / temperature
        )
        return ix.revenue(None, ix.solve(game, neural(), solver=solver, adjoint=kind, throw=False))

    inputs = jnp.array([0.55, 0.1, 0.3])
    gradient = jax.jit(jax.grad(score))(inputs)
    steps = 1e-5 * jnp.eye(3)
    both = jax.jit(jax.vmap(score))(jnp.concatenate([inputs[None] + steps, inputs[None] - steps]))
    expected = (both[:3] - both[3:]) / 2e-5
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-8)


CLOSED_FORMS = {0.1: 0.646538116610162, 0.5: 0.5994623991323194, 1.0: 0.5711507532829997}


@pytest.mark.parametrize("adjoint", ADJOINTS)
def test_left_right_has_a_closed_form(adjoint):
    """Soft equilibrium: t log(p / (1-p)) = b - (a+b) p at prices (a, b), and its derivative."""
    kind = ADJOINTS[adjoint]

    def left(prices, temperature):
        solver = ix.MirrorDescent(temperature, learning_rate=0.2, num_steps=2000)
        response = ix.solve(LeftRight(), ix.Price(prices), solver=solver, adjoint=kind, throw=False)
        return response.policy[0, 0, 0]

    both = jax.jit(jax.vmap(jax.value_and_grad(left), (None, 0)))
    values, gradients = both(jnp.array([1.0, 2.0]), jnp.array(list(CLOSED_FORMS)))
    for (temperature, share), value, gradient in zip(
        CLOSED_FORMS.items(), values, gradients, strict=True
    ):
        assert float(value) == pytest.approx(share, rel=1e-12)
        stiffness = temperature / (share * (1 - share)) + 3
        np.testing.assert_allclose(gradient, [-share / stiffness, (1 - share) / stiffness], 1e-9)


def test_any_lineax_solver_for_nonsymmetric_systems_serves():
    case = left_right()
    numbers, _ = numbers_of(case.mechanism)
    exact = jax.grad(score_of(case, Implicit()))(numbers)
    other = Implicit(lx.BiCGStab(rtol=1e-10, atol=1e-12))
    assert relative(jax.grad(score_of(case, other))(numbers), exact) < 1e-8


def test_the_fixed_point_forgets_its_start():
    case = left_right()
    numbers, structure = numbers_of(case.mechanism)

    def left(start, adjoint):
        mechanism = eqx.combine(numbers, structure)
        solver = dataclasses.replace(case.solver, num_steps=5)
        response = ix.solve(
            case.game, mechanism, solver=solver, adjoint=adjoint, start=start, throw=False
        )
        return response.policy[0, 0, 0]

    start = jnp.full((2, 3, 2), 0.3)
    assert not jnp.any(jax.grad(left)(start, Implicit()))
    assert jnp.any(jax.grad(left)(start, Backprop()) != 0)
