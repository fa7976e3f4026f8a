"""`incentax simulate`: a designed auction among finitely many bidders."""

import json
from pathlib import Path
from typing import Annotated

import typer

from ..report.table import simulation_table
from ..run_directory import RunDirectory
from ..simulation import simulate_run
from .console import keep_compiled_programs, notes, results
from .main import app
from .show import Json


@app.command("simulate")
def simulate_command(
    directory: Annotated[Path, typer.Argument(help="A run directory of `incentax design`.")],
    agents: Annotated[int, typer.Option(help="Bidders in each auction (N).")] = 1000,
    trials: Annotated[int, typer.Option(help="Auctions to hold.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every draw.")] = 0,
    as_json: Json = False,
) -> None:
    """Hold the designed auction among N bidders, beside its mean-field value."""
    run = RunDirectory.open(directory)
    keep_compiled_programs()
    if not as_json:
        notes.print(f"holding {trials} auctions among {agents} bidders")
    record = simulate_run(run, num_agents=agents, num_trials=trials, seed=seed)
    if as_json:
        print(json.dumps(record, indent=2))
        return
    results.print(simulation_table(record))
