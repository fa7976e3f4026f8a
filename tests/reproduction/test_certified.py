"""Values at which agents have not settled win no contest and reach no known value."""

import polars as pl
import pytest

from incentax.reproduction.amid.claims import contest_claims
from incentax.reproduction.amid.rivals import OURS

from .test_contest import contest_of


def settled_at(table, count, gain=1.0):
    """The same contest, settled at our designs of so many seeds and at all rivals'; else `gain`."""
    lost = (pl.col("rival") == OURS) & (pl.col("seed") >= count)
    return table.with_columns(exploitability=pl.when(lost).then(gain).otherwise(0.0))


@pytest.mark.parametrize("gain", [1.0, 0.015])
@pytest.mark.parametrize("count", [6, 3, 2, 0])
def test_a_contest_is_won_where_agents_have_settled_or_could_gain_less(count, gain):
    contest = contest_of([0.02 + 0.001 * k for k in range(6)])
    claim = contest_claims(settled_at(contest, count, gain))[-1]
    agrees = True if count >= 3 or gain < 0.02 else None
    assert claim.agrees is agrees
    assert f"both certified in {count} of 6 pairs" in claim.measured
    # Of pairs, not of values: two are as many as an interval takes.
    assert ("of these the mean [+0.0" in claim.measured) is (count >= 2)


def test_known_values_are_reached_by_designs_at_which_agents_have_settled():
    table = contest_of([0.02] * 6).with_columns(problem=pl.lit("a1"))
    table = table.with_columns(value=pl.when(pl.col("seed") < 2).then(0.246).otherwise(0.23))
    for count, agrees, words in (
        (6, False, "0.2300, the least of 6 certified"),
        (2, True, "0.2460, the least of 2 certified designs of 6"),
        (0, None, "none of them certified"),
    ):
        told = {c.stated: c for c in contest_claims(settled_at(table, count))}["a1: at least 0.245"]
        assert told.agrees is agrees and words in told.measured
    # What is beyond a bound is told apart likewise.
    capped = contest_claims(settled_at(table.with_columns(cap=pl.lit(0.24)), 1))[0]
    assert capped.agrees is False
    assert capped.why == "2 of 6 designs are beyond it, 1 of them certified"
