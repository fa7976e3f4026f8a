"""Bidders' valuations from files, put on the value grid."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from .._later import polars as pl
from ..setting import nearest

SMALLEST_SAMPLE = 20


@dataclass(frozen=True)
class Valuations:
    """A sample of valuations on a grid.

    - `cells` [n]: index of the grid value at or below each valuation.
    - `num_values`: size of the grid {0, ..., S-1} / S.
    - `scale`: the valuation that corresponds to 1, in the units of the file.
    - `num_clipped`: how many valuations lay at or above the scale and were put in the last cell.
    """

    cells: Int[np.ndarray, " n"]
    num_values: int
    scale: float
    num_clipped: int

    @property
    def law(self) -> Float[np.ndarray, " S"]:
        """The share of the sample at each grid value."""
        return distribution(self.cells, self.num_values)

    def halves(self, seed: int) -> tuple["Valuations", "Valuations"]:
        """A random half to design on, and the other half to judge on."""
        order = np.random.default_rng(seed).permutation(self.cells.size)
        middle = self.cells.size // 2
        return self._part(order[:middle]), self._part(order[middle:])

    def _part(self, chosen: Int[np.ndarray, " m"]) -> "Valuations":
        return Valuations(self.cells[chosen], self.num_values, self.scale, self.num_clipped)


def distribution(cells: Int[np.ndarray, " n"], num_values: int) -> Float[np.ndarray, " S"]:
    """The share of a sample at each of `num_values` grid values; sums to one.

    >>> distribution(np.array([0, 2, 2, 2]), 4).tolist()
    [0.25, 0.0, 0.75, 0.0]
    """
    return np.bincount(cells, minlength=num_values) / cells.size


def on_grid(
    valuations: Float[np.ndarray, " n"], num_values: int, scale: float | None = None
) -> Valuations:
    """The sample on a grid of `num_values` values, each put at the grid value at or below it.

    `scale` defaults to the 99.9 % quantile; whatever lies at or above it is counted as clipped.

    **Raises:** `ValueError` where the scale is not positive and finite.

    >>> on_grid(np.array([0.0, 1.0, 2.5, 9.0]), 4, scale=4.0).cells.tolist()
    [0, 1, 2, 3]
    """
    scale = float(np.quantile(valuations, 0.999)) if scale is None else float(scale)
    if not 0 < scale < np.inf:
        raise ValueError(
            f"expected a finite scale > 0, got {scale:g}; try --scale with the largest valuation "
            "that matters"
        )
    clipped = valuations >= scale
    # A relative nudge keeps valuations that are exactly on the grid in their own cell.
    with np.errstate(over="ignore"):
        position = valuations / scale * num_values * (1 + 1e-12)
    cells = np.minimum(position, num_values - 1).astype(np.int64)
    return Valuations(cells, num_values, scale, int(clipped.sum()))


def read_valuations(path: Path, column: str) -> Float[np.ndarray, " n"]:
    """The numbers in one column of a CSV or Parquet file, in the file's units.

    **Raises:** `ValueError` for a file that is missing, empty or unreadable, without the column,
    or with entries that are missing, not numbers, not finite or negative.
    """
    table = _read(path)
    if column not in table.columns:
        names = ", ".join(table.columns)[:200] or "no columns"
        raise ValueError(
            f"expected a column {column!r} in {path.name}, got {names}"
            + (nearest(column, table.columns) or "; try --column with one of them")
        )
    series = table[column]
    if series.len() == 0:
        raise ValueError(f"expected valuations in {path.name}, got no rows; try another file")
    if series.null_count():
        row = int(np.flatnonzero(series.is_null().to_numpy())[0])
        raise ValueError(
            f"expected a number in every row of {column!r}, got {series.null_count()} empty, the "
            f"first in data row {row + 1}; remove or fill them"
        )
    if not series.dtype.is_numeric():
        try:
            text = series.cast(pl.String).str.strip_chars()
        except pl.exceptions.PolarsError as error:
            raise ValueError(
                f"expected numbers in {column!r}, got entries of type {series.dtype}; choose a "
                "column of plain numbers"
            ) from error
        numbers = text.cast(pl.Float64, strict=False)
        if numbers.null_count():
            row = int(np.flatnonzero(numbers.is_null().to_numpy())[0])
            raise ValueError(
                f"expected numbers in {column!r}, got {str(series[row])[:40]!r} in data row "
                f"{row + 1}; correct it or remove the row"
            )
        series = numbers
    values = series.cast(pl.Float64).to_numpy()
    for wrong, what in ((~np.isfinite(values), "finite"), (values < 0, "non-negative")):
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise ValueError(
                f"expected {what} valuations in {column!r}, got {values[row]:g} in data row "
                f"{row + 1}; correct it or remove the row"
            )
    if values.size < SMALLEST_SAMPLE:
        raise ValueError(
            f"expected at least {SMALLEST_SAMPLE} valuations, got {values.size}; half of them are "
            "held out, so try a larger file"
        )
    return values


def _read(path: Path) -> "pl.DataFrame":
    if not path.exists():
        raise ValueError(f"expected a CSV or Parquet file, got no file at {path}; check the path")
    if path.is_dir():
        raise ValueError(
            f"expected a CSV or Parquet file, got the folder {path}; name a file in it"
        )
    readers = {".csv": _read_csv, ".parquet": pl.read_parquet}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise ValueError(
            f"expected a file ending in .csv or .parquet, got {path.name}; convert or rename it"
        )
    if path.stat().st_size == 0:
        raise ValueError(
            f"expected rows of valuations, got the empty file {path.name}; try another"
        )
    try:
        return reader(path)
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0][:120]
        raise ValueError(
            f"expected a readable {path.suffix[1:].upper()} file, got {path.name}, which is not "
            f"({reason}); export it again"
        ) from error


def _read_csv(path: Path) -> "pl.DataFrame":
    # Types are inferred from all rows, so that text far down the file is found where it stands.
    return pl.read_csv(path, infer_schema_length=None, try_parse_dates=False)
