"""Figures of a mean-field game: where agents are, what they do, what they are charged."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .plot_style import NARROW, PALETTE, area, canvas, key, mass_scale, whole_ticks
from .run import Run

Floats = NDArray[np.float64]
_SHIFT = {"before": -0.2, "after": 0.2}


def crowding(run: Run) -> Figure | None:
    """Mass of agents over rounds and states, before above after."""
    stages = run.stages("flow")
    crowds = [run.array(f"{stage}/flow").sum(-1) for stage in stages]
    rounds, states = crowds[0].shape
    if rounds == 1 or states == 1:
        return None  # one bar; `price` and `actions` say more
    figure = canvas(NARROW, 0.5 + 1.7 * len(stages))
    grid = figure.subplots(len(stages), 1, sharex=True, squeeze=False).ravel()
    colours, norm = mass_scale(max(float(np.nanmax(crowd)) for crowd in crowds))
    image = None
    for axes, stage, crowd in zip(grid, stages, crowds, strict=True):
        image = axes.imshow(
            crowd.T,
            origin="lower",
            aspect="auto",
            extent=(0.5, rounds + 0.5, -0.5, states - 0.5),
            cmap=colours,
            norm=norm,
            interpolation="none",
        )
        axes.set_title(f"{stage}: at most {100 * np.nanmax(crowd):.1f} % in one state")
        axes.set_ylabel("state")
        axes.yaxis.get_major_locator().set_params(integer=True)
    grid[-1].set_xlabel("round")
    whole_ticks(grid[-1])
    if image is not None:
        bar = figure.colorbar(image, ax=grid, fraction=0.03, pad=0.02, aspect=30)
        bar.set_label("mass of agents")
        bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
        bar.ax.minorticks_off()
    return figure


def price(run: Run) -> Figure:
    """The price of each state, or of each action, above the crowd that it meets."""
    priced = run.stages("price")
    flowing = run.stages("flow")
    over_actions = bool(flowing) and _over_actions(run, priced[0], flowing[0])
    figure = canvas(NARROW, 3.9 if flowing else 2.2)
    grid = figure.subplots(2 if flowing else 1, 1, sharex=True, squeeze=False).ravel()
    for stage in priced:
        flow = run.array(f"{stage}/flow") if stage in flowing else None
        _series(grid[0], _by_place(run.array(f"{stage}/price"), flow), stage)
    grid[0].set_title("price")
    if flowing:
        for stage in flowing:
            flow = run.array(f"{stage}/flow")
            _series(grid[1], flow.mean(0).sum(0 if over_actions else 1), stage)
        grid[1].set_title("mean mass of agents over the rounds")
        grid[1].set_ylim(bottom=0)
    grid[-1].set_xlabel("action" if over_actions else "state")
    whole_ticks(grid[-1], most=10)
    stages = [stage for stage in ("before", "after") if stage in (*priced, *flowing)]
    key(figure, [area(stage, stage) for stage in stages])
    return figure


def actions(run: Run) -> Figure | None:
    """The mean mass on each action over the rounds, before and after."""
    stages = run.stages("flow")
    if run.array(f"{stages[0]}/flow").shape[-1] == 1:
        return None
    figure = canvas(NARROW, 2.6)
    axes = figure.subplots()
    for stage in stages:
        _series(axes, run.array(f"{stage}/flow").mean(0).sum(0), stage)
    axes.set_xlabel("action")
    axes.set_ylabel("mean mass of agents")
    axes.set_ylim(bottom=0)
    whole_ticks(axes, most=12)
    key(figure, [area(stage, stage) for stage in stages])
    return figure


def _over_actions(run: Run, priced: str, flowing: str) -> bool:
    _, states, count = run.array(f"{flowing}/flow").shape
    # Where states and actions are as many, a price per place is the commoner reading.
    return run.array(f"{priced}/price").shape == (count,) and count != states


def _by_place(charged: Floats, flow: Floats | None) -> Floats:
    """The price by state, averaged over rounds and actions by the mass that meets it."""
    if charged.ndim == 1:
        return charged
    if flow is None:
        return charged.mean(tuple(i for i in range(charged.ndim) if i != 1))
    paid = (flow * (charged if charged.ndim == 3 else charged[..., None])).sum((0, 2))
    mass = flow.sum((0, 2))
    return np.where(mass > 1e-12, paid / np.where(mass > 1e-12, mass, 1), np.nan)


def _series(axes: Axes, y: Floats, stage: str) -> None:
    x = np.arange(y.size)
    if y.size <= 12:
        axes.bar(x + _SHIFT[stage], y, width=0.36, color=PALETTE[stage])
    else:
        axes.plot(x, y, color=PALETTE[stage], lw=1.4, drawstyle="steps-mid")
