"""Every way a price rule breaks is refused before, or named after."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import incentax as ix
from incentax.games.smooth import Cournot, LinearQuadratic, Oscillators

GAME = Cournot()
POPULATION = ix.LearningPopulation(GAME.game(), ix.GradientPlay(0.2), 5)
FREE = ix.Price(jnp.zeros((4, 1)))


def run(population=POPULATION, price=FREE, objective=GAME.objective, **options):
    options = {
        "rule": ix.SocialGradient(),
        "optimizer": optax.sgd(0.3),
        "num_steps": 30,
        "audit_every": 0,
        "throw": False,
        "minimize": objective,
    } | options
    return ix.design(population, price, **options)


REFUSED = {
    "adam": (dict(optimizer=optax.adam(0.1)), "one scalar gain"),
    "rmsprop": (dict(optimizer=optax.rmsprop(0.1)), "one scalar gain"),
    "clip by value": (
        dict(optimizer=optax.chain(optax.clip(0.5), optax.sgd(0.1))),
        "one scalar gain",
    ),
    "weight decay": (
        dict(optimizer=optax.chain(optax.add_decayed_weights(0.1), optax.sgd(0.1))),
        "one scalar gain",
    ),
    "uphill": (dict(optimizer=optax.sgd(-0.1)), "moves uphill"),
    "uniform tax": (dict(price=ix.Price(jnp.zeros(()))), "one price per action coordinate"),
    "no price": (dict(price=ix.CappedPrice(jnp.zeros((4, 1)), 1.0)), "expected a Price"),
    "reads the price": (
        dict(objective=lambda m, r: GAME.objective(m, r) + jnp.sum(m.value)),
        "reads `value` of the mechanism",
    ),
    "reads the evidence": (
        dict(objective=lambda m, r: GAME.objective(m, r) + r.residual),
        "reads `residual` of the response",
    ),
    "vector objective": (dict(objective=lambda m, r: r.actions[:, 0]), "returns a scalar"),
    "both senses": (dict(maximize=GAME.objective), "exactly one of"),
    "residual form, maximising": (
        dict(
            minimize=None,
            maximize=GAME.objective,
            rule=ix.SocialGradient(ix.ResidualForm(ix.Unbounded())),
        ),
        "expected minimize=",
    ),
    "externality, maximising": (
        dict(minimize=None, maximize=GAME.objective, rule=ix.Externality(lambda x: x)),
        "expected minimize=",
    ),
    "hypergradient of observed agents": (
        dict(rule=ix.Hypergradient()),
        "what the agents do can be observed, but not why",
    ),
    "schedule": (dict(schedule=ix.Schedule(0.1, 0.01)), "has no temperature"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_before_anything_runs(name):
    options, sentence = REFUSED[name]
    with pytest.raises(ValueError, match=sentence) as error:
        run(**options)
    assert str(error.value).startswith("expected ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "optimizer",
    [
        optax.sgd(0.3),
        optax.chain(optax.clip_by_global_norm(0.5), optax.sgd(0.3)),
        optax.sgd(optax.exponential_decay(0.3, 10, 0.9)),
        optax.sgd(ix.PowerSchedule(0.3, 0.9)),
    ],
)
def test_scalar_gains_pass(optimizer):
    from incentax.rule import check_gain

    assert check_gain(optimizer, FREE, "SocialGradient") is None


def test_planner_momentum_is_warned_of():
    with pytest.warns(UserWarning, match="momentum"):
        run(optimizer=optax.sgd(0.1, momentum=0.5), num_steps=1)


def test_an_optimizer_can_be_trusted_with_a_warning():
    with pytest.warns(UserWarning, match="not checked"):
        result = run(
            rule=ix.SocialGradient(trust_optimizer=True), optimizer=optax.adam(0.1), num_steps=1
        )
    assert len(result.history) == 1


def linear(jacobian, weight, target=(0.0, 0.0), offset=(0.0, 0.0)):
    return LinearQuadratic(*map(jnp.asarray, (jacobian, offset, weight, target)))


def test_projection_trap_is_named_though_the_optimum_is_inside():
    """The optimal price is zero, inside the box; projection leads to a corner, uphill."""
    game = linear([[0.327, -1.603], [1.654, 0.505]], [[0.933, -0.242], [-0.242, 0.12]])
    reach = jnp.array([[0.601], [1.8353]])
    start = ix.Price(jnp.array([[-0.2755], [0.7293]]))
    result = run(
        ix.NashPopulation(game.game(), ix.SemismoothNewton(2)),
        start,
        game.objective,
        constraint=ix.Box(-reach, reach),
        optimizer=optax.sgd(1.9),
        num_steps=300,
    )
    assert result.status is ix.Status.PROJECTION_TRAP
    assert result.value > 5 * result.history[0].value
    assert result.diagnosis.projection_activity > 0.5
    np.testing.assert_allclose(np.abs(result.mechanism.value), reach, atol=1e-9)


def test_the_same_game_without_the_box_finds_its_optimum():
    game = linear([[0.327, -1.603], [1.654, 0.505]], [[0.933, -0.242], [-0.242, 0.12]])
    result = run(
        ix.NashPopulation(game.game(), ix.SemismoothNewton(2)),
        ix.Price(jnp.array([[-0.2755], [0.7293]])),
        game.objective,
        optimizer=optax.sgd(1.9),
        num_steps=600,
    )
    assert result.status is ix.Status.DONE
    np.testing.assert_allclose(result.mechanism.value, 0, atol=1e-6)


def test_an_optimum_outside_the_safe_set_is_not_claimed():
    result = run(constraint=ix.Box(-1.0, 0.0), num_steps=100)
    assert result.status is ix.Status.SAFE_SET_ACTIVE
    assert float(jnp.min(result.mechanism.value)) == -1.0


def test_a_safe_set_that_contains_the_way_changes_nothing():
    bounded, free = run(constraint=ix.Box(-9.0, 9.0)), run()
    np.testing.assert_array_equal(bounded.mechanism.value, free.mechanism.value)
    assert bounded.diagnosis.projection_activity == 0


def test_oscillators_that_push_each_other_away_are_named():
    """In step, where society wants them, sym(J) is not positive definite."""
    game = Oscillators.random(jax.random.key(1), strength=-8.0)
    assert float(ix.games.smooth.strong_monotonicity(game.game(), game.optimum()[None])) < 0
    result = run(
        ix.NashPopulation(game.game(), ix.SemismoothNewton(15)),
        ix.Price(game.optimal_price().value + 0.05),
        game.objective,
        optimizer=optax.sgd(0.05),
    )
    assert result.diagnosis.monotonicity < 0
    assert result.status is ix.Status.NOT_MONOTONE


def test_secants_of_observed_actions_alone_tell_a_game_that_is_not_monotone():
    """Agents settle on x = p here, though F = -x is not monotone: <dp, dx> is positive."""
    stays = ix.LearningPopulation(GAME.game(), lambda actions, price, key: price, 2)
    target = jnp.ones((4, 1))
    result = run(stays, objective=lambda m, r: jnp.sum((r.actions - target) ** 2), num_steps=5)
    assert result.diagnosis.monotonicity == pytest.approx(-1, abs=1e-9)
    assert result.status is ix.Status.NOT_MONOTONE


def test_best_response_with_four_linear_firms_does_not_track():
    bounded = Cournot(curvature=1e-3)
    game = ix.AggregativeGame(bounded.game().private_cost, 4, bounds=(0.0, 9.0))
    population = ix.LearningPopulation(game, ix.BestReply(1.0), 10)
    result = run(population, objective=bounded.objective, optimizer=optax.sgd(0.01))
    assert result.status is ix.Status.NOT_TRACKING
    calm = ix.LearningPopulation(game, ix.BestReply(0.3), 10)
    assert run(calm, objective=bounded.objective, optimizer=optax.sgd(0.01)).status.ok


def test_momentum_agents_under_a_strong_skew_part_do_not_track():
    game = linear([[0.5, -2.0], [2.0, 0.5]], np.eye(2), (0.3, -0.2))
    outcomes = {}
    for learner in (ix.MomentumPlay(0.1, 0.9), ix.GradientPlay(0.1)):
        result = run(
            ix.LearningPopulation(game.game(), learner, 20),
            ix.Price(jnp.zeros((2, 1))),
            game.objective,
            num_steps=200,
        )
        outcomes[type(learner).__name__] = result.status
    assert outcomes["MomentumPlay"] is ix.Status.NOT_TRACKING
    assert outcomes["GradientPlay"] is ix.Status.DONE


def boxed(target):
    """F = x on [0, 1]^2, and where society wants agents to be."""
    game = linear(np.eye(2), np.eye(2), target)
    cost = game.game().private_cost
    return game, ix.SmoothGame(cost, 2, bounds=(0.0, 1.0))


def test_prices_drift_at_an_optimum_on_the_boundary_and_the_residual_form_stops_them():
    instance, game = boxed((1.5, 0.4))
    population = ix.NashPopulation(game)
    start = ix.Price(jnp.zeros((2, 1)))
    plain = run(population, start, instance.objective, num_steps=400)
    form = ix.ResidualForm(game.action_set, 1e-3)
    residual = run(
        population, start, instance.objective, rule=ix.SocialGradient(form), num_steps=400
    )
    np.testing.assert_allclose(plain.response.actions[:, 0], [1.0, 0.4], atol=1e-6)
    np.testing.assert_allclose(residual.response.actions[:, 0], [1.0, 0.4], atol=1e-6)
    assert plain.status is ix.Status.PRICE_DRIFT
    # Linearly: half a unit of social gradient a unit of time.
    assert float(plain.mechanism.value[0, 0]) < -0.45 * 0.3 * 400
    assert residual.status is ix.Status.DONE
    assert abs(float(residual.mechanism.value[0, 0])) < 2
    np.testing.assert_allclose(residual.mechanism.value[1, 0], -0.4, atol=1e-6)


def test_an_interior_optimum_is_the_same_for_both_forms():
    instance, game = boxed((0.6, 0.4))
    form = ix.ResidualForm(game.action_set, 1e-3)
    result = run(
        ix.NashPopulation(game),
        ix.Price(jnp.zeros((2, 1))),
        instance.objective,
        rule=ix.SocialGradient(form),
        num_steps=100,
    )
    np.testing.assert_allclose(result.mechanism.value[:, 0], [-0.6, -0.4], atol=1e-8)


def test_tracking_and_agent_steps_are_reported():
    result = run(num_steps=10)
    assert result.diagnosis.agent_steps == 50
    assert 0 < result.diagnosis.tracking < 1


def test_a_status_survives_a_resumed_design():
    callback_stop = {"at": 50}

    def stop(progress):
        reached = progress.record.step + 1 == callback_stop["at"]
        return ix.Status.OUT_OF_TIME if reached else None

    whole = run(constraint=ix.Box(-1.0, 0.0), num_steps=100)
    half = run(constraint=ix.Box(-1.0, 0.0), num_steps=100, callback=stop)
    assert half.status is ix.Status.OUT_OF_TIME
    rest = run(constraint=ix.Box(-1.0, 0.0), num_steps=100, state=half.state)
    assert rest.status is whole.status
    assert rest.diagnosis == whole.diagnosis
    jax.tree.map(np.testing.assert_array_equal, rest.state, whole.state)
