"""Learners one by one: where they settle at a fixed price, and how they differ."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import incentax as ix
from incentax.population import best_reply

SKEW = jnp.array([[1.0, 2.0], [-2.0, 1.0]])


def cost(agent, actions):
    x = actions[:, 0]
    return x[agent] * (SKEW[agent] @ x) - SKEW[agent, agent] * x[agent] ** 2 / 2 - x[agent]


GAME = ix.SmoothGame(cost, 2)
PRICE = jnp.array([[0.3], [-0.2]])
EQUILIBRIUM = np.linalg.solve(np.asarray(SKEW), 1 - np.asarray(PRICE)[:, 0])


def settled(learner, num_steps=4000, game=GAME, price=PRICE):
    population = ix.LearningPopulation(game, learner, num_steps, judge_steps=max(2, num_steps))
    key = jax.random.key(1)
    mechanism = ix.Price(price)
    state = population.init(mechanism, key=key)
    return jax.jit(lambda s: population.respond(mechanism, s, key=key)[0])(state)


TRACK = {
    "gradient": ix.GradientPlay(0.1),
    "extragradient": ix.ExtragradientPlay(0.2),
    "optimistic": ix.OptimisticPlay(0.1),
    "slow momentum": ix.MomentumPlay(0.01, 0.3),
    "smoothed reply": ix.BestReply(0.2),
    "fictitious": ix.FictitiousPlay(),
    "asynchronous": ix.Asynchronous(ix.GradientPlay(0.05), 0.5, 3),
    "mixture": ix.Mixture((ix.GradientPlay(0.1), ix.ExtragradientPlay(0.1)), jnp.array([0, 1])),
}


@pytest.mark.parametrize("name", TRACK)
def test_settles_at_the_equilibrium(name):
    response = settled(TRACK[name])
    np.testing.assert_allclose(response.actions[:, 0], EQUILIBRIUM, atol=1e-6)
    assert int(response.status) == ix.Status.DONE


LOSE = {
    "simultaneous reply": ix.BestReply(1.0),
    "momentum": ix.MomentumPlay(0.1, 0.9),
    "too fast": ix.GradientPlay(0.5),
    "sequential reply": ix.SequentialReply(),
}


@pytest.mark.parametrize("name", LOSE)
def test_does_not_settle_and_says_so(name):
    response = settled(LOSE[name], 200)
    assert int(response.status) == ix.Status.NOT_TRACKING


def test_a_skew_game_defeats_gradient_play_but_not_extragradient():
    skew = jnp.array([[0.0, 1.0], [-1.0, 0.0]])
    game = ix.SmoothGame(lambda i, x: x[i, 0] * (skew[i] @ x[:, 0]), 2)
    price = jnp.ones((2, 1))
    good = settled(ix.ExtragradientPlay(0.3), 2000, game, price)
    np.testing.assert_allclose(good.actions[:, 0], np.linalg.solve(skew, -np.ones(2)), atol=1e-8)
    assert int(settled(ix.GradientPlay(0.3), 500, game, price).status) == ix.Status.NOT_TRACKING


def test_replicator_agents_on_simplices_find_the_interior_equilibrium():
    """Each pays for crowding: cost <own, own + other>, uniform without prices."""
    game = ix.SmoothGame(
        lambda i, x: x[i] @ x[i] / 2 + x[i] @ x[1 - i], 2, 3, bounds=ix.Simplices()
    )
    price = jnp.array([[0.2, 0.0, -0.2]] * 2)
    response = settled(ix.MirrorPlay(0.2), 4000, game, price)
    np.testing.assert_allclose(response.actions, [[1 / 3 - 0.1, 1 / 3, 1 / 3 + 0.1]] * 2, atol=1e-6)
    nash = ix.NashPopulation(game)
    key = jax.random.key(0)
    exact, _ = nash.respond(ix.Price(price), nash.init(ix.Price(price), key=key), key=key)
    np.testing.assert_allclose(exact.actions, response.actions, atol=1e-6)


def test_best_reply_is_exact_where_it_is_known():
    game = ix.SmoothGame(lambda i, x: jnp.cosh(x[i, 0] - 0.5 * x[1 - i, 0]), 2, bounds=(-3.0, 0.4))
    actions = jnp.array([[0.2], [1.0]])
    reply = best_reply(game, actions, jnp.zeros((2, 1)), num_newton=12)
    np.testing.assert_allclose(reply[:, 0], [0.4, 0.1], atol=1e-10)


def test_noise_has_the_scale_it_was_given():
    population = ix.LearningPopulation(
        ix.SmoothGame(lambda i, x: x[i, 0] ** 2 / 2, 500), ix.Noisy(ix.GradientPlay(1.0), 0.1), 1
    )
    price = ix.Price(jnp.zeros((500, 1)))
    state = population.init(price, key=jax.random.key(0))
    response, _ = population.respond(price, state, key=jax.random.key(2))
    assert float(jnp.std(response.actions)) == pytest.approx(0.1, rel=0.1)


def test_agents_go_on_from_where_they_stopped():
    twice = ix.LearningPopulation(GAME, ix.MomentumPlay(0.02, 0.5), 5)
    once = ix.LearningPopulation(GAME, ix.MomentumPlay(0.02, 0.5), 10)
    price, key = ix.Price(PRICE), jax.random.key(0)
    state = twice.init(price, key=key)
    _, state = twice.respond(price, state, key=key)
    response, _ = twice.respond(price, state, key=key)
    whole, _ = once.respond(price, once.init(price, key=key), key=key)
    np.testing.assert_allclose(response.actions, whole.actions, atol=1e-15)


REFUSED = {
    "mirror without a floor": (lambda: settled(ix.MirrorPlay(), 1), "bounded below by zero"),
    "mixture of too few": (
        lambda: settled(ix.Mixture((ix.GradientPlay(),), jnp.zeros(3, int)), 1),
        "a kind for each of 2 agents",
    ),
    "no steps": (lambda: ix.LearningPopulation(GAME, steps_per_price=0), "steps_per_price >= 1"),
    "no rate": (lambda: ix.GradientPlay(0.0), "learning_rate > 0"),
    "user's shape": (lambda: settled(lambda a, p, k: a[:1], 1), "returns actions of shape"),
    "price shape": (lambda: settled(ix.GradientPlay(), 1, price=jnp.zeros((3, 1))), "broadcasts"),
    "delay": (lambda: ix.Asynchronous(ix.GradientPlay(), 0.0), "0 < activity"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_learners_that_cannot_learn_are_refused(name):
    build, sentence = REFUSED[name]
    with pytest.raises(ValueError, match=sentence):
        build()


def test_schedules_that_break_the_two_timescale_theorem_are_warned_of():
    fast, slow = ix.two_timescale()
    assert fast(0) == slow(0) == 0.5
    with pytest.warns(UserWarning, match="fall faster"):
        ix.two_timescale(ix.PowerSchedule(1.0, 0.9), ix.PowerSchedule(1.0, 0.6))
    with pytest.warns(UserWarning, match="square-summable"):
        ix.two_timescale(ix.PowerSchedule(1.0, 0.3), noisy=True)
