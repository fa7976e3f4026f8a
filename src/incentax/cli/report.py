"""`incentax report`: draw a run again."""

from pathlib import Path
from typing import Annotated

import typer

from .console import results
from .main import app


@app.command()
def report(
    directory: Annotated[Path, typer.Argument(help="A run directory of `incentax design`.")],
) -> None:
    """Write figures and report.html into a run directory."""
    # Loaded only when asked for: plotting takes half a second to import.
    from ..report.html import write_report

    page = write_report(directory)
    results.print(f"report: {page}", soft_wrap=True)
