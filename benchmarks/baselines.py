"""Design against the zeroth-order baselines in the same time, paired by seed.

    python -m benchmarks.baselines --problems a1 a4 --seeds 10 --seconds 20
    python -m benchmarks.baselines --tune

Every rival starts from the same mechanism as the default recipe and has as many seconds as that
took with the same seed, compilation left out; all are judged alike. Runs that are in the folder
are not repeated, so that several processes may share the problems and one may sum up.
"""

import argparse
from pathlib import Path

import polars as pl

from incentax.problems import problems
from incentax.reproduction.amid.cells import contest_cells
from incentax.reproduction.amid.contest import OURS, RIVALS, played
from incentax.reproduction.amid.verdict import verdicts
from incentax.reproduction.frame import gather

from .machine import publish

SETTINGS = [f"a{k}" for k in range(1, 11)]
TUNING_SEEDS = (100, 101)


def tune(problem: str) -> None:
    """Print and keep the mean value of each rate on a rival's grid, with seeds of their own."""
    rows = []
    for method, rival in RIVALS.items():
        for rate in rival.rates:
            found = []
            for seed in TUNING_SEEDS:
                ours = pl.DataFrame({"seconds_in_all": [5.0]})
                found.append(played(problem, method, seed, ours, rate=rate)[0]["value"])
            rows.append({"rival": method, "rate": rate, "value": sum(found) / len(found)})
            print(rows[-1], flush=True)
    publish(
        "baselines_tuning", f"Rates of rivals on {problem}, 5 s, {len(TUNING_SEEDS)} seeds", rows
    )


def main() -> None:
    """Play what is missing, then print and keep the table of all that is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", nargs="+", default=SETTINGS, choices=sorted(problems))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=20.0, help="most for one design")
    parser.add_argument("--out", type=Path, default=Path("reproduction/amid"))
    parser.add_argument("--tune", action="store_true", help="try the rivals' grids of rates on a1")
    arguments = parser.parse_args()
    if arguments.tune:
        return tune("a1")
    for name in arguments.problems:
        cells = [
            cell
            for seed in range(arguments.seeds)
            for cell in contest_cells(name, seed, None, arguments.seconds)
        ]
        gather(arguments.out, cells, lambda line: print(line, flush=True))
    files = sorted((arguments.out / "cells").glob("settings-*.parquet"))
    table = pl.concat([pl.read_parquet(file) for file in files], how="diagonal_relaxed")
    table.write_parquet(arguments.out / "settings.parquet")
    chosen = ", ".join(f"{name} {rival.rate:g}" for name, rival in RIVALS.items())
    title = f"{OURS} against rivals in the same time, at most {arguments.seconds:g} s ({chosen})"
    publish("baselines", title, verdicts(table))


if __name__ == "__main__":
    main()
