"""Figures of the outer loop: how the objective, the equilibrium and the temperature moved."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .plot_style import (
    NARROW,
    PALETTE,
    SERIES,
    canvas,
    end_labels,
    key,
    line,
    log_ticks,
    whole_ticks,
)
from .run import Run
from .summary import compared, direction, finite, label, number, unseen, words

Floats = NDArray[np.float64]


def objective(run: Run) -> Figure:
    """The objective over steps beside the baselines and the cap."""
    figure = canvas(NARROW, 3.3)
    axes = figure.subplots()
    step, value = run.array("history/step"), run.array("history/value")
    entries = [line("during design", "after")]
    axes.plot(step, value, color=PALETTE["after"], alpha=0.85)
    audited = "history/audited_value" in run.arrays
    if audited:
        checked = run.array("history/audited_value")
        style = {"ls": "", "marker": "o", "ms": 3.5, "color": PALETTE["ink"]}
        axes.plot(step, checked, **style)
        entries.append(line("solved anew from a cold start", "ink", "o"))
    labels: list[tuple[float, str, str]] = []
    result = compared(run.result or {})
    for name, other in (result.get("baselines") or {}).items():
        if finite(other):
            axes.axhline(other, color=PALETTE["baseline"], lw=1, ls="--")
            labels.append((other, f"{label(words(name))} {number(other)}", "baseline"))
    if finite(result.get("cap")):
        axes.axhline(result["cap"], color=PALETTE["cap"], lw=1.2)
        labels.append((result["cap"], f"proven cap {number(result['cap'])}", "cap"))
    if finite(result.get("value")):
        labels.append((result["value"], f"this design {number(result['value'])}", "after"))
        axes.plot(step[-1:], [result["value"]], marker="D", ms=4.5, color=PALETTE["after"])
    axes.set_xlabel("design step")
    axes.set_ylabel(f"{label(words(run.config['objective']))} ({direction(run.config['sense'])})")
    whole_ticks(axes)
    axes.margins(x=0.02, y=0.08)
    key(figure, entries)
    end_labels(axes, labels)
    return figure


def exploitability(run: Run) -> Figure | None:
    """Exploitability and the solvers' residuals over steps, on a logarithmic scale."""
    rows = [
        ("exploitability", "after", "-", 1.6),
        ("residual", "baseline", "-", 1.0),
        ("adjoint_residual", "other3", "-", 1.0),
    ]
    figure = canvas(NARROW, 3.3)
    axes = figure.subplots()
    step, drawn, labels = run.array("history/step"), [], []
    for name, role, style, width in rows:
        series = run.history.get(name)
        if series is None or not (positive := _positive(series)).any():
            continue
        axes.plot(step, np.where(positive, series, np.nan), style, lw=width, color=PALETTE[role])
        drawn.append(line(words(name), role, style))
        labels.append((series[positive][-1], number(series[positive][-1]), role))
    if not drawn:
        return None
    for check in (run.result or {}).get("certificate") or []:
        if check["name"] == "exploitability" and finite(check["bound"]) and check["bound"] > 0:
            axes.axhline(check["bound"], color=PALETTE["muted"], lw=1, ls="--")
            labels.append((check["bound"], f"bound {number(check['bound'])}", "muted"))
    axes.set_xlabel("design step")
    axes.set_ylabel("gain of one deviating agent; residuals")
    whole_ticks(axes)
    axes.margins(x=0.02)
    log_ticks(axes)
    key(figure, drawn)
    end_labels(axes, labels)
    return figure


def annealing(run: Run) -> Figure | None:
    """Temperature and gradient norm over steps, one panel each."""
    rows = [("temperature", "before"), ("gradient_norm", "after")]
    rows = [row for row in rows if row[0] in run.history and _positive(run.history[row[0]]).any()]
    if not rows:
        return None
    figure = canvas(NARROW, 3.3)
    grid = figure.subplots(len(rows), 1, sharex=True, squeeze=False).ravel()
    for axes, (name, role) in zip(grid, rows, strict=True):
        series = run.history[name]
        positive = _positive(series)
        shown = np.where(positive, series, np.nan)
        axes.plot(run.array("history/step"), shown, color=PALETTE[role], lw=1.3)
        log_ticks(axes)
        axes.set_title(words(name))
        axes.margins(x=0.02)
        end_labels(axes, [(series[positive][-1], number(series[positive][-1]), role)])
    grid[-1].set_xlabel("design step")
    whole_ticks(grid[-1])
    return figure


def held_out(run: Run) -> Figure | None:
    """Revenue on the half of the data, or the games, that the design never saw, with intervals."""
    record = (run.result or {}).get("held_out") or {"rows": []}
    rows = [row for row in record["rows"] if finite(row["revenue"])]
    if not rows:
        return None
    figure = canvas(NARROW, 1.1 + 0.34 * len(rows))
    axes = figure.subplots()
    for y, row in enumerate(rows):
        colour = PALETTE["after" if y == 0 else "baseline"]
        if finite(row["low"]) and finite(row["high"]):
            axes.plot([row["low"], row["high"]], [y, y], color=colour, lw=2)
        axes.plot([row["revenue"]], [y], marker="o", ms=5.5, color=colour)
    axes.set_yticks(range(len(rows)), [label(words(row["mechanism"])) for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=PALETTE["rule"], lw=0.6)
    level = f", {100 * record['confidence']:g} % interval" if finite(record["confidence"]) else ""
    axes.set_xlabel(f"revenue per bidder on held-out {unseen(record)}{level}")
    return figure


def overlay(named: Sequence[tuple[str, Run]]) -> Figure:
    """The objective of several runs of one problem over steps, each labelled by its name."""
    figure = canvas(7.2, 4.0)
    axes = figure.subplots()
    labels: list[tuple[float, str, str]] = []
    for position, (name, run) in enumerate(named):
        role = SERIES[position % len(SERIES)]
        style = ("-", "--", ":")[position // len(SERIES) % 3]
        value = run.array("history/value")
        axes.plot(run.array("history/step"), value, style, color=PALETTE[role])
        final = compared(run.result or {}).get("value")
        if not finite(final):
            final = value[np.isfinite(value)][-1]
        labels.append((float(final), f"{label(name)} {number(float(final))}", role))
    first = named[0][1]
    cap = compared(first.result or {}).get("cap")
    if finite(cap):
        axes.axhline(cap, color=PALETTE["ink"], lw=1)
        labels.append((cap, f"proven cap {number(cap)}", "ink"))
    axes.set_xlabel("design step")
    axes.set_ylabel(
        f"{label(words(first.config['objective']))} ({direction(first.config['sense'])})"
    )
    whole_ticks(axes)
    axes.margins(x=0.02, y=0.08)
    end_labels(axes, labels)
    return figure


def _positive(series: Floats) -> NDArray[np.bool_]:
    # A logarithmic axis has no place for what rounding made zero or negative.
    return np.isfinite(series) & (series > 0)
