"""Designs against their rivals, paired by seed."""

from typing import Any

import numpy as np
import polars as pl

from ...auctions import paired_interval, signed_rank_interval
from .rivals import OURS


def verdicts(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """One row per problem and rival: values, their paired difference with a 95 % interval, caps.

    Differences are in favour of the default recipe where they are positive, whatever the sense.
    Seeds that not both have played are left out; with one seed the interval is unknown. The second
    interval is by ranks: a rival who collapses in one seed makes the mean's interval as wide as its
    loss, whoever wins the pairs. A value at which agents have not settled is nobody's revenue:
    `both certified` are pairs in which both are within the setting's bound on exploitability, and
    the last columns are of these. In `clear` ones they are, or the difference is more than agents
    could gain in both together.
    """
    runs = frame.unique(["problem", "rival", "seed"], keep="first", maintain_order=True)
    rows = []
    for (problem,), of_one in runs.group_by(["problem"], maintain_order=True):
        sign = 1 if of_one["sense"][0] == "maximize" else -1
        ours = of_one.filter(pl.col("rival") == OURS)
        over = excess(of_one)
        for (rival,), others in of_one.group_by(["rival"], maintain_order=True):
            if rival == OURS:
                continue
            pairs = ours.join(others, on="seed", suffix="_theirs").sort("seed")
            value, theirs = pairs["value"].to_numpy(), pairs["value_theirs"].to_numpy()
            gain = sign * (value - theirs)
            low, high = _interval(gain)
            rank_low, rank_high = signed_rank_interval(gain) or (None, None)
            settled = (certified(pairs) & certified(pairs, "_theirs")).to_numpy()
            surest_low, surest_high = _interval(gain[settled])
            rows.append(
                {
                    "problem": problem,
                    "rival": rival,
                    "seeds": gain.size,
                    "seconds": float(np.mean(pairs["seconds_in_all"].to_numpy())),
                    "theirs, seconds": float(np.mean(pairs["seconds_in_all_theirs"].to_numpy())),
                    "designed": float(value.mean()),
                    "theirs": float(theirs.mean()),
                    "first price": float(pairs["baseline"].to_numpy().mean()),
                    "difference": float(gain.mean()),
                    "low": low,
                    "high": high,
                    "low, by ranks": rank_low,
                    "high, by ranks": rank_high,
                    "cap": ours["cap"][0],
                    "above cap?": None if over is None else over > 0,
                    "clear": int((settled | (np.abs(gain) > _gains(pairs))).sum()),
                    "both certified": int(settled.sum()),
                    "low, both certified": surest_low,
                    "high, both certified": surest_high,
                }
            )
    return rows


def excess(frame: pl.DataFrame) -> float | None:
    """How far the best value is above its cap and the tolerance of its grid; None without a cap.

    Bids are on a grid: revenue is known to a tick on every good that is sold.
    """
    if frame["cap"][0] is None:
        return None
    sign = 1 if frame["sense"][0] == "maximize" else -1
    return float((sign * (frame["value"] - frame["cap"]) - frame["tolerance"]).to_numpy().max())


def certified(runs: pl.DataFrame, whose: str = "") -> pl.Series:
    """Whether agents have settled, run by run: exploitability is within the setting's bound."""
    return runs[f"exploitability{whose}"] <= runs[f"exploitability_bound{whose}"]


def _gains(pairs: pl.DataFrame) -> np.ndarray:
    return (pairs["exploitability"] + pairs["exploitability_theirs"]).to_numpy()


def _interval(gain: np.ndarray) -> tuple[float | None, float | None]:
    if gain.size < 2:
        return None, None
    _, low, high = paired_interval(gain)
    return low, high
