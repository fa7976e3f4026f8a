"""Figures of single designs, of deviators and of open questions, each from one table."""

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...report.plot_style import PALETTE, SERIES, WIDE, canvas, whole_ticks
from .clearing import OWN_BIDS
from .rivals import METHODS


def bidding(table: pl.DataFrame) -> Figure:
    """Payments by bid and mean bids by value, by round, mean and deviation over seeds."""
    names = table["problem"].unique(maintain_order=True).to_list()
    figure = canvas(WIDE, 2.6 * len(names))
    grid = figure.subplots(len(names), 3, squeeze=False)
    for (left, middle, right), name in zip(grid, names, strict=True):
        rows = table.filter(pl.col("problem") == name)
        _by_round(left, rows.filter(pl.col("stage") == "after"), "payment")
        _by_round(middle, rows.filter(pl.col("stage") == "before"), "mean_bid")
        _by_round(right, rows.filter(pl.col("stage") == "after"), "mean_bid")
        left.set(title=f"{name}, designed", xlabel="bid", ylabel="payment")
        middle.set(title=f"{name}, first price", xlabel="value", ylabel="mean bid")
        right.set(title=f"{name}, designed", xlabel="value", ylabel="mean bid")
    grid[0, 0].legend()
    return figure


def iterates(table: pl.DataFrame) -> Figure:
    """Exploitability of the iterates at designed mechanisms."""
    figure = canvas(WIDE / 2, 3.2)
    axes = figure.subplots()
    groups = table.group_by(["problem"], maintain_order=True)
    for ((problem,), rows), role in zip(groups, SERIES, strict=False):
        _band(axes, rows, "step", "exploitability", role, str(problem))
    axes.set(xscale="log", yscale="log", xlabel="iteration", ylabel="exploitability")
    axes.legend()
    return figure


def beach(table: pl.DataFrame) -> Figure:
    """Crowds by round and spot, free and priced, and the prices."""
    names = table["problem"].unique(maintain_order=True).to_list()
    figure = canvas(WIDE, 2.6 * len(names))
    grid = figure.subplots(len(names), 3, squeeze=False)
    for (left, middle, right), name in zip(grid, names, strict=True):
        rows = table.filter(pl.col("problem") == name)
        most = float(rows["crowd"].cast(pl.Float64).max() or 1.0)  # pyright: ignore[reportArgumentType]
        for axes, stage in ((left, "free"), (middle, "priced")):
            of_stage = rows.filter(pl.col("stage") == stage).sort("round", "spot")
            crowd = of_stage["crowd"].to_numpy().reshape(of_stage["round"].n_unique(), -1)
            image = axes.imshow(crowd, aspect="auto", vmin=0, vmax=most, cmap="cividis")
            axes.set(title=f"{name}, {stage}", xlabel="spot", ylabel="round")
            whole_ticks(axes)
        figure.colorbar(image, ax=middle, label="crowd")
        prices = rows.filter((pl.col("stage") == "priced") & (pl.col("round") == 0)).sort("spot")
        right.step(prices["spot"], prices["price"], where="mid", color=PALETTE["after"])
        right.set(title=f"{name}, prices", xlabel="spot", ylabel="price")
    return figure


def deviators(table: pl.DataFrame) -> Figure:
    """Value of one bidder by mechanism and by how she bids, with two standard errors."""
    names = table["mechanism"].unique(maintain_order=True).to_list()
    figure = canvas(WIDE, 2.2)
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        rows = table.filter(pl.col("mechanism") == name)
        place = np.arange(rows.height)
        axes.errorbar(
            rows["value"], place, xerr=2 * rows["error"], fmt="o", ms=4, color=PALETTE["after"]
        )
        axes.set(title=name, xlabel="utility of one auction, with two standard errors")
        axes.set_yticks(place, rows["bidder"].to_list())
        axes.margins(y=0.3)
    return figure


