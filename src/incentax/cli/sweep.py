"""`incentax design ... --sweep FILE`: many designs, here or on a Ray cluster, and one table."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.table import Table

from .._status import Status
from ..order import Order
from ..progress import Progress
from ..run_directory import RunDirectory
from ..sweep import Here, RayCluster, SweepFolder, gather, read_grid
from ..workflow import perform
from .console import CompileClock, keep_compiled_programs, notes, results, versions
from .main import DONE, FAILED, INTERRUPTED


class Quiet:
    """Looks on without a word."""

    def begin(self, stage: str) -> None:
        """Nothing."""

    def step(self, progress: Progress) -> None:
        """Nothing."""


def design_cell(order: Order, path: Path) -> None:
    """Leave the run directory of an order at `path`, going on with what is there."""
    # Loaded only now: plotting takes half a second to import.
    from ..report.html import write_report

    clock = CompileClock()
    keep_compiled_programs()
    if (path / "config.json").exists():
        run = RunDirectory.open(path)
        order.check_resumes(run)
    else:
        run = RunDirectory.create(path, order.config())
    _, status = perform(
        order,
        run,
        Quiet(),
        seconds=None,
        elapsed=lambda: clock.elapsed,
        compiling=lambda: clock.seconds,
        versions=versions(),
    )
    write_report(run.path)
    if status is Status.INTERRUPTED:
        # A design ends well when it is interrupted; a sweep must not go on to the next.
        raise KeyboardInterrupt


def run_sweep(
    order: Order,
    num_steps: Callable[[Order], int],
    file: Path,
    ray: str | None,
    out: Path | None,
    as_json: bool,
) -> int:
    """Design every cell of `file`, starting from `order`, and print the table."""
    cells = read_grid(file, seed=order.seed)
    orders = {}
    for cell in cells:
        problem = order.problem.with_options(**dict(cell.options))
        changed = dataclasses.replace(order, problem=problem, seed=cell.seed)
        orders[cell] = dataclasses.replace(changed, num_steps=num_steps(changed))
        orders[cell].check()
    path = out or Path("runs") / f"{order.problem.name}-sweep"

    def say(line: str) -> None:
        if not as_json:
            notes.print(line, soft_wrap=True)

    with Here() if ray is None else RayCluster(ray) as crew:
        folder = SweepFolder(path, order.problem.name)
        try:
            rows, failures = gather(orders, folder, crew, design_cell, say=say)
        except KeyboardInterrupt:
            notes.print(
                f"what has ended is kept in {path}; the same command goes on from there",
                soft_wrap=True,
            )
            return INTERRUPTED
    if as_json:
        print(json.dumps({"problem": order.problem.name, "cells": rows, "failed": len(failures)}))
    else:
        results.print(_table(order, rows))
        results.print(f"table: {folder.path / 'sweep.parquet'}", soft_wrap=True)
    return FAILED if failures else DONE


def _table(order: Order, rows: list[dict[str, Any]]) -> Table:
    table = Table(title=order.problem.title, title_justify="left", box=None, pad_edge=False)
    shown = [head for head in rows[0] if head != "folder"]
    for head in shown:
        table.add_column(head, justify="left" if head == "status" else "right")
    for row in rows:
        table.add_row(*(_show(row[head]) for head in shown))
    return table


def _show(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
