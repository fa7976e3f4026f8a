"""The folder of a sweep: a run directory for each cell, and one table of all."""

import io
import json
import os
from pathlib import Path
from typing import Any, final

from .._later import polars as pl
from ..order import Order
from ..run_directory import RunDirectory
from .grid import Cell

MARK = "sweep.json"


@final
class SweepFolder:
    """`cells/NAME/` are run directories, `sweep.parquet` is what has come of them so far.

    The run directories are the truth; the table is composed from them, so that a driver that dies
    loses nothing. A folder that another sweep began is a `ValueError`.
    """

    def __init__(self, path: Path, problem: str):
        self.path = path
        mark = path / MARK
        if mark.exists():
            begun = json.loads(mark.read_text(encoding="utf-8"))["problem"]
            if begun != problem:
                raise ValueError(
                    f"expected a sweep of {problem} in {path}, got one of {begun}; try another "
                    "--out"
                )
            return
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise ValueError(
                f"expected a new folder or that of a sweep, got {path}, which holds something "
                "else; try another --out"
            )
        (path / "cells").mkdir(parents=True, exist_ok=True)
        _replace(mark, json.dumps({"problem": problem}).encode())

    def cell(self, cell: Cell) -> Path:
        """The run directory of a cell."""
        return self.path / "cells" / cell.name

    def finished(self, cell: Cell, order: Order) -> bool:
        """Whether the cell's design ended under this order; `ValueError` if begun under another."""
        path = self.cell(cell)
        if not (path / "config.json").exists():
            return False
        run = RunDirectory.open(path)
        order.check_resumes(run)
        return run.finished

    def complaint(self, cell: Cell) -> str | None:
        """Why the design of a cell that has ended failed; None if it did not."""
        result = RunDirectory(self.cell(cell)).result
        return str(result["status"]) if result.get("failed", False) else None

    def receive(self, cell: Cell, files: dict[str, bytes]) -> None:
        """Keep what a task left on another machine.

        `config.json` first: a checkpoint without it is nobody's. `result.json` last: it says all.
        """
        path = self.cell(cell)
        for name in sorted(files, key=lambda name: (name != "config.json", name == "result.json")):
            target = path / name
            if not target.exists() or target.read_bytes() != files[name]:
                target.parent.mkdir(parents=True, exist_ok=True)
                _replace(target, files[name])

    def rows(self, cells: tuple[Cell, ...], lost: dict[str, str]) -> list[dict[str, Any]]:
        """One row for each cell that has ended; of a lost one only why it has no result."""
        rows = []
        for cell in cells:
            numbers = dict(cell.options) | {"seed": cell.seed}
            run = RunDirectory(self.cell(cell))
            if cell.name in lost:
                found = {"value": None, "exploitability": None, "seconds": None, "steps": None}
                found |= {"status": lost[cell.name]}
            elif (run.path / "result.json").exists():
                result = run.result
                names = ("value", "exploitability", "seconds", "steps", "status")
                found = {name: result[name] for name in names}
            else:
                continue
            rows.append(numbers | found | {"folder": str(run.path.relative_to(self.path))})
        return rows

    def save_table(self, rows: list[dict[str, Any]]) -> None:
        """Replace `sweep.parquet` by these rows."""
        with io.BytesIO() as buffer:
            pl.DataFrame(rows, infer_schema_length=None).write_parquet(buffer)
            _replace(self.path / "sweep.parquet", buffer.getvalue())


def _replace(target: Path, content: bytes) -> None:
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, target)
