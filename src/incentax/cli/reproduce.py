"""`incentax reproduce`: a paper's figures, tables and theorems, rebuilt and judged."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from .console import keep_compiled_programs, notes, results
from .main import app
from .options import choose

# Each is loaded only when asked for: figures and tables take longer to import than all else
# together, and simulated people have dependencies that the core does without.


def _amid() -> Callable[..., Path]:
    from ..reproduction import AMID, reproduce

    return partial(reproduce, AMID)


def _social() -> Callable[..., Path]:
    from ..reproduction import SOCIAL, reproduce

    return partial(reproduce, SOCIAL)


def _people() -> Callable[..., Path]:
    try:
        from ..users.reproduction import reproduce
    except ModuleNotFoundError as missing:
        raise ValueError(
            f"expected the package {missing.name} for simulated-users, got none; try "
            "pip install 'incentax[users]'"
        ) from missing
    return reproduce


PAPERS = {"amid": _amid, "social-gradient": _social, "simulated-users": _people}


@app.command("reproduce")
def reproduce_command(
    paper: Annotated[str, typer.Argument(help=f"A paper: {', '.join(PAPERS)}.")],
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="A part or figure, such as rates, fig2 or gallery; may be repeated. An unknown "
            "one lists them all."
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Minutes: a small budget.")] = False,
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
