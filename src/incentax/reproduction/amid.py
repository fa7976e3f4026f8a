"""`incentax reproduce amid`: experiments to files, files to figures, figures to one page."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl
from matplotlib.figure import Figure

from . import cells, claims, figures
from .cells import FULL, QUICK, Budget, Cell
from .claims import Claim
from .page import render


class Part(NamedTuple):
    """A theorem, figure or table: what it needs, how it is drawn, what it says of the paper."""

    title: str
    groups: tuple[str, ...]
    cells: Callable[[Budget], Iterator[Cell]]
    draw: Callable[[pl.DataFrame], Figure]
    claims: Callable[[pl.DataFrame], list[Claim]]


PARTS = {
    "theorem1": Part(
        "Theorem 1: a linear-quadratic game among N",
        ("rates",),
        cells.theorem1_cells,
        figures.theorem1,
        claims.theorem1_claims,
    ),
    "theorem2": Part(
        "Theorem 2: auctions among N, kinked and smooth",
        ("rates",),
        cells.theorem2_cells,
        figures.theorem2,
        claims.theorem2_claims,
    ),
    "finite": Part(
        "Learned auctions among N bidders",
        ("rates", "fig5"),
        cells.finite_cells,
        figures.finite,
        claims.finite_claims,
    ),
    "entropy": Part(
        "Temperature and mirror map",
        ("fig6",),
        cells.entropy_cells,
        figures.entropy,
        claims.entropy_claims,
    ),
    "settings": Part(
        "Training on every setting, with rivals",
        ("fig2", "fig3", "fig4", "table4"),
        cells.settings_cells,
        figures.settings,
        claims.settings_claims,
    ),
    "cost": Part(
        "Seconds and bytes of one gradient",
        ("table2",),
        cells.cost_cells,
        figures.cost,
        claims.cost_claims,
    ),
}


def chosen(only: Sequence[str]) -> list[str]:
    """The parts named by themselves or by a group; all of them where nothing is named.

    **Raises:** `ValueError` for an unknown word.

    >>> chosen(["rates"])
    ['theorem1', 'theorem2', 'finite']
    """
    known = set(PARTS) | {group for part in PARTS.values() for group in part.groups}
    for word in only:
        if word not in known:
            raise ValueError(f"expected --only among {', '.join(sorted(known))}; got {word!r}")
    return [n for n, part in PARTS.items() if not only or {n, *part.groups} & set(only)]


def reproduce(
    folder: Path, *, only: Sequence[str] = (), quick: bool = False, say: Callable[[str], None]
) -> Path:
    """The page, beside every cell's Parquet file and every part's figure and data in `folder`.

    A cell whose file is there is not made again: an interrupted run goes on where it was.

    **Raises:** `ValueError` for an unknown part, or a folder begun with another budget.
    """
    budget = QUICK if quick else FULL
    names = chosen(only)
    _open(folder, budget)
    for name in names:
        part = PARTS[name]
        wanted = list(part.cells(budget))
        frames = []
        for k, cell in enumerate(wanted):
            file = folder / "cells" / f"{cell.name}.parquet"
            if not file.exists():
                say(f"{name} {k + 1}/{len(wanted)}: {cell.name}")
                frame = pl.DataFrame(cell.make(), infer_schema_length=None)
                _write(file, lambda path, frame=frame: frame.write_parquet(path))
            frames.append(pl.read_parquet(file))
        table = pl.concat(frames, how="diagonal_relaxed")
        _write(folder / f"{name}.parquet", table.write_parquet)
        _write(folder / f"{name}.svg", figures.svg(part.draw, table))
    done = {n: part for n, part in PARTS.items() if (folder / f"{n}.parquet").exists()}
    page = render(folder, budget.name, {n: (p.title, p.claims) for n, p in done.items()})
    _write(folder / "index.html", lambda path: path.write_text(page, encoding="utf-8"))
    return folder / "index.html"


def _open(folder: Path, budget: Budget) -> None:
    (folder / "cells").mkdir(parents=True, exist_ok=True)
    file = folder / "budget.json"
    if file.exists():
        found = json.loads(file.read_text())["budget"]
        if found != budget.name:
            raise ValueError(
                f"expected a folder of the {budget.name} budget, got one of the {found} budget at "
                f"{folder}; try another --out"
            )
    file.write_text(json.dumps({"budget": budget.name}) + "\n")


def _write(target: Path, write: Callable[[Path], object]) -> None:
    handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=target.suffix)
    os.close(handle)
    write(Path(temporary))
    os.replace(temporary, target)
