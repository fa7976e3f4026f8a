"""Figures of an auction: who bids what, who wins when, what is charged and what is sold."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .plot_style import (
    NARROW,
    PALETTE,
    WIDE,
    area,
    canvas,
    key,
    line,
    mass_scale,
    outline,
    panels,
    spread,
    whole_ticks,
)
from .run import Run

Floats = NDArray[np.float64]
PANELS = 4
# Below this chance of winning, what a bidder bids or would pay is of no consequence.
IDLE = 0.01
_DASH = {"before": "--", "after": "-"}


def mean_bids(run: Run) -> Figure:
    """Mean bid by value, one panel per round, before and after."""
    stages = run.stages("flow")
    values, bids = run.array("values"), run.array("bids")
    rounds = spread(run.array(f"{stages[0]}/flow").shape[0], PANELS)
    figure, grid = panels(len(rounds))
    for axes, h in zip(grid, rounds, strict=True):
        axes.axline((0, 0), slope=1, color=PALETTE["rule"], lw=1)
        for stage in stages:
            flow = run.array(f"{stage}/flow")[h, :-1]
            mass = flow.sum(-1)
            mean = _ratio(flow @ bids, mass)
            wins = _winning(run, stage, h)
            chance = _ratio(flow @ wins, mass) if wins is not None else np.ones_like(mean)
            _faint(axes, values, mean, chance >= IDLE, stage)
        _round_title(axes, h)
    _frame(grid, values, bids, "value", "mean bid")
    _stage_key(figure, stages, "bid = value")
    return figure


def payment(run: Run) -> Figure:
    """What the winner pays by bid, one panel per round, before and after."""
    stages = run.stages("payment")
    bids = run.array("bids")
    rounds = spread(run.array(f"{stages[0]}/payment").shape[0], PANELS)
    figure, grid = panels(len(rounds))
    for axes, h in zip(grid, rounds, strict=True):
        axes.axline((0, 0), slope=1, color=PALETTE["rule"], lw=1)
        for stage in stages:
            charged, colour = run.array(f"{stage}/payment")[h], PALETTE[stage]
            axes.plot(bids, charged, _DASH[stage], color=colour, lw=1.2)
            # The bids that matter are often few: a band under the line finds them at a glance.
            live = np.where(_live(run, stage, h), charged, np.nan)
            axes.plot(bids, live, color=colour, lw=6, alpha=0.35, solid_capstyle="round")
        _round_title(axes, h)
    _frame(grid, bids, bids, "bid", "payment if it wins")
    _stage_key(figure, stages, "first price")
    return figure


def supply(run: Run) -> Figure:
    """What is left, offered and sold per round, before and after side by side."""
    stages = run.stages("supply")
    figure = canvas(NARROW, 3.3)
    # What is left dwarfs what one of many rounds sells: it has a panel of its own.
    tall = any(f"{stage}/remaining" in run.arrays for stage in stages)
    grid = figure.subplots(
        1 + tall,
        len(stages),
        sharex="col",
        sharey="row",
        squeeze=False,
        height_ratios=[1, 1.7] if tall else None,
    )
    for column, stage in zip(grid.T, stages, strict=True):
        axes, offered = column[-1], run.array(f"{stage}/supply")
        rounds = np.arange(1, offered.size + 1)
        title = stage
        if f"{stage}/sold" in run.arrays:
            sold = run.array(f"{stage}/sold")
            axes.bar(rounds, sold, width=0.7, color=PALETTE[stage], lw=0)
            title += f": {sold.sum():.3g} sold in all"
        edge = {"facecolor": "none", "edgecolor": PALETTE["ink"]}
        axes.bar(rounds, offered, width=0.7, lw=min(0.9, 12 / offered.size), **edge)
        if f"{stage}/remaining" in run.arrays:
            left = run.array(f"{stage}/remaining")
            column[0].step(rounds, left, where="mid", lw=1.2, color=PALETTE["muted"])
            column[0].set_ylim(bottom=0)
        column[0].set_title(title)
        axes.set_xlabel("round")
        whole_ticks(axes)
    grid[-1, 0].set_ylabel("goods per bidder")
    if tall:
        grid[0, 0].set_ylabel("left")
    sold = [area(f"sold {s}", s) for s in stages if f"{s}/sold" in run.arrays]
    left = [line("left before the round", "muted")] if tall else []
    key(figure, [outline("offered", "ink"), *sold, *left])
    return figure


def allocation(run: Run) -> Figure | None:
    """Who wins when: goods won by value, the rounds stacked, before and after."""
    stages = [s for s in run.stages("flow") if f"{s}/win_probability" in run.arrays]
    if not stages:
        return None
    values = run.array("values")
    figure = canvas(NARROW, 3.3)
    grid = figure.subplots(1, len(stages), sharey=True, squeeze=False).ravel()
    count = run.array(f"{stages[0]}/flow").shape[0]
    # From light to dark in one colour: rounds have an order, and it must survive greyscale.
    shades = np.linspace(0.25, 1.0, count)
    for axes, stage in zip(grid, stages, strict=True):
        flow = run.array(f"{stage}/flow")[:, :-1]
        won = np.einsum("hsa,ha->hs", flow, run.array(f"{stage}/win_probability"))
        base = np.zeros_like(values)
        for h in range(count):
            style = {"step": "mid", "color": PALETTE["after"], "alpha": shades[h], "lw": 0}
            axes.fill_between(values, base, base + won[h], **style)
            base = base + won[h]
        axes.plot(values, flow[0].sum(-1), color=PALETTE["ink"], lw=0.9, drawstyle="steps-mid")
        axes.set_title(stage)
        axes.set_xlabel("value")
        axes.margins(x=0)
        axes.set_ylim(bottom=0)
    grid[0].set_ylabel("mass of bidders (line: all)")
    named = range(count) if count <= PANELS else (0, count - 1)
    won_in = [area(f"won in round {h + 1}", "after", shades[h]) for h in named]
    key(figure, won_in)
    return figure


def population(run: Run) -> Figure:
    """Where the bidders are: mass over value and bid, a column per round, before above after."""
    stages = run.stages("flow")
    values, bids = run.array("values"), run.array("bids")
    flows = {stage: run.array(f"{stage}/flow") for stage in stages}
    rounds = spread(flows[stages[0]].shape[0], PANELS)
    figure = canvas(WIDE, 0.7 + 2.3 * len(stages))
    grid = figure.subplots(len(stages), len(rounds), sharex=True, sharey=True, squeeze=False)
    # The few cells where bidders bunch would leave the rest invisible.
    shown = np.concatenate([flow[:, :-1].ravel() for flow in flows.values()])
    shown = shown[shown > 1e-9]
    colours, norm = mass_scale(float(np.quantile(shown, 0.99)) if shown.size else 1.0)
    image = None
    for row, stage in zip(grid, stages, strict=True):
        for axes, h in zip(row, rounds, strict=True):
            flow = flows[stage][h, :-1]
            image = axes.imshow(
                flow.T,
                origin="lower",
                aspect="auto",
                extent=(*_edges(values), *_edges(bids)),
                cmap=colours,
                norm=norm,
                interpolation="none",
            )
            axes.plot(values[[0, -1]], values[[0, -1]], color=PALETTE["muted"], lw=0.8, ls=":")
            axes.set_title(f"{stage}, round {h + 1}: {100 * flow.sum():.0f} % in the market")
    for axes in grid[-1]:
        axes.set_xlabel("value")
    for axes in grid[:, 0]:
        axes.set_ylabel("bid")
    if image is not None:
        bar = figure.colorbar(image, ax=grid, fraction=0.02, pad=0.01, aspect=40, extend="max")
        bar.set_label("mass of bidders per cell")
        bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
        bar.ax.minorticks_off()
    return figure


def _winning(run: Run, stage: str, h: int) -> Floats | None:
    name = f"{stage}/win_probability"
    return run.array(name)[h] if name in run.arrays else None


def _live(run: Run, stage: str, h: int) -> NDArray[np.bool_]:
    """Which bids are placed and win; all of them where that is not known."""
    wins = _winning(run, stage, h)
    live = np.ones(run.array("bids").size, bool) if wins is None else wins >= IDLE
    if f"{stage}/flow" in run.arrays:
        placed = run.array(f"{stage}/flow")[h, :-1].sum(0)
        at_or_above = placed[::-1].cumsum()[::-1]
        live &= at_or_above >= 1e-3 * placed.sum()
    return live


def _faint(axes: Axes, x: Floats, y: Floats, live: NDArray[np.bool_], stage: str) -> None:
    colour, dash = PALETTE[stage], _DASH[stage]
    axes.plot(x, y, dash, color=colour, alpha=0.3, lw=0.9)
    axes.plot(x, np.where(live, y, np.nan), dash, color=colour)


def _ratio(top: Floats, bottom: Floats) -> Floats:
    """`top / bottom`, NaN where there is next to nobody to average over."""
    known = bottom > 1e-9
    return np.where(known, top / np.where(known, bottom, 1), np.nan)


def _edges(grid: Floats) -> tuple[float, float]:
    half = (grid[-1] - grid[0]) / max(grid.size - 1, 1) / 2 or 0.5
    return float(grid[0] - half), float(grid[-1] + half)


def _round_title(axes: Axes, h: int) -> None:
    axes.set_title(f"round {h + 1}")


def _frame(grid: list[Axes], x: Floats, y: Floats, xlabel: str, ylabel: str) -> None:
    for position, axes in enumerate(grid):
        axes.set_xlim(*_edges(x))
        axes.set_ylim(*_edges(y))
        if position >= len(grid) - 2:
            axes.set_xlabel(xlabel)
        if position % 2 == 0:
            axes.set_ylabel(ylabel)


def _stage_key(figure: Figure, stages: list[str], diagonal: str) -> None:
    key(figure, [line(stage, stage, _DASH[stage]) for stage in stages] + [line(diagonal, "rule")])
