"""The published settings are rows; each states only what is proved for its bidders."""

import equinox as eqx
import jax
import numpy as np
import pytest

from incentax import Hypergradient, Mix, efficiency, revenue
from incentax.auctions import (
    ConstantRiskAversion,
    Economy,
    Impatient,
    KnownEconomy,
    RiskNeutral,
    Table,
    proved_cap,
    yardsticks,
)
from incentax.problems import problems

ROWS = ("a1", "a2", "a4", "a5", "a6", "a7", "a8", "a9", "a10")
SMALL = {"num_values": 6, "num_bids": 7, "horizon": 2, "solver_steps": 40}


def small(name):
    setting = problems[name].setting
    return setting.with_options(**SMALL | ({"width": 8} if "width" in setting.options() else {}))


@pytest.mark.parametrize("name", ROWS)
def test_every_setting_starts_from_an_equilibrium_that_is_finite(name):
    setting = small(name)
    mechanism = setting.mechanism(jax.random.key(0))
    state = setting.population().init(mechanism, key=jax.random.key(1))
    response, _ = setting.population().respond(mechanism, state, key=jax.random.key(2))
    assert 0 < float(setting.objective()(mechanism, response)) < 1
    assert np.isfinite(response.flow).all() and float(response.exploitability) < 0.05


@pytest.mark.parametrize("name", ["a5", "a10"])
def test_a_gradient_of_a_setting_is_finite(name):
    setting = small(name)
    population, mechanism = setting.population(), setting.mechanism(jax.random.key(0))
    state = population.init(mechanism, key=jax.random.key(1))
    exchange = eqx.filter_jit(Hypergradient().exchange)(
        population, setting.objective(), mechanism, state, key=jax.random.key(2)
    )
    leaves = jax.tree.leaves(eqx.filter(exchange.gradient, eqx.is_inexact_array))
    assert all(np.isfinite(leaf).all() for leaf in leaves)
    assert any(np.any(leaf != 0) for leaf in leaves)


@pytest.mark.parametrize("name", [row for row in ROWS if row != "a8"])
def test_the_published_numbers(name):
    economy = problems[name].setting.economy
    published = {
        "a1": (4, 0.8, "RiskNeutral"),
        "a2": (4, 0.8, "RiskNeutral"),
        "a4": (4, 0.8, "ConstantRiskAversion"),
        "a5": (4, 0.8, "ConstantRiskAversion"),
        "a6": (4, 0.8, "Impatient"),
        "a7": (6, 0.8, "RiskNeutral"),
        "a9": (4, 0.8, "RiskNeutral"),
        "a10": (4, 0.8, "RiskNeutral"),
    }
    assert (economy.horizon, economy.supply, type(economy.utility).__name__) == published[name]
    assert economy.game().utility == economy.utility


def test_utility_and_weight_are_options():
    assert problems["a4"].setting.options()["aversion"] == 1.0
    changed = problems["a5"].setting.with_options(aversion=-2.0)
    assert changed.economy.utility == ConstantRiskAversion(-2.0)
    assert problems["a9"].setting.with_options(weight=0.25).goal == Mix(0.25)


@pytest.mark.parametrize(
    ("economy", "goal", "cap"),
    [
        (Economy(), revenue, 0.25),
        (Economy(), efficiency, None),
        (Economy(utility=ConstantRiskAversion(1.0)), revenue, 0.476),
        (Economy(utility=ConstantRiskAversion(-1.0)), revenue, 0.476),
        (Economy(utility=ConstantRiskAversion(-1.0), reentry=0.3), revenue, None),
        (Economy(utility=ConstantRiskAversion(-1.0), departure=0.0), revenue, None),
        (Economy(utility=Impatient(1.0)), revenue, 0.397),
        (Economy(utility=Impatient(0.0)), revenue, 0.25),
        (Economy(), Mix(1.0), 0.25),
        (Economy(), Mix(0.0), 0.476),
        (Economy(), Mix(0.5), 0.33165),
        (Economy(departure=0.5), revenue, None),
    ],
)
def test_only_what_is_proved_is_a_cap(economy, goal, cap):
    found = proved_cap(economy, goal)
    assert found is None if cap is None else found == pytest.approx(cap, abs=5e-4)


def test_a_mixture_where_winners_return_is_capped_by_the_two_caps():
    economy = Economy(reentry=0.3)
    numbers = yardsticks(economy, Mix(0.5), search=None)
    expected = (numbers.numbers["dynamic_cap"] + numbers.numbers["first_best"]) / 2
    assert numbers.cap == pytest.approx(expected)


def test_prices_do_not_depend_on_risk_where_values_are_static():
    neutral = yardsticks(Economy(), revenue, search=None).numbers
    averse = yardsticks(Economy(utility=ConstantRiskAversion(3.0)), revenue, search=None).numbers
    assert averse["first_price"] == neutral["first_price"]
    assert averse["constant_price"] == neutral["constant_price"]
    assert averse["myerson_cap"] is None and neutral["myerson_cap"] == pytest.approx(0.25)
    moving = Economy(utility=ConstantRiskAversion(3.0), growth=2.0, spread=0.2)
    assert yardsticks(moving, revenue, search=None).numbers["first_price"] is None


@pytest.mark.parametrize(
    ("utility", "weights", "concave"),
    [
        (RiskNeutral(), [1, 1, 1], True),
        (Impatient(1.0), [1, 1 / 2, 1 / 3], True),
        (ConstantRiskAversion(2.0), None, True),
        (ConstantRiskAversion(-2.0), None, False),
    ],
)
def test_what_a_utility_says_of_itself_is_true(utility, weights, concave):
    assert utility.is_concave is concave
    found = utility.round_weights(3)
    assert (found is None) == (weights is None)
    values, payments = np.full(9, 0.9), np.linspace(0.1, 0.9, 9)
    for t in range(3):
        utilities = np.asarray(utility(t, jax.numpy.asarray(values), jax.numpy.asarray(payments)))
        if weights is not None:
            np.testing.assert_allclose(found, weights)
            np.testing.assert_allclose(utilities, weights[t] * (values - payments), atol=1e-15)
        bend = np.diff(utilities, 2)
        assert np.all(bend <= 1e-12) if concave else np.all(bend > 0)


def test_a_table_starts_from_equal_parts_of_the_supply():
    setting = KnownEconomy(form=Table())
    start = setting.mechanism(jax.random.key(0))
    left, sold = 0.8, []
    for t in range(4):
        offer = start(t, jax.numpy.full(100, 0.01), jax.numpy.asarray(left))
        sold.append(float(offer.supply))
        left -= sold[-1]
    assert sold[:3] == pytest.approx([0.2, 0.2, 0.2])
    assert 0.18 < sold[3] <= 0.2
