"""fidelity and reproduce."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ..fidelity import beyond, run
from ..fidelity.page import agreement_rows, fidelity_page
from ..fidelity.suite import GATES, USABLE
from ..reproduction import PARTS
from ..reproduction import reproduce as make
from . import tree as cli
from .asked import WHO, asks
from .errors import one_line
from .log import open_log
from .settings import Choices, open_world


@cli.app.command()
@one_line
@asks(*WHO)
def fidelity(
    choices: Choices,
    ratings: cli.RatingsFolder = None,
    format_: cli.Format = "movielens",
    encoding: cli.Encoding = "",
    quick: Annotated[bool, typer.Option("--quick", help="a tenth of the trials")] = False,
    seed: cli.Seed = 0,
    out: cli.Out = None,
    json_: cli.Json = False,
) -> None:
    """Run the fidelity suite on a back end, beside raters that know nothing of the person.

    With --ratings also against a real log: held-out errors of people fitted to it, calibration,
    and whether recommenders rank in the simulator as they do in the log.
    """
    log = None
    if ratings is not None:
        log = open_log(format_, ratings, encoding, choices, seed)
    folder = cli.new_folder(out, "") if out is not None else None
    with open_world(choices) as world:
        report = run(
            world.rater,
            world.catalogue,
            world.people,
            scale=world.rating_scale,
            quick=quick,
            seed=seed,
        )
        size = 60 if quick else 200
        more = beyond(world.rater, world.people, world.catalogue, size=size, seed=seed)
        table = report.to_json() | more.to_json()
        real = None if log is None else log.compare(world.rater, seed)
    if real is not None:
        table["against_log"] = real.to_json()
    gates = GATES if choices.backend == "rule" else USABLE
    table["reaches_gates"] = [f.reaches(gates) for f in report.figures]
    if folder is not None:
        (folder / "fidelity.json").write_text(json.dumps(table, indent=1) + "\n", "utf-8")
        (folder / "fidelity.html").write_text(fidelity_page(report, more, real), "utf-8")
        (folder / "choices.json").write_text(choices.to_json(), "utf-8")
    if json_:
        cli.print_json(table)
        return
    cli.show(report.rows(), f"fidelity on {choices.domain}, scale {report.scale}")
    cli.show(more.rows(), "beyond the published tests")
    if more.sensitivity:
        cli.show([asdict(row) for row in more.sensitivity], "ways of asking")
    if real is not None:
        cli.show([asdict(row) for row in real.held_out], f"{real.num_ratings} held-out ratings")
        cli.show(agreement_rows(real), "against the log")
    typer.echo(f"reaches the gates: {'yes' if all(table['reaches_gates']) else 'no'}")


@cli.app.command()
@one_line
def reproduce(
    out: Annotated[
        Path | None, typer.Option(help="folder; default: reproduction/simulated-users")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help=f"a part, may be repeated: {', '.join(PARTS)}")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="minutes instead of an hour")] = False,
) -> None:
    """Rebuild the published experiments into a folder with one page; goes on where it stopped."""
    folder = out or Path("reproduction") / f"simulated-users{'-quick' if quick else ''}"
    page = make(folder, only=only or (), quick=quick, say=typer.echo)
    typer.echo(f"page: {page}")
