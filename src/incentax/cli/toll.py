"""`incentax users toll`: prices on what simulated people choose, designed from choices alone."""

import logging
from typing import Annotated, Any

import numpy as np
import typer

from .._later import polars as pl
from ..bridge.host import Host
from ..bridge.priced_people import living
from ..bridge.priced_scene import toll_problem
from ..order import RULES, Order
from ..report.html import write_report
from ..report.table import result_panel
from ..run_directory import RunDirectory
from ..users import Crowd, Menu, RuleChooser, find_scene
from ..users.backends import LanguageChooser
from ..users.cli import tree
from ..users.cli.errors import one_line
from ..users.cli.settings import Choices, open_desk
from ..users.crowd import AbstractChooser
from ..users.scene import Scene, scene_names
from ..users.transcript import transcript
from ..workflow import perform
from .console import CompileClock, keep_compiled_programs, results, versions
from .design import open_run
from .live import Live
from .options import choose

NEED_NO_MODEL = {name: RULES[name] for name in ("social-gradient", "zeroth-order")}


@tree.app.command()
@one_line
def toll(
    scene: Annotated[
        str, typer.Argument(help=f"{', '.join(scene_names())}, or a TOML file of your own")
    ] = "departure",
    people: Annotated[
        int | None, typer.Option(min=1, help="how many; default 2000, 60 for a language model")
    ] = None,
    days: Annotated[int, typer.Option(min=1, help="at the same prices, between two looks")] = 5,
    rule: Annotated[
        str, typer.Option(help=f"how to improve: {', '.join(NEED_NO_MODEL)}")
    ] = "social-gradient",
    steps: Annotated[int, typer.Option(min=1, help="prices to try one after another")] = 40,
    backend: Annotated[str, typer.Option(help="who answers: rule, hf, http or replay")] = "rule",
    model: tree.Model = "",
    base_url: tree.BaseUrl = Choices.base_url,
    route: tree.Route = "chat",
    cache: tree.CacheFile = "",
    trace: tree.Trace = "",
    max_calls: tree.MaxCalls = float("inf"),
    seed: tree.Seed = 0,
    out: tree.Out = None,
    resume: Annotated[bool, typer.Option("--resume", help="go on with the run in --out")] = False,
    json_: tree.Json = False,
) -> None:
    """Design a price per option that spreads simulated people, who choose from a menu in words."""
    clock = CompileClock()
    choose("a rule", rule, NEED_NO_MODEL)
    choices = Choices(
        backend=backend,
        model=model,
        base_url=base_url,
        route=route,
        cache=cache,
        trace=trace,
        max_calls=max_calls,
    )
    found = find_scene(scene)
    num = people or (2000 if backend == "rule" else 60)
    chooser = _chooser(choices, found, num, seed)
    try:
        # A language model is paid by the day; rule-based people live on for nothing.
        judge = 10 * days if backend == "rule" else days
        crowd = Crowd(chooser)
        host = living(crowd)
        problem = toll_problem(crowd, host, num_days=days, judge_days=judge)
        facts = {"scene": found.id, "scene_hash": found.hash, "people": num} | {
            "backend": backend,
            "model": model,
        }
        order = Order(problem, rule, "implicit", steps, seed, facts)
        order.check()
        run = open_run(out, order, resume)
        keep_compiled_programs()
        record = _design(order, run, clock, host, quiet=json_)
        rows = _options(run, found)
        menu = Menu.of(found, [r["price"] for r in rows], [r["after"] for r in rows])
        few = [k for k in (0, 1, 2) if k < num]
        (run.path / "people.txt").write_text(transcript(chooser, menu, few), "utf-8")
    finally:
        chooser.close()
    pl.DataFrame(rows).write_csv(run.path / "options.csv")
    if json_:
        tree.print_json(record | {"options": rows})
        return
    results.print(result_panel(record, problem.title))
    tree.show(rows, f"prices in {found.currency}, shares of {num} people")
    results.print(f"report: {write_report(run.path)}", soft_wrap=True)
    results.print(f"what people read: {run.path / 'people.txt'}", soft_wrap=True)


def _chooser(choices: Choices, scene: Scene, num: int, seed: int) -> AbstractChooser:
    people = scene.people(num, seed)
    if choices.backend == "rule":
        return RuleChooser.of(scene, people)
    return LanguageChooser(open_desk(choices), scene, people)


def _design(
    order: Order, run: RunDirectory, clock: CompileClock, host: Host, *, quiet: bool
) -> dict[str, Any]:
    """The content of `result.json`; what the people's side raised is raised here as it was."""
    # What fails among the people is told below, in one line.
    logging.getLogger("jax._src.callback").setLevel(logging.CRITICAL)
    with Live(order.num_steps, order.problem, quiet=quiet) as live:
        try:
            record, _ = perform(
                order,
                run,
                live,
                seconds=None,
                elapsed=lambda: clock.elapsed,
                compiling=lambda: clock.seconds,
                versions=versions(),
            )
        except Exception as error:
            raise (error if host.failure is None else host.failure) from None
    return record


def _options(run: RunDirectory, scene: Scene) -> list[dict[str, Any]]:
    """One row per option: its price, and the shares of people before and after."""
    arrays = run.arrays()
    price, before, after = (
        np.asarray(arrays[name]) for name in ("after/price", "before/action", "after/action")
    )
    return [
        {"option": words, "price": float(p), "before": float(b), "after": float(a)}
        for words, p, b, a in zip(scene.option, price, before, after, strict=True)
    ]
