"""Bands are of all seeds at the same times, whenever each of them was at which step."""

import numpy as np
import polars as pl
import pytest

from incentax.reproduction.amid.curves import band, settings


def runs_of(times, values, seed, rival="anneal", value=0.3):
    same = dict(problem="a1", rival=rival, seed=seed, value=value, baseline=0.16, cap=0.25)
    return [
        same | {"step": step, "seconds": float(time), "training_value": float(value)}
        for step, (time, value) in enumerate(zip(times, values, strict=True))
    ]


# No step of these is at the same time as one of the other's, and the second ends early.
ONE, TWO = ([0, 4, 8], [0.0, 4.0, 8.0]), ([1, 2, 5], [3.0, 5.0, 11.0])
TABLE = pl.DataFrame(
    runs_of(*ONE, seed=0, value=8.0)
    + runs_of(*TWO, seed=1, value=12.0)
    + runs_of([0, 2], [1.0, 2.0], seed=0, rival="0-sgd")
)


def test_a_band_is_of_all_seeds_at_common_times():
    found = band(TABLE.filter(pl.col("rival") == "anneal"), num_points=8)
    assert found.time.tolist() == list(range(1, 9))
    first = np.arange(1.0, 9.0)
    second = np.array([3.0, 5.0, 7.0, 9.0, 11.0, 11.0, 11.0, 11.0])
    assert found.mean == pytest.approx((first + second) / 2)
    # Of two numbers the standard deviation is their distance over sqrt(2).
    assert found.spread == pytest.approx(np.abs(first - second) / np.sqrt(2))


def test_the_figure_draws_the_band_and_where_designs_ended():
    axes = settings(TABLE).axes[0]
    found = band(TABLE.filter(pl.col("rival") == "anneal"))
    drawn = {tuple(line.get_ydata()) for line in axes.lines}
    assert tuple(found.mean) in drawn
    corners = axes.collections[0].get_paths()[0].vertices
    for edge in (found.mean - found.spread, found.mean + found.spread):
        places = np.stack([found.time, edge], axis=1)
        assert all(np.isclose(corners, place).all(axis=1).any() for place in places)
    (bar, _) = axes.containers
    dot, _, (reach,) = bar.lines
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (8.0, 10.0)
    low, high = reach.get_segments()[0][:, 1]
    assert (high - low) / 2 == pytest.approx(4 / np.sqrt(2))


def test_one_seed_has_no_spread():
    assert not band(TABLE.filter(pl.col("rival") == "0-sgd")).spread.any()


def test_the_figure_says_at_which_temperature():
    figure = settings(TABLE)
    assert "at the schedule's temperature" in figure.axes[0].get_ylabel()
    told = {text.get_text() for text in figure.legends[0].get_texts()}
    assert "certified at the end, at the problem's own temperature" in told
    assert "baseline, at the same" in told
