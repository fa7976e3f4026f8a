"""What every reproduction shares: experiments to files, files to figures, figures to one page."""

import functools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

import polars as pl
from matplotlib.figure import Figure

from .files import Kept, keep, read, this_maker, write
from .page import Claim, Section, part_of, render, svg

Rows = list[dict[str, Any]]


class Cell(NamedTuple):
    """One experiment: a name that is its file's, and a function that makes its rows.

    `after` are cells that are made before it, and whose tables `make` is called with; when one of
    them is made again, so is this, and so it is when it is asked for something else. `words` say
    what that is where others make the same in a way of their own.
    """

    name: str
    make: Callable[..., Rows]
    after: "tuple[Cell, ...]" = ()
    words: str = ""

    @property
    def asked(self) -> str:
        """Its words, or the function that makes it and what that is given; kept with the rows."""
        if self.words:
            return self.words
        if not isinstance(self.make, functools.partial):
            return self.make.__qualname__
        given = [repr(value) for value in self.make.args]
        given += [f"{name}={value!r}" for name, value in sorted(self.make.keywords.items())]
        return f"{self.make.func.__qualname__}({', '.join(given)})"


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

    A cell whose file is there is not made again, unless what it comes after was, or it was asked
    for something else: an interrupted run goes on where it was.

    **Raises:** `ValueError` for an unknown part, parts that the budget leaves out, a folder begun
    with another budget or paper, or a damaged file that is needed.
    """
    budget = paper.quick if quick else paper.full
    cells = {name: list(paper.parts[name].cells(budget)) for name in chosen(paper, only)}
    if not any(cells.values()):
        raise ValueError(
            f"expected a part with experiments in the {budget.name} budget, got only "
            f"{', '.join(cells)}; ask for others, or for another budget"
        )
    begin(folder, paper, budget)
    for name in paper.parts:
        # The page shows them too: better to hear of damage before the work than after it.
        if not cells.get(name) and (folder / f"{name}.parquet").exists():
            part_of(folder, name)
    for name, listed in cells.items():
        part = paper.parts[name]
        if not listed:
            say(f"{name}: nothing in the {budget.name} budget")
            continue
        kept = _gathered(folder, listed, lambda line, name=name: say(f"{name} {line}"))
        table = _together(kept)
        makers = sorted({maker for cell in kept for maker in cell.makers}, key=str)
        keep(folder / f"{name}.parquet", table, makers)
        write(folder / f"{name}.svg", svg(part.draw, table))
    sections = {
        name: Section(part.title, part.claims, part.rows)
        for name, part in paper.parts.items()
        if (folder / f"{name}.parquet").exists()
    }
    page = render(folder, paper.title, paper.introduction, budget.name, sections)
    write(folder / "index.html", lambda path: path.write_text(page, encoding="utf-8"))
    return folder / "index.html"


def begin(folder: Path, paper: Paper[Any], budget: Budget) -> None:
    """Make the folder for this paper and budget, or go on with it; `budget.json` says which.

    **Raises:** `ValueError` for a folder of others, or one whose `budget.json` does not say.
    """
    file = folder / "budget.json"
    ours = {"paper": paper.name, "budget": budget.name}
    remedy = (
        f"if all is of this paper and budget write {json.dumps(ours)} there, or try another --out"
    )
    if file.exists():
        found = _read_budget(file, remedy)
        for key, word in ours.items():
            if found[key] != word:
                raise ValueError(
                    f"expected a folder of the {word} {key}, got one of the {found[key]} {key} at "
                    f"{folder}; try another --out"
                )
        return
    tables = [
        *folder.glob("cells/*.parquet"),
        *(folder / f"{name}.parquet" for name in paper.parts),
    ]
    if any(table.exists() for table in tables):
        raise ValueError(f"expected {file} beside the tables that are there, got none; {remedy}")
    (folder / "cells").mkdir(parents=True, exist_ok=True)
    write(file, lambda path: path.write_text(json.dumps(ours) + "\n", encoding="utf-8"))


def _read_budget(file: Path, remedy: str) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not {"paper", "budget"} <= found.keys():
        raise ValueError(
            f"expected a JSON object with paper and budget in {file}, got something else; {remedy}"
        )
    return found


def gather(folder: Path, cells: Sequence[Cell], say: Callable[[str], None]) -> pl.DataFrame:
    """The rows of all cells; those whose file is in `folder` are not made again.

    What they come after is made as well, where it is missing, but is not among the rows. A cell
    that was made from another file than is there now, or asked for something else, is made again.

    **Raises:** `ValueError` for a damaged file.
    """
    return _together(_gathered(folder, cells, say))


def _gathered(folder: Path, cells: Sequence[Cell], say: Callable[[str], None]) -> list[Kept]:
    kept = []
    for k, cell in enumerate(cells):
        count = f"{k + 1}/{len(cells)}"
        kept.append(_made(folder, cell, lambda name, count=count: say(f"{count}: {name}")))
    return kept


def _together(kept: Sequence[Kept]) -> pl.DataFrame:
    return pl.concat([cell.table for cell in kept], how="diagonal_relaxed")


def _made(folder: Path, cell: Cell, say: Callable[[str], None]) -> Kept:
    file = folder / "cells" / f"{cell.name}.parquet"
    found = _cell_at(file) if file.exists() else None
    before = {other.name: _made(folder, other, say) for other in cell.after}
    after = {name: other.digest for name, other in before.items()}
    if found is not None and (found.asked, found.after) == (cell.asked, after):
        return found
    say(cell.name if found is None else f"{cell.name}, again: {_changed(found, cell, after)}")
    rows = cell.make(*(other.table for other in before.values()))
    file.parent.mkdir(parents=True, exist_ok=True)
    table = pl.DataFrame(rows, infer_schema_length=None)
    keep(file, table, [this_maker()], asked=cell.asked, after=after)
    return _cell_at(file)


def _cell_at(file: Path) -> Kept:
    return read(file, "delete it, and it is made again")


def _changed(found: Kept, cell: Cell, after: dict[str, str]) -> str:
    if found.asked != cell.asked:
        return f"asked for {cell.asked}, kept is {found.asked or 'what its file does not say'}"
    made_from = found.after or {}
    names = sorted(made_from.keys() | after.keys())
    return ", ".join(n for n in names if made_from.get(n) != after.get(n)) + " changed"
