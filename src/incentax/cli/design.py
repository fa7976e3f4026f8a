"""`incentax design`: the main job, from a name to a report."""

import dataclasses
import hashlib
import json
import math
from pathlib import Path
from typing import Annotated, Any

import typer

from ..auctions import EmpiricalRevenue, KnownEconomy, on_grid, read_valuations
from ..auctions.form import FORMS
from ..objective import revenue
from ..order import ADJOINTS, RECIPES, RULES, Order
from ..problems import Problem
from ..report.table import result_panel
from ..run_directory import RunDirectory
from ..workflow import perform
from .console import CompileClock, keep_compiled_programs, notes, results, versions
from .live import Live
from .main import DONE, FAILED, app
from .network import introduce_network, with_network
from .options import choose, find_problem
from .show import Json, Name, Settings
from .sweep import run_sweep


@app.command("design")
def design_command(
    name: Name,
    rule: Annotated[
        str | None,
        typer.Option(help=f"How to improve: {', '.join(RULES)}; default: the problem's own."),
    ] = None,
    adjoint: Annotated[
        str | None,
        typer.Option(
            help=f"How gradients pass the equilibrium: {', '.join(ADJOINTS)}; default: implicit, "
            "or checkpointed with the paper's recipe."
        ),
    ] = None,
    recipe: Annotated[
        str, typer.Option(help=f"Start, steps, temperatures and optimizer: {', '.join(RECIPES)}.")
    ] = "default",
    form: Annotated[
        str | None, typer.Option(help=f"Form of an auction to design: {', '.join(FORMS)}.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Exchanges with the population.")] = None,
    seconds: Annotated[
        float | None, typer.Option(help="Stop designing after so many seconds.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seed of everything random.")] = 0,
    values: Annotated[
        Path | None, typer.Option(help="Bidders' valuations: a CSV or Parquet file.")
    ] = None,
    column: Annotated[str | None, typer.Option(help="The column of --values to read.")] = None,
    scale: Annotated[
        float | None, typer.Option(help="Valuation that counts as 1; default: the 99.9 % quantile.")
    ] = None,
    net: Annotated[
        Path | None, typer.Option(help="Network of `design routing`: a TNTP file.")
    ] = None,
    trips: Annotated[
        Path | None, typer.Option(help="Demand of `design routing`: a TNTP file.")
    ] = None,
    settings: Settings = None,
    out: Annotated[
        Path | None, typer.Option(help="Run directory to write; default: the next runs/NAME.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    sweep: Annotated[
        Path | None,
        typer.Option(
            help="Design every cell of a grid: TOML lists of options and seeds, or CSV rows. "
            "Run again, it goes on where it was."
        ),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(help="Cluster for --sweep, or `local`; default: one after another, here."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Design a mechanism, certify it, and write a run directory with a report."""
    clock = CompileClock()
    keep_compiled_programs()
    if rule is not None:
        choose("a rule", rule, RULES)
    choose("a recipe", recipe, RECIPES)
    adjoint = ("checkpointed" if recipe == "paper" else "implicit") if adjoint is None else adjoint
    choose("an adjoint", adjoint, ADJOINTS)
    _check(steps, seconds)
    problem = find_problem(name, settings or [], form)
    problem, facts = _with_values(problem, values, column, scale, seed)
    problem, roads = with_network(problem, net, trips)
    rule = problem.setting.recipe().rule if rule is None else rule

    def steps_of(order: Order) -> int:
        return RECIPES[recipe].recipe(order.problem.setting).num_steps if steps is None else steps

    order = Order(problem, rule, adjoint, 1, seed, facts or roads, recipe)
    num_steps = steps_of(order)
    order = dataclasses.replace(order, num_steps=num_steps)
    if sweep is not None:
        if seconds is not None or resume or values is not None:
            raise ValueError(
                "expected --sweep without --seconds, --resume and --values, got one of them; "
                "leave it out: a sweep that is run again goes on by itself"
            )
        return run_sweep(order, steps_of, sweep, ray, out, as_json)
    if ray is not None:
        raise ValueError("expected --sweep FILE with --ray, got none; name a grid of designs")
    order.check()
    run = open_run(out, order, resume)
    if facts is not None and not as_json:
        notes.print(_introduce(facts), soft_wrap=True)
    if roads is not None and not as_json:
        notes.print(introduce_network(roads), soft_wrap=True)
    with Live(num_steps, problem, quiet=as_json) as live:
        record, status = perform(
            order,
            run,
            live,
            seconds=seconds,
            elapsed=lambda: clock.elapsed,
            compiling=lambda: clock.seconds,
            versions=versions(),
        )
        live.begin("drawing the report")
        # Loaded only now: plotting takes half a second to import, and the design comes first.
        from ..report.html import write_report

        page = write_report(run.path)
    if as_json:
        print(json.dumps(json.loads((run.path / "result.json").read_text())))
    else:
        results.print(result_panel(record, problem.title))
        results.print(f"report: {page}", soft_wrap=True)
    return FAILED if status.failed else DONE


def _introduce(facts: dict[str, Any]) -> str:
    clipped = f"{facts['clipped']} ({facts['clipped_share']:.2%})"
    return (
        f"{facts['count']} valuations from {facts['file']}, {facts['scale']:.6g} counts as 1; "
        f"{clipped} at or above it were put in the highest cell; half are held out"
    )


def _check(steps: int | None, seconds: float | None) -> None:
    if steps is not None and steps < 1:
        raise ValueError(f"expected --steps >= 1, got {steps}; leave it out for the default")
    if seconds is not None and not 0 < seconds < math.inf:
        raise ValueError(f"expected --seconds > 0, got {seconds:g}; leave it out for no limit")


def _with_values(problem, values, column, scale, seed) -> tuple[Problem, dict[str, Any] | None]:
    if values is None:
        if column is not None or scale is not None:
            raise ValueError("expected --values with --column and --scale, got none; name a file")
        return problem, None
    if column is None:
        raise ValueError("expected --column with --values, got none; name the column to read")
    setting = problem.setting
    if not isinstance(setting, KnownEconomy) or setting.goal is not revenue:
        raise ValueError(
            "expected an auction of one population for revenue with --values, got "
            f"{problem.name}; try a1"
        )
    numbers = read_valuations(values, column)
    sample = on_grid(numbers, setting.economy.num_values, scale)
    facts = {
        "file": values.name,
        "column": column,
        "scale": sample.scale,
        "count": int(numbers.size),
        "clipped": sample.num_clipped,
        "clipped_share": sample.num_clipped / numbers.size,
        "digest": hashlib.sha256(values.read_bytes()).hexdigest(),
    }
    return dataclasses.replace(problem, setting=EmpiricalRevenue(setting, sample, seed)), facts


def open_run(out: Path | None, order: Order, resume: bool) -> RunDirectory:
    """A new run directory, or with `resume` the one that was begun with this order."""
    name = order.problem.name
    if not resume:
        return RunDirectory.create(out or _next(Path("runs"), name), order.config())
    run = RunDirectory.open(out or Path("runs") / name)
    order.check_resumes(run)
    return run


def _next(folder: Path, name: str) -> Path:
    candidate, number = folder / name, 2
    while candidate.exists():
        candidate, number = folder / f"{name}-{number}", number + 1
    return candidate