def clearing(table: pl.DataFrame) -> Figure:
    """Prices paid by round on the settings' own grid of bids, in the clearing interval."""
    table = table.filter(pl.col("num_bids") == OWN_BIDS)
    names = table["problem"].unique(maintain_order=True).to_list()
    figure = canvas(WIDE, 2.6)
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        rows = table.filter(pl.col("problem") == name).sort("round")
        rounds, low, high = (rows[c].to_numpy() for c in ("round", "price_low", "price_high"))
        axes.fill_between(
            rounds,
            low - 0.01,
            high + 0.01,
            color=PALETTE["cap"],
            alpha=0.25,
            lw=0,
            label="LP ± tick",
        )
        axes.plot(rounds, rows["price"], "o", ms=4, color=PALETTE["after"], label="paid")
        axes.set(title=name, xlabel="round", xticks=rounds)
    figure.axes[0].set_ylabel("price")
    figure.axes[0].legend()
    return figure


def finals(table: pl.DataFrame) -> Figure:
    """Final values by problem and method, each seed a dot, as shares of the first price."""
    runs = table.unique(["problem", "rival", "seed"], keep="first", maintain_order=True)
    names = runs["problem"].unique(maintain_order=True).to_list()
    figure = canvas(WIDE, 3.2)
    axes = figure.subplots()
    shifts = np.linspace(-0.3, 0.3, len(METHODS))
    for method, shift, role in zip(METHODS, shifts, SERIES, strict=False):
        rows = runs.filter(pl.col("rival") == method)
        place = np.array([names.index(name) for name in rows["problem"]]) + shift
        ratio = (rows["value"] / rows["baseline"]).to_numpy()
        axes.plot(place, ratio, "o", ms=3, alpha=0.6, color=PALETTE[role], label=method)
    axes.axhline(1, color=PALETTE["muted"], ls="--", lw=0.9)
    axes.set(ylabel="value / baseline", yscale="log")
    axes.set_xticks(np.arange(len(names)), names)
    axes.legend(ncols=len(METHODS))
    return figure


def cold_derivatives(table: pl.DataFrame) -> Figure:
    """Change of the derivative from one temperature to the next, by horizon."""
    figure = canvas(WIDE, 2.8)
    left, right = figure.subplots(1, 2)
    groups = table.group_by(["horizon"], maintain_order=True)
    for ((horizon,), rows), role in zip(groups, SERIES, strict=False):
        style = {"ms": 3, "color": PALETTE[role], "label": f"H = {horizon}"}
        left.loglog(rows["temperature"], rows["norm"], "o-", **style)
        known = rows.drop_nulls("change")
        right.loglog(known["temperature"], known["change"], "o-", **style)
    left.set(xlabel="temperature", ylabel="norm of the derivative")
    right.set(xlabel="temperature", ylabel="relative change from the one above")
    left.legend()
    return figure


def pure(table: pl.DataFrame) -> Figure:
    """Exploitability, largest gain and revenue gap among N without the condition of Theorem 2."""
    figure = canvas(WIDE / 2, 3.0)
    axes = figure.subplots()
    drawn = {"exploitability": "exploitability", "largest_gain": "most that a value gains"}
    for (column, words), role in zip(
        (drawn | {"gap": "revenue gap"}).items(), SERIES, strict=False
    ):
        axes.loglog(table["agents"], table[column], "o-", ms=3, color=PALETTE[role], label=words)
    axes.set(xlabel="bidders N", ylabel="distance from the mean field")
    axes.legend()
    return figure


def _by_round(axes: Axes, rows: pl.DataFrame, column: str) -> None:
    groups = rows.drop_nulls(column).group_by(["round"], maintain_order=True)
    for ((number,), of_round), role in zip(groups, SERIES, strict=False):
        _band(axes, of_round, "grid", column, role, f"round {number}")


def _band(axes: Axes, rows: pl.DataFrame, x: str, y: str, role: str, label: str) -> None:
    curve = rows.group_by(x).agg(
        pl.col(y).mean().alias("mean"), pl.col(y).std().fill_null(0).alias("spread")
    )
    place, mean, spread = (curve.sort(x)[c].to_numpy() for c in (x, "mean", "spread"))
    axes.plot(place, mean, color=PALETTE[role], label=label)
    axes.fill_between(place, mean - spread, mean + spread, color=PALETTE[role], alpha=0.2, lw=0)
