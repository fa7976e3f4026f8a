"""Annealing keeps the best of three: it never moves the wrong way, whichever way is right."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from incentax import AbstractPopulation, Access, Anneal, design
from incentax.auctions import FirstPrice, SoftReserve
from incentax.methods import clipped_sgd, decaying_adam, layerwise_adam, plain_adam
from incentax.order import RECIPES, RULES
from incentax.problems import problems


class Mirror(AbstractPopulation):
    """Responds with the mechanism itself, and only the objective may be seen."""

    offers: ClassVar[Access] = Access.OBJECTIVE

    def init(self, mechanism, *, key):
        return ()

    def respond(self, mechanism, state, *, key):
        return {"numbers": mechanism}, state

    def at_rest(self):
        return self

    def relaxed(self, temperature, share, num_steps):
        return self

    def listening(self, probe):
        return self


def bowl(mechanism, response):
    return jnp.sum((response["numbers"] - 1.0) ** 2)


@pytest.mark.parametrize("sense", ["maximize", "minimize"])
def test_it_never_moves_the_wrong_way(sense):
    sign = 1 if sense == "maximize" else -1
    objective = bowl if sense == "minimize" else lambda m, r: -bowl(m, r)
    start = jnp.zeros(3)
    result = design(
        Mirror(), start, **{sense: objective}, rule=Anneal(0.1), num_steps=60, audit_every=0
    )
    values = np.array([record.value for record in result.history])
    assert np.all(sign * np.diff(values) >= -1e-12)
    assert float(bowl(None, {"numbers": result.mechanism})) < 0.3


def test_it_stays_where_both_sides_are_worse():
    exchange = Anneal(0.1).exchange(
        Mirror(), lambda m, r: -bowl(m, r), jnp.ones(3), (), key=jax.random.key(0)
    )
    assert np.all(exchange.gradient == 0) and float(exchange.value) == 0


def test_a_step_that_is_not_finite_is_not_taken():
    def cliff(mechanism, response):
        return jnp.where(jnp.all(response["numbers"] == 0), 0.0, jnp.nan)

    exchange = Anneal(0.1).exchange(Mirror(), cliff, jnp.zeros(3), (), key=jax.random.key(0))
    assert np.all(exchange.gradient == 0) and float(exchange.value) == 0


def test_a_scale_must_be_positive():
    with pytest.raises(ValueError, match="scale > 0"):
        Anneal(0.0)


@pytest.mark.parametrize("name", ["zeroth-order", "zeroth-order-sgd", "anneal"])
def test_rules_that_see_the_objective_alone_improve_a_bowl(name):
    rule = RULES[name](problems["a1"].setting)
    assert rule.needs == Access.OBJECTIVE
    result = design(Mirror(), jnp.zeros(3), minimize=bowl, rule=rule, num_steps=30, audit_every=0)
    assert float(bowl(None, {"numbers": result.mechanism})) < 3.0


@pytest.mark.parametrize("method", [decaying_adam, layerwise_adam, plain_adam, clipped_sgd])
def test_methods_move_against_a_gradient(method):
    optimizer = method(0.1, 0.5, 10)
    with jax.numpy_dtype_promotion("standard"):
        updates, _ = optimizer.update(jnp.array([3.0]), optimizer.init(jnp.zeros(1)))
    assert float(updates[0]) < 0
    size = 0.05 if method is clipped_sgd else 0.1
    assert float(optax.tree.norm(updates)) == pytest.approx(size, rel=1e-4)


def test_the_published_recipe_is_the_published_one():
    recipe = RECIPES["paper"].recipe(problems["a1"].setting)
    schedule = recipe.schedule
    assert schedule.solver_steps == 400 and schedule.start == schedule.stop == 1e-3
    assert schedule.share / schedule.start == pytest.approx(10)
    assert recipe.method is plain_adam


def test_a_soft_reserve_is_first_price_with_supply_and_reserve():
    bids = jnp.full(100, 0.01)
    sharp = SoftReserve(jnp.array([100.0]), jax.scipy.special.logit(jnp.array([0.5])))
    offer = sharp(0, bids, jnp.asarray(0.8))
    plain = FirstPrice(jnp.array([0.8]))(0, bids, jnp.asarray(0.8))
    assert np.array_equal(offer.payment, plain.payment)
    # Half a tick of bids counts at the reserve itself: 49.5 and 50.5 bids above it make 0.495.
    assert float(offer.supply) == pytest.approx(0.495, abs=1e-3)
    scarce = SoftReserve(jnp.array([0.0]), jnp.array([-9.0]))(0, bids, jnp.asarray(0.8))
    assert float(scarce.supply) == pytest.approx(0.4)
