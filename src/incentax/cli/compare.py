"""`incentax compare`: several runs side by side, or one problem under several rules."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ..order import RECIPES, RULES, Order
from ..problems import problems
from ..report.comparison import comparison
from ..report.table import comparison_table
from ..run_directory import RunDirectory
from ..workflow import perform
from .console import CompileClock, keep_compiled_programs, notes, results, versions
from .live import Live
from .main import DONE, FAILED, app
from .network import with_network
from .options import choose, find_problem
from .show import Json, Settings


@app.command()
def compare(
    directories: Annotated[
        list[Path],
        typer.Argument(help="Run directories; with --rule, one problem.", metavar="DIR..."),
    ],
    rule: Annotated[
        list[str] | None,
        typer.Option(
            help=f"Design the problem under this rule first; may be repeated: {', '.join(RULES)}."
        ),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="With --rule: exchanges with the population.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**31 - 1, help="With --rule: seed; default 0.")
    ] = None,
    net: Annotated[
        Path | None, typer.Option(help="With --rule: network of `routing`, a TNTP file.")
    ] = None,
    trips: Annotated[
        Path | None, typer.Option(help="With --rule: demand of `routing`, a TNTP file.")
    ] = None,
    settings: Settings = None,
    out: Annotated[
        Path | None,
        typer.Option(help="With --rule: folder of the runs; default: runs/PROBLEM-compared."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Value, gap to the cap, exploitability and time of several runs.

    `incentax compare beach-tolls --rule social-gradient --rule hypergradient` designs first, each
    rule into a run directory of its own, and goes on with those that are there.
    """
    code = DONE
    if rule:
        orders = _orders(directories, rule, steps, seed or 0, settings or [], net, trips)
        folder = out or Path("runs") / f"{orders[0].problem.name}-compared"
        directories = [folder / order.rule for order in orders]
        code = _design(orders, directories, quiet=as_json)
    else:
        _check_plain(directories, (steps, seed, net, trips, settings, out))
    rows = comparison(directories)
    if as_json:
        print(json.dumps([asdict(row) for row in rows], indent=2, default=str))
        return code
    results.print(comparison_table(rows))
    return code


def _check_plain(directories: Sequence[Path], options: Sequence[object]) -> None:
    if any(option is not None for option in options):
        raise ValueError(
            "expected --rule with --steps, --seed, --net, --trips, --set and --out, got none; "
            "name a problem and the rules to design it under"
        )
    for path in directories:
        if str(path) in problems and not path.exists():
            raise ValueError(
                f"expected run directories, or a problem with --rule, got the problem {path} "
                f"alone; try incentax compare {path} --rule zeroth-order --rule hypergradient"
            )


def _orders(
    words: Sequence[Path],
    rules: Sequence[str],
    steps: int | None,
    seed: int,
    settings: list[str],
    net: Path | None,
    trips: Path | None,
) -> list[Order]:
    """An order for each rule, all of them found possible."""
    if len(words) != 1:
        raise ValueError(
            f"expected one problem with --rule, got {len(words)} words; leave --rule out to "
            "compare run directories"
        )
    if len(set(rules)) < len(rules):
        raise ValueError(f"expected rules that differ, got {', '.join(rules)}; leave one out")
    for rule in rules:
        choose("a rule", rule, RULES)
    problem, roads = with_network(find_problem(str(words[0]), settings), net, trips)
    num_steps = RECIPES["default"].recipe(problem.setting).num_steps if steps is None else steps
    orders = [Order(problem, rule, "implicit", num_steps, seed, roads) for rule in rules]
    for order in orders:
        order.check()
    return orders


def _design(orders: Sequence[Order], folders: Sequence[Path], *, quiet: bool) -> int:
    """Leave a run directory for each order; those begun with other options are refused first."""
    keep_compiled_programs()
    begun = {
        folder: RunDirectory.open(folder) for folder in folders if (folder / "config.json").exists()
    }
    for order, folder in zip(orders, folders, strict=True):
        if folder in begun:
            order.check_resumes(begun[folder])
    # Loaded only now: plotting takes half a second to import.
    from ..report.html import write_report

    code = DONE
    for order, folder in zip(orders, folders, strict=True):
        if not quiet:
            notes.print(f"{order.rule}: {folder}", soft_wrap=True)
        run = begun.get(folder) or RunDirectory.create(folder, order.config())
        clock = CompileClock()
        with Live(order.num_steps, order.problem, quiet=quiet) as live:
            _, status = perform(
                order,
                run,
                live,
                seconds=None,
                elapsed=lambda clock=clock: clock.elapsed,
                compiling=lambda clock=clock: clock.seconds,
                versions=versions(),
            )
        write_report(run.path)
        if status.failed:
            code = FAILED
    return code
