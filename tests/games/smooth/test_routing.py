"""Tolls on networks through `design`: optimal flows, and toll differences around cycles."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import incentax as ix
from incentax.games.smooth import RoutingPopulation, TravelTime, assign, braess, pigou

from .roads import grid


def tolled(network, demand, rule, *, step, num_steps):
    return ix.design(
        RoutingPopulation(network, demand),
        ix.Price(jnp.zeros(network.num_links)),
        minimize=TravelTime.of(network),
        rule=rule,
        optimizer=optax.sgd(step),
        num_steps=num_steps,
        audit_every=0,
        throw=False,
    )


def tangent(network):
    return ix.SocialGradient(ix.TangentForm.of(network.incidence()))


def externality(network):
    return ix.Externality(TravelTime.of(network).latency)


@pytest.mark.parametrize("rule", [tangent, externality, lambda network: ix.SocialGradient()])
def test_pigou_under_every_rule(rule):
    network, demand = pigou()
    result = tolled(network, demand, rule(network), step=0.5, num_steps=20)
    np.testing.assert_allclose(result.response.actions, [0.5, 0.5], atol=1e-8)
    toll = np.asarray(result.mechanism.value)
    assert toll[0] - toll[1] == pytest.approx(0.5, abs=1e-8)
    assert result.value == pytest.approx(0.75, abs=1e-12)


def test_pigou_tangent_prices_stay_and_plain_prices_drift():
    network, demand = pigou()
    kept = tolled(network, demand, tangent(network), step=0.5, num_steps=20)
    np.testing.assert_allclose(kept.mechanism.value, [0.25, -0.25], atol=1e-8)
    assert kept.status is ix.Status.DONE
    drifting = tolled(network, demand, ix.SocialGradient(), step=0.5, num_steps=20)
    assert drifting.status is ix.Status.PRICE_DRIFT
    assert float(drifting.mechanism.value[1]) > 5


@pytest.mark.parametrize("rule", [tangent, externality])
def test_braess(rule):
    network, demand = braess()
    result = tolled(network, demand, rule(network), step=0.5, num_steps=30)
    np.testing.assert_allclose(result.response.actions, [0.5, 0.5, 0.5, 0.5, 0], atol=1e-8)
    assert result.value == pytest.approx(1.5, abs=1e-12)
    sa, sb, at, bt, ab = np.asarray(result.mechanism.value)
    # The two used paths cost the same, and the bridge is no shortcut.
    assert sa + at == pytest.approx(sb + bt, abs=1e-8)
    assert sa - sb == pytest.approx(0.5 - ab if rule is tangent else 0.5, abs=1e-8)
    assert 0.5 + sa + ab + bt + 0.5 >= 1.5 + sa + at - 1e-8


def test_the_grid_reaches_the_system_optimum():
    network, demand = grid()
    optimum = network.total_time(assign(network.marginal(), demand).flow)
    result = tolled(network, demand, externality(network), step=0.2, num_steps=40)
    assert result.value / optimum - 1 < 1e-9
    assert result.status is ix.Status.DONE
    social = tolled(network, demand, tangent(network), step=0.2, num_steps=40)
    assert social.value / optimum - 1 < 1e-6


def test_flows_are_observed_only_and_never_differentiated():
    network, demand = pigou()
    population = RoutingPopulation(network, demand)
    with pytest.raises(ValueError, match="can be observed, but not why"):
        ix.design(population, ix.Price(jnp.zeros(2)), minimize=TravelTime.of(network), num_steps=1)
    key = jax.random.key(0)

    def total(toll):
        state = population.init(ix.Price(toll), key=key)
        return jnp.sum(population.respond(ix.Price(toll), state, key=key)[0].actions)

    with pytest.raises(ValueError, match="no derivative"):
        jax.grad(total)(jnp.zeros(2))


def test_bad_prices_and_pairs_are_refused():
    network, demand = pigou()
    with pytest.raises(ValueError, match="one toll for each of 2 links"):
        ix.design(
            RoutingPopulation(network, demand),
            ix.Price(jnp.zeros(3)),
            minimize=TravelTime.of(network),
            rule=ix.SocialGradient(),
            optimizer=optax.sgd(0.1),
        )
    with pytest.raises(ValueError, match="a path for every pair"):
        RoutingPopulation(network, {(1, 0): 1.0})
