"""The games of the theorems: closed forms against brute force, and published constants."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incentax.reproduction.amid.theory import (
    TrackingGame,
    atom_gain,
    fitted_slope,
    limit_revenue,
    mean_field_bids_revenue,
    pay_as_bid_revenue,
    posted_revenue,
)


def expected_cost(game, action, own, num_agents, others_mean):
    """What an agent with target `own` expects to pay for `action`."""
    mean = action / num_agents + (1 - 1 / num_agents) * others_mean
    return action**2 / 2 - own * action + game.crowding * action * mean


@given(st.integers(2, 500), st.floats(-1, 2), st.floats(0.1, 2), st.floats(-3, 3))
def test_nobody_gains_at_the_finite_equilibrium(num_agents, target, crowding, own):
    game = TrackingGame(target=target, crowding=crowding)
    mean = float(game.equilibrium_action(np.array([target]), num_agents)[0])
    action = float(game.equilibrium_action(np.array([own]), num_agents)[0])
    here = expected_cost(game, action, own, num_agents, mean)
    for step in (-1e-2, 1e-2):
        assert expected_cost(game, action + step, own, num_agents, mean) > here


@pytest.mark.parametrize("num_agents", [2, 7, 100])
def test_the_gain_is_that_of_the_best_of_many_deviations(num_agents):
    game = TrackingGame(target=0.7, spread=0.5, crowding=0.8)
    # Gauss-Hermite points integrate the expectation over targets exactly: it is a quadratic.
    points, weights = np.polynomial.hermite_e.hermegauss(5)
    gains = []
    for own in game.target + game.spread * points:
        now = game.mean_field_action(np.array([own]))[0]
        tries = np.linspace(now - 2, now + 2, 400_001)
        costs = expected_cost(game, tries, own, num_agents, game.mean_field_mean)
        here = expected_cost(game, now, own, num_agents, game.mean_field_mean)
        gains.append(float(here - costs.min()))
    expected = float(weights @ np.array(gains) / weights.sum())
    assert game.gain(num_agents) == pytest.approx(expected, rel=1e-4)


def test_the_finite_equilibrium_tends_to_the_mean_field():
    game, targets = TrackingGame(), np.array([-1.0, 0.0, 2.0])
    limit = game.mean_field_action(targets)
    near, far = (np.abs(game.equilibrium_action(targets, n) - limit).max() for n in (10_000, 10))
    assert near < 1e-3 < far


def test_sampled_games_have_the_closed_forms_means():
    game = TrackingGame(spread=2.0)
    smooth, kinked = game.sampled_gaps(np.random.default_rng(1), 50, 4000)
    for sample, exact in ((smooth, game.smooth_gap(50)), (kinked, game.kinked_gap(50))):
        assert abs(sample.mean() - exact) < 4.5 * sample.std() / np.sqrt(sample.size)


@pytest.mark.parametrize(
    ("value", "published"),
    [
        (posted_revenue(100, 0.2, 0.8) - 0.16, -0.003178),
        (posted_revenue(1000, 0.5, 0.5) - 0.25, -0.003153),
        (mean_field_bids_revenue(10, 0.8) - 0.16, -0.00278),
        (mean_field_bids_revenue(100, 0.8) - 0.16, -0.000363),
        (mean_field_bids_revenue(1000, 0.8) - 0.16, -3.9e-5),
        (pay_as_bid_revenue(100, 0.8) - 0.16, -0.0015842),
        (atom_gain(10, 0.8) * np.sqrt(10), 0.1518),
        (atom_gain(10_000, 0.8) * 100, 0.15857),
    ],
)
def test_printed_constants(value, published):
    assert value == pytest.approx(published, rel=1e-2)


def test_revenues_tend_to_the_limit():
    for price, supply in ((0.2, 0.8), (0.5, 0.5), (0.5, 0.8)):
        far = posted_revenue(10**8, price, supply)
        assert far == pytest.approx(limit_revenue(price, supply), rel=1e-3)
    assert pay_as_bid_revenue(10**6, 0.8) == pytest.approx(limit_revenue(0.2, 0.8), rel=1e-5)


@given(st.floats(-3, -0.1), st.floats(0.01, 10))
def test_slopes_of_powers_are_exact(exponent, scale):
    numbers = np.array([10.0, 100.0, 1000.0, 10_000.0])
    fit = fitted_slope(numbers, -scale * numbers**exponent)
    assert fit.slope == pytest.approx(exponent) and fit.low <= fit.slope <= fit.high
