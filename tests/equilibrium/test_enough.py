"""Solves that end once settled: sooner, with the same answer and derivative, or not at all."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import jaxtyping
import numpy as np
import pytest

import incentax as ix
from incentax.adjoint import LOOK_EVERY
from incentax.games import BeachBar, LeftRight

ENOUGH = 1e-6
GAMES = {
    "left-right": lambda: (LeftRight(), jnp.array([1.0, 2.0])),
    "beach bar": lambda: (BeachBar.published(6, horizon=5), jnp.linspace(0.0, 0.3, 6)),
}
WHOLE = ix.MirrorDescent(0.5, learning_rate=0.4, num_steps=2000)
EARLY = dataclasses.replace(WHOLE, enough=ENOUGH)
BOLD = dataclasses.replace(EARLY, bold_steps=100)


def solved(name, solver, adjoint):
    game, prices = GAMES[name]()
    return ix.solve(game, ix.Price(prices), solver=solver, adjoint=adjoint)


@pytest.mark.parametrize("name", GAMES)
def test_it_ends_early_with_the_same_answer(name):
    early, whole = (solved(name, solver, ix.Implicit()) for solver in (EARLY, WHOLE))
    assert int(whole.num_steps) == 2000 and whole.residual < 1e-12
    assert LOOK_EVERY <= int(early.num_steps) < 500
    assert int(early.num_steps) % LOOK_EVERY == 0
    assert 0 < early.residual <= ENOUGH
    np.testing.assert_allclose(early.policy, whole.policy, atol=20 * ENOUGH)
    # It would not have been enough at the look before.
    before = dataclasses.replace(WHOLE, num_steps=int(early.num_steps) - LOOK_EVERY)
    assert solved(name, before, ix.Implicit()).residual > ENOUGH


@pytest.mark.parametrize("adjoint", [ix.Backprop(), ix.Checkpointed()])
def test_unrolled_steps_are_all_made(adjoint):
    shorter = dataclasses.replace(EARLY, num_steps=60)
    assert int(solved("left-right", shorter, adjoint).num_steps) == 60


@pytest.mark.parametrize("num_steps", [1, LOOK_EVERY - 1, LOOK_EVERY + 3])
def test_it_never_makes_more_steps_than_it_may(num_steps):
    solver = dataclasses.replace(EARLY, num_steps=num_steps)
    found = solved("beach bar", solver, ix.Implicit())
    whole = solved("beach bar", dataclasses.replace(WHOLE, num_steps=num_steps), ix.Implicit())
    assert int(found.num_steps) == num_steps
    np.testing.assert_allclose(found.state, whole.state, atol=1e-13)


@pytest.mark.parametrize("name", GAMES)
def test_its_derivative_is_that_of_the_fixed_point(name):
    game, prices = GAMES[name]()

    def score(prices, solver):
        found = ix.solve(game, ix.Price(prices), solver=solver, adjoint=ix.Implicit())
        return jnp.sum(found.flow**2)

    early, bold, whole = (jax.grad(score)(prices, solver) for solver in (EARLY, BOLD, WHOLE))
    assert jnp.linalg.norm(whole) > 1e-3
    for ended in (early, bold):
        np.testing.assert_allclose(ended, whole, atol=100 * ENOUGH)


@pytest.mark.parametrize("solver", [EARLY, BOLD])
def test_each_game_of_a_batch_ends_by_itself(solver):
    scales = jnp.array([0.0, 1.0, 10.0])

    def found(scale):
        price = ix.Price(scale * jnp.array([1.0, 2.0]))
        answer = ix.solve(
            LeftRight(), price, solver=solver, adjoint=ix.Implicit(), start=None, throw=False
        )
        return answer.num_steps, answer.policy

    counts, policies = eqx.filter_vmap(found)(scales)
    alone = [found(scale) for scale in scales]
    assert len(set(counts.tolist())) > 1
    assert counts.tolist() == [int(count) for count, _ in alone]
    np.testing.assert_allclose(policies, jnp.stack([policy for _, policy in alone]), atol=1e-14)


@pytest.mark.parametrize("name", GAMES)
def test_bold_steps_reach_the_same_answer_sooner(name):
    early, bold = (solved(name, solver, ix.Implicit()) for solver in (EARLY, BOLD))
    assert int(bold.num_steps) <= 0.7 * int(early.num_steps)
    assert int(bold.num_steps) % LOOK_EVERY == 0
    assert 0 < bold.residual <= ENOUGH
    np.testing.assert_allclose(bold.policy, early.policy, atol=40 * ENOUGH)
    # Settled within its bold steps, it is mirror descent at twice the rate.
    long = dataclasses.replace(
        WHOLE, learning_rate=2 * WHOLE.learning_rate, num_steps=int(bold.num_steps)
    )
    np.testing.assert_allclose(solved(name, long, ix.Implicit()).state, bold.state, atol=1e-13)


def test_where_bold_steps_cycle_careful_ones_settle():
    game, prices = GAMES["left-right"]()
    careful = ix.MirrorDescent(
        0.02, learning_rate=2.0, num_steps=2000, tolerance=1e-3, enough=ENOUGH, bold_steps=35
    )
    always = dataclasses.replace(careful, learning_rate=4.0, bold_steps=0)
    found, cycled = (
        ix.solve(game, ix.Price(prices), solver=solver, adjoint=ix.Implicit())
        for solver in (careful, always)
    )
    assert int(cycled.num_steps) == 2000 and int(cycled.status) == ix.Status.NOT_CONVERGED
    assert 35 < int(found.num_steps) < 1000 and int(found.status) == ix.Status.DONE


@pytest.mark.parametrize("wrong", [-1, 1.5, float("nan")])
def test_bold_steps_are_counted(wrong, monkeypatch):
    # As users have it: without run-time checks of types, which would be first to object.
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    with pytest.raises(ValueError, match="expected a whole number of bold_steps >= 0, got .*; try"):
        dataclasses.replace(EARLY, bold_steps=wrong)


@pytest.mark.parametrize("num_steps, bold_steps", [(9, 8), (13, 1000), (40, 33)])
def test_bold_and_careful_steps_together_are_never_too_many(num_steps, bold_steps):
    solver = dataclasses.replace(WHOLE, num_steps=num_steps, enough=1e-30, bold_steps=bold_steps)
    found = solved("beach bar", solver, ix.Implicit())
    assert int(found.num_steps) == num_steps
    first = min(bold_steps, num_steps)
    rate = 2 * WHOLE.learning_rate
    z = solved(
        "beach bar", dataclasses.replace(WHOLE, learning_rate=rate, num_steps=first), ix.Implicit()
    )
    if num_steps > first:
        game, prices = GAMES["beach bar"]()
        rest = dataclasses.replace(WHOLE, num_steps=num_steps - first)
        z = ix.solve(game, ix.Price(prices), solver=rest, adjoint=ix.Implicit(), start=z.state)
    np.testing.assert_allclose(found.state, z.state, atol=1e-13)


@pytest.mark.parametrize("kind", [ix.Backprop(), ix.Checkpointed()])
def test_steps_are_bold_only_where_a_solve_may_end_early(kind):
    shorter = dataclasses.replace(BOLD, num_steps=20)
    plain = solved("left-right", dataclasses.replace(WHOLE, num_steps=20), ix.Implicit())
    for solver, adjoint in ((shorter, kind), (shorter.thorough(), ix.Implicit())):
        np.testing.assert_allclose(solved("left-right", solver, adjoint).state, plain.state)


@pytest.mark.parametrize("settings", [dict(bold_steps=-1), dict(learning_rate=1.2, bold_steps=1)])
def test_impossible_bold_steps(settings):
    with pytest.raises(ValueError, match="bold"):
        ix.MirrorDescent(0.5, **settings)


@pytest.mark.parametrize("price", [jnp.nan, jnp.inf])
def test_what_is_not_finite_is_never_enough(price):
    game, prices = GAMES["left-right"]()
    solver = dataclasses.replace(EARLY, num_steps=LOOK_EVERY + 3)
    found = ix.solve(
        game, ix.Price(price * prices), solver=solver, adjoint=ix.Implicit(), throw=False
    )
    assert int(found.num_steps) == LOOK_EVERY + 3
    assert int(found.status) == ix.Status.NONFINITE_EQUILIBRIUM


def test_a_relaxed_solver_makes_all_its_steps():
    relaxed = BOLD.relaxed(jnp.asarray(0.5), 0.2, 30)
    assert relaxed.enough == 0 and relaxed.bold_steps == 0


@pytest.mark.parametrize("enough", [-1e-9, 0.02, float("nan")])
def test_enough_lies_below_the_tolerance(enough):
    with pytest.raises(ValueError, match="0 <= enough <= tolerance"):
        ix.MirrorDescent(enough=enough)
