"""Mirror descent against published iterates, soft equilibria and closed forms."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import incentax as ix
from incentax.games import BeachBar, LeftRight, RockPaperScissors


def free(spots):
    return ix.Price(jnp.zeros(spots))


GAMES = {
    "beach bar, 4 spots": lambda: (BeachBar.published(4, horizon=3), free(4)),
    "beach bar, 10 spots": lambda: (BeachBar.published(10, horizon=11), free(10)),
    "beach bar, 100 spots": lambda: (BeachBar.published(100, horizon=51), free(100)),
    "left-right": lambda: (LeftRight(), ix.Price(jnp.array([1.0, 2.0]))),
    "rock-paper-scissors": lambda: (RockPaperScissors(), free(3)),
}

# Exploitability after so many steps at temperature 0, in float64, by a separate implementation.
REFERENCE = {
    ("beach bar, 4 spots", 0.1): {
        0: 1.221262255,
        1: 1.125772891,
        10: 0.6046173891,
        100: 0.07480949647,
        200: 0.01459408163,
        1000: 0.001691817452,
    },
    ("beach bar, 4 spots", 1.0): {
        1: 0.5316852097,
        10: 0.07609383801,
        100: 0.001699598728,
        200: 0.0002464054744,
        1000: 3.468229838e-06,
    },
    ("beach bar, 10 spots", 0.1): {
        0: 18.24216193,
        1: 10.58057565,
        10: 1.713522957,
        100: 0.3182261461,
        200: 0.1327432732,
        1000: 0.003255977288,
    },
    ("beach bar, 10 spots", 1.0): {
        1: 23.00296432,
        10: 0.328593237,
        100: 0.00336028335,
        200: 0.001138989032,
        1000: 1.129806365e-05,
    },
    ("beach bar, 100 spots", 0.1): {0: 827.6794861, 1: 31.51193015, 10: 3.915453796},
    ("left-right", 0.1): {
        0: 0.25,
        1: 0.2254737618,
        10: 0.09512668958,
        100: 0.0001403967155,
    },
    ("left-right", 1.0): {1: 0.05007020099, 10: 1.989844092e-06},
    ("rock-paper-scissors", 0.03): {
        0: 0.3333333333,
        1: 0.3421443358,
        10: 0.3678743708,
        100: 0.2223109726,
        200: 0.07246816326,
        1000: 0.0003689644386,
    },
    ("rock-paper-scissors", 0.1): {
        1: 0.3620949594,
        10: 0.1607916306,
        100: 0.08076798718,
        200: 0.01292751343,
    },
}


@functools.cache
def iterates(name):
    """The exploitability of plain mirror descent as a function of rate and number of steps."""
    game, mechanism = GAMES[name]()

    @jax.jit
    def after(rate, count):
        solver = ix.MirrorDescent(temperature=0.0, learning_rate=rate)
        start = solver.init(game, mechanism)
        z = jax.lax.fori_loop(0, count, lambda _, z: solver.step(z, mechanism, game), start)
        return ix.exploitability(game, solver.policy(z), mechanism)

    return lambda rate, count: float(after(jnp.asarray(rate), count))


@pytest.mark.parametrize("name, rate", REFERENCE)
def test_published_iterates(name, rate):
    after = iterates(name)
    for count, expected in REFERENCE[name, rate].items():
        # The references have ten digits, and rounding is all that is left below 1e-5.
        assert after(rate, count) == pytest.approx(expected, rel=2e-9, abs=1e-13), count


def test_the_last_step_of_left_right():
    assert iterates("left-right")(0.1, 200) == pytest.approx(1.415003211e-07, rel=1e-6)
    assert abs(iterates("left-right")(1.0, 100)) < 1e-12


def test_solve_makes_exactly_its_steps():
    game, mechanism = GAMES["left-right"]()
    for count in (1, 10):
        solver = ix.MirrorDescent(temperature=0.0, learning_rate=0.1, num_steps=count)
        found = ix.solve(game, mechanism, solver=solver, throw=False)
        expected = REFERENCE["left-right", 0.1][count]
        assert float(found.exploitability) == pytest.approx(expected, rel=1e-9)
        assert int(found.num_steps) == count


@pytest.mark.parametrize("temperature, expected", [(0.1, 0.33646247232), (0.5, 1.68843273467)])
def test_soft_equilibria_of_the_beach(temperature, expected):
    game, mechanism = GAMES["beach bar, 10 spots"]()
    solver = ix.MirrorDescent(temperature, learning_rate=0.5, num_steps=3000)
    found = ix.solve(game, mechanism, solver=solver)
    assert float(found.exploitability) == pytest.approx(expected, rel=1e-8)
    assert abs(float(found.regularised_exploitability)) < 1e-9
    assert float(found.residual) < 1e-8
    assert ix.Status.of(found.status) is ix.Status.DONE


@pytest.mark.parametrize("mirror", [ix.Entropy(), ix.Euclidean()])
@pytest.mark.parametrize("name", ["left-right", "rock-paper-scissors", "beach bar, 4 spots"])
def test_both_mirrors_find_their_regularised_equilibrium(name, mirror):
    game, mechanism = GAMES[name]()
    solver = ix.MirrorDescent(0.5, learning_rate=0.05, num_steps=3000, mirror=mirror)
    found = ix.solve(game, mechanism, solver=solver)
    assert abs(float(found.regularised_exploitability)) < 1e-10
    assert float(found.residual) < 1e-8


def test_the_euclidean_equilibrium_of_left_right():
    """On the simplex the first-order condition is linear: t (2p - 1) = b - (a + b) p."""
    game, mechanism = GAMES["left-right"]()
    solver = ix.MirrorDescent(0.5, learning_rate=0.2, num_steps=500, mirror=ix.Euclidean())
    found = ix.solve(game, mechanism, solver=solver)
    assert float(found.policy[0, 0, 0]) == pytest.approx((2 + 0.5) / (3 + 1), rel=1e-12)


def test_rock_paper_scissors_at_its_nash_equilibrium():
    game, mechanism = GAMES["rock-paper-scissors"]()
    nash = jnp.array([26.0, 20.0, 31.0]) / 77
    policy = jnp.broadcast_to(nash, (2, 4, 3))
    assert float(ix.exploitability(game, policy, mechanism)) == pytest.approx(0, abs=1e-15)
    rounds = ix.population_flow(game, policy, mechanism).rounds
    value = ix.best_reply(game, rounds).initial_values[0]
    assert float(value) == pytest.approx(6 / 11, rel=1e-14)


@pytest.mark.parametrize("left, expected", [(1.0, 1.0), (0.0, 2.0), (0.5, 0.25), (2 / 3, 0.0)])
def test_exploitability_of_left_right_by_hand(left, expected):
    game, mechanism = GAMES["left-right"]()
    policy = jnp.broadcast_to(jnp.array([left, 1 - left]), (2, 3, 2))
    assert float(ix.exploitability(game, policy, mechanism)) == pytest.approx(expected, abs=1e-15)


def test_relaxing_sets_the_share_of_the_way():
    solver = ix.MirrorDescent(1e-3, learning_rate=50.0)
    relaxed = solver.relaxed(jnp.asarray(2e-2), 0.2, 30)
    assert float(relaxed.temperature * relaxed.learning_rate) == pytest.approx(0.2, rel=1e-12)
    assert relaxed.num_steps == 30


BAD = {
    "num_steps": dict(num_steps=0),
    "temperature": dict(temperature=-1.0),
    "temperature >= 0 and finite": dict(temperature=float("inf")),
    "learning_rate": dict(learning_rate=float("nan")),
    "learning_rate x temperature": dict(temperature=2.0, learning_rate=1.0),
}


@pytest.mark.parametrize("what", BAD)
def test_impossible_solvers(what):
    with pytest.raises(ValueError, match=f"expected {what}.*, got .*; try"):
        ix.MirrorDescent(**BAD[what])


def test_a_residual_above_tolerance_is_a_status():
    game, mechanism = GAMES["beach bar, 4 spots"]()
    found = ix.solve(game, mechanism, solver=ix.MirrorDescent(num_steps=2))
    assert ix.Status.of(found.status) is ix.Status.NOT_CONVERGED
    assert "raise `num_steps`" in ix.Status.of(found.status).sentence


def test_nan_raises_unless_told_not_to():
    game, _ = GAMES["left-right"]()
    broken = ix.Price(jnp.array([1.0, jnp.nan]))
    with pytest.raises(ix.DesignError, match="NaN or infinity; lower `learning_rate`"):
        ix.solve(game, broken)
    quiet = ix.solve(game, broken, throw=False)
    assert ix.Status.of(quiet.status) is ix.Status.NONFINITE_EQUILIBRIUM
    with pytest.raises(RuntimeError, match="NaN or infinity"):
        jax.block_until_ready(jax.jit(lambda m: ix.solve(game, m))(broken).policy)


def test_a_warm_start_is_where_it_begins():
    game, mechanism = GAMES["left-right"]()
    solver = ix.MirrorDescent(0.5, learning_rate=0.2, num_steps=200)
    first = ix.solve(game, mechanism, solver=solver)
    again = ix.solve(
        game,
        mechanism,
        solver=ix.MirrorDescent(0.5, learning_rate=0.2, num_steps=1),
        start=first.state,
    )
    np.testing.assert_allclose(again.policy, first.policy, atol=1e-12)
