"""The driver of a sweep: sends out what is unfinished, gathers, tries again what failed."""

from collections.abc import Callable, Mapping
from typing import Any

from ..order import Order
from .crew import AbstractCrew, Work
from .folder import SweepFolder
from .grid import Cell


def gather(
    orders: Mapping[Cell, Order],
    folder: SweepFolder,
    crew: AbstractCrew,
    work: Work,
    *,
    retries: int = 1,
    say: Callable[[str], None] = lambda line: None,
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The table of all cells, and by the names of those that failed the reason.

    Cells that have finished are not run again, unfinished ones go on from their checkpoint. The
    table on disk is replaced as each cell ends. A task that raised is tried again at once; a design
    that ended badly would end so again.

    **Arguments:**

    - `orders`: what to design in each cell.
    - `folder`, `crew`, `work`: where results go, who does the work, and what it is.
    - `retries`: how often a task that failed is tried again.
    - `say`: hears a line for each task that ends or fails.
    """
    cells = tuple(orders)
    by_name = {cell.name: cell for cell in cells}
    waiting = {cell.name for cell in cells if not folder.finished(cell, orders[cell])}
    if len(waiting) < len(cells):
        say(f"{len(cells) - len(waiting)} of {len(cells)} cells have finished before")
    tasks = {cell.name: (orders[cell], folder.cell(cell)) for cell in cells if cell.name in waiting}
    lost: dict[str, str] = {}
    failures = dict.fromkeys(tasks, 0)

    def again(name: str) -> bool:
        return failures[name] <= retries

    for name, outcome in crew.work(work, tasks, again) if tasks else ():
        if isinstance(outcome, Exception):
            lost[name] = _reason(outcome)
            failures[name] += 1
            say(f"{name}: {lost[name]}; {'trying again' if again(name) else 'giving up'}")
            continue
        folder.receive(by_name[name], outcome)
        waiting.discard(name)
        lost.pop(name, None)
        rows = folder.rows(cells, {})
        folder.save_table(rows)
        outcome_told = folder.complaint(by_name[name]) or "done"
        say(f"{name}: {outcome_told}, {len(cells) - len(waiting)} of {len(cells)}")
    rows = folder.rows(cells, lost)
    folder.save_table(rows)
    complaints = {cell.name: folder.complaint(cell) for cell in cells if cell.name not in lost}
    return rows, lost | {name: why for name, why in complaints.items() if why is not None}


def _reason(error: Exception) -> str:
    # Ray wraps what a task raised, with a traceback.
    cause = getattr(error, "cause", None) or error
    words = " ".join(str(cause).split())
    return f"{type(cause).__name__}: {words[:200]}"
