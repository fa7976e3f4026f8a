"""Designs beside baselines, rivals and proved caps, claim by claim."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from ..page import Claim, reason
from .paces import NEARLY
from .rivals import OURS
from .verdict import certified, excess, verdicts

# Margins of no zero dominance below this are rounding.
NO_CLIFF = 1e-12
# What designs have to reach: 98 % of the cap.
LEAST = {"a1": 0.245}
_NONE_SETTLED = "agents have settled at none of the designs: their values are nobody's"


def training_claims(frame: pl.DataFrame) -> list[Claim]:
    """Designs end above the baseline: first price with equal split, or free spots.

    Judged by designs at which agents have settled.
    """
    claims = []
    for problem, sign, ours in _designs(frame):
        value, base = ours["value"].to_numpy(), ours["baseline"].to_numpy()
        spread = f" sd {value.std(ddof=1):.4f}" if value.size > 1 else ""
        beaten = (sign * (value - base) > 0)[certified(ours).to_numpy()]
        agrees = bool(beaten.all()) if beaten.size else None
        claims.append(
            Claim(
                f"{problem}: design beats its baseline",
                f"{value.mean():.4f}{spread} against {base.mean():.4f}, seeds: {value.size}, of "
                f"them certified: {beaten.size}",
                agrees,
                reason(
                    agrees,
                    f"{np.sum(~beaten)} of {beaten.size} certified designs do not",
                    _NONE_SETTLED,
                ),
            )
        )
    return claims


def contest_claims(frame: pl.DataFrame) -> list[Claim]:
    """Designs end above every zeroth-order rival, and below proved caps."""
    claims, told = [], verdicts(frame)
    for problem, sign, ours in _designs(frame):
        over = excess(ours)
        if over is not None:
            beyond = sign * (ours["value"] - ours["cap"]) > ours["tolerance"]
            claims.append(
                Claim(
                    f"{problem}: at most a proved cap, and a tick on all goods sold (not in the "
                    "paper)",
                    f"cap {ours['cap'][0]:.4f}, largest excess over both {over:+.4f}",
                    over <= 0,
                    reason(over <= 0, _beyond(ours, beyond)),
                )
            )
        claims += _known_values(problem, ours) + _cliffs(problem, ours)
        claims += [_won(row) for row in told if row["problem"] == problem]
    return claims


def _beyond(ours: pl.DataFrame, beyond: pl.Series) -> str:
    """How many designs are beyond a bound, and at how many of them agents have settled."""
    settled = int((beyond & certified(ours)).sum())
    return (
        f"{int(beyond.sum())} of {ours.height} designs are beyond it, {settled} of them certified"
    )


def _known_values(problem: str, ours: pl.DataFrame) -> list[Claim]:
    """A value at which agents have not settled reaches nothing."""
    claims = []
    if problem in LEAST:
        settled = ours.filter(certified(ours))
        least = float((settled if settled.height else ours)["value"].to_numpy().min())
        agrees = least >= LEAST[problem] if settled.height else None
        claims.append(
            Claim(
                f"{problem}: at least {LEAST[problem]}",
                f"{least:.4f}, the least of {settled.height} certified designs of {ours.height}"
                if settled.height
                else f"{least:.4f}, the least of {ours.height} designs, none of them certified",
                agrees,
                reason(
                    agrees,
                    f"{int((settled['value'] < LEAST[problem]).sum())} of {settled.height} "
                    "certified designs are below it",
                    _NONE_SETTLED,
                ),
            )
        )
    if ours["constant_price"][0] is not None:
        above = ours["value"] - ours["tolerance"]
        constant = float(ours["constant_price"][0])
        agrees = float(above.to_numpy().max()) <= constant
        claims.append(
            Claim(
                f"{problem}: a static auction is worth at most the best constant price, and a tick "
                "on all goods sold (not in the paper)",
                f"at most {above.max():.4f} without the tick; best constant price {constant:.4f}",
                agrees,
                reason(agrees, _beyond(ours, above > constant)),
            )
        )
    return claims


def _cliffs(problem: str, ours: pl.DataFrame) -> list[Claim]:
    """How far designs are from the one case that Theorem 2 leaves out."""
    # Games that are no auctions have none.
    margins = ours["no_zero_dominance"].drop_nans().to_numpy()
    if not margins.size:
        return []
    agrees = bool(margins.min() > NO_CLIFF)
    return [
        Claim(
            f"{problem}: no zero dominance at the designs, the condition of Theorem 2",
            f"smallest margin {margins.min():.1e}, seeds: {margins.size}: at every bid of every "
            "round at least this share of bidders makes it, or lies between the supply and what "
            "is bid for above" + _crowd(margins.min()),
            agrees,
            reason(
                agrees,
                f"at {np.sum(margins <= NO_CLIFF)} of {margins.size} designs nobody makes some "
                "bid, and exactly the supply is bid for above it",
            ),
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
    """Judged over all pairs, where at least half of them are clear."""
    told = [
        f"{row['designed']:.4f} in {row['seconds']:.1f} s against {row['theirs']:.4f} in "
        f"{row['theirs, seconds']:.1f} s, paired difference {row['difference']:+.4f}"
    ]
    for words, of in (("mean", ""), ("by ranks", ", by ranks")):
        told.append(f"{words} {_interval(row, of) or 'too few seeds'}")
    both = f"both certified in {row['both certified']} of {row['seeds']} pairs"
    sure = _interval(row, ", both certified")
    told.append(f"{both}, of these the mean {sure}" if sure else both)
    agrees, why = _judged(row)
    stated = f"{row['problem']}: design beats {row['rival']} in the same time"
    return Claim(stated, "; ".join(told), agrees, why)


def _interval(row: dict[str, Any], of: str) -> str:
    low, high = row[f"low{of}"], row[f"high{of}"]
    return "" if low is None else f"[{low:+.4f}, {high:+.4f}]"


def _judged(row: dict[str, Any]) -> tuple[bool | None, str]:
    """Whether ours has won, and why not: by ranks, or by the mean where seeds are too few for them.

    Student's interval takes differences for normal. One rival who collapses is an outlier in our
    favour that widens it to both sides; the interval by ranks is exact whatever the tails.
    """
    clear = row["clear"]
    if 2 * clear < row["seeds"]:
        return None, (
            f"in only {clear} of {row['seeds']} pairs agents have settled, or could gain less than "
            "the difference"
        )
    of = ", by ranks" if row["low, by ranks"] is not None else ""
    if row[f"low{of}"] is None:
        return None, "too few seeds for an interval"
    if row[f"low{of}"] <= 0:
        behind = row[f"high{of}"] < 0
        return False, "the rival is ahead" if behind else "the interval has 0 in it: no lead shows"
    if row["theirs, seconds"] < NEARLY * row["seconds"]:
        return None, "the rival had less time"
    return True, ""
