"""Rivals have the time that the default recipe took, and are judged like it."""

from dataclasses import replace

import polars as pl
import pytest

from incentax.problems import problems
from incentax.reproduction.amid import contest
from incentax.reproduction.amid.verdict import verdicts

SIZES = dict(num_values=8, num_bids=8, width=8, horizon=2, temperature=1e-2, learning_rate=10.0)


@pytest.fixture
def small(monkeypatch):
    row = problems["a1"].with_options(**SIZES)
    monkeypatch.setattr(contest, "problems", {"small": replace(row, name="small")})


def test_rivals_have_the_same_time_and_the_same_judge(small):
    ours = pl.DataFrame(contest.played("small", contest.OURS, 0, num_steps=40))
    assert ours["steps"][0] == 40 and ours["step"][-1] == 39
    assert 0 < ours["value"][0] <= ours["cap"][0] + 0.125
    again = contest.played("small", contest.OURS, 0, num_steps=40)
    assert again[0]["value"] == ours["value"][0]
    long = ours.with_columns(seconds_in_all=pl.lit(0.5))
    theirs = pl.DataFrame(contest.played("small", "anneal", 0, long, num_steps=40))
    # A step that has begun is finished.
    assert theirs["seconds_in_all"][0] < 2 and theirs["steps"][0] > 10
    assert theirs["baseline"][0] == ours["baseline"][0]
    assert theirs["rate"][0] == contest.RIVALS["anneal"].rate
    (row,) = verdicts(pl.concat([ours, theirs], how="diagonal_relaxed"))
    assert row["difference"] == ours["value"][0] - theirs["value"][0]
    assert row["low"] is None and row["above cap?"] is not None


def test_a_rival_alone_is_refused():
    with pytest.raises(ValueError, match="expected the default recipe's rows"):
        contest.played("a1", "anneal", 0)
