"""train and evaluate."""

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.progress import Progress

from ..compare import compare
from . import tree as cli
from .asked import WHO, asks
from .errors import one_line
from .settings import Choices, open_world


@cli.app.command()
@one_line
@asks(*WHO)
def train(
    choices: Choices,
    algorithm: Annotated[str, typer.Option(help="ppo, a2c, trpo or dqn")] = "ppo",
    steps: Annotated[int, typer.Option(min=1)] = 50_000,
    seed: cli.Seed = 0,
    out: cli.Out = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="go on with the weights, optimizer and step count in --out; people are new, and "
            "dqn's memory of answers starts empty",
        ),
    ] = False,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="write event files")] = False,
    json_: cli.Json = False,
) -> None:
    """Train a recommender on simulated people and keep it in --out."""
    from ..learning import train as fit

    folder = out or Path("runs") / f"{choices.domain}-{algorithm}-{seed}"
    with open_world(choices) as world, Progress(transient=True, disable=json_) as progress:
        task = progress.add_task(f"{algorithm} on {choices.domain}", total=steps)
        trained = fit(
            world,
            algorithm,
            num_steps=steps,
            seed=seed,
            folder=folder,
            resume=resume,
            tensorboard=tensorboard,
            progress=lambda done: progress.update(task, completed=done),
        )
    (folder / "choices.json").write_text(choices.to_json(), "utf-8")
    last = trained.curve.mean_return[-1] if trained.curve.mean_return else float("nan")
    summary = {
        "algorithm": algorithm,
        "steps": int(trained.model.num_timesteps),
        "seconds": trained.seconds,
        "mean_return": last,
        "folder": str(folder),
    }
    if json_:
        cli.print_json(summary)
    else:
        cli.show([{"figure": k, "value": v} for k, v in summary.items()])


@cli.app.command()
@one_line
@asks(*WHO)
def evaluate(
    choices: Choices,
    recommenders: Annotated[
        list[str] | None,
        typer.Argument(
            help="random, popular, mean-vote, als, linucb, oracle, or folders of `users train`"
        ),
    ] = None,
    k: Annotated[int, typer.Option(min=1, help="recommendations per person")] = 10,
    users: Annotated[int, typer.Option(min=2, help="how many people, evenly spread")] = 600,
    seeds: Annotated[int, typer.Option(min=1, help="evaluations with different luck")] = 3,
    out: cli.Out = None,
    json_: cli.Json = False,
) -> None:
    """Compare recommenders on the same people, with bootstrap intervals."""
    folder = cli.new_folder(out, "") if out is not None else None
    names = recommenders or ["random", "popular", "mean-vote", "als", "linucb", "oracle"]
    with open_world(choices) as world:
        if users > len(world.people):
            raise ValueError(
                f"expected --users of at most the world's {len(world.people)}, got {users}; "
                "try --seeds for more evaluations"
            )
        who = np.unique(np.linspace(0, len(world.people) - 1, users).astype(int))
        rows: list[dict[str, Any]] = compare(world, names, k=k, users=who, num_seeds=seeds)
    if folder is not None:
        (folder / "evaluation.json").write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
        (folder / "choices.json").write_text(choices.to_json(), "utf-8")
    if json_:
        cli.print_json({"domain": choices.domain, "rows": rows})
        return
    shown = {
        "recommender": "recommender",
        "mean_reward": "reward",
        "low": "low",
        "high": "high",
        "map_hits_at_k": "MAP",
        "mrr_at_k": "MRR",
        "personalisation_at_k": "personal",
        "coverage": "cover",
        "liked_share": "liked",
    }
    table = [{short: _rounded(row[name]) for name, short in shown.items()} for row in rows]
    cli.show(table, f"{len(who)} people x {k} recommendations, 95 % intervals")


def _rounded(value):
    return round(value, 3) if isinstance(value, float) else value
