"""One page from the files of a reproduction: every number on it is read from them."""

import base64
import io
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import NamedTuple

import polars as pl
from matplotlib.figure import Figure

from ..report.plot_style import plain_log_ticks, styled
from .files import Kept, Maker, read


class Claim(NamedTuple):
    """One sentence of theory beside our number; `agrees` is None where it stays open.

    `why` says why a claim does not agree, or stays open.
    """

    stated: str
    measured: str
    agrees: bool | None
    why: str = ""


def reason(agrees: bool | None, wrong: str, unknown: str = "") -> str:
    """Why a claim does not agree, or why it is open; nothing where it agrees.

    >>> reason(None, "too far", "too few seeds")
    'too few seeds'
    """
    if agrees is None:
        return unknown
    return "" if agrees else wrong


class Section(NamedTuple):
    """A part as the page sees it: its title, and what its data say and show."""

    title: str
    claims: Callable[[pl.DataFrame], list[Claim]]
    rows: Callable[[pl.DataFrame], pl.DataFrame]


_WORDS = {True: "agrees", False: "does not agree", None: "open"}
_KINDS = {True: "yes", False: "no", None: "open"}
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1d2330; background: #fff; }
table { border-collapse: collapse; width: 100%; margin: .6rem 0 1.2rem; } img { max-width: 100%; }
td, th { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #d5dae1;
  vertical-align: top; }
.wide { overflow-x: auto; }
.no { color: #b00020; font-weight: 600; } .yes { color: #00805c; } .open { color: #667080; }
@media (prefers-color-scheme: dark) { img { background: #fff; } }
"""


def render(
    folder: Path, title: str, introduction: str, budget: str, sections: Mapping[str, Section]
) -> str:
    """The page as HTML, figures included; parts that were not made are not on it.

    `introduction` is HTML, all else is text.

    **Raises:** `ValueError` for a damaged table.
    """
    parts = {name: part_of(folder, name) for name in sections}
    body = [f"<h1>{escape(title)} ({escape(budget)} budget)</h1>"]
    body.append(
        f"<p>{introduction} Every number below is computed from the Parquet file named with it.</p>"
    )
    body.append(f"<p>{escape(_made_with(parts))}</p>")
    for name, section in sections.items():
        table = parts[name].table
        body.append(f'<h2 id="{name}">{escape(section.title)}</h2>')
        if (folder / f"{name}.svg").exists():
            picture = base64.b64encode((folder / f"{name}.svg").read_bytes()).decode("ascii")
            source = f"data:image/svg+xml;base64,{picture}"
            body.append(f'<img src="{source}" alt="{escape(section.title)}">')
        body.append(_shown(section.rows(table)))
        body.append("<table><tr><th>stated</th><th>measured</th><th></th><th>why</th></tr>")
        for claim in section.claims(table):
            body.append(
                f"<tr><td>{escape(claim.stated)}</td><td>{escape(claim.measured)}</td>"
                f'<td class="{_KINDS[claim.agrees]}">{_WORDS[claim.agrees]}</td>'
                f"<td>{escape(claim.why)}</td></tr>"
            )
        body.append(f"</table><p>data: <code>{name}.parquet</code></p>")
    inner = "\n".join(body)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body>\n{inner}\n</body></html>\n"
    )


def part_of(folder: Path, name: str) -> Kept:
    """The table of a part; `ValueError` where its file is damaged."""
    return read(folder / f"{name}.parquet", f"make it again with --only {name}")


def svg(draw: Callable[[pl.DataFrame], Figure], table: pl.DataFrame) -> Callable[[Path], object]:
    """A function that writes the figure of `table` to a path, the same bytes each time."""

    def write(path: Path) -> object:
        with styled():
            figure = draw(table)
            for axes in figure.axes:
                for axis in (axes.xaxis, axes.yaxis):
                    if axis.get_scale() == "log":
                        plain_log_ticks(axis)
            with io.BytesIO() as buffer:
                figure.savefig(buffer, format="svg", metadata={"Date": None})
                return path.write_bytes(buffer.getvalue())

    return write


def _made_with(parts: Mapping[str, Kept]) -> str:
    """One sentence: what made the cells of all parts, or of which where that differs."""
    made: dict[Maker, list[str]] = {}
    for name, part in parts.items():
        for maker in part.makers:
            made.setdefault(maker, []).append(name)
    if len(made) == 1:
        return f"All cells were made by {next(iter(made))}."
    by_maker = (f"{maker} (in {', '.join(names)})" for maker, names in made.items())
    return f"Mixed: cells were made by {'; by '.join(by_maker)}."


def _shown(table: pl.DataFrame) -> str:
    if not table.columns:
        return ""
    head = "".join(f"<th>{escape(name)}</th>" for name in table.columns)
    rows = [
        "<tr>" + "".join(f"<td>{escape(_text(value))}</td>" for value in row) + "</tr>"
        for row in table.iter_rows()
    ]
    return f'<div class="wide"><table><tr>{head}</tr>{"".join(rows)}</table></div>'


def _text(value: object) -> str:
    if value is None or value != value:
        return "–"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
