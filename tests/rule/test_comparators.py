"""Externality, simultaneous design and play, hypergradients: the same price by other means."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import incentax as ix

from .instances import CASES


def trace(population, case, rule, num_steps, step):
    """The prices after each step [num_steps n]."""
    prices = []
    ix.design(
        population,
        ix.Price(jnp.zeros(case.instance.game().shape)),
        minimize=case.instance.objective,
        rule=rule,
        optimizer=optax.sgd(step),
        num_steps=num_steps,
        audit_every=0,
        callback=lambda p: prices.append(np.asarray(p.state.mechanism.value)[:, 0]),
        throw=False,
    )
    return np.array(prices)


@pytest.mark.parametrize("name", ["linear-quadratic", "oscillators"])
def test_externality_traces_the_social_gradient_at_exact_equilibria(name):
    case = CASES[name]()
    population = ix.NashPopulation(case.instance.game())
    rule = ix.Externality(case.instance.game().marginal_cost)
    one = trace(population, case, ix.SocialGradient(), 40, case.step)
    other = trace(population, case, rule, 40, case.step)
    assert np.max(np.abs(one[-1])) > 0.1
    np.testing.assert_allclose(one, other, atol=1e-9)


def test_externality_differs_off_equilibrium_by_what_is_left_to_it():
    case = CASES["cournot"]()
    game = case.instance.game()
    population = ix.LearningPopulation(game, ix.GradientPlay(0.05), 1)
    step = 0.1
    social = trace(population, case, ix.SocialGradient(), 1, step)[0]
    external = trace(population, case, ix.Externality(game.marginal_cost), 1, step)[0]
    price, key = ix.Price(jnp.zeros((4, 1))), jax.random.key(0)
    actions = population.respond(price, population.init(price, key=key), key=key)[0].actions
    left = np.asarray(game.marginal_cost(actions))[:, 0]
    assert np.max(np.abs(left)) > 0.1
    np.testing.assert_allclose(social - external, step * left, atol=1e-12)


def test_externality_also_ends_at_the_optimal_price():
    case = CASES["cournot"]()
    game = case.instance.game()
    population = ix.LearningPopulation(game, ix.GradientPlay(0.2), 10)
    prices = trace(population, case, ix.Externality(game.marginal_cost), 200, 0.3)
    np.testing.assert_allclose(prices[-1], case.price, atol=1e-7)


def test_simultaneous_design_and_play_ends_at_the_optimal_price():
    case = CASES["cournot"]()
    game = case.instance.game()
    population = ix.LearningPopulation(game, ix.GradientPlay(0.2), 1)
    prices = trace(population, case, ix.SimultaneousDesign(game), 800, 0.3)
    np.testing.assert_allclose(prices[-1], case.price, atol=1e-6)


@pytest.mark.parametrize("name", ["linear-quadratic", "tullock"])
def test_implicit_and_unrolled_hypergradients_agree_with_differences(name):
    case = CASES[name]()
    game = case.instance.game()
    price = ix.Price(0.5 * jnp.asarray(case.price)[:, None])
    key = jax.random.key(0)
    unrolled = ix.ProjectedGradient(0.1, 600)
    gradients = {}
    for label, population in {
        "implicit": ix.NashPopulation(game),
        "unrolled": ix.NashPopulation(game, unrolled, ix.Checkpointed()),
    }.items():
        state = population.init(price, key=key)
        exchange = eqx.filter_jit(ix.Hypergradient().exchange)(
            population, case.instance.objective, price, state, key=key
        )
        gradients[label] = np.asarray(exchange.gradient.value)[:, 0]
        if label == "implicit":
            assert float(exchange.adjoint_residual) < 1e-9

    population = ix.NashPopulation(game)

    @jax.jit
    def value(shift):
        moved = ix.Price(price.value + shift)
        response, _ = population.respond(moved, population.init(moved, key=key), key=key)
        return case.instance.objective(moved, response)

    units = np.eye(game.num_agents)[:, :, None] * 1e-5
    differences = [float(value(u) - value(-u)) / 2e-5 for u in units]
    scale = np.max(np.abs(differences))
    np.testing.assert_allclose(gradients["implicit"], differences, atol=1e-6 * scale)
    np.testing.assert_allclose(gradients["unrolled"], differences, atol=1e-6 * scale)


def test_hypergradient_and_zeroth_order_reach_the_same_price_through_design():
    case = CASES["energy"]()
    game = case.instance.game()
    for rule, num_steps, step, atol in (
        (ix.Hypergradient(), 300, 0.8, 1e-6),
        (ix.ZerothOrder(1e-3), 1500, 0.15, 1e-3),
    ):
        result = ix.design(
            ix.NashPopulation(game, ix.SemismoothNewton(2)),
            ix.Price(jnp.zeros(game.shape)),
            minimize=case.instance.objective,
            rule=rule,
            optimizer=optax.sgd(step),
            num_steps=num_steps,
            audit_every=0,
        )
        np.testing.assert_allclose(result.mechanism.value[:, 0], case.price, atol=atol)


def test_fewer_prices_work_with_the_hypergradient():
    """x = -J^-1 B t, phi = |x - target|^2 / 2: the best uniform price, in closed form."""
    case = CASES["linear-quadratic"]()
    jacobian = np.asarray(case.instance.jacobian)
    ones = np.ones(4)
    pulled = np.linalg.solve(jacobian, ones)
    offset = -np.linalg.solve(jacobian, np.asarray(case.instance.offset))
    target = np.asarray(case.instance.target)
    best = -(pulled @ (target - offset)) / (pulled @ pulled)
    result = ix.design(
        ix.NashPopulation(case.instance.game(), ix.SemismoothNewton(2)),
        ix.Price(jnp.zeros(())),
        minimize=lambda mechanism, response: (
            jnp.sum((response.actions[:, 0] - case.instance.target) ** 2) / 2
        ),
        optimizer=optax.sgd(0.3 / (pulled @ pulled)),
        num_steps=200,
        audit_every=0,
    )
    assert float(result.mechanism.value) == pytest.approx(best, abs=1e-8)
