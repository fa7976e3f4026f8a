"""fidelity and reproduce."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ..backends import LanguageUsers
from ..fidelity import prompt_sensitivity, run, variance_split
from ..fidelity.page import fidelity_page
from ..fidelity.sensitivity import ways
from ..fidelity.suite import GATES, USABLE
from ..reproduction import PARTS
from ..reproduction import reproduce as make
from . import tree as cli
from .errors import one_line
from .settings import Choices, open_world


@cli.app.command()
@one_line
def fidelity(
    domain: cli.Domain = "movies",
    backend: cli.Backend = "rule",
    model: cli.Model = "",
    base_url: cli.BaseUrl = Choices.base_url,
    route: cli.Route = "chat",
    template: cli.Template = "",
    shots: cli.Shots = 0,
    cache: cli.CacheFile = "",
    set_: cli.Set = None,
    config: cli.Config = None,
    quick: Annotated[bool, typer.Option("--quick", help="a tenth of the trials")] = False,
    seed: cli.Seed = 0,
    out: cli.Out = None,
    json_: cli.Json = False,
) -> None:
    """Run the fidelity suite on a back end, beside raters that know nothing of the person."""
    choices = cli.choices_of(
        config,
        set_,
        domain=domain,
        backend=backend,
        model=model,
        base_url=base_url,
        route=route,
        template=template,
        shots=shots,
        cache=cache,
    )
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
        split = variance_split(
            world.rater, world.people, world.catalogue, num_users=size, num_items=size, seed=seed
        )
        table = report.to_json() | {"variance": asdict(split)}
        if isinstance(world.rater, LanguageUsers):
            ask_ways = prompt_sensitivity(
                ways(world.rater), world.people, world.catalogue, num=size
            )
            table["sensitivity"] = [asdict(row) for row in ask_ways]
    gates = GATES if choices.backend == "rule" else USABLE
    table["reaches_gates"] = [f.reaches(gates) for f in report.figures]
    if folder is not None:
        (folder / "fidelity.json").write_text(json.dumps(table, indent=1) + "\n", "utf-8")
        (folder / "fidelity.html").write_text(fidelity_page(report, split), "utf-8")
        (folder / "choices.json").write_text(choices.to_json(), "utf-8")
    if json_:
        cli.print_json(table)
        return
    cli.show(report.rows(), f"fidelity on {choices.domain}, scale {report.scale}")
    shares = ", ".join(f"{k} {v:.0%}" for k, v in asdict(split).items() if k != "shuffled")
    typer.echo(f"variance: {shares}")
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
