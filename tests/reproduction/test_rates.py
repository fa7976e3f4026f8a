"""Theorems are judged by fitted slopes, and exact sums by games that are held."""

import numpy as np
import polars as pl
import pytest
import scipy

from incentax.reproduction.amid import rates, theory
from incentax.reproduction.amid.held_auctions import held
from incentax.reproduction.amid.rates import SLOPES, theorem1_claims, theorem2_claims


def test_slopes_that_are_flat_agree_with_nothing():
    flat = pl.DataFrame(
        [
            {"agents": n, "case": case, "gap": 0.1}
            | {"held_exact": 0.2, "held": 0.3, "held_error": 1e-4}
            for n in (100, 1000, 10_000)
            for case in ("posted price at the kink", "reserve at the kink", "mean-field bids")
            + ("first price", "exploitability")
        ]
    ).with_columns(gap=pl.col("gap") * (1 + 1e-3 / pl.col("agents")))
    assert not any(claim.agrees for claim in theorem2_claims(flat))


def test_sampled_games_gain_what_the_closed_form_says():
    game = theory.TrackingGame(target=0.7, spread=0.5, crowding=0.8)
    sample = game.sampled_gains(np.random.default_rng(0), 7, 40_000)
    error = sample.std(ddof=1) / np.sqrt(sample.size)
    assert sample.size == 40_000 and error < 0.01 * game.gain(7)
    assert abs(sample.mean() - game.gain(7)) < 4.5 * error


def test_the_distance_of_equilibria_is_a_mean_over_targets():
    game = theory.TrackingGame(target=0.7, spread=0.5, crowding=0.8)
    targets = np.random.default_rng(0).normal(0.7, 0.5, 200_000)
    apart = game.equilibrium_action(targets, 20) - game.mean_field_action(targets)
    assert game.equilibrium_distance(20) == pytest.approx(np.sqrt(np.mean(apart**2)), rel=1e-2)


@pytest.mark.parametrize("num_agents", [10, 100])
def test_auctions_that_are_held_have_the_exact_sums_means(num_agents):
    found = held(num_agents, 3000, seed=5)
    assert set(found) == set(SLOPES)
    for row in found.values():
        assert 0 < row["held_error"] < 0.05 * row["held_exact"]
        assert abs(row["held"] - row["held_exact"]) < 4.5 * row["held_error"]


def test_a_fine_grid_of_bids_earns_what_a_continuum_does():
    exact = theory.mean_field_bids_revenue(50, 0.8)
    near, far = (abs(theory.grid_bids_revenue(50, 0.8, bids) - exact) for bids in (1000, 100))
    assert near < 0.11 * far


@pytest.mark.parametrize(("num_agents", "supply"), [(4, 0.5), (10, 0.8)])
def test_nobody_gains_by_bidding_like_another_value(num_agents, supply):
    """First price at its own equilibrium: a bid wins where the K-th rival's value is lower."""
    goods = round(supply * num_agents)
    shown = np.linspace(0.05, 1, 2000)
    wins = scipy.stats.beta.cdf(shown, num_agents - goods, goods)
    bids = theory.pay_as_bid(shown, num_agents, supply)
    assert np.all(np.diff(bids) > -1e-12) and bids[-1] == pytest.approx(1 - supply)
    for value in (0.15, 0.2, 0.4):
        best = shown[np.argmax(wins * (value - bids))]
        assert best == pytest.approx(value, abs=2e-3)


def test_a_slope_that_is_too_slow_or_not_predicted_does_not_agree():
    numbers = np.array([10.0, 100.0, 1000.0])
    for slope, predicted, agrees in (
        (-0.5, -0.5, True),
        (-1.0, -0.5, False),
        (-0.5, -1.0, False),
        (-0.3, -0.3, False),
    ):
        claim = rates._rate("x", predicted, numbers, numbers**slope)
        assert claim.agrees is agrees and f"{predicted:g}" in claim.stated


def theorem1(**changes):
    columns = {"agents": [10, 100, 1000], "exploitability": [1e-2, 1e-4, 1e-6]}
    columns |= {"equilibrium": [0.1, 0.01, 0.001], "smooth": [0.1, 0.01, 0.001]}
    columns |= {"kinked": [0.1, 0.1 / 10**0.5, 0.01]}
    for name in ("exploitability", "smooth", "kinked"):
        columns[f"{name}_sampled"] = columns[name]
        columns[f"{name}_error"] = [0.05 * columns[name][0]] * 3
    return pl.DataFrame(columns | changes)


def test_theorem1_is_judged_by_slopes_and_samples():
    assert [c.agrees for c in theorem1_claims(theorem1())] == [True] * 7
    far = theorem1(exploitability_sampled=[1.3e-2, 1e-4, 1e-6])
    assert [c.agrees for c in theorem1_claims(far)][4:] == [False, True, True]
    lost = theorem1(exploitability_error=[1.0] * 3)
    assert [c.agrees for c in theorem1_claims(lost)][4:] == [None, True, True]
    slow = theorem1(equilibrium=[0.1, 0.05, 0.03])
    assert [c.agrees for c in theorem1_claims(slow)][:4] == [True, False, True, True]


def test_theorem2_is_judged_by_auctions_that_were_held():
    rows = [
        {"agents": n, "case": case, "gap": 0.1 * n**slope}
        | ({"held_exact": 0.2, "held": 0.2 + 3e-4, "held_error": 1e-4} if n < 2000 else {})
        for n in (100, 1000, 10_000)
        for case, slope in SLOPES.items()
    ]
    table = pl.DataFrame(rows, infer_schema_length=None)
    assert [c.agrees for c in theorem2_claims(table)] == [True] * 10
    off = table.with_columns(held=pl.col("held") + 2e-4)
    assert [c.agrees for c in theorem2_claims(off)] == [True] * 5 + [False] * 5
