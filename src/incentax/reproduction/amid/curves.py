"""Training curves of several seeds on one clock, and where each design ended."""

from typing import NamedTuple

import numpy as np
import polars as pl
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...report.plot_style import PALETTE, SERIES, WIDE, canvas, key, line

_POINTS = 200


class Band(NamedTuple):
    """`time` in seconds, and the `mean` and standard deviation (`spread`) of all seeds there."""

    time: Float[np.ndarray, " T"]
    mean: Float[np.ndarray, " T"]
    spread: Float[np.ndarray, " T"]


def band(runs: pl.DataFrame, num_points: int = _POINTS) -> Band:
    """The band of all seeds of one rival, each read off its curve at the same times.

    From when every seed has a value until the last seed ends; who has ended keeps the last value.
    One seed has no spread.

    >>> runs = pl.DataFrame(
    ...     {"seed": [0, 0, 1, 1], "seconds": [0, 4, 0, 2], "training_value": [0, 4, 0, 6]}
    ... )
    >>> found = band(runs, num_points=3)
    >>> found.time.tolist(), found.mean.tolist()
    ([0.0, 2.0, 4.0], [0.0, 4.0, 5.0])
    """
    curves = [
        seed.sort("seconds").select("seconds", "training_value").to_numpy().T
        for _, seed in runs.group_by(["seed"], maintain_order=True)
    ]
    first, last = max(times[0] for times, _ in curves), max(times[-1] for times, _ in curves)
    time = np.linspace(first, last, num_points)
    values = np.stack([np.interp(time, times, value) for times, value in curves])
    spread = values.std(axis=0, ddof=1) if len(values) > 1 else np.zeros_like(time)
    return Band(time, values.mean(axis=0), spread)


def settings(table: pl.DataFrame) -> Figure:
    """Training curves of each problem by rival, mean and one standard deviation over seeds.

    Values while designing are at the schedule's temperature, and may cross the cap; the dot at the
    end is the certified value, at the problem's own, as is the baseline.
    """
    names = table["problem"].unique(maintain_order=True).to_list()
    rows = -(-len(names) // 3)
    figure = canvas(WIDE, 2.4 * rows + 0.3)
    grid = figure.subplots(rows, 3, squeeze=False).ravel()
    roles = dict(zip(table["rival"].unique(maintain_order=True), SERIES, strict=False))
    for axes, name in zip(grid, names, strict=False):
        of_one = table.filter(pl.col("problem") == name)
        for (rival,), runs in of_one.group_by(["rival"], maintain_order=True):
            _curve(axes, runs, PALETTE[roles[rival]])
        axes.axhline(of_one["baseline"].mean(), color=PALETTE["muted"], ls="--", lw=0.9)
        if of_one["cap"][0] is not None:
            axes.axhline(of_one["cap"][0], color=PALETTE["cap"], ls=":", lw=0.9)
        axes.set(title=name, xlabel="seconds")
    for axes in grid[len(names) :]:
        axes.remove()
    for axes in grid[: len(names) : 3]:
        axes.set_ylabel("value while designing,\nat the schedule's temperature")
    dot = line("certified at the end, at the problem's own temperature", "ink", "o")
    key(
        figure,
        [line(str(rival), role) for rival, role in roles.items()]
        + [dot, line("baseline, at the same", "muted", "--"), line("proved cap", "cap", ":")],
    )
    return figure


def _curve(axes: Axes, runs: pl.DataFrame, color: str) -> None:
    time, mean, spread = band(runs)
    axes.plot(time, mean, color=color, lw=1.1)
    axes.fill_between(time, mean - spread, mean + spread, color=color, alpha=0.2, lw=0)
    ends = runs.unique("seed", keep="first")["value"].to_numpy()
    error = ends.std(ddof=1) if ends.size > 1 else 0.0
    axes.errorbar(time[-1], ends.mean(), error, fmt="o", ms=4, capsize=3, color=color)
