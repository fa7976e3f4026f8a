"""Prices, their caps and boxes; objectives by hand."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import incentax as ix

rows = hnp.arrays(np.float64, 4, elements=st.floats(-50, 50, allow_subnormal=False))


@given(rows)
def test_a_capped_price_stays_between_zero_and_its_cap(logits):
    value = ix.CappedPrice(jnp.asarray(logits), 0.8).value
    assert jnp.all((value >= 0) & (value <= 0.8))
    np.testing.assert_allclose(value, 0.8 / (1 + np.exp(-logits)), rtol=1e-12)


@given(rows, st.floats(-10, 0, allow_subnormal=False), st.floats(1e-9, 10))
def test_a_box_is_the_nearest_point(numbers, lower, upper):
    projected = ix.Box(lower, upper).project({"a": jnp.asarray(numbers), "name": "x"})
    np.testing.assert_array_equal(projected["a"], np.clip(numbers, lower, upper))
    assert projected["name"] == "x"


@pytest.mark.parametrize("cap", [0.0, -1.0, float("inf")])
def test_impossible_caps(cap):
    with pytest.raises(ValueError, match="expected a finite cap > 0, got"):
        ix.CappedPrice(jnp.zeros(2), cap)


def test_impossible_boxes():
    with pytest.raises(ValueError, match="expected lower <= upper, got 1.0 and 0.0"):
        ix.Box(1.0, 0.0)


class Flow(NamedTuple):
    flow: jax.Array


def test_congestion_lies_just_above_the_largest_crowd():
    mass = np.random.default_rng(0).dirichlet(np.ones(5), size=3)
    flow = Flow(jnp.asarray(mass[:, :, None] * np.array([0.25, 0.75])[None, None]))
    for sharpness in (10.0, 100.0, 1000.0):
        smooth = float(ix.Congestion(sharpness)(None, flow))
        assert mass.max() <= smooth <= mass.max() + np.log(15) / sharpness
    late = float(ix.Congestion(1e4, first_round=2)(None, flow))
    assert late == pytest.approx(mass[2].max(), abs=1e-3)
    with pytest.raises(ValueError, match="expected sharpness > 0"):
        ix.Congestion(0.0)


def test_mix_weighs_revenue_and_efficiency():
    game = ix.auctions.Economy(horizon=2, num_values=4, num_bids=4).game()
    mechanism = ix.auctions.FirstPrice.equal_split(0.6, 2)
    solver = ix.MirrorDescent(0.1, learning_rate=1.0, num_steps=50)
    response = ix.solve(game, mechanism, solver=solver)
    flow, odds = np.asarray(response.flow), np.asarray(response.rounds.win_probability)
    paid = value = 0.0
    for t in range(2):
        for s in range(4):
            for a in range(4):
                won = flow[t, s, a] * odds[t, a]
                value += won * s / 4
                paid += won * a / 4
    assert float(ix.revenue(mechanism, response)) == pytest.approx(paid, rel=1e-12)
    assert float(ix.efficiency(mechanism, response)) == pytest.approx(value, rel=1e-12)
    mixed = float(ix.Mix(0.3)(mechanism, response))
    assert mixed == pytest.approx(0.3 * paid + 0.7 * value, rel=1e-12)
    with pytest.raises(ValueError, match="expected a weight between 0 and 1, got 1.5"):
        ix.Mix(1.5)
