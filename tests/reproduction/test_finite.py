"""Learned auctions among N: the rows that are made, and what is said of them."""

import itertools

import jax
import numpy as np
import polars as pl
import pytest

from incentax.auctions import FirstPrice
from incentax.problems import problems
from incentax.reproduction.amid import finite
from incentax.reproduction.amid.cells import FULL, QUICK
from incentax.reproduction.amid.finite import (
    AGENTS,
    Crowds,
    finite_rows,
    meeting_rows,
    over_games,
)
from incentax.reproduction.amid.finite_claims import FAR, finite_claims
from incentax.reproduction.amid.theory import jackknife_slope, sampled_slope
from incentax.simulation import encounters, goal

SMALL = {"num_values": 6, "num_bids": 6, "horizon": 2, "solver_steps": 60}
TINY = Crowds("a3", 1, games=2, trials=20, deviations=8)


def finite_table(value_slope=-1.0, gain_slope=-0.5, error=0.02, games=1, designs=1, far=None):
    """What a cell's file holds when distances follow these laws, known to this relative error.

    Values follow the slope `far`, if one is given, from 10^4 bidders on.
    """
    rows, far = [], value_slope if far is None else far
    for game, seed in itertools.product(range(games), range(designs)):
        for agents in AGENTS:
            near, beyond = min(agents, FAR) / 100, max(agents / FAR, 1)
            gap = -0.01 * near**value_slope * beyond**far
            gain = 0.01 * (agents / 100) ** gain_slope
            rows.append(
                {"problem": "a1", "mechanism": "designed", "seed": seed, "game": game}
                | {"agents": agents}
                | {"trials": 10, "mean_field": 0.25, "value": 0.25 + gap, "difference": gap}
                | {"difference_low": gap * (1 + error), "difference_high": gap * (1 - error)}
                | {"exploitability": 1e-3 + gain, "exploitability_mean_field": 1e-3}
                | {"exploitability_low": 1e-3 + gain * (1 - error)}
                | {"exploitability_high": 1e-3 + gain * (1 + error)}
            )
    return pl.DataFrame(rows)


# Close, value at least as fast as the bound, exploitability likewise, exploitability as predicted,
# value as predicted on small crowds and on large ones.
@pytest.mark.parametrize(
    ("table", "agrees"),
    [
        (finite_table(), [True, True, True, True, True, True]),
        (finite_table(value_slope=-0.5), [True, True, True, True, False, False]),
        (finite_table(value_slope=-1.3), [True, True, True, True, False, False]),
        (finite_table(value_slope=-1.3, far=-1.0), [True, True, True, True, False, True]),
        (finite_table(value_slope=-1.0, far=-1.3), [True, True, True, True, True, False]),
        (finite_table(value_slope=-0.2), [True, False, True, True, False, False]),
        (finite_table(value_slope=0.2), [False, False, True, True, False, False]),
        (finite_table(gain_slope=-0.8), [True, True, True, False, True, True]),
        (finite_table(gain_slope=-0.2), [True, True, False, False, True, True]),
        (finite_table(error=0.9), [True, True, None, None, None, None]),
        # Lost in errors: nothing is said of the rates.
        (finite_table(error=4.0), [True, None, None, None, None]),
    ],
)
def test_claims_follow_the_numbers(table, agrees):
    assert [claim.agrees for claim in finite_claims(table)] == agrees


def test_games_above_their_mean_field_do_not_make_up_for_others():
    columns = ("difference", "difference_low", "difference_high")
    even = pl.col("game") % 2 == 0
    table = finite_table(value_slope=-0.2, games=6).with_columns(
        pl.when(even).then(column).otherwise(-0.999 * pl.col(column)).alias(column)
        for column in columns
    )
    (rate,) = [claim for claim in finite_claims(table) if "approaches at least as fast" in claim[0]]
    assert rate.agrees is False and rate.measured.startswith("slope -0.20")


def test_close_is_a_share_of_the_value():
    def close(**changes):
        return finite_claims(finite_table(designs=2).with_columns(**changes))[0]

    assert close().agrees is True and "4.0% off at most" in close().measured
    for value, agrees in ((0.101, True), (0.099, False)):
        assert close(mean_field=pl.lit(value)).agrees is agrees
    # One design that is far off is not made good by the other.
    far = pl.when(pl.col("seed") == 1).then(0.06).otherwise(1.0)
    assert close(mean_field=far).agrees is False


def test_the_page_says_how_many_games_were_drawn():
    several = finite_claims(finite_table(games=4))
    assert all("4 drawn games" in claim.stated for claim in several)
    assert not any("drawn games" in claim.stated for claim in finite_claims(finite_table()))
    redesigned = finite_claims(finite_table(designs=5))
    assert all("designed, 5 designs:" in claim.stated for claim in redesigned)


