"""Several runs, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .run import Run, read_run
from .summary import compared, finite, gap, verdict


@dataclass(frozen=True)
class Comparison:
    """One run as a row. `best`: the best value of its problem and objective among the rows."""

    name: str
    problem: str
    rule: str | None
    adjoint: str | None
    objective: str
    sense: str
    value: float | None
    gap: float | None
    exploitability: float | None
    steps: int | None
    seconds: float | None
    seed: int | None
    verdict: str
    status: str
    best: bool


def comparison(directories: Sequence[Path | str]) -> list[Comparison]:
    """One row per run directory, in the order given.

    Runs of different problems may stand in one table; `best` compares only those that share the
    problem, the objective and the sense, and only where there are two of them.

    **Raises:** `ValueError` where there is no directory, or for the first that cannot be read.
    """
    runs = read_runs(directories)
    best = _best(runs)
    return [
        _row(name, run, position in best)
        for position, (name, run) in enumerate(zip(names(directories), runs, strict=True))
    ]


def read_runs(directories: Sequence[Path | str]) -> list[Run]:
    """The run of each directory, in the order given; `ValueError` where there is none."""
    if not directories:
        raise ValueError("expected at least one run directory, got none; try `runs/a1 runs/a2`")
    return [read_run(directory) for directory in directories]


def names(directories: Sequence[Path | str]) -> list[str]:
    """A short name per directory: its last parts, as many as tell all of them apart.

    >>> names(["runs/a1", "runs/a2"]), names(["x/a1", "y/a1"])
    (['a1', 'a2'], ['x/a1', 'y/a1'])
    """
    parts = [Path(directory).absolute().parts for directory in directories]
    distinct = len(set(parts))
    for length in range(1, max(map(len, parts), default=1) + 1):
        short = [Path(*part[-length:]).as_posix() for part in parts]
        if len(set(short)) == distinct:
            return short
    return [str(directory) for directory in directories]


def kind(run: Run) -> tuple[str, str, str]:
    """What two runs must share for their values to be comparable."""
    return run.config["problem"], run.config["objective"], run.config["sense"]


def _best(runs: Sequence[Run]) -> set[int]:
    best: set[int] = set()
    for group in {kind(run) for run in runs}:
        values = {
            position: value
            for position, run in enumerate(runs)
            if kind(run) == group and finite(value := compared(run.result or {}).get("value"))
        }
        if len(values) > 1:
            choose = max if group[2] == "maximize" else min
            top = choose(values.values())
            best |= {position for position, value in values.items() if value == top}
    return best


def _row(name: str, run: Run, best: bool) -> Comparison:
    result = run.result or {}
    # A run without a result still says what it was asked to do.
    asked = run.result or run.config
    return Comparison(
        name=name,
        problem=run.config["problem"],
        rule=asked["rule"],
        adjoint=asked["adjoint"],
        objective=run.config["objective"],
        sense=run.config["sense"],
        value=compared(result).get("value"),
        gap=gap(result) if result else None,
        exploitability=result.get("exploitability"),
        steps=run.steps_done,
        seconds=result.get("seconds"),
        seed=asked["seed"],
        verdict=verdict(run.result).word,
        status=result.get("status") or "",
        best=best,
    )
