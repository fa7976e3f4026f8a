"""`incentax oracle`: what is provably possible in an auction, before anything is learned."""

import json
from typing import Annotated, Any

import typer

from ..auctions import KnownEconomy, PriorFree, Yardsticks, yardsticks
from ..auctions.oracle.posted_search import DEFAULT_SEARCH
from ..report.table import oracle_table
from ..setting import AbstractSetting
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
    """First price, posted prices and proved caps of an auction, computed without learning.

    Null where one does not apply.
    """
    clock = CompileClock()
    problem = find_problem(name, settings or [])
    setting = problem.setting
    found = _found(setting, fast)
    record: dict[str, Any] = {"problem": name, **found.numbers}
    record |= {"objective": setting.objective_name, "cap": found.cap, "seconds": clock.elapsed}
    if as_json:
        print(json.dumps(record, indent=2))
        return
    if why := _why_none(setting):
        results.print(f"{problem.title}: no oracle applies, since {why}; try a1", soft_wrap=True)
        return
    results.print(oracle_table(record, problem.title))


def _found(setting: AbstractSetting, fast: bool) -> Yardsticks:
    if not isinstance(setting, KnownEconomy):
        return Yardsticks.none(setting.cap())
    if not fast:
        notes.print("searching for the best posted prices")
    search = None if fast else DEFAULT_SEARCH
    return yardsticks(setting.economy, setting.goal, search=search)


def _why_none(setting: AbstractSetting) -> str | None:
    match setting:
        case KnownEconomy():
            return None
        case PriorFree():
            return "values and supply are drawn anew for every game, and each has its own numbers"
        case _:
            return "all are for auctions, and this is none"
