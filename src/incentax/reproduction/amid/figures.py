"""The figures of the page, each from one table."""

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...report.plot_style import PALETTE, SERIES, WIDE, canvas, key, line
from .finite import met_with, over_games


def theorem1(table: pl.DataFrame) -> Figure:
    """Exploitability, distance of the equilibria and errors against N, with the bound's slope."""
    figure = canvas(WIDE / 2, 3.2)
    axes = figure.subplots()
    numbers = table["agents"].to_numpy()
    columns = ("exploitability", "smooth", "kinked", "equilibrium")
    # The last lies on another: broken, it leaves that one to be seen.
    for column, role, style in zip(columns, SERIES, ("o-", "o-", "o-", "o--"), strict=False):
        axes.loglog(numbers, table[column], style, ms=3, color=PALETTE[role], label=column)
    first = float(table["kinked"][0])
    axes.loglog(numbers, first * np.sqrt(numbers[0] / numbers), ":", color=PALETTE["muted"])
    axes.set(xlabel="agents N", ylabel="distance from the mean field")
    axes.legend()
    return figure


def theorem2(table: pl.DataFrame) -> Figure:
    """Revenue gaps and exploitability against N, by case."""
    figure = canvas(WIDE / 2, 3.2)
    axes = figure.subplots()
    groups = table.group_by(["case"], maintain_order=True)
    for ((case,), rows), role in zip(groups, SERIES, strict=False):
        axes.loglog(rows["agents"], rows["gap"], "o-", ms=3, color=PALETTE[role], label=case)
    axes.set(xlabel="bidders N", ylabel="distance from the mean field")
    axes.legend()
    return figure


def finite(table: pl.DataFrame) -> Figure:
    """Distance of values and exploitability from the mean field against N, by problem."""
    rows = over_games(table)
    names = rows["problem"].unique(maintain_order=True).to_list()
    titles = rows["mechanism"].unique(maintain_order=True)
    roles = dict(zip(titles, SERIES, strict=False))
    figure = canvas(WIDE, 5.4)
    grid = figure.subplots(2, len(names), squeeze=False, sharex=True)
    for k, name in enumerate(names):
        of_one = rows.filter(pl.col("problem") == name).sort("agents")
        for (title,), crowd in of_one.group_by(["mechanism"], maintain_order=True):
            role = roles[title]
            _distance(grid[0, k], crowd, "difference", pl.lit(0.0), role)
            _distance(
                grid[1, k], crowd, "exploitability", pl.col("exploitability_mean_field"), role
            )
        grid[0, k].set(title=f"{name}{met_with(of_one)}")
        grid[1, k].set(xlabel="bidders N")
    grid[0, 0].set(ylabel="|value - mean field|")
    grid[1, 0].set(ylabel="|exploitability - mean field|")
    key(
        figure,
        [line(str(title), role) for title, role in roles.items()]
        + [line("N^-1/2", "muted", ":"), line("N^-1", "muted", "--")],
    )
    return figure


def _distance(axes: Axes, rows: pl.DataFrame, name: str, floor: pl.Expr, role: str) -> None:
    """|distance| with its interval; a point whose sign is not known is hollow."""
    columns = [(pl.col(f"{name}{end}") - floor).alias(end or "mean") for end in ("", "_low")]
    told = rows.select("agents", *columns)
    numbers, mean = told["agents"].to_numpy().astype(float), told["mean"].to_numpy()
    half = mean - told["_low"].to_numpy()
    size, known = np.abs(mean), np.abs(mean) > half
    reach = [np.minimum(half, 0.9 * size), half]
    style = {"color": PALETTE[role], "ms": 4, "capsize": 2}
    axes.errorbar(numbers, size, reach, fmt="-", **style)
    axes.plot(numbers[known], size[known], "o", ms=4, color=PALETTE[role])
    axes.plot(numbers[~known], size[~known], "o", ms=4, color=PALETTE[role], mfc="none")
    for power, dash in ((0.5, ":"), (1.0, "--")) if role == SERIES[0] else ():
        guide = size[0] * (numbers[0] / numbers) ** power
        axes.plot(numbers, guide, dash, color=PALETTE["muted"], lw=0.8, zorder=0)
    axes.set(xscale="log", yscale="log")


def entropy(table: pl.DataFrame) -> Figure:
    """Exploitability and revenue of first price against the temperature."""
    figure = canvas(WIDE, 3.0)
    left, right = figure.subplots(1, 2)
    groups = table.group_by(["mirror"], maintain_order=True)
    for ((mirror,), rows), role in zip(groups, SERIES, strict=False):
        ordered = rows.sort("temperature")
        style = {"ms": 3, "color": PALETTE[role], "label": mirror}
        left.loglog(ordered["temperature"], ordered["exploitability"].clip(1e-9), "o-", **style)
        right.semilogx(ordered["temperature"], ordered["revenue"], "o-", **style)
    left.set(xlabel="temperature", ylabel="exploitability")
    right.set(xlabel="temperature", ylabel="revenue of first price")
    left.legend()
    return figure


def cost(table: pl.DataFrame) -> Figure:
    """Bytes and seconds of a gradient against the horizon, by adjoint."""
    figure = canvas(WIDE, 3.0)
    left, right = figure.subplots(1, 2)
    groups = table.group_by(["adjoint"], maintain_order=True)
    for ((adjoint,), rows), role in zip(groups, SERIES, strict=False):
        style = {"ms": 3, "color": PALETTE[role], "label": adjoint}
        left.plot(rows["horizon"], rows["temporary_bytes"] / 2**20, "o-", **style)
        right.plot(rows["horizon"], rows["seconds"].cast(pl.Float64), "o-", **style)
    left.set(xlabel="rounds H", ylabel="temporary MiB", yscale="log")
    right.set(xlabel="rounds H", ylabel="seconds a gradient")
    for axes in (left, right):
        axes.set_xticks(sorted(set(table["horizon"])))
    left.legend()
    return figure
