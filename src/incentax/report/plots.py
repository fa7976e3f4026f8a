"""One plain table of every figure: what it needs, what to look at, what draws it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from matplotlib.figure import Figure

from . import plot_auction, plot_game, plot_history
from .comparison import kind, names, read_runs
from .plot_style import styled, svg
from .run import Run


@dataclass(frozen=True)
class Drawing:
    """A row of `FIGURES`.

    `needs`: names of arrays, `*` for either stage; each must match one with a finite number.
    `draw` returns `None` where the arrays are there but say nothing.
    """

    title: str
    caption: str
    needs: tuple[str, ...]
    draw: Callable[[Run], Figure | None]
    kind: str | None = None  # None: any problem
    wide: bool = False


FIGURES: dict[str, Drawing] = {
    "objective": Drawing(
        "Objective over design steps",
        "How far the design came: the curve should leave the dashed baselines behind and level off "
        "near the proven cap. The curve is the value at the temperature of that step; the diamond, "
        "and the dots where there are any, are solved anew at the problem's own temperature.",
        ("history/step", "history/value"),
        plot_history.objective,
    ),
    "exploitability": Drawing(
        "Is the response an equilibrium?",
        "What one agent could still gain by deviating, in the units of its reward, at the "
        "temperature of that step: it should fall as the temperature does. The certificate below "
        "is computed anew at the problem's own. Residuals say how well the solver and the "
        "gradient's linear system converged.",
        ("history/step", "history/exploitability"),
        plot_history.exploitability,
    ),
    "mean_bids": Drawing(
        "Mean bid by value",
        "How bidders answer the mechanism: solid after the design, dashed before. Lines are faint "
        "where a bidder wins less than once in a hundred. A bidder who can wait loses nothing by a "
        "bid too low to win, and such bids pull the mean down; the population below shows them.",
        ("values", "bids", "*/flow"),
        plot_auction.mean_bids,
        kind="auction",
    ),
    "payment": Drawing(
        "What a winner pays",
        "The payment rule itself, round by round. On the diagonal the winner pays the bid; a flat "
        "stretch is a posted price. The broad band marks the bids that are placed and win.",
        ("bids", "*/payment"),
        plot_auction.payment,
        kind="auction",
    ),
    "supply": Drawing(
        "Supply over the rounds",
        "When the mechanism sells: outlines are what it offers, bars what it sells. Goods left "
        "over at the end are withheld, as an optimal reserve would withhold them.",
        ("*/supply",),
        plot_auction.supply,
        kind="auction",
    ),
    "allocation": Drawing(
        "Who wins, and when",
        "Goods won by value, one shade per round. A sharp left edge means that the goods go to the "
        "highest values; empty space below the line, that some leave without.",
        ("values", "*/flow", "*/win_probability"),
        plot_auction.allocation,
        kind="auction",
    ),
    "population": Drawing(
        "The population, round by round",
        "Each column is a round, each cell the mass of bidders of one value who place one bid; the "
        "dotted line is bid = value. Winners leave: the mass in the upper right thins out from "
        "left to right. The colour scale is the square root of the mass.",
        ("values", "bids", "*/flow"),
        plot_auction.population,
        kind="auction",
        wide=True,
    ),
    "price": Drawing(
        "Price and crowd",
        "The designed price above the crowd that it meets. A price works where it "
        "flattens the crowd: compare after with before.",
        ("*/price",),
        plot_game.price,
        kind="game",
    ),
    "crowding": Drawing(
        "Crowding over rounds",
        "Where the agents are: the stronger the colour, the more of them, on the same scale before "
        "and after. Look for bands that fade.",
        ("*/flow",),
        plot_game.crowding,
        kind="game",
    ),
    "actions": Drawing(
        "What agents do",
        "The share of agents that takes each action, averaged over the rounds.",
        ("*/flow",),
        plot_game.actions,
        kind="game",
    ),
    "held_out": Drawing(
        "On what the design never saw",
        "Revenue on the held-out half of the data, or on games drawn after the design. Intervals "
        "that do not overlap are differences that the data can tell from chance.",
        (),
        plot_history.held_out,
    ),
    "annealing": Drawing(
        "Temperature and gradient",
        "Smooth first, sharpen later: a high temperature makes the objective smooth, a low one "
        "true to the problem. The gradient should shrink as the design settles.",
        ("history/step",),
        plot_history.annealing,
    ),
}


def drawable(run: Run) -> list[str]:
    """Names of the figures whose arrays `run` has, in the order of `FIGURES`."""
    return [
        name
        for name, row in FIGURES.items()
        if row.kind in (None, run.config["kind"]) and _has(run, row.needs)
    ]


def draw(run: Run) -> dict[str, str]:
    """The figures of `run` as SVG text by name, the same bytes for the same run."""
    figures: dict[str, str] = {}
    with styled():
        for name in drawable(run):
            figure = FIGURES[name].draw(run)
            if figure is not None:
                figures[name] = svg(figure, name, FIGURES[name].title)
    return figures


def _has(run: Run, needs: tuple[str, ...]) -> bool:
    return all(any(fnmatch(array, need) for array in run.arrays) for need in needs)


def overlaid(directories: Sequence[Path | str]) -> str:
    """The objective of several runs over steps in one figure, as SVG text.

    **Raises:** `ValueError` where the runs do not share problem, objective and sense, where one has
    no history, or for the first directory that cannot be read.
    """
    runs = read_runs(directories)
    first = runs[0]
    for run in runs:
        if kind(run) != kind(first):
            raise ValueError(
                f"expected runs of one problem and objective to draw together, got {kind(first)} "
                f"and {kind(run)}; try them in separate figures"
            )
        if not _has(run, FIGURES["objective"].needs):
            raise ValueError(
                f"expected a run with a history, got {str(run.directory)!r} without a value; "
                "try the others without it"
            )
    with styled():
        figure = plot_history.overlay(list(zip(names(directories), runs, strict=True)))
        return svg(figure, "comparison", "Objective of several runs over design steps")
