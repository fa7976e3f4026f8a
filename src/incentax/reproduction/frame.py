"""What every reproduction shares: experiments to files, files to figures, figures to one page."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

import polars as pl
from matplotlib.figure import Figure

from .page import Claim, Section, render, svg

Rows = list[dict[str, Any]]


class Cell(NamedTuple):
    """One experiment: a name that is its file's, and a function that makes its rows.

    `after` are cells that are made before it, and whose tables `make` is called with.
    """

    name: str
    make: Callable[..., Rows]
    after: "tuple[Cell, ...]" = ()


@runtime_checkable
class Budget(Protocol):
    """How much of everything a paper's experiments do; its name is kept with the files."""

    @property
    def name(self) -> str:
        """The word for it."""
        ...


B = TypeVar("B", bound=Budget)


def nothing(table: pl.DataFrame) -> pl.DataFrame:
    """A table without columns."""
    return pl.DataFrame()


@dataclass(frozen=True)
class Part(Generic[B]):
    """A theorem, figure or table: what it needs, how it is drawn, what it says.

    `rows` picks what the page shows of the data as a table; a table without columns is not shown.
    """

    title: str
    groups: tuple[str, ...]
    cells: Callable[[B], Iterator[Cell]]
    draw: Callable[[pl.DataFrame], Figure]
    claims: Callable[[pl.DataFrame], list[Claim]]
    rows: Callable[[pl.DataFrame], pl.DataFrame] = nothing


@dataclass(frozen=True)
class Paper(Generic[B]):
    """A work to rebuild: what its page is called and says first, its parts, and two budgets."""

    name: str
    title: str
    introduction: str
    parts: Mapping[str, Part[B]]
    full: B
    quick: B


def words(paper: Paper[Any]) -> tuple[str, ...]:
    """Every word that names parts, by themselves or by a group: what `only` may hold."""
    groups = {group for part in paper.parts.values() for group in part.groups}
    return (*paper.parts, *sorted(groups))


def chosen(paper: Paper[Any], only: Sequence[str]) -> list[str]:
    """The parts named by themselves or by a group; all of them where nothing is named.

    **Raises:** `ValueError` for an unknown word.
    """
    known = words(paper)
    for word in only:
        if word not in known:
            raise ValueError(f"expected --only among {', '.join(known)}; got {word!r}")
    return [n for n, part in paper.parts.items() if not only or {n, *part.groups} & set(only)]


def reproduce(
    paper: Paper[Any],
    folder: Path,
    *,
    only: Sequence[str] = (),
    quick: bool = False,
    say: Callable[[str], None],
) -> Path:
    """The page, beside every cell's Parquet file and every part's figure and data in `folder`.

    A cell whose file is there is not made again: an interrupted run goes on where it was.

    **Raises:** `ValueError` for an unknown part, or a folder begun with another budget or paper.
    """
    budget = paper.quick if quick else paper.full
    names = chosen(paper, only)
    _open(folder, paper, budget)
    for name in names:
        part = paper.parts[name]
        cells = list(part.cells(budget))
        if not cells:
            say(f"{name}: nothing in the {budget.name} budget")
            continue
        table = gather(folder, cells, lambda line, name=name: say(f"{name} {line}"))
        _write(folder / f"{name}.parquet", table.write_parquet)
        _write(folder / f"{name}.svg", svg(part.draw, table))
    sections = {
        name: Section(part.title, part.claims, part.rows)
        for name, part in paper.parts.items()
        if (folder / f"{name}.parquet").exists()
    }
    page = render(folder, paper.title, paper.introduction, budget.name, sections)
    _write(folder / "index.html", lambda path: path.write_text(page, encoding="utf-8"))
    return folder / "index.html"


def gather(folder: Path, cells: Sequence[Cell], say: Callable[[str], None]) -> pl.DataFrame:
    """The rows of all cells; those whose file is in `folder` are not made again.

    What they come after is made as well, where it is missing, but is not among the rows.
    """
    frames = []
    for k, cell in enumerate(cells):
        count = f"{k + 1}/{len(cells)}"
        frames.append(_made(folder, cell, lambda name, count=count: say(f"{count}: {name}")))
    return pl.concat(frames, how="diagonal_relaxed")


def _made(folder: Path, cell: Cell, say: Callable[[str], None]) -> pl.DataFrame:
    file = _cell_file(folder, cell.name)
    if not file.exists():
        before = [_made(folder, other, say) for other in cell.after]
        say(cell.name)
        frame = pl.DataFrame(cell.make(*before), infer_schema_length=None)
        file.parent.mkdir(parents=True, exist_ok=True)
        _write(file, frame.write_parquet)
    return pl.read_parquet(file)


def _cell_file(folder: Path, name: str) -> Path:
    return folder / "cells" / f"{name}.parquet"


def _open(folder: Path, paper: Paper[Any], budget: Budget) -> None:
    (folder / "cells").mkdir(parents=True, exist_ok=True)
    file = folder / "budget.json"
    ours = {"paper": paper.name, "budget": budget.name}
    if file.exists():
        found = json.loads(file.read_text())
        for key, word in ours.items():
            if found.get(key, word) != word:
                raise ValueError(
                    f"expected a folder of the {word} {key}, got one of the {found[key]} {key} at "
                    f"{folder}; try another --out"
                )
    file.write_text(json.dumps(ours) + "\n")


def _write(target: Path, write: Callable[[Path], object]) -> None:
    # Beside the target and renamed: whoever reads meets a whole file, or none.
    temporary = target.with_name(f".{os.getpid()}-{target.name}")
    write(temporary)
    os.replace(temporary, target)
