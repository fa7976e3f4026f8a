"""Rivals by rate: what each is worth on a problem, drawn and judged."""

from typing import Any

import polars as pl
from matplotlib.figure import Figure

from ...report.plot_style import PALETTE, SERIES, WIDE, canvas, key, line
from ..page import Claim, reason
from .contest import played
from .rivals import RADIUS, RIVALS, at_radius, best_radius, best_rate, rate_beyond

_ACROSS = 4
_FIRST_SEED, _MOST_FURTHER = 100, 3
_TUNED = (
    "problem",
    "rival",
    "seed",
    "rate",
    "radius",
    "value",
    "exploitability",
    "sense",
    "seconds_in_all",
)


def tuned(
    problem: str,
    method: str,
    ours: pl.DataFrame,
    *,
    seeds: int,
    num_steps: int | None = None,
) -> list[dict[str, Any]]:
    """Rows of a rival by rate and radius, with seeds that no contest has.

    Each has the time that the default recipe took in `ours`, as in a contest. First its grid of
    rates; then further rates, a few at most, while the best is at an edge; then, at the best rate,
    its other radii.
    """

    def at(rate: float, radius: float = RADIUS) -> list[dict[str, Any]]:
        # Once each: rates are far apart, and who began again would take most of the time.
        runs = [
            played(
                problem,
                method,
                seed,
                ours,
                num_steps=num_steps,
                rate=rate,
                radius=radius,
                most_runs=1,
            )[-1]
            for seed in range(_FIRST_SEED, _FIRST_SEED + seeds)
        ]
        return [{name: last[name] for name in _TUNED} for last in runs]

    rival = RIVALS[method]
    rows = [row for rate in rival.rates for row in at(rate)]
    for _ in range(_MOST_FURTHER):
        further = rate_beyond(pl.DataFrame(rows))
        if further is None:
            break
        rows += at(further)
    best = best_rate(pl.DataFrame(rows))
    return rows + [row for r in rival.radii if r != RADIUS for row in at(best, r)]


def tuning(table: pl.DataFrame) -> Figure:
    """Mean value of each rival by its rate, problem by problem; the best is filled."""
    names = table["problem"].unique(maintain_order=True).to_list()
    down = -(-len(names) // _ACROSS)
    figure = canvas(WIDE, 2.2 * down + 0.3)
    grid = figure.subplots(down, _ACROSS, squeeze=False).ravel()
    roles = dict(zip(table["rival"].unique(maintain_order=True), SERIES[1:], strict=False))
    for axes, name in zip(grid, names, strict=False):
        of_one = table.filter(pl.col("problem") == name)
        for (rival,), rows in of_one.group_by(["rival"], maintain_order=True):
            means = at_radius(rows).group_by("rate").agg(pl.col("value").mean()).sort("rate")
            color, best = PALETTE[roles[rival]], best_rate(rows)
            axes.plot(means["rate"], means["value"], "o-", ms=4, mfc="none", lw=1, color=color)
            chosen = means.filter(pl.col("rate") == best)
            axes.plot(chosen["rate"], chosen["value"], "o", ms=4, color=color)
        axes.set(title=name, xscale="log")
    for axes in grid[len(names) :]:
        axes.remove()
    key(figure, [line(str(rival), role) for rival, role in roles.items()])
    return figure


def tuning_claims(table: pl.DataFrame) -> list[Claim]:
    """The best rate of each rival is neither the lowest nor the highest that was tried."""
    claims = []
    for (problem, rival), rows in table.group_by(["problem", "rival"], maintain_order=True):
        inside = rate_beyond(rows) is None
        claims.append(
            Claim(
                f"{problem}: {rival} has the best of its rates (not in the paper)",
                f"{best_rate(rows):.3g}, of {rows['rate'].min():.3g} to {rows['rate'].max():.3g}; "
                f"radius {best_radius(rows):.3g}",
                inside,
                reason(inside, "the best is at an edge of those tried, and a better one beyond it"),
            )
        )
    return claims


def tuning_rows(table: pl.DataFrame) -> pl.DataFrame:
    """One row per problem and rival: mean value by rate and radius, the best, and if at an edge."""
    found = []
    for (problem, rival), rows in table.group_by(["problem", "rival"], maintain_order=True):
        row: dict[str, Any] = {"problem": problem, "rival": rival}
        rates = at_radius(rows).sort("rate")
        for (rate,), of_rate in rates.group_by(["rate"], maintain_order=True):
            row[f"{rate:.3g}"] = of_rate["value"].mean()
        row |= {"best": best_rate(rows), "at an edge?": rate_beyond(rows) is not None}
        for radius in RIVALS[str(rival)].radii:
            tried = rows.filter(pl.col("rate") == row["best"], pl.col("radius") == radius)
            row[f"radius {radius:.3g}"] = tried["value"].mean()
        found.append(row | {"best radius": best_radius(rows)})
    return pl.DataFrame(found, infer_schema_length=None)
