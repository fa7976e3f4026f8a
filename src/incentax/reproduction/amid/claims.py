"""What the paper says, what was measured, and whether the two agree, claim by claim."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from ..page import Claim
from .clearing import OWN_BIDS
from .contest import NEARLY
from .rivals import OURS
from .theory import fitted_slope
from .verdict import excess, verdicts

# Exact predictions of the case studies, and how far a fitted slope may lie from them.
SLOPES = {
    "posted price at the kink": -0.5,
    "reserve at the kink": -0.5,
    "mean-field bids": -1.0,
    "first price": -1.0,
    "exploitability": -0.5,
}
SLOPE_TOLERANCE = 0.1
# What designs have to reach: 98 % of the cap.
LEAST = {"a1": 0.245}


def theorem1_claims(frame: pl.DataFrame) -> list[Claim]:
    """Lipschitz games: exploitability and objective error fall at least like 1 / sqrt(N)."""
    numbers = frame["agents"].to_numpy().astype(float)
    claims = []
    predicted = {"exploitability": -2.0, "smooth": -1.0, "kinked": -0.5}
    for column, slope in predicted.items():
        fit = fitted_slope(numbers, frame[column].to_numpy())
        claims.append(
            Claim(
                f"{column}: at least as fast as N^-1/2",
                f"slope {fit.slope:.3f} [{fit.low:.3f}, {fit.high:.3f}], predicted {slope:g}",
                abs(fit.slope - slope) <= SLOPE_TOLERANCE and fit.slope <= -0.5 + SLOPE_TOLERANCE,
            )
        )
    for column in ("smooth", "kinked"):
        wrong = (frame[f"{column}_sampled"] - frame[column]) / frame[f"{column}_error"]
        worst = float(np.abs(wrong.to_numpy()).max())
        claims.append(
            Claim(
                f"{column}: closed form against sampled games",
                f"largest deviation {worst:.1f} standard errors",
                worst < 4,
            )
        )
    return claims


def theorem2_claims(frame: pl.DataFrame) -> list[Claim]:
    """Auctions: 1 / sqrt(N) is attained at kinks and by exploitability, 1 / N elsewhere."""
    claims = []
    for case, slope in SLOPES.items():
        rows = frame.filter(pl.col("case") == case).sort("agents")
        fit = fitted_slope(rows["agents"].to_numpy().astype(float), rows["gap"].to_numpy())
        claims.append(
            Claim(
                f"{case}: at least as fast as N^-1/2",
                f"slope {fit.slope:.3f} [{fit.low:.3f}, {fit.high:.3f}], predicted {slope:g}",
                abs(fit.slope - slope) <= SLOPE_TOLERANCE,
            )
        )
    return claims


def entropy_claims(frame: pl.DataFrame) -> list[Claim]:
    """A low temperature costs little: exploitability falls with it."""
    claims = []
    for (mirror,), rows in frame.group_by(["mirror"], maintain_order=True):
        ordered = rows.sort("temperature")
        gains = ordered["exploitability"].to_list()
        told = ", ".join(
            f"{t:g}: {g:.1e} (revenue {r:.4f}, residual {e:.0e})"
            for t, g, r, e in ordered.select(
                "temperature", "exploitability", "revenue", "residual"
            ).iter_rows()
        )
        claims.append(
            Claim(
                f"{mirror}: exploitability vanishes with the temperature",
                told,
                gains == sorted(gains) and gains[0] < gains[-1],
            )
        )
    return claims


def training_claims(frame: pl.DataFrame) -> list[Claim]:
    """Designs end above the baseline: first price with equal split, or free spots."""
    claims = []
    for problem, sign, ours in _designs(frame):
        value, base = ours["value"].to_numpy(), ours["baseline"].to_numpy()
        spread = f" sd {value.std(ddof=1):.4f}" if value.size > 1 else ""
        claims.append(
            Claim(
                f"{problem}: design beats its baseline",
                f"{value.mean():.4f}{spread} against {base.mean():.4f}, seeds: {value.size}",
                bool(np.all(sign * (value - base) > 0)),
            )
        )
    return claims


def contest_claims(frame: pl.DataFrame) -> list[Claim]:
    """Designs end above every zeroth-order rival, and below proved caps."""
    claims, told = [], verdicts(frame)
    for problem, _, ours in _designs(frame):
        over = excess(ours)
        if over is not None:
            claims.append(
                Claim(
                    f"{problem}: at most a proved cap, and a tick on all goods sold (not in the "
                    "paper)",
                    f"cap {ours['cap'][0]:.4f}, largest excess over both {over:+.4f}",
                    over <= 0,
                )
            )
        claims += _known_values(problem, ours)
        claims += [_won(row) for row in told if row["problem"] == problem]
    return claims


def _known_values(problem: str, ours: pl.DataFrame) -> list[Claim]:
    claims, least = [], float(ours["value"].to_numpy().min())
    if problem in LEAST:
        claims.append(
            Claim(f"{problem}: at least {LEAST[problem]}", f"{least:.4f}", least >= LEAST[problem])
        )
    if "constant_price" in ours.columns and ours["constant_price"][0] is not None:
        most = float((ours["value"] - ours["tolerance"]).to_numpy().max())
        constant = float(ours["constant_price"][0])
        claims.append(
            Claim(
                f"{problem}: a static auction is worth at most the best constant price, and a tick "
                "on all goods sold (not in the paper)",
                f"at most {most:.4f} without the tick; best constant price {constant:.4f}",
                most <= constant,
            )
        )
    return claims


def contest_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """The table of final values, one row per problem and rival."""
    return pl.DataFrame(verdicts(frame), infer_schema_length=None)


def _designs(frame: pl.DataFrame) -> Iterator[tuple[str, int, pl.DataFrame]]:
    runs = frame.unique(["problem", "rival", "seed"], keep="first", maintain_order=True)
    for (problem,), rows in runs.group_by(["problem"], maintain_order=True):
        sign = 1 if rows["sense"][0] == "maximize" else -1
        yield str(problem), sign, rows.filter(pl.col("rival") == OURS).sort("seed")


def _won(row: dict[str, Any]) -> Claim:
    told = [
        f"{row['designed']:.4f} in {row['seconds']:.1f} s against {row['theirs']:.4f} in "
        f"{row['theirs, seconds']:.1f} s, paired difference {row['difference']:+.4f}"
    ]
    lows = [row["low"], row["low, by ranks"]]
    highs = [row["high"], row["high, by ranks"]]
    for words, low, high in zip(("mean", "by ranks"), lows, highs, strict=True):
        interval = "too few seeds" if low is None else f"[{low:+.4f}, {high:+.4f}]"
        told.append(f"{words} {interval}")
    # Without outliers both say the same; where they do not, nobody has won.
    above = {low > 0 for low in lows if low is not None}
    agrees = above.pop() if len(above) == 1 else None
    if agrees and row["theirs, seconds"] < NEARLY * row["seconds"]:
        told.append("the rival had less time")
        agrees = None
    return Claim(
        f"{row['problem']}: design beats {row['rival']} in the same time", "; ".join(told), agrees
    )


def clearing_claims(frame: pl.DataFrame) -> list[Claim]:
    """Mirror descent's first price collects what clears the market, up to the grid of bids.

    With the settings' own bids it is a tick on all goods sold. Finer bids leave less, though not
    always in proportion: values are on a grid as well, and while an excess of bidders at a price
    is so small that nobody pays a tick to be surely served, the price stays a value below.
    """
    claims = []
    for (problem,), rows in frame.group_by(["problem"], maintain_order=True):
        gaps, ticks = {}, {}
        for (num_bids,), rounds in rows.sort("num_bids").group_by(
            ["num_bids"], maintain_order=True
        ):
            first = rounds.row(0, named=True)
            below = first["revenue_low"] - first["revenue"]
            gaps[num_bids] = max(0.0, below, first["revenue"] - first["revenue_high"])
            ticks[num_bids] = gaps[num_bids] * num_bids / rounds["sold"].sum()
        first = rows.filter(pl.col("num_bids") == OWN_BIDS).row(0, named=True)
        told = (
            f"revenue {first['revenue']:.4f}, clearing "
            f"[{first['revenue_low']:.4f}, {first['revenue_high']:.4f}]; "
        )
        claims.append(
            Claim(
                f"{problem}: first price clears the market to a tick on all goods sold (linear "
                "program, not in the paper)",
                told + f"gap in ticks: {ticks[OWN_BIDS]:.2f}",
                ticks[OWN_BIDS] <= 1,
            )
        )
        if len(gaps) > 1:
            coarsest, *_, finest = gaps.values()
            claims.append(
                Claim(
                    f"{problem}: finer bids at least halve the gap (not in the paper)",
                    ", ".join(f"{gap:.4f} with {bids} bids" for bids, gap in gaps.items()),
                    finest <= coarsest / 2,
                )
            )
    return claims


def cost_claims(frame: pl.DataFrame) -> list[Claim]:
    """Checkpoints need far less memory than plain backpropagation."""
    claims = []
    for (horizon,), rows in frame.group_by(["horizon"], maintain_order=True):
        told = "; ".join(
            f"{row['adjoint']}: "
            + ("-" if row["seconds"] is None else f"{row['seconds']:.3f} s")
            + f", {(row['temporary_bytes'] or 0) / 2**20:.0f} MiB"
            for row in rows.iter_rows(named=True)
        )
        sizes = dict(rows.select("adjoint", "temporary_bytes").iter_rows())
        known = sizes.get("backprop") and sizes.get("checkpointed")
        agrees = sizes["checkpointed"] < sizes["backprop"] if known else None
        claims.append(
            Claim(f"H = {horizon}: checkpoints save memory ({rows['device'][0]})", told, agrees)
        )
    return claims
