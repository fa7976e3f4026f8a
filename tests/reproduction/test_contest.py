"""Rivals have the time that the default recipe took, and are judged like it."""

from dataclasses import replace

import polars as pl
import pytest

from incentax.problems import problems
from incentax.reproduction.amid import contest
from incentax.reproduction.amid.claims import contest_claims
from incentax.reproduction.amid.rivals import OURS, RIVALS
from incentax.reproduction.amid.verdict import verdicts

SIZES = dict(num_values=8, num_bids=8, width=8, horizon=2, temperature=1e-2, learning_rate=10.0)


@pytest.fixture
def small(monkeypatch):
    row = problems["a1"].with_options(**SIZES)
    monkeypatch.setattr(contest, "problems", {"small": replace(row, name="small")})


def test_rivals_have_the_same_time_and_the_same_judge(small):
    ours = pl.DataFrame(contest.played("small", OURS, 0, num_steps=40))
    assert ours["steps"][0] == 40 and ours["step"][-1] == 39
    assert 0 < ours["value"][0] <= ours["cap"][0] + 0.125
    again = contest.played("small", OURS, 0, num_steps=40)
    assert again[0]["value"] == ours["value"][0]
    long = ours.with_columns(seconds_in_all=pl.lit(0.5))
    theirs = pl.DataFrame(contest.played("small", "anneal", 0, long, num_steps=40))
    # A step that has begun is finished.
    assert theirs["seconds_in_all"][0] < 2 and theirs["steps"][0] > 10
    assert theirs["baseline"][0] == ours["baseline"][0]
    assert theirs["rate"][0] == RIVALS["anneal"].rate
    (row,) = verdicts(pl.concat([ours, theirs], how="diagonal_relaxed"))
    assert row["difference"] == ours["value"][0] - theirs["value"][0]
    assert row["low"] is None and row["above cap?"] is not None


def test_values_of_agents_who_have_not_settled_are_told_apart():
    values = {OURS: [1.0, 1.1, 1.2, 1.3], "anneal": [0.9, 0.9, 0.9, 5.0]}
    gains = {OURS: [0.0, 0.0, 0.02, 0.0], "anneal": [0.0, 0.01, 0.0, 0.5]}
    rows = [
        {"problem": "p", "rival": rival, "seed": seed, "value": value, "exploitability": gain}
        for rival in values
        for seed, (value, gain) in enumerate(zip(values[rival], gains[rival], strict=True))
    ]
    same = dict(sense="maximize", cap=2.0, baseline=0.5, seconds_in_all=1.0)
    (row,) = verdicts(pl.DataFrame([one | same | {"exploitability_bound": 0.01} for one in rows]))
    assert row["seeds"] == 4 and row["low"] < 0 < row["high"]
    # Seeds 0 and 1: a gain at the bound is within it.
    assert row["both certified"] == 2
    middle = (row["low, both certified"] + row["high, both certified"]) / 2
    assert middle == pytest.approx(0.15) and row["low, both certified"] < 0.1


def contest_of(gains):
    """Rows of a contest that the default recipe wins by these differences."""
    same = dict(problem="p", sense="maximize", cap=2.0, baseline=0.5, seconds_in_all=1.0)
    same |= {"exploitability": 0.0, "exploitability_bound": 0.01}
    return pl.DataFrame(
        [
            same | {"rival": rival, "seed": seed, "value": 1.0 - lost}
            for seed, gain in enumerate(gains)
            for rival, lost in ((OURS, 0.0), ("anneal", gain))
        ]
    )


@pytest.mark.parametrize(
    ("gains", "mean_tells", "agrees"),
    [
        ([0.02 + 0.001 * k for k in range(10)], True, True),
        # Nine clear wins, and a rival that collapsed: the mean's interval has 0 in it.
        ([0.02 + 0.001 * k for k in range(9)] + [0.9], False, True),
        # A collapse does not win a contest that is otherwise even.
        ([0.02, -0.02, 0.01, -0.01, 0.03, -0.03, 0.005, -0.005, 0.001, 0.9], False, False),
        ([-0.02 - 0.001 * k for k in range(10)], False, False),
        # Too few for ranks: the mean's interval decides.
        ([0.02, 0.021, 0.022], True, True),
        ([0.02], None, None),
    ],
)
def test_one_collapse_neither_wins_nor_loses_a_contest(gains, mean_tells, agrees):
    table = contest_of(gains)
    (row,) = verdicts(table)
    assert (None if row["low"] is None else row["low"] > 0) is mean_tells
    assert (row["low, by ranks"] is None) is (len(gains) < 6)
    assert contest_claims(table)[-1].agrees is agrees


def test_a_rival_alone_is_refused():
    with pytest.raises(ValueError, match="expected the default recipe's rows"):
        contest.played("a1", "anneal", 0)
