"""run, replay and estimate: sessions with people, kept so that they can be read and repeated."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ..backends import LanguageUsers, save_trace
from ..compare import make_recommender
from ..envs import RecommenderEnv
from ..log import html_page, text_line, to_csv
from ..prompts import find_template
from ..world import World
from . import tree as cli
from .asked import WHO, asks
from .errors import one_line
from .settings import Choices, build_style, build_world, open_world, read_config


def play(
    world: World, recommender: str, user: str, steps: int, seed: int, explains: bool
) -> RecommenderEnv:
    """One session of at most `steps` recommendations, as the environment that saw it."""
    env = RecommenderEnv(world, explains=explains)
    chosen = make_recommender(recommender, world, seed)
    who: str | int | None = user or None
    if user.isdigit():
        who = int(user)
    env.reset(seed=seed, options={"user": who} if who is not None else None)
    row = np.zeros(1, np.int64)
    for _ in range(steps):
        observation = env.observation.read(env.session, row)
        shown = chosen.recommend(observation, env.session, row)[0]
        action = shown if world.slate > 1 else int(shown[0])
        _, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            break
    return env


@cli.app.command()
@one_line
@asks(*WHO, "trace", "max_calls")
def run(
    choices: Choices,
    recommender: Annotated[
        str, typer.Option(help="random, popular, mean-vote, oracle or a folder")
    ] = "popular",
    user: Annotated[str, typer.Option(help="id or index; drawn if left out")] = "",
    steps: Annotated[int, typer.Option(min=1)] = 20,
    seed: cli.Seed = 0,
    explain: Annotated[bool, typer.Option("--explain", help="ask a language model why")] = False,
    out: cli.Out = None,
    json_: cli.Json = False,
) -> None:
    """Serve one person and read the session: on the terminal, and as a page in --out."""
    folder = cli.new_folder(out, "") if out is not None else None
    # A formula says why for nothing; a model would be called a second time.
    explains = explain or choices.backend == "rule"
    with open_world(choices) as world:
        env = play(world, recommender, user, steps, seed, explains)
        if folder is not None:
            _keep(
                folder,
                env,
                choices,
                {"recommender": recommender, "user": user, "steps": steps, "seed": seed},
            )
    if json_:
        total = sum(row.reward for row in env.history if row.valid)
        cli.print_json(
            {"user": env.history[0].user_id, "steps": len(env.history), "return": total}
            | {"items": [row.item_id for row in env.history]}
            | {"ratings": [row.rating for row in env.history]}
        )
        return
    person = world.people[int(env.session.user[0])]
    typer.echo(f"{person.name}, {person.noun}, {person.age}. {person.description}\n")
    for row in env.history:
        typer.echo(text_line(row))
    if folder is not None:
        typer.echo(f"\nread it as a page: {folder / 'session.html'}")


def _keep(folder: Path, env: RecommenderEnv, choices: Choices, how: dict) -> None:
    world = env.world
    person = world.people[int(env.session.user[0])]
    (folder / "session.csv").write_text(to_csv(env.history), "utf-8")
    (folder / "session.html").write_text(html_page(person, world, env.history), "utf-8")
    (folder / "choices.json").write_text(choices.to_json(), "utf-8")
    (folder / "run.json").write_text(json.dumps(how) + "\n", "utf-8")
    if isinstance(world.rater, LanguageUsers):
        save_trace(world.rater.cache, folder / "trace.gz", world.rater.model.identity)
        usage = asdict(world.rater.usage)
        (folder / "usage.json").write_text(json.dumps(usage) + "\n", "utf-8")


@cli.app.command()
@one_line
def replay(
    folder: Annotated[Path, typer.Argument(help="written by `users run --out`")],
) -> None:
    """Repeat a kept session without calling any model, and say whether every bit agrees."""
    if not (folder / "run.json").is_file():
        raise ValueError(
            f"expected a folder written by `users run --out`, got {folder}; try it first"
        )
    choices = Choices(**read_config(folder / "choices.json"))
    if (folder / "trace.gz").is_file():
        choices = replace(choices, backend="replay", trace=str(folder / "trace.gz"))
    how = json.loads((folder / "run.json").read_text("utf-8"))
    env = play(
        build_world(choices), how["recommender"], how["user"], how["steps"], how["seed"], False
    )
    same = to_csv(env.history) == (folder / "session.csv").read_text("utf-8")
    if not same:
        typer.echo(
            "the session differs from the one kept; was it made by another version?", err=True
        )
        raise typer.Exit(1)
    typer.echo(f"{len(env.history)} steps, no call, every bit equal")


@cli.app.command()
@one_line
@asks("domain", "template", "shots")
def estimate(
    choices: Choices,
    steps: Annotated[int, typer.Option(min=1, help="steps of the planned run")] = 10_000,
    envs: Annotated[int, typer.Option(min=1, help="people at once")] = 64,
    price_prompt: Annotated[float, typer.Option(help="money per million prompt tokens")] = 0.0,
    price_completion: Annotated[
        float, typer.Option(help="money per million completion tokens")
    ] = 0.0,
    per_second: Annotated[float, typer.Option(help="ratings a second the server gives")] = 0.0,
    json_: cli.Json = False,
) -> None:
    """Say how many calls and tokens a run would cost, without calling anything."""
    from ..estimate import estimate as dry_run

    world = build_world(replace(choices, backend="rule"))
    plan = dry_run(
        world,
        find_template(choices.template or f"{choices.domain}-standard"),
        build_style(choices),
        num_steps=steps,
        num_envs=envs,
    )
    prompt, completion = plan.prompt_tokens, plan.completion_tokens
    cost = (prompt * price_prompt + completion * price_completion) / 1e6
    table = asdict(plan) | {"cost": cost}
    if per_second:
        table["hours"] = plan.calls / per_second / 3600.0
    if json_:
        cli.print_json(table)
        return
    cli.show([{"figure": k.replace("_", " "), "value": v} for k, v in table.items()])
