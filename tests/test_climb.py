"""The end of a design on a sawtooth: from tooth to tooth, never down, and only if asked."""

import functools
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
import pytest

import incentax as ix
from incentax.auctions import Economy, FirstPrice, NeuralAuction
from incentax.climb import climbed
from incentax.design import initial_state
from incentax.judgement import judged

POPULATION = ix.EquilibriumPopulation(
    Economy(horizon=2, num_values=20, num_bids=20).game(),
    ix.MirrorDescent(temperature=5e-3, learning_rate=40.0, num_steps=200),
)
KEY = jax.random.key(0)
# Half a tick: on some teeth a few agents keep circling, with little to gain.
TRUSTED = 0.025
NETWORK = NeuralAuction(2, 20, width=4, reserve=0.25, key=KEY)


def designed(mechanism, **options):
    return ix.design(
        POPULATION,
        mechanism,
        maximize=ix.revenue,
        num_steps=1,
        optimizer=optax.sgd(0.0),
        audit_every=1,
        trust=TRUSTED,
        throw=False,
        **options,
    )


@functools.cache
def worth(ticks):
    moved = eqx.tree_at(lambda network: network.ticks, NETWORK, jnp.asarray(ticks, jnp.int32))
    return float(judged(POPULATION, ix.revenue, moved, trust=TRUSTED, key=KEY))


def test_a_design_ends_on_the_highest_tooth_around():
    found = designed(NETWORK, climb=True).mechanism
    ticks = int(found.ticks)
    assert ticks != 0 and worth(ticks) > worth(0) + 0.01
    assert worth(ticks) >= max(worth(ticks - 1), worth(ticks + 1))
    # It got there by teeth each higher than the last.
    step = 1 if ticks > 0 else -1
    heights = [worth(tick) for tick in range(0, ticks + step, step)]
    assert heights == sorted(heights)


def test_a_design_that_is_not_asked_to_climb_does_not():
    assert int(designed(NETWORK).mechanism.ticks) == 0


def test_a_mechanism_without_whole_numbers_stays():
    start = FirstPrice(jnp.array([0.3, 0.3]))
    assert eqx.tree_equal(designed(start, climb=True).mechanism, start)
    published = NeuralAuction(2, 20, width=4, key=KEY)
    assert eqx.tree_equal(designed(published, climb=True).mechanism, published)


@pytest.mark.parametrize(("top", "least"), [(3, 3), (-2, -2), (50, 20)])
def test_climbing_goes_as_far_as_it_is_uphill_and_no_further_than_twenty(top, least):
    state = initial_state(POPULATION, NETWORK, optax.sgd(0.0), KEY)
    state = eqx.tree_at(lambda s: s.best_value, state, jnp.asarray(-float(abs(top))))

    def audit(state):
        value = -jnp.abs(state.mechanism.ticks - top).astype(float)
        better = bool(value > state.best_value)
        kept = (state.mechanism, value) if better else (state.best_mechanism, state.best_value)
        return eqx.tree_at(lambda s: (s.best_mechanism, s.best_value), state, kept)

    reached = int(climbed(state, audit).best_mechanism.ticks)
    assert reached == least or (top == 50 and 20 <= reached <= 40)


def test_where_nothing_was_judged_there_is_nothing_to_climb_from():
    state = initial_state(POPULATION, NETWORK, optax.sgd(0.0), KEY)
    assert math.isnan(float(state.best_value))
    kept = climbed(state, lambda state: state)
    assert eqx.tree_equal(kept.best_mechanism, NETWORK)
