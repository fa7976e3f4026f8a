"""The look of every figure: colours, type, labels, and an SVG that is the same bytes each time."""

import io
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LinearSegmentedColormap, PowerNorm, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from .summary import number

# Okabe and Ito's colours tell apart under every common colour blindness. No two entries may be
# equal: `themed` finds a role by its colour.
PALETTE = {
    "ink": "#1d2330",
    "muted": "#667080",
    "rule": "#d5dae1",
    "panel": "#ffffff",
    "after": "#0072b2",
    "before": "#b07d12",
    "baseline": "#d55e00",
    "cap": "#00805c",
    "other1": "#cc6699",
    "other2": "#4b9fd5",
    "other3": "#7a5195",
}
SERIES = ("after", "baseline", "cap", "other1", "other3", "before", "other2", "muted")
FONTS = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
NARROW, WIDE = 5.3, 10.9  # inches: half and whole width of the page

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "incentax",
    # Names come from users: a dollar sign in one is not a formula.
    "text.parse_math": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 8.5,
    "axes.titlesize": 8.5,
    "axes.titlelocation": "left",
    "axes.titlepad": 5,
    "axes.labelsize": 8.5,
    "axes.linewidth": 0.7,
    "axes.edgecolor": PALETTE["muted"],
    "axes.labelcolor": PALETTE["ink"],
    "axes.titlecolor": PALETTE["ink"],
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "axes.formatter.limits": (-4, 5),
    "text.color": PALETTE["ink"],
    "xtick.color": PALETTE["muted"],
    "ytick.color": PALETTE["muted"],
    "xtick.labelcolor": PALETTE["ink"],
    "ytick.labelcolor": PALETTE["ink"],
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "figure.facecolor": PALETTE["panel"],
    "figure.constrained_layout.h_pad": 0.05,
    "figure.constrained_layout.w_pad": 0.05,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "legend.handlelength": 1.6,
    "legend.columnspacing": 1.4,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
}


def styled() -> AbstractContextManager[None]:
    """A context in which figures get this look; matplotlib's own settings return after it."""
    return rc_context(_STYLE)


def canvas(width: float, height: float) -> Figure:
    """An empty figure, in inches, free of matplotlib's global state."""
    return Figure(figsize=(width, height), layout="constrained")


