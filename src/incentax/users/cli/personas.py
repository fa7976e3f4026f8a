"""personas: who lives in a world."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ..bundled import bundled_catalogue
from ..generate import diversity, generate_people
from . import tree as cli
from .errors import one_line
from .log import open_dataset


@cli.app.command()
@one_line
def personas(
    domain: cli.Domain = "movies",
    num: Annotated[int, typer.Option(min=1, help="how many people")] = 600,
    seed: cli.Seed = 0,
    min_age: Annotated[int, typer.Option(help="nobody younger")] = 4,
    third_gender: Annotated[float, typer.Option(min=0, max=1, help="share")] = 0.0,
    genres: Annotated[bool, typer.Option(help="give people likes and dislikes")] = True,
    ratings: cli.RatingsFolder = None,
    format_: cli.Format = "movielens",
    encoding: cli.Encoding = "",
    out: Annotated[Path | None, typer.Option(help="new .jsonl.gz file")] = None,
    json_: cli.Json = False,
) -> None:
    """Generate personas, or fit them to real histories, and report how varied they are."""
    if out is not None and out.exists():
        raise ValueError(f"expected a new file, got {out} in use; try another --out")
    if ratings is not None:
        data = open_dataset(format_, ratings, encoding)
        catalogue, people = data.catalogue, data.people()
    else:
        catalogue = bundled_catalogue(domain)
        people = generate_people(
            catalogue, num, seed, min_age=min_age, genres=genres, third_gender=third_gender
        )
    report = diversity(people, catalogue)
    if out is not None:
        people.save(out)
    if json_:
        cli.print_json(asdict(report) | {"passes": report.passes})
        return
    cli.show([{"figure": name, "value": value} for name, value in report.rows()], f"{num} people")
