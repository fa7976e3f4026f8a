"""`incentax list` and `incentax solve`: look before designing."""

import json
from typing import Annotated

import jax
import typer
from rich.table import Table

from ..certificate import certify
from ..problems import problems
from ..report.table import problem_table
from .console import CompileClock, keep_compiled_programs, results, versions
from .main import app
from .options import find_problem

Name = Annotated[str, typer.Argument(help="A problem from `incentax list`.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="Change a number of the problem: key=value.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


@app.command("list")
def list_problems(as_json: Json = False) -> None:
    """The problems that come with the library, and the numbers that --set can change."""
    if as_json:
        rows = [
            {
                "name": p.name,
                "summary": p.summary,
                "source": p.source,
                "options": p.setting.options(),
            }
            for p in problems.values()
        ]
        print(json.dumps(rows, indent=2))
        return
    results.print(problem_table(problems.values()))
    results.print("\nDesign one:  [bold]incentax design a1[/bold]", highlight=False)


@app.command()
def solve(
    name: Name,
    settings: Settings = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**31 - 1, help="Seed of the starting mechanism.")
    ] = 0,
    as_json: Json = False,
) -> None:
    """Solve a problem's game at its baselines and at the mechanism a design starts from."""
    clock = CompileClock()
    keep_compiled_programs()
    problem = find_problem(name, settings or [])
    setting = problem.setting
    key = jax.random.key(seed)
    mechanisms = setting.baselines() | {"starting mechanism": setting.mechanism(key)}
    rows = {}
    for title, mechanism in mechanisms.items():
        certificate, _ = certify(setting.population(), setting.objective(), mechanism, key=key)
        rows[title] = {
            "value": certificate.value,
            "exploitability": certificate.exploitability,
            "residual": certificate.residual,
            "status": certificate.status.sentence,
        }
    if as_json:
        report = {"problem": name, "objective": setting.objective_name, "sense": setting.sense}
        report |= {"equilibria": rows, "seconds": clock.elapsed, "seed": seed}
        print(json.dumps(report | {"versions": versions()}, indent=2))
        return
    table = Table(title=problem.title, title_justify="left", box=None, pad_edge=False)
    for head in ("mechanism", setting.objective_name, "exploitability", "residual", "status"):
        table.add_column(head, justify="left" if head in ("mechanism", "status") else "right")
    for title, row in rows.items():
        numbers = (row["value"], row["exploitability"], row["residual"])
        table.add_row(title.replace("_", " "), *(f"{x:.4g}" for x in numbers), row["status"])
    results.print(table)
