"""Table 2 of the AMID paper on the device at hand: seconds and bytes of one gradient.

    python benchmarks/table2.py --horizons 5 10 25 50 --folder reproduction/amid

With a folder each row is a cell of `incentax reproduce amid --only table2 --out FOLDER`, which
then shows these figures, whatever machine it runs on.

One H100, as published (naive backpropagation -> AMID): H=5 0.19 s / 2760 MiB -> 0.09 / 560,
H=10 0.25 / 8746 -> 0.21 / 586, H=25 0.71 / 16960 -> 0.67 / 826, H=50 out of memory -> 1.72 / 1076.
"""

import argparse
import functools
import json
from pathlib import Path

from incentax.reproduction.amid.cost import ADJOINTS, gradient_cost
from incentax.reproduction.frame import Cell, gather


def kept(folder, horizon, adjoint, make):
    """The row in the folder's cell; made if there is none yet."""
    cell = Cell(f"cost-{horizon}-{adjoint}", lambda: [make()])
    return gather(folder, [cell], print).row(0, named=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--horizons", type=int, nargs="+", default=[5, 10, 25, 50])
    parser.add_argument("--adjoints", nargs="+", default=list(ADJOINTS), choices=list(ADJOINTS))
    parser.add_argument("--solver-steps", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=None, help="a reproduction to add cells to")
    parser.add_argument("--out", type=Path, default=None, help="JSON file for the figures")
    arguments = parser.parse_args()
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
                else kept(arguments.folder, horizon, adjoint, make)
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


if __name__ == "__main__":
    main()
