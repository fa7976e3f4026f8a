"""The command tree and the options all commands share."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from .settings import Choices, parse_settings, read_config

app = typer.Typer(
    help="Simulated people for recommenders: run, train, evaluate, check.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Domain = Annotated[str, typer.Option(help="movies or books")]
Backend = Annotated[str, typer.Option(help="rule, tabular, surrogate, hf, http or replay")]
Model = Annotated[str, typer.Option(help="model folder, file or name, as the back end needs")]
BaseUrl = Annotated[str, typer.Option(help="OpenAI-compatible server, up to /v1")]
Route = Annotated[str, typer.Option(help="chat or completions")]
Template = Annotated[str, typer.Option(help="bundled prompt template, or a TOML file")]
Shots = Annotated[int, typer.Option(min=0, max=2, help="worked examples in the prompt")]
CacheFile = Annotated[str, typer.Option("--cache", help="file that keeps every answer")]
Trace = Annotated[str, typer.Option(help="recorded answers, for the replay back end")]
MaxCalls = Annotated[float, typer.Option(help="stop before more calls than this")]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="field of the world, e.g. retrieval=last_3")
]
Config = Annotated[Path | None, typer.Option(help="TOML or JSON file of all these choices")]
RatingsFolder = Annotated[
    Path | None, typer.Option("--ratings", help="folder of real ratings to fit people to")
]
Format = Annotated[
    str, typer.Option("--format", help="movielens, goodbooks or book-crossing, with --ratings")
]
Encoding = Annotated[str, typer.Option(help="of the files of --ratings")]
Seed = Annotated[int, typer.Option(help="of everything random")]
Out = Annotated[Path | None, typer.Option(help="new folder for the results")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON object and nothing else")]


def choices_of(config: Path | None, settings: list[str] | None, **given: Any) -> Choices:
    """The choices of a command: the file's, then what differs from the defaults, then `--set`."""
    default = Choices()
    table = read_config(config) if config is not None else {}
    table |= {k: v for k, v in given.items() if v != getattr(default, k)}
    table["settings"] = table.get("settings", {}) | parse_settings(settings or [])
    return Choices(**table)


def new_folder(out: Path | None, default: str) -> Path:
    """A folder that did not exist or is empty.

    **Raises:** `ValueError` for one in use; nothing a user made is overwritten.
    """
    folder = out or Path("runs") / default
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"expected a new or empty folder, got {folder} in use; try another --out")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def show(rows: list[dict[str, Any]], title: str = "") -> None:
    """Rows as a table on standard output."""
    table = Table(title=title or None, header_style="bold")
    for k, name in enumerate(rows[0]):
        table.add_column(name, justify="left" if k == 0 else "right")
    for row in rows:
        table.add_row(*(f"{v:.4g}" if isinstance(v, float) else str(v) for v in row.values()))
    Console().print(table)


def print_json(value: Any) -> None:
    """One JSON object on standard output."""
    typer.echo(json.dumps(value, allow_nan=True))
