"""Table 2 of the AMID paper on the device at hand: seconds and bytes of one gradient.

    python -m benchmarks.table2 --horizons 5 10 25 50 --folder reproduction/amid
    python -m benchmarks.table2 --horizons 100 500 --repeats 1 --name table2_long

With a folder each row is a cell of `incentax reproduce amid --only table2 --out FOLDER`, which
then shows these figures, whatever machine it runs on; a cell made with other steps, settings,
versions or on another device is refused here. They are kept as a table of `benchmarks/README.md`
as well, under the name given. Each row is measured in a process of its own, so that its peak
resident memory is its own, and memory that ends ends that row only.

`settled` is the implicit adjoint at our own solver's pace, from zero to where fewer than one agent
in 10^4 would still move (`residual`); the other rows make the published steps, after which many
would, and differentiate there. A design does neither: it goes on from where its agents were, and
`benchmarks.growth rounds` measures that. `resident` is memory of the host.
"""

import argparse
import functools
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

from incentax.reproduction import AMID
from incentax.reproduction.amid.cells import cost_cell
from incentax.reproduction.amid.cost import (
    ADJOINTS,
    cost_setting,
    gradient_cost,
    made_with,
)
from incentax.reproduction.amid.cost_claims import PUBLISHED
from incentax.reproduction.frame import begin, gather

from .kept import difference
from .machine import publish

MEASURED = ("seconds", "temporary_bytes", "resident_bytes", "residual", "steps_made")


def measured(horizon, adjoint, solver_steps, repeats):
    """The row, and the peak resident memory of the process that measures it: this one."""
    row = gradient_cost(horizon, adjoint, solver_steps=solver_steps, repeats=repeats)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 2**10
    return row | {"resident_bytes": peak}


def apart(horizon, adjoint, solver_steps, repeats):
    """The row of `measured`, from a process of its own; if the system kills that, a row says so."""
    numbers = map(str, (horizon, adjoint, solver_steps, repeats))
    command = [sys.executable, "-m", "benchmarks.table2", "row", *numbers]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 0:
        return json.loads(done.stdout.strip().splitlines()[-1])
    if done.returncode != -signal.SIGKILL:
        raise SystemExit(f"expected a row from {' '.join(command[1:])}, got\n{done.stderr}")
    row = {"horizon": horizon, "adjoint": adjoint, "solver_steps": solver_steps}
    row |= made_with(cost_setting(horizon))
    return row | dict.fromkeys(MEASURED) | {"error": "killed: out of memory"}


def kept(folder, horizon, adjoint, solver_steps, make):
    """The row in the folder's cell, made if there is none yet; one made otherwise is refused."""
    cell = cost_cell(horizon, adjoint, solver_steps, lambda: [make()])
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
        "solver steps": _known(row.get("steps_made")),
        "residual": _known(row.get("residual")),
        "seconds": _known(row["seconds"]),
        "temporary (MiB)": _mebibytes(row["temporary_bytes"]),
        "resident (MiB)": _mebibytes(row.get("resident_bytes")),
        "published, one H100: seconds": seconds,
        "MiB": mebibytes,
        "error": row["error"] or "",
    }


def _known(number):
    return "-" if number is None else number


def _mebibytes(size):
    return "-" if size is None else size / 2**20


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
    # Two processes have the device open: neither may take all of its memory.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    # A folder that a reproduction has begun keeps its budget: rows say how they were made.
    if arguments.folder is not None and not (arguments.folder / "budget.json").exists():
        begin(arguments.folder, AMID, AMID.full)
    rows = []
    for horizon in arguments.horizons:
        for adjoint in arguments.adjoints:
            make = functools.partial(
                apart, horizon, adjoint, arguments.solver_steps, arguments.repeats
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
    calls = "one call" if arguments.repeats == 1 else f"medians of {arguments.repeats} calls"
    title = f"One gradient on A1, H = {rounds}, {arguments.solver_steps} solver steps, {calls}"
    publish(arguments.name, title, [shown(row) for row in rows])


if __name__ == "__main__":
    if sys.argv[1:2] == ["row"]:
        horizon, adjoint, *counts = sys.argv[2:]
        print(json.dumps(measured(int(horizon), adjoint, *map(int, counts))))
    else:
        main(sys.argv[1:])
