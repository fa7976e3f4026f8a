"""A claim that does not agree, or stays open, says why; one that agrees has nothing to explain."""

import polars as pl
import pytest

from incentax.reproduction import AMID
from incentax.reproduction.amid.rates import SLOPES
from incentax.reproduction.page import Claim, reason

from . import test_amid as tables
from .test_contest import rates_of
from .test_finite import finite_table
from .test_published import table as published_table
from .test_rates import theorem1

_VALUES, _COST = tables.SETTINGS, tables.COST
_UNSETTLED = _VALUES.with_columns(exploitability=pl.lit(1.0), no_zero_dominance=pl.lit(0.0))


def auctions(slope, error):
    return pl.DataFrame(
        [
            {"agents": n, "case": case, "gap": 0.1 * n**slope}
            | {"held_exact": 0.2, "held": 0.21, "held_error": error}
            for n in (100, 1000, 10_000)
            for case in SLOPES
        ]
    )


# By part: tables that spoil its claims, in every way there is.
SPOILT = {
    "theorem1": [theorem1(smooth=[0.1] * 3, exploitability_error=[1.0] * 3)],
    "theorem2": [auctions(0.0, 1e-4), auctions(-0.35, 1.0)],
    "finite": [
        finite_table(value_slope=0.2, gain_slope=-0.2),
        finite_table(error=0.9),
        finite_table(error=4.0),
    ],
    "training": [_VALUES.with_columns(baseline=pl.lit(0.3)), _UNSETTLED],
    "variants": [_VALUES.with_columns(sense=pl.lit("minimize"))],
    "finals": [
        _VALUES.filter(pl.col("seed") == 0),
        _VALUES.with_columns(cap=pl.lit(0.2), constant_price=pl.lit(0.2)),
        _VALUES.with_columns(value=pl.lit(0.2), no_zero_dominance=pl.lit(0.0)),
        _VALUES.with_columns(
            seconds_in_all=pl.when(pl.col("rival") == "hypergradient").then(9.0).otherwise(1.0)
        ),
        _UNSETTLED,
    ],
    "tuning": [rates_of((0.01, 0.1), (1.0, 2.0))],
    "published": [published_table(theirs=(0.24, 0.3))],
    "fair": [tables.FAIR, tables.FAIR.with_columns(tuned=pl.lit(None, dtype=pl.Float64))],
    "clearing": [
        tables.CLEARING.with_columns(revenue=pl.lit(0.1), price=pl.lit(0.1)),
        tables.CLEARING.with_columns(sold=pl.lit(1e-12)),
    ],
    "bids": [tables.BIDDING.with_columns(payment=-pl.col("payment"))],
    "feelings": [tables.BIDDING.with_columns(payment=pl.col("payment") + 1)],
    "iterates": [tables.ITERATES.with_columns(exploitability=pl.lit(0.1))],
    "ppo": [
        tables.PPO.with_columns(below_best=pl.col("below_best") - 0.01),
        tables.PPO.with_columns(below_best=pl.lit(0.01), below_equilibrium=pl.lit(0.01)),
    ],
    "beach": [
        pl.concat(
            [
                tables.BEACH.with_columns(
                    problem=pl.lit(name), crowd=pl.lit(0.5), worst_exploitability=pl.lit(1.0)
                )
                for name in ("beach-bar", "beach-bar-high")
            ]
        )
    ],
    "entropy": [
        tables.ENTROPY.with_columns(exploitability=pl.lit(0.1)),
        tables.ENTROPY.with_columns(exploitability=10 * pl.col("temperature")),
        tables.ENTROPY.with_columns(residual=pl.lit(1.0)),
    ],
    "cold": [tables.COLD],
    "pure": [tables.PURE],
    "cost": [
        _COST.with_columns(residual=pl.lit(1e-4), steps_made=pl.col("horizon") * 10).pipe(
            lambda table: table.with_columns(
                seconds=1 / table["seconds"], temporary_bytes=2**40 // table["temporary_bytes"]
            )
        ),
        _COST,
        _COST.with_columns(
            seconds=pl.lit(None, dtype=pl.Float64),
            temporary_bytes=pl.lit(None, dtype=pl.Int64),
            residual=pl.lit(None, dtype=pl.Float64),
        ),
    ],
}


def test_every_part_is_here():
    assert set(SPOILT) == set(AMID.parts)


@pytest.mark.parametrize("name", SPOILT)
def test_what_does_not_agree_says_why(name):
    claims = [claim for table in SPOILT[name] for claim in AMID.parts[name].claims(table)]
    assert any(not claim.agrees for claim in claims)
    for claim in claims:
        assert bool(claim.why) is (not claim.agrees), claim


def test_reasons_are_of_the_outcome():
    told = {agrees: reason(agrees, "wrong", "unknown") for agrees in (True, False, None)}
    assert told == {True: "", False: "wrong", None: "unknown"}
    assert Claim("s", "m", True).why == ""