def panels(count: int, *, width: float = NARROW, height: float = 4.2) -> tuple[Figure, list[Axes]]:
    """A figure with `count` panels of shared axes, two in a row."""
    figure = canvas(width, height if count > 2 else 0.72 * height)
    columns = min(count, 2)
    grid = figure.subplots(
        -(-count // columns), columns, sharex=True, sharey=True, squeeze=False
    ).ravel()
    for axes in grid[count:]:
        axes.remove()
    # The last row is short where the count is odd: the panel above the gap needs its own ticks.
    if count > 1 and count % 2:
        grid[count - 2].xaxis.set_tick_params(labelbottom=True)
    return figure, list(grid[:count])


def spread(count: int, most: int) -> list[int]:
    """At most `most` of the indices 0..count-1, the first and the last among them.

    >>> spread(3, 4), spread(100, 4)
    ([0, 1, 2], [0, 33, 66, 99])
    """
    return sorted({round(x) for x in np.linspace(0, count - 1, min(count, most))})


def whole_ticks(axes: Axes, *, most: int = 8) -> None:
    """Ticks of the x axis at whole numbers: rounds and steps have no halves."""
    axes.xaxis.set_major_locator(MaxNLocator(nbins=most, integer=True, min_n_ticks=1))


def line(label: str, role: str, style: str = "-") -> Line2D:
    """An entry of `key` for a line, or for a marker such as `o`."""
    colour = PALETTE[role]
    if style in ("-", "--", ":"):
        return Line2D([], [], color=colour, linestyle=style, label=label)
    return Line2D([], [], color=colour, linestyle="", marker=style, markersize=4, label=label)


def area(label: str, role: str, alpha: float = 1.0) -> Patch:
    """An entry of `key` for what is filled."""
    return Patch(facecolor=PALETTE[role], alpha=alpha, linewidth=0, label=label)


def outline(label: str, role: str) -> Patch:
    """An entry of `key` for what is outlined."""
    return Patch(facecolor="none", edgecolor=PALETTE[role], linewidth=0.9, label=label)


def key(figure: Figure, handles: Sequence[Line2D | Patch]) -> None:
    """One line above the panels that names what is drawn."""
    figure.legend(handles=handles, loc="outside upper left", ncols=len(handles), borderpad=0.1)


def log_ticks(axes: Axes) -> None:
    """A logarithmic y axis whose ticks are plain text: powers of ten, or 1, 2, 5 where few fit."""
    axes.set_yscale("log")
    plain_log_ticks(axes.yaxis)


def plain_log_ticks(axis: Axis) -> None:
    """Ticks in plain text on a logarithmic axis: no formula is set in these figures."""
    low, high = axis.get_view_interval()
    steps = (1.0,) if high / low > 100 else (1.0, 2.0, 5.0)
    few = high / low < 4
    axis.set_major_locator(MaxNLocator(5) if few else LogLocator(subs=steps, numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda y, _: power_of_ten(y)))
    axis.set_minor_locator(NullLocator())


def power_of_ten(y: float) -> str:
    """`y` as a tick label.

    >>> power_of_ten(1e-4), power_of_ten(0.02), power_of_ten(5e-7)
    ('10⁻⁴', '0.02', '5e-7')
    """
    exponent = round(np.log10(y))
    if -3 < exponent < 4 or abs(y / 10.0**exponent - 1) > 1e-6:
        return f"{y:g}" if exponent >= -3 else number(y)
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def end_labels(axes: Axes, labels: Sequence[tuple[float, str, str]]) -> None:
    """Draw text beside the right edge: (y, text, role), moved apart where two would collide."""
    labels = [row for row in labels if np.isfinite(row[0])]
    if not labels:
        return
    axes.get_ylim()  # settles the limits, without which the transform is stale
    transform = axes.transData + axes.transAxes.inverted()
    heights = np.array([transform.transform((0, y))[1] for y, _, _ in labels])
    size = axes.get_figure(root=True).get_size_inches()[1]  # pyright: ignore[reportOptionalMemberAccess]
    heights = apart(np.clip(heights, 0, 1), 0.2 / size)
    for (_, text, role), height in zip(labels, heights, strict=True):
        axes.annotate(
            text,
            (1, height),
            xycoords="axes fraction",
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            color=PALETTE[role],
            annotation_clip=False,
        )


def apart(heights: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    """`heights`, moved as little as needed for neighbours to be at least `least` apart, in order.

    Isotonic regression: what is left of each height after its due share of gaps may not fall.

    >>> apart(np.array([0.5, 0.5, 0.0]), 0.2).round(2).tolist()
    [0.4, 0.6, 0.0]
    """
    order = np.argsort(heights, kind="stable")
    gaps = least * np.arange(heights.size)
    blocks: list[list[float]] = []
    for x in heights[order] - gaps:
        blocks.append([x])
        while len(blocks) > 1 and np.mean(blocks[-2]) >= np.mean(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    placed = np.empty_like(heights)
    placed[order] = np.concatenate([[np.mean(b)] * len(b) for b in blocks]) + gaps
    return placed


def mass_scale(most: float) -> tuple[LinearSegmentedColormap, PowerNorm]:
    """Colours of a mass from nothing (transparent) to `most`, on a square-root scale.

    Transparent at zero, so that the page shows through in its light and its dark dress.
    """
    r, g, b = to_rgb(PALETTE["after"])
    colours = LinearSegmentedColormap.from_list("mass", [(r, g, b, 0.0), (r, g, b, 1.0)], N=256)
    return colours, PowerNorm(0.5, vmin=0, vmax=most if most > 0 else 1)


def svg(figure: Figure, name: str, title: str) -> str:
    """The figure as SVG text, the same bytes each time; call it inside `styled()`.

    `name` prefixes every identifier, so that many figures can share one page.
    """
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(buffer, format="svg", metadata=nothing)  # pyright: ignore[reportArgumentType]
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    # The rule for `*` would reach the whole page; on the root it is inherited by the figure alone.
    text = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", text, count=1, flags=re.DOTALL)
    text = re.sub(r"; font-family: [^;\"]*|font-family: [^;\"]*; ?", "", text)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r"url\(#", f"url(#{name}-", text)
    text = re.sub(r'href="#', f'href="#{name}-', text)
    text = re.sub(r"data:image/png;base64,\s+", "data:image/png;base64,", text)
    return text.replace(
        "<svg ",
        f'<svg role="img" aria-label="{title}" font-family="{FONTS}" '
        'stroke-linejoin="round" stroke-linecap="butt" ',
        1,
    )


def themed(text: str) -> str:
    """An SVG of `svg` whose colours follow the page: each role becomes a CSS variable."""
    for role, colour in PALETTE.items():
        if role == "panel":
            text = text.replace(f"fill: {colour}", "fill: none")
        else:
            text = text.replace(f": {colour}", f": var(--{role})")
    return text
