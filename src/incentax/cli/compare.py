"""`incentax compare`: several runs side by side."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ..report.comparison import comparison
from ..report.table import comparison_table
from .console import results
from .main import app
from .show import Json


@app.command()
def compare(
    directories: Annotated[list[Path], typer.Argument(help="Run directories.", metavar="DIR...")],
    as_json: Json = False,
) -> None:
    """Value, gap to the cap, exploitability and time of several runs."""
    rows = comparison(directories)
    if as_json:
        print(json.dumps([asdict(row) for row in rows], indent=2, default=str))
        return
    results.print(comparison_table(rows))
