"""Design against the zeroth-order baselines in the same time, paired by seed.

    python -m benchmarks.baselines --problems a1 a4 --seeds 10 --seconds 20
    python -m benchmarks.baselines --problems a1 --rivals anneal --seeds 30
    python -m benchmarks.baselines --tune

Rivals are tuned first, on each problem, with seeds of their own. Each then starts from the same
mechanism as the default recipe and has as many seconds as that took with the same seed,
compilation left out; all are judged alike. Runs that are in the folder are not repeated, so that
several processes may share the problems and one may sum up; `incentax reproduce amid` goes on with
the same runs where limits are its own. A rival who collapses in one seed of ten widens the interval
of the mean by as much, and only more seeds tell whether it is by chance.
"""

import argparse
from pathlib import Path

import polars as pl

from incentax.problems import problems
from incentax.reproduction import AMID
from incentax.reproduction.amid.cells import FULL, Contest
from incentax.reproduction.amid.rivals import OURS, RIVALS
from incentax.reproduction.amid.tuning import tuning_rows
from incentax.reproduction.amid.verdict import verdicts
from incentax.reproduction.frame import begin, gather

from .machine import publish

SETTINGS = [f"a{k}" for k in range(1, 11)]


def main() -> None:
    """Play what is missing, then print and keep the table of all that is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", nargs="+", default=SETTINGS, choices=sorted(problems))
    parser.add_argument("--rivals", nargs="+", default=list(RIVALS), choices=RIVALS)
    parser.add_argument("--seeds", type=int, default=FULL.seeds)
    parser.add_argument("--seconds", type=float, default=FULL.seconds, help="most for one design")
    parser.add_argument("--out", type=Path, default=Path("reproduction/amid"))
    parser.add_argument(
        "--tuning-seeds", type=int, default=FULL.tuning_seeds, help="seeds to tune rates with"
    )
    parser.add_argument("--tune", action="store_true", help="tune only")
    arguments = parser.parse_args()
    begin(arguments.out, AMID, AMID.full)
    for name in arguments.problems:
        contest = Contest(name, None, arguments.seconds, arguments.tuning_seeds)
        rounds = [] if arguments.tune else range(arguments.seeds)
        methods = (OURS, *arguments.rivals)
        cells = [*contest.tuning(*arguments.rivals)]
        cells += [cell for k in rounds for cell in contest.cells(k, methods)]
        gather(arguments.out, cells, lambda line: print(line, flush=True))
    if (rates := kept(arguments.out, "tuning")) is not None:
        title = "Values of rivals by rate, then by radius at the best rate; seeds of their own"
        publish("baselines_tuning", title, tuning_rows(rates).to_dicts())
    if (table := kept(arguments.out, "settings")) is not None:
        table.write_parquet(arguments.out / "settings.parquet")
        title = f"{OURS} against tuned rivals in the same time, at most {arguments.seconds:g} s"
        publish("baselines", title, verdicts(table))


def kept(folder: Path, kind: str) -> pl.DataFrame | None:
    """The rows of all cells of a kind, or None."""
    files = sorted((folder / "cells").glob(f"{kind}-*.parquet"))
    frames = [pl.read_parquet(file) for file in files]
    return pl.concat(frames, how="diagonal_relaxed") if frames else None


if __name__ == "__main__":
    main()
