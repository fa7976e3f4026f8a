"""First price with the best supply and reserve in each round: a fair baseline."""

from typing import Any

import numpy as np
import polars as pl
from matplotlib.figure import Figure

from ...auctions import KnownEconomy
from ...auctions.yardsticks import FAST_ROUNDS, fast_yardsticks, yardsticks
from ...problems import problems
from ...report.plot_style import PALETTE, SERIES, WIDE, canvas
from ..page import Claim, reason
from .first_price import best_first_price


def fair_rows(problem: str, num_steps: int | None, *designs: pl.DataFrame) -> list[dict[str, Any]]:
    """One row: first price as it is, the best that was found, and designs of the setting's form.

    `designs` are the rows of the default recipe, one table a seed; `num_steps` is None for the
    form's own. Candidates whose bidders have not settled are left out.
    """
    setting: Any = problems[problem].setting
    best = best_first_price(setting, num_steps)
    values = np.array([float(seed["value"][0]) for seed in designs])
    many = setting.economy.horizon > FAST_ROUNDS
    oracles = (fast_yardsticks if many else yardsticks)(setting.economy, setting.goal).numbers
    return [
        {
            "problem": problem,
            "baseline": float(designs[0]["baseline"][0]),
            "tuned": None if best is None else best.value,
            "tuned_by": None if best is None else best.way,
            "tuned_exploitability": None if best is None else best.exploitability,
            "reserves": None if best is None else list(best.reserves),
            "posted_price": oracles["posted_price"],
            "constant_price": oracles["constant_price"],
            "design": float(values.mean()),
            "least_design": float(values.min()),
            "seeds": values.size,
            "cap": setting.cap(),
        }
    ]


def has_first_price(problem: str) -> bool:
    """Whether the setting is one whose first price can be designed."""
    return isinstance(problems[problem].setting, KnownEconomy)


def fair(table: pl.DataFrame) -> Figure:
    """Values of first price, of the best first price and of designs, by problem, and caps."""
    figure = canvas(WIDE, 3.0)
    axes = figure.subplots()
    place = np.arange(table.height)
    shown = (("baseline", "first price"), ("tuned", "best first price"), ("design", "design"))
    for (column, label), role, shift in zip(shown, SERIES, (-0.25, 0.0, 0.25), strict=False):
        axes.bar(place + shift, table[column], 0.25, color=PALETTE[role], label=label)
    caps = table["cap"].cast(pl.Float64).to_numpy()
    axes.hlines(caps, place - 0.4, place + 0.4, color=PALETTE["cap"], ls=":", label="proved cap")
    axes.set(ylabel="value")
    axes.set_xticks(place, table["problem"].to_list())
    axes.legend(ncols=4)
    return figure


def fair_claims(table: pl.DataFrame) -> list[Claim]:
    """Designs of every seed end above the best first price."""
    return [_beaten(row) for row in table.iter_rows(named=True)]


def _beaten(row: dict[str, Any]) -> Claim:
    tuned = row["tuned"]
    agrees = None if tuned is None else row["least_design"] > tuned
    settled = "none settled" if tuned is None else f"{tuned:.4f} {_told(row)}"
    return Claim(
        f"{row['problem']}: design beats first price with the best supply and reserve that were "
        "found (not in the paper)",
        f"{row['design']:.4f}, at least {row['least_design']:.4f} of {row['seeds']}, against "
        f"{settled}, and {row['baseline']:.4f} with equal split",
        agrees,
        reason(
            agrees,
            "not the design of every seed is above it" + _mean_above(row),
            "bidders settled under no first price that was tried",
        ),
    )


def _mean_above(row: dict[str, Any]) -> str:
    if row["tuned"] is None or row["design"] <= row["tuned"]:
        return ", nor is their mean"
    return ", though their mean is"


def _told(row: dict[str, Any]) -> str:
    reserves = ", ".join(f"{r:.2f}" for r in row["reserves"][:FAST_ROUNDS])
    return f"(by {row['tuned_by']}{'; reserves ' + reserves if reserves else ''})"
