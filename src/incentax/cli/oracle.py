"""`incentax oracle`: what is provably possible in an auction, before anything is learned."""

import json
from typing import Annotated, Any

import typer

from ..auctions import KnownEconomy, yardsticks
from ..auctions.oracle.posted_search import DEFAULT_SEARCH
from ..report.table import oracle_table
from .console import CompileClock, notes, results
from .main import app
from .options import find_problem
from .show import Json, Name, Settings


@app.command("oracle")
def oracle_command(
    name: Name,
    settings: Settings = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="Leave out the search for the best posted prices.")
    ] = False,
    as_json: Json = False,
) -> None:
    """First price, posted prices and proved caps of an auction, computed without learning."""
    clock = CompileClock()
    problem = find_problem(name, settings or [])
    setting = problem.setting
    if not isinstance(setting, KnownEconomy):
        raise ValueError(f"expected an auction of one population, got {name}; try a1")
    if not fast:
        notes.print("searching for the best posted prices")
    search = None if fast else DEFAULT_SEARCH
    found = yardsticks(setting.economy, setting.goal, search=search)
    record: dict[str, Any] = {"problem": name, **found.numbers}
    record |= {"objective": setting.objective_name, "cap": found.cap, "seconds": clock.elapsed}
    if as_json:
        print(json.dumps(record, indent=2))
        return
    results.print(oracle_table(record, problem.title))
