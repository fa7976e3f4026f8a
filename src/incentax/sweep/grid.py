"""What a sweep goes through: cells of options and seeds, from a TOML or CSV file."""

import itertools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._later import polars as pl

Numbers = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Cell:
    """One design of a sweep: numbers of the problem by name, and a seed."""

    options: Numbers
    seed: int

    @property
    def name(self) -> str:
        """A folder name that depends on nothing but the cell.

        >>> Cell((("supply", 0.5), ("horizon", 4.0)), 1).name
        'horizon=4,supply=0.5,seed=1'
        """
        words = [f"{name}={number:.15g}" for name, number in sorted(self.options)]
        return ",".join([*words, f"seed={self.seed}"])


def read_grid(file: Path, *, seed: int = 0) -> tuple[Cell, ...]:
    """The cells of a file, each once, in its order.

    TOML: every key is an option of the problem, or `seed`, with a number or a list of them; the
    cells are all combinations. CSV: a column for each option or `seed`, a row for each cell.
    `seed` is that of cells without one.

    **Raises:** `ValueError` for a file that is missing, empty or holds anything but numbers.
    """
    readers = {".toml": _from_toml, ".csv": _from_csv}
    if file.suffix not in readers:
        raise ValueError(f"expected a .toml or .csv file for --sweep, got {file}; rename it")
    try:
        rows = readers[file.suffix](file)
    except FileNotFoundError:
        raise ValueError(f"expected a file for --sweep, got no {file}; check the path") from None
    except (OSError, tomllib.TOMLDecodeError, pl.exceptions.PolarsError, UnicodeError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"expected a readable grid in {file}, got {reason}; try a line like seed = [0, 1, 2]"
        ) from None
    if not rows:
        raise ValueError(f"expected at least one cell in {file}, got none; add a line")
    cells = [_cell(row, file, seed) for row in rows]
    return tuple(dict.fromkeys(cells))


def _from_toml(file: Path) -> list[dict[str, Any]]:
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    lists = [entry if isinstance(entry, list) else [entry] for entry in content.values()]
    combinations = itertools.product(*lists) if content else ()
    return [dict(zip(content, row, strict=True)) for row in combinations]


def _from_csv(file: Path) -> list[dict[str, Any]]:
    return pl.read_csv(file).to_dicts()


def _cell(row: dict[str, Any], file: Path, seed: int) -> Cell:
    for name, number in row.items():
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise ValueError(f"expected numbers in {file}, got {name} = {number!r}; correct it")
    options = dict(row)
    chosen = options.pop("seed", seed)
    if chosen != int(chosen) or not 0 <= chosen < 2**31:
        raise ValueError(f"expected a whole seed from 0 to 2^31 - 1 in {file}, got {chosen}")
    numbers = tuple(sorted((name, float(number)) for name, number in options.items()))
    return Cell(numbers, int(chosen))