def differing(games, scatter):
    """Tables of games whose distances have factors of their own at each number of bidders."""
    rng = np.random.default_rng(0)
    tables = []
    for game in range(games):
        table = finite_table(error=1e-6)
        factors = np.exp(scatter * rng.normal(size=len(table)))
        columns = [name for name in table.columns if name.startswith("difference")]
        scaled = [(pl.col(name) * pl.Series(factors)).alias(name) for name in columns]
        tables.append(table.with_columns(*scaled, game=pl.lit(game)))
    return pl.concat(tables)


def test_intervals_are_for_other_games_like_these():
    one, several = over_games(differing(1, 0.5)), over_games(differing(8, 0.5))
    width = [np.asarray(t["difference_high"] - t["difference_low"]) for t in (one, several)]
    # Each game by itself is known to a millionth; they differ by half.
    assert np.all(width[0] < 1e-4 * np.abs(one["difference"].to_numpy()))
    assert np.all(width[1] > 0.2 * np.abs(several["difference"].to_numpy()))
    alike = over_games(finite_table(games=4))
    np.testing.assert_allclose(alike["difference_low"], alike["difference_high"])


def test_games_that_differ_leave_rates_open():
    rates = [claim for claim in finite_claims(differing(4, 1.0)) if "slope -1 from" in claim.stated]
    assert [claim.agrees for claim in rates] == [None]
    rates = [claim for claim in finite_claims(differing(4, 0.01)) if "slope -1 " in claim.stated]
    assert [claim.agrees for claim in rates] == [True, True]


def test_a_slope_over_units_covers_as_often_as_it_says():
    numbers, rng, inside = np.array([1e4, 1e5, 1e6]), np.random.default_rng(1), 0
    for _ in range(400):
        sizes = np.exp(0.3 * rng.normal(size=(8, 3))) / numbers
        fit = jackknife_slope(numbers, sizes)
        inside += fit.low <= -1 <= fit.high
    assert 360 <= inside <= 396


def test_slopes_are_weighted_by_what_is_known():
    numbers = np.array([100.0, 1000.0, 10_000.0])
    sizes = 1 / numbers
    wrong = sizes * np.array([1, 1, 30])
    errors = sizes * np.array([0.01, 0.01, 30])
    assert sampled_slope(numbers, wrong, errors).slope == pytest.approx(-1, abs=1e-3)
    exact = sampled_slope(numbers, sizes, np.zeros(3))
    assert exact == pytest.approx((-1, -1, -1))
    # The interval covers the exponent as often as it says.
    rng, spread, inside = np.random.default_rng(0), 0.1 * sizes, 0
    for _ in range(200):
        fit = sampled_slope(numbers, sizes + spread * rng.normal(size=3), spread)
        inside += fit.low <= -1 <= fit.high
    assert 180 <= inside <= 198


@pytest.mark.parametrize("name", ["a1", "a2", "a3"])
def test_rows_of_small_auctions(name):
    setting = problems[name].with_options(**SMALL).setting
    mechanism = FirstPrice.equal_split(0.8, 2)
    (met,) = encounters(setting, mechanism, key=jax.random.key(1), most=1)
    rows = meeting_rows(met, mechanism, goal(setting), TINY, (50, 5000))
    assert [row["agents"] for row in rows] == [50, 5000]
    for row in rows:
        assert row["difference_low"] <= row["difference"] <= row["difference_high"]
        assert row["value"] - row["mean_field"] == pytest.approx(row["difference"])
        assert row["exploitability_low"] <= row["exploitability"] <= row["exploitability_high"]
    assert abs(rows[1]["difference"]) < 5e-3


def test_every_number_of_bidders_meets_the_same_games(monkeypatch):
    small = {"a3": problems["a3"].with_options(**SMALL, width=8)}
    start = small["a3"].setting.mechanism(jax.random.key(0))
    monkeypatch.setattr(finite, "problems", small)
    monkeypatch.setattr(finite, "trained", lambda *asked: type("R", (), {"mechanism": start}))
    frame = pl.DataFrame(finite_rows(TINY, 0, (20, 40)))
    assert frame.select("mechanism", "game", "agents").n_unique() == len(frame) == 8
    met = frame.group_by("mechanism", "game").agg(pl.col("mean_field").n_unique().alias("values"))
    assert met["values"].to_list() == [1] * 4
    assert frame.filter(pl.col("mechanism") == "designed")["mean_field"].n_unique() == 2
    again = pl.DataFrame(finite_rows(TINY, 1, (20,)))
    assert again["mechanism"].unique().to_list() == ["designed"]


def test_the_first_three_settings_are_measured_under_both_budgets():
    for budget in (FULL, QUICK):
        assert [crowd.problem for crowd in budget.crowds] == ["a1", "a2", "a3"]
    assert all(crowd.num_steps is None for crowd in FULL.crowds)
