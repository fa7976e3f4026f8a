"""The price goes to -F at the optimum, whoever responds and however they learn."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import incentax as ix
from incentax.games.smooth import Cournot, LinearQuadratic

from .instances import CASES


def designed(population, case, rule=None, *, num_steps=250, optimizer=None, **options):
    return ix.design(
        population,
        ix.Price(jnp.zeros(case.instance.game().shape)),
        minimize=case.instance.objective,
        rule=ix.SocialGradient() if rule is None else rule,
        optimizer=optax.sgd(case.step) if optimizer is None else optimizer,
        num_steps=num_steps,
        audit_every=0,
        **options,
    )


@pytest.mark.parametrize("name", CASES)
def test_exact_responses_reach_the_price_computed_by_hand(name):
    case = CASES[name]()
    result = designed(ix.NashPopulation(case.instance.game()), case)
    np.testing.assert_allclose(result.mechanism.value[:, 0], case.price, atol=1e-8)
    np.testing.assert_allclose(result.response.actions, case.instance.optimum(), atol=1e-8)
    assert result.status is ix.Status.DONE
    assert result.diagnosis.gradient_norm < 1e-8
    assert result.diagnosis.monotonicity > 0
    values = np.array([record.value for record in result.history])
    assert np.all(np.diff(values) <= 1e-12)


@pytest.mark.parametrize("name", CASES)
def test_the_optimal_price_of_an_instance_is_the_one_computed_by_hand(name):
    case = CASES[name]()
    np.testing.assert_allclose(
        case.instance.optimal_price().value[:, 0], case.price, rtol=1e-12, atol=1e-13
    )
    slope = jax.grad(case.instance.social_cost)(case.instance.optimum())
    np.testing.assert_allclose(slope, 0, atol=1e-12)


def best_guess(actions, price, key):
    """A user's own rule: gradient play on the Cournot game."""
    return actions - 0.2 * (Cournot().game().marginal_cost(actions) + price)


LEARNERS = {
    "gradient": ix.GradientPlay(0.2),
    "extragradient": ix.ExtragradientPlay(0.1),
    "optimistic": ix.OptimisticPlay(0.08),
    "momentum": ix.MomentumPlay(0.05, 0.5),
    "smoothed reply": ix.BestReply(0.4),
    "sequential reply": ix.SequentialReply(),
    "fictitious": ix.FictitiousPlay(),
    "asynchronous": ix.Asynchronous(ix.GradientPlay(0.1), 0.7, 2),
    "mixture": ix.Mixture((ix.GradientPlay(0.2), ix.BestReply(0.3)), jnp.array([0, 1, 0, 1])),
    "user": best_guess,
}


@pytest.mark.parametrize("name", LEARNERS)
def test_every_learner_that_tracks_leads_to_the_same_price(name):
    case = CASES["cournot"]()
    population = ix.LearningPopulation(case.instance.game(), LEARNERS[name], 20)
    result = designed(population, case, optimizer=optax.sgd(0.3), num_steps=300)
    np.testing.assert_allclose(result.mechanism.value[:, 0], case.price, atol=1e-6)
    assert result.status is ix.Status.DONE


def test_mirror_descent_agents_lead_to_the_same_price():
    case = CASES["tullock"]()
    population = ix.LearningPopulation(case.instance.game(), ix.MirrorPlay(0.3), 50)
    result = designed(population, case, num_steps=300)
    np.testing.assert_allclose(result.mechanism.value[:, 0], case.price, atol=1e-6)


@pytest.mark.parametrize("steps_per_price", [1, 10, 100, 1000])
def test_the_limit_does_not_depend_on_the_time_scale_ratio(steps_per_price):
    case = CASES["cournot"]()
    population = ix.LearningPopulation(case.instance.game(), ix.GradientPlay(0.1), steps_per_price)
    result = designed(population, case, optimizer=optax.sgd(0.2), num_steps=400)
    np.testing.assert_allclose(result.mechanism.value[:, 0], case.price, atol=1e-6)


def test_decreasing_steps_on_two_timescales_converge():
    case = CASES["energy"]()
    agents, planner = ix.two_timescale()
    population = ix.LearningPopulation(case.instance.game(), ix.GradientPlay(agents), 5)
    result = designed(population, case, optimizer=optax.sgd(planner), num_steps=1500)
    np.testing.assert_allclose(result.mechanism.value[:, 0], case.price, atol=1e-3)


