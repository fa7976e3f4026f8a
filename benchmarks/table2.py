"""Table 2 of the AMID paper on the device at hand: seconds and bytes of one gradient.

    python -m benchmarks.table2 --horizons 5 10 25 50 --folder reproduction/amid
    python -m benchmarks.table2 --horizons 500 --adjoints implicit --name table2_long
    python -m benchmarks.table2 --adjoints implicit --solver-steps 20 --name table2_recipe

With a folder each row is a cell of `incentax reproduce amid --only table2 --out FOLDER`, which
then shows these figures, whatever machine it runs on; a cell made with other steps, settings,
versions or on another device is refused here. They are kept as a table of `benchmarks/README.md`
as well, under the name given.

One H100, as published (naive backpropagation -> AMID): H=5 0.19 s / 2760 MiB -> 0.09 / 560,
H=10 0.25 / 8746 -> 0.21 / 586, H=25 0.71 / 16960 -> 0.67 / 826, H=50 out of memory -> 1.72 / 1076.
"""

import argparse
import functools
import json
import sys
from pathlib import Path

from incentax.reproduction.amid.cost import ADJOINTS, cost_setting, gradient_cost, made_with
from incentax.reproduction.frame import Cell, gather

from .kept import difference
from .machine import publish

PUBLISHED = {
    (5, "backprop"): (0.19, 2760),
    (10, "backprop"): (0.25, 8746),
    (25, "backprop"): (0.71, 16960),
    (5, "checkpointed"): (0.09, 560),
    (10, "checkpointed"): (0.21, 586),
    (25, "checkpointed"): (0.67, 826),
    (50, "checkpointed"): (1.72, 1076),
}


def kept(folder, horizon, adjoint, solver_steps, make):
    """The row in the folder's cell, made if there is none yet; one made otherwise is refused."""
    cell = Cell(f"cost-{horizon}-{adjoint}", lambda: [make()])
    row = gather(folder, [cell], print).row(0, named=True)
    stale = difference(row, {"solver_steps": solver_steps} | made_with(cost_setting(horizon)))
    if stale:
        file = folder / "cells" / f"{cell.name}.parquet"
        raise SystemExit(f"{stale} in {file}; name another --folder, or delete it")
    return row


def shown(row):
    """A row of the README's table, beside what one H100 took as published."""
    seconds, mebibytes = PUBLISHED.get((row["horizon"], row["adjoint"]), ("-", "-"))
    return {
        "H": row["horizon"],
        "adjoint": row["adjoint"],
        "seconds": "-" if row["seconds"] is None else row["seconds"],
        "temporary (MiB)": (row["temporary_bytes"] or 0) / 2**20,
        "published, one H100: seconds": seconds,
        "MiB": mebibytes,
        "error": row["error"] or "",
    }


def main(given=()):
    """Print the rows; keep them where told."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--horizons", type=int, nargs="+", default=[5, 10, 25, 50])
    parser.add_argument("--adjoints", nargs="+", default=list(ADJOINTS), choices=list(ADJOINTS))
    parser.add_argument("--solver-steps", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=None, help="a reproduction to add cells to")
    parser.add_argument("--name", default="table2", help="the table's name in benchmarks/results")
    parser.add_argument("--out", type=Path, default=None, help="JSON file for the figures")
    arguments = parser.parse_args(given)
    rows = []
    for horizon in arguments.horizons:
        for adjoint in arguments.adjoints:
            make = functools.partial(
                gradient_cost,
                horizon,
                adjoint,
                solver_steps=arguments.solver_steps,
                repeats=arguments.repeats,
            )
            row = (
                make()
                if arguments.folder is None
                else kept(arguments.folder, horizon, adjoint, arguments.solver_steps, make)
            )
            rows.append(row)
            mebibytes = (row["temporary_bytes"] or 0) / 2**20
            seconds = "-" if row["seconds"] is None else f"{row['seconds']:.3f} s"
            print(
                f"H={horizon} {adjoint}: {seconds}, {mebibytes:.0f} MiB {row['error'] or ''}"
                f" ({row['device']})",
                flush=True,
            )
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(rows, indent=2) + "\n")
    rounds = ", ".join(map(str, arguments.horizons))
    title = f"One gradient on A1, H = {rounds}, {arguments.solver_steps} solver steps"
    publish(arguments.name, title, [shown(row) for row in rows])


if __name__ == "__main__":
    main(sys.argv[1:])
