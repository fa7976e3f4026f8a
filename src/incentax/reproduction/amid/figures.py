"""The figures of the page, each from one table."""

import numpy as np
import polars as pl
from matplotlib.figure import Figure

from ...report.plot_style import PALETTE, SERIES, WIDE, canvas, key, line


def theorem1(table: pl.DataFrame) -> Figure:
    """Exploitability and errors against N, with the bound's slope."""
    figure = canvas(WIDE / 2, 3.2)
    axes = figure.subplots()
    numbers = table["agents"].to_numpy()
    for column, role in zip(("exploitability", "smooth", "kinked"), SERIES, strict=False):
        axes.loglog(numbers, table[column], "o-", ms=3, color=PALETTE[role], label=column)
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
    """Value among N minus mean-field value, with intervals."""
    figure = canvas(WIDE / 2, 3.2)
    axes = figure.subplots()
    groups = table.group_by(["problem", "mechanism"], maintain_order=True)
    for ((problem, mechanism), rows), role in zip(groups, SERIES, strict=False):
        gap = rows["difference"].to_numpy()
        reach = [gap - rows["difference_low"].to_numpy(), rows["difference_high"].to_numpy() - gap]
        axes.errorbar(
            rows["agents"],
            gap,
            reach,
            fmt="o-",
            ms=3,
            color=PALETTE[role],
            label=f"{problem} {mechanism}",
        )
    axes.axhline(0, color=PALETTE["muted"], lw=0.7)
    axes.set(xscale="log", xlabel="bidders N", ylabel="value minus mean field")
    axes.legend()
    return figure


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


def settings(table: pl.DataFrame) -> Figure:
    """Training curves of each problem by rival, mean and one standard deviation over seeds."""
    names = table["problem"].unique(maintain_order=True).to_list()
    rows = -(-len(names) // 3)
    figure = canvas(WIDE, 2.4 * rows + 0.3)
    grid = figure.subplots(rows, 3, squeeze=False).ravel()
    roles = dict(zip(table["rival"].unique(maintain_order=True), SERIES, strict=False))
    for axes, name in zip(grid, names, strict=False):
        of_one = table.filter(pl.col("problem") == name)
        for (rival,), runs in of_one.group_by(["rival"], maintain_order=True):
            curve = runs.group_by("step").agg(
                pl.col("seconds").mean(),
                pl.col("training_value").mean().alias("mean"),
                pl.col("training_value").std().fill_null(0).alias("spread"),
            )
            curve = curve.sort("seconds")
            time, mean, spread = (curve[c].to_numpy() for c in ("seconds", "mean", "spread"))
            color = PALETTE[roles[rival]]
            axes.plot(time, mean, color=color, lw=1.1)
            axes.fill_between(time, mean - spread, mean + spread, color=color, alpha=0.2, lw=0)
        axes.axhline(of_one["baseline"].mean(), color=PALETTE["muted"], ls="--", lw=0.9)
        if of_one["cap"][0] is not None:
            axes.axhline(of_one["cap"][0], color=PALETTE["cap"], ls=":", lw=0.9)
        axes.set(title=name, xlabel="seconds")
    for axes in grid[len(names) :]:
        axes.remove()
    key(
        figure,
        [line(str(rival), role) for rival, role in roles.items()]
        + [line("baseline", "muted", "--"), line("proved cap", "cap", ":")],
    )
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
