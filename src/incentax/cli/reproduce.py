"""`incentax reproduce`: a paper's figures, tables and theorems, rebuilt and judged."""

from pathlib import Path
from typing import Annotated

import typer

from .console import keep_compiled_programs, notes, results
from .main import app
from .options import choose


def _amid():
    # Loaded only when asked for: figures and tables take longer to import than all else together.
    from ..reproduction import reproduce

    return reproduce


PAPERS = {"amid": _amid}


@app.command("reproduce")
def reproduce_command(
    paper: Annotated[str, typer.Argument(help=f"A paper: {', '.join(PAPERS)}.")],
    only: Annotated[
        list[str] | None, typer.Option(help="A part or figure, such as rates; may be repeated.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Ten minutes instead of a night.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write; default: reproduction/PAPER.")
    ] = None,
) -> None:
    """Rebuild a paper's results into a folder with one page; goes on where it was interrupted."""
    rebuild = choose("a paper", paper, PAPERS)()
    keep_compiled_programs()
    folder = out or Path("reproduction") / (f"{paper}-quick" if quick else paper)
    page = rebuild(
        folder,
        only=only or (),
        quick=quick,
        say=lambda line: notes.print(line, soft_wrap=True),
    )
    results.print(f"page: {page}", soft_wrap=True)
