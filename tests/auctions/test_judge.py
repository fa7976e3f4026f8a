"""Mechanisms on games they never saw: each solved by itself, and until its bidders settle."""

import functools

import jax
import numpy as np
import pytest

import incentax as ix
from incentax.auctions import Economy, EqualShares
from incentax.auctions.judge import judged_on
from incentax.auctions.prior_free import RandomEconomy
from incentax.equilibrium import CALMER, MirrorDescent, solve
from incentax.objective import revenue

DRAW = RandomEconomy(Economy(horizon=2, num_values=8, num_bids=8, reentry=0.3), 0.6, 1.2)
MECHANISM = EqualShares(2)
SOLVER = MirrorDescent(temperature=1e-2, learning_rate=10.0, num_steps=400)
KEYS = jax.random.split(jax.random.key(4), 13)


@functools.cache
def one_by_one(solver):
    found = [solve(DRAW(key), MECHANISM, solver=solver, throw=False) for key in KEYS]
    return [
        np.array([float(read(game)) for game in found])
        for read in (
            lambda game: revenue(MECHANISM, game),
            lambda game: game.exploitability,
            lambda game: game.status == ix.Status.DONE,
        )
    ]


def test_each_game_is_judged_at_its_own_equilibrium():
    judged = judged_on(DRAW, SOLVER, MECHANISM, KEYS)
    value, gain, done = one_by_one(SOLVER)
    assert done.all() and judged.settled.all()
    np.testing.assert_allclose(judged.revenue, value, rtol=1e-9)
    np.testing.assert_allclose(judged.exploitability, gain, atol=1e-9)
    assert np.ptp(judged.revenue) > 0.01


def test_games_that_have_not_settled_go_on_calmer():
    hasty = MirrorDescent(temperature=1e-2, learning_rate=10.0, num_steps=25)
    _, _, at_once = one_by_one(hasty)
    assert not at_once.all()
    judged = judged_on(DRAW, hasty, MECHANISM, KEYS)
    assert judged.settled.all()
    settled, _, _ = one_by_one(SOLVER)
    np.testing.assert_allclose(judged.revenue, settled, atol=2e-3)


def test_games_that_never_settle_are_said_to_have_not():
    never = MirrorDescent(temperature=1e-2, learning_rate=10.0, num_steps=1, tolerance=1e-12)
    judged = judged_on(DRAW, never, MECHANISM, KEYS)
    assert not judged.settled.any()
    calmest = functools.reduce(lambda solver, _: solver.calm(), range(CALMER), never)
    _, gain, _ = one_by_one(calmest)
    np.testing.assert_allclose(judged.exploitability, gain, rtol=1e-6)


@pytest.mark.parametrize("number", [1, 10, 11])
def test_any_number_of_games_is_met(number):
    never = MirrorDescent(temperature=1e-2, learning_rate=10.0, num_steps=2, tolerance=1e-12)
    judged = judged_on(DRAW, never, MECHANISM, KEYS[:number])
    assert judged.revenue.shape == judged.settled.shape == (number,)
    whole = judged_on(DRAW, never, MECHANISM, KEYS)
    np.testing.assert_allclose(judged.revenue, whole.revenue[:number], rtol=1e-9)
