"""`incentax reproduce`: a paper's figures, tables and theorems, rebuilt and judged."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from ..reproduction import AMID, SOCIAL, reproduce, words
from .console import keep_compiled_programs, notes, results
from .main import app
from .options import choose


def _people(folder: Path, **given: Any) -> Path:
    # Loaded only when asked for: the island has dependencies that the core does without.
    try:
        from ..users.reproduction import reproduce as rebuild
    except ModuleNotFoundError as missing:
        raise ValueError(
            f"expected the package {missing.name} for simulated-users, got none; try "
            "pip install 'incentax[users]'"
        ) from missing
    return rebuild(folder, **given)


CORE = (AMID, SOCIAL)
PAPERS = {paper.name: partial(reproduce, paper) for paper in CORE} | {"simulated-users": _people}
WORDS = "; ".join(f"of {paper.name}: {', '.join(words(paper))}" for paper in CORE)


@app.command("reproduce")
def reproduce_command(
    paper: Annotated[str, typer.Argument(help=f"A paper: {', '.join(PAPERS)}.")],
    only: Annotated[
        list[str] | None, typer.Option(help=f"A part; may be repeated; {WORDS}.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Minutes: a small budget.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write; default: reproduction/PAPER.")
    ] = None,
) -> None:
    """Rebuild a paper's results into a folder with one page; goes on where it was interrupted."""
    rebuild = choose("a paper", paper, PAPERS)
    keep_compiled_programs()
    folder = out or Path("reproduction") / (f"{paper}-quick" if quick else paper)
    page = rebuild(
        folder,
        only=only or (),
        quick=quick,
        say=lambda line: notes.print(line, soft_wrap=True),
    )
    results.print(f"page: {page}", soft_wrap=True)