def test_noisy_observations_stay_within_the_predicted_ball():
    """F = x, Q = I, play x = -p + noise: e+ = (1 - b) e + b noise, variance b s^2 / (2 - b)."""
    num_agents, scale = 40, 0.3
    eye = jnp.eye(num_agents)
    game = LinearQuadratic(eye, jnp.zeros(num_agents), eye, jnp.linspace(-1, 1, num_agents))

    def noisy(actions, price, key):
        return -price + scale * jax.random.normal(key, actions.shape, actions.dtype)

    population = ix.LearningPopulation(game.game(), noisy, 1, judge_steps=2, tolerance=1e3)
    for step in (0.4, 0.1):
        errors = []

        def keep(progress, errors=errors):
            errors.append(np.asarray(progress.state.mechanism.value + game.optimum())[:, 0])

        ix.design(
            population,
            ix.Price(jnp.zeros((num_agents, 1))),
            minimize=game.objective,
            rule=ix.SocialGradient(),
            optimizer=optax.sgd(step),
            num_steps=1200,
            audit_every=0,
            callback=keep,
            throw=False,
        )
        measured = np.mean(np.square(errors[200:]))
        assert measured == pytest.approx(step * scale**2 / (2 - step), rel=0.1)


@pytest.mark.parametrize("share", [0.98, 1.02])
def test_the_step_limit_of_linear_quadratic_games_is_sharp(share):
    case = CASES["linear-quadratic"]()
    result = designed(
        ix.NashPopulation(case.instance.game(), ix.SemismoothNewton(2)),
        case,
        optimizer=optax.sgd(share * case.instance.step_limit()),
        num_steps=500,
        throw=False,
    )
    error = np.max(np.abs(np.asarray(result.mechanism.value)[:, 0] - case.price))
    if share < 1:
        assert error < 1e-4
        assert result.status is ix.Status.DONE
    else:
        assert error > 1e4
        assert result.status is ix.Status.NOT_DESCENDING


def test_momentum_agents_lose_stability_where_the_planner_outruns_their_friction():
    """x'' = -k x' - (x + p), p' = eps x is stable iff eps < k (Routh)."""
    friction, tick = 1.0, 0.05
    one = jnp.ones((1, 1))
    game = LinearQuadratic(one, jnp.zeros(1), one, jnp.zeros(1))
    learner = ix.MomentumPlay(tick**2, 1 - friction * tick)
    sizes = {}
    for speed in (0.8, 1.2):
        result = ix.design(
            ix.LearningPopulation(game.game(), learner, 1),
            ix.Price(one),
            minimize=game.objective,
            rule=ix.SocialGradient(),
            optimizer=optax.sgd(speed * tick),
            num_steps=2000,
            audit_every=0,
            throw=False,
        )
        value = np.array([record.value for record in result.history])
        sizes[speed] = value[-300:].max() / value[200:500].max()
    assert sizes[0.8] < 1e-1
    assert sizes[1.2] > 10


def test_regularised_agents_shift_the_price_by_the_penalty_s_derivative():
    case = CASES["energy"]()
    weight = 0.3
    game = ix.RegularisedGame(case.instance.game(), lambda own: jnp.sum(own**4) / 4, weight)
    result = designed(ix.NashPopulation(game), case, num_steps=400)
    optimum = np.asarray(case.instance.optimum())[:, 0]
    np.testing.assert_allclose(
        result.mechanism.value[:, 0], case.price - weight * optimum**3, atol=1e-8
    )


def test_maximising_welfare_is_minimising_its_negative():
    case = CASES["cournot"]()
    population = ix.NashPopulation(case.instance.game())
    result = ix.design(
        population,
        ix.Price(jnp.zeros((4, 1))),
        maximize=lambda mechanism, response: -case.instance.social_cost(response.actions),
        rule=ix.SocialGradient(),
        optimizer=optax.sgd(case.step),
        num_steps=100,
        audit_every=0,
    )
    np.testing.assert_allclose(result.mechanism.value[:, 0], case.price, atol=1e-8)
    assert result.value > 0
