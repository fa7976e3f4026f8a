"""Non-finite numbers of the default recipe over many seeds and settings of auctions.

    python -m benchmarks.robust --seeds 0 50 --out runs/robust
    python -m benchmarks.robust --seeds 50 100 --out runs/robust
    python -m benchmarks.robust --collect --out runs/robust

Each seed is one `incentax.design`, begun as `incentax design NAME --seed K` begins it, but never
judged on the way, so that no design goes back to its best: what is counted is without that help. A
design that makes all its steps is not certified either; one that meets a step it cannot make is
ended, judged and named by its status. Every design leaves a file in the folder, with what it was
made with: it is made again where problem, recipe or versions have changed, and `--collect` says
where the code has. It sums the files up:

- `non-finite steps`: steps whose value, gradient, exploitability or residuals are not all finite.
- `failed designs`: designs that met a step whose value or gradient is not finite, which ends them.
"""

import argparse
import json
import math
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import jax

import incentax as ix

from .kept import code, design_facts, difference
from .machine import RESULTS, publish

NAMES = ("a1", "a2", "a3", "a7", "a10")
NUMBERS = ("value", "gradient_norm", "exploitability", "residual", "adjoint_residual")


class EnoughError(Exception):
    """All steps are made: no certificate is wanted here."""


def design_of(problem: ix.Problem) -> Callable[[int], dict[str, Any]]:
    """The figures of one design of a problem, as a function of the seed.

    All seeds go through the same objects, so that the step is compiled for the first one alone.
    """
    setting = problem.setting
    recipe = setting.recipe()
    population, objective = setting.population(), setting.objective()
    rule, optimizer = ix.Hypergradient(), recipe.optimizer(recipe.num_steps)

    def row(seed: int) -> dict[str, Any]:
        made: list[ix.StepRecord] = []

        def watch(progress: ix.Progress) -> None:
            made.append(progress.record)
            if len(made) == recipe.num_steps:
                raise EnoughError

        mechanism_key, design_key, _ = jax.random.split(jax.random.key(seed), 3)
        mechanism = setting.mechanism(mechanism_key)
        began = time.perf_counter()
        history, status = made, ix.Status.DONE
        try:
            result = ix.design(
                population,
                mechanism,
                **{setting.sense: objective},
                rule=rule,
                optimizer=optimizer,
                num_steps=recipe.num_steps,
                schedule=recipe.schedule,
                key=design_key,
                audit_every=0,
                callback=watch,
                throw=False,
            )
            # Only a step that cannot be made ends a design before its callback does.
            history, status = list(result.history), result.status
            if status is ix.Status.INTERRUPTED:
                raise KeyboardInterrupt
        except EnoughError:
            pass
        bad = [record.step for record in history if not finite(record)]
        return {
            "status": status.name,
            "non-finite steps": len(bad),
            "first non-finite step": min(bad, default=None),
            "steps": len(history),
            "value": known(history[-1].value),
            "exploitability": known(history[-1].exploitability),
            "adjoint residual": known(history[-1].adjoint_residual),
            "seconds": time.perf_counter() - began,
            "seconds of steps": history[-1].seconds,
        }

    return row


def finite(record: ix.StepRecord) -> bool:
    """Whether all that a step computed is a number."""
    return all(math.isfinite(getattr(record, name)) for name in NUMBERS)


def known(number: float) -> float | None:
    """The number as JSON has it: None for those that are not finite."""
    return number if math.isfinite(number) else None


def work(problem: ix.Problem, seeds: Sequence[int], folder: Path, say=print) -> None:
    """Leave a file of every seed in the folder; those that are there and current stay."""
    facts = design_facts(problem)
    row = None
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        file = folder / f"{problem.name}-{seed}.json"
        if file.exists():
            stale = difference(read(file)["made with"], facts)
            if not stale:
                continue
            say(f"{file.name} is made again: {stale}")
        row = design_of(problem) if row is None else row
        found = {"problem": problem.name, "seed": seed, **row(seed)}
        found |= {"made with": facts | {"code": code()}}
        # Beside the file and renamed: whoever reads meets a whole file, or none.
        part = folder / f".{os.getpid()}-{file.name}"
        part.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        os.replace(part, file)
        say(
            f"{problem.name} seed {seed}: {found['status']}, {found['steps']} steps in "
            f"{found['seconds of steps']:.1f} s, {found['non-finite steps']} not finite"
        )


def read(file: Path) -> dict[str, Any]:
    """The content of a design's file."""
    found = json.loads(file.read_text(encoding="utf-8"))
    return found if isinstance(found.get("made with"), dict) else found | {"made with": {}}


def read_table() -> list[dict[str, Any]]:
    """The rows of the table as it is kept."""
    file = RESULTS / "robust.json"
    return json.loads(file.read_text(encoding="utf-8"))["rows"] if file.exists() else []


def collected(problem: ix.Problem, folder: Path) -> dict[str, Any] | None:
    """The row of a problem in the table, None without files; stale files are refused."""
    facts = design_facts(problem)
    rows = []
    for file in sorted(folder.glob(f"{problem.name}-*.json")):
        row = read(file)
        stale = difference(row["made with"], facts)
        if stale:
            raise SystemExit(f"{stale} in {file}; make it again without --collect, or delete it")
        rows.append(row)
    if not rows:
        return None
    values = [row["value"] for row in rows if row["value"] is not None]
    residuals = [row["adjoint residual"] for row in rows if row["adjoint residual"] is not None]
    firsts = [row["first non-finite step"] for row in rows if row["non-finite steps"]]
    failed = [row["status"] for row in rows if row["status"] != ix.Status.DONE.name]
    return {
        "problem": problem.name,
        "seeds": len(rows),
        "steps": sum(row["steps"] for row in rows),
        "non-finite steps": sum(row["non-finite steps"] for row in rows),
        "first of them": min(firsts, default="-"),
        "failed designs": len(failed),
        "their statuses": ", ".join(sorted(set(failed))) or "-",
        "last value, lowest": min(values, default=math.nan),
        "last value, median": median(values) if values else math.nan,
        "last adjoint residual, largest": max(residuals, default=math.nan),
        "seconds of steps, median": median(row["seconds of steps"] for row in rows),
        "code": ", ".join(sorted({row["made with"].get("code", "?") for row in rows})),
    }


def main(arguments: Sequence[str] = ()) -> None:
    """Make the designs of these seeds; or print and keep the table of those that are made."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", nargs="+", default=list(NAMES), choices=list(NAMES))
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 100), metavar=("FROM", "TO"))
    parser.add_argument("--out", type=Path, default=Path("runs/robust"))
    parser.add_argument("--collect", action="store_true", help="sum up what is in the folder")
    given = parser.parse_args(arguments)
    problems = [ix.problems[name] for name in given.problems]
    if not given.collect:
        for problem in problems:
            work(problem, range(*given.seeds), given.out, lambda line: print(line, flush=True))
        return
    found = {problem.name: collected(problem, given.out) for problem in problems}
    if not any(found.values()):
        raise SystemExit(f"expected designs in {given.out}, got none; run without --collect first")
    # Problems that were not asked for keep their rows: `code` says what each was made with.
    kept = {row["problem"]: row for row in read_table()}
    kept |= {name: row for name, row in found.items() if row is not None}
    rows = [kept[name] for name in NAMES if name in kept]
    versions = {digest for row in rows for digest in row["code"].split(", ")}
    if versions != {code()}:
        print(f"made with code {', '.join(sorted(versions))}; the code now is {code()}")
    publish("robust", "The default recipe over seeds, without going back", rows)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
