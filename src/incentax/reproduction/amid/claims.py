"""What the paper says, what was measured, and whether the two agree, claim by claim."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from ..page import Claim
from .clearing import OWN_BIDS
from .paces import NEARLY
from .rivals import OURS
from .theory import fitted_slope
from .verdict import excess, verdicts

# The exponent of exploitability in the temperature, and the residual, that entropy is judged by.
PROPORTION, SETTLED = 0.9, 1e-6
# Margins of no zero dominance below this are rounding.
NO_CLIFF = 1e-12
# What designs have to reach: 98 % of the cap.
LEAST = {"a1": 0.245}


def entropy_claims(frame: pl.DataFrame) -> list[Claim]:
    """A low temperature costs little: exploitability falls with it, at least in proportion.

    Judged by the exponent of a power law through all temperatures, by the lowest one's
    exploitability, and only where agents have settled: else it is not the temperature's doing.
    """
    claims = []
    for (mirror,), rows in frame.group_by(["mirror"], maintain_order=True):
        ordered = rows.sort("temperature")
        cold, gains = ordered["temperature"].to_numpy(), ordered["exploitability"].to_numpy()
        told = ", ".join(
            f"{t:g}: {g:.1e} (revenue {r:.4f})"
            for t, g, r in ordered.select("temperature", "exploitability", "revenue").iter_rows()
        )
        # What rounding leaves, if anything, is not below zero.
        power = fitted_slope(cold, np.maximum(gains, 1e-15)).slope
        worst = float(ordered["residual"].to_numpy().max())
        vanishes = power >= PROPORTION and gains[0] <= cold[0]
        claims.append(
            Claim(
                f"{mirror}, first price of A1: exploitability falls at least in proportion to the "
                f"temperature (exponent at least {PROPORTION:g}), to at most the lowest one itself",
                f"exponent {power:.2f}, {gains[0] / cold[0]:.2g} of the lowest; {told}; largest "
                f"residual {worst:.0e}, settled below {SETTLED:.0e}",
                bool(vanishes) if worst < SETTLED else None,
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
        claims += _known_values(problem, ours) + _cliffs(problem, ours)
        claims += [_won(row) for row in told if row["problem"] == problem]
    return claims


def _known_values(problem: str, ours: pl.DataFrame) -> list[Claim]:
    claims, least = [], float(ours["value"].to_numpy().min())
    if problem in LEAST:
        claims.append(
            Claim(f"{problem}: at least {LEAST[problem]}", f"{least:.4f}", least >= LEAST[problem])
        )
    if ours["constant_price"][0] is not None:
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


def _cliffs(problem: str, ours: pl.DataFrame) -> list[Claim]:
    """How far designs are from the one case that Theorem 2 leaves out."""
    # Games that are no auctions have none.
    margins = ours["no_zero_dominance"].drop_nans().to_numpy()
    if not margins.size:
        return []
    return [
        Claim(
            f"{problem}: no zero dominance at the designs, the condition of Theorem 2",
            f"smallest margin {margins.min():.1e}, seeds: {margins.size}: at every bid of every "
            "round at least this share of bidders makes it, or lies between the supply and what "
            "is bid for above" + _crowd(margins.min()),
            bool(margins.min() > NO_CLIFF),
        )
    ]


def _crowd(margin: float) -> str:
    if margin <= NO_CLIFF:
        return ""
    return f". Among fewer than {1 / margin:.0e} bidders that is less than one of them"


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


def _price_gap(rounds: pl.DataFrame) -> float:
    """How far a round's mean price is outside its interval of clearing prices, at most."""
    below, above = (rounds["price_low"] - rounds["price"], rounds["price"] - rounds["price_high"])
    return max(0.0, *below.to_list(), *above.to_list())


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
        if first["given"]:
            told += f"{first['given']:g} goods go for nothing first, as nobody can stay away; "
        prices = _price_gap(rows.filter(pl.col("num_bids") == OWN_BIDS)) * OWN_BIDS
        claims.append(
            Claim(
                f"{problem}: first price clears the market to a tick on all goods sold (linear "
                "program, not in the paper)",
                told
                + f"gap in ticks: {ticks[OWN_BIDS]:.2f}; of single prices at most {prices:.2f}",
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
