"""Methods side by side: what the planner must know, where the price ends, what it costs."""

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
from matplotlib.figure import Figure

from ...adjoint import Checkpointed
from ...games.smooth import AbstractInstance
from ...population import (
    AbstractPopulation,
    GradientPlay,
    LearningPopulation,
    NashPopulation,
    ProjectedGradient,
    SemismoothNewton,
)
from ...report.plot_style import PALETTE, SERIES, WIDE, canvas
from ...rule import (
    AbstractRule,
    Externality,
    Hypergradient,
    SimultaneousDesign,
    SocialGradient,
    ZerothOrder,
)
from ..frame import Cell, Rows
from ..page import Claim, reason
from .budget import Budget
from .trial import follow, stage

# Every method gets as many planner steps, at its best plain step of these.
NUM_STEPS = 1000
STEPS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
WATCHED, UNROLLED = 5, 120


class Method(NamedTuple):
    """One way to improve prices.

    - `knows`: what the planner must know beside the social cost.
    - `responses`: of the population, for each planner step; `agent_steps` of agents in each.
    - `derivatives`: what is evaluated on the planner's behalf for each step.
    """

    rule: Callable[[AbstractInstance], AbstractRule]
    population: Callable[[AbstractInstance], AbstractPopulation]
    knows: str
    responses: int
    agent_steps: int
    derivatives: str


def _exact(instance: AbstractInstance) -> AbstractPopulation:
    return NashPopulation(instance.game(), SemismoothNewton(12))


def _watched(instance: AbstractInstance, steps: int = WATCHED) -> AbstractPopulation:
    return LearningPopulation(instance.game(), GradientPlay(0.15), steps)


def _unrolled(instance: AbstractInstance) -> AbstractPopulation:
    return NashPopulation(
        instance.game(), ProjectedGradient(learning_rate=0.15, num_steps=UNROLLED), Checkpointed()
    )


METHODS = {
    "social gradient": Method(
        lambda instance: SocialGradient(), _exact, "observed actions", 1, 12, "g"
    ),
    "social gradient, learning agents": Method(
        lambda instance: SocialGradient(), _watched, "observed actions", 1, WATCHED, "g"
    ),
    "externality, learning agents": Method(
        lambda instance: Externality(instance.game().marginal_cost),
        _watched,
        "observed actions, marginal costs F",
        1,
        WATCHED,
        "g, F",
    ),
    "simultaneous design and play": Method(
        lambda instance: SimultaneousDesign(instance.game()),
        lambda instance: _watched(instance, 1),
        "observed actions, Jacobian J",
        1,
        1,
        "g, J, a solve",
    ),
    "hypergradient, implicit": Method(
        lambda instance: Hypergradient(), _exact, "the game", 1, 12, "g, J' products, a solve"
    ),
    "hypergradient, unrolled": Method(
        lambda instance: Hypergradient(),
        _unrolled,
        "the game and how agents learn",
        1,
        UNROLLED,
        f"g, {UNROLLED} J' products",
    ),
    "zeroth order": Method(
        lambda instance: ZerothOrder(1e-4), _exact, "the social cost's value", 2, 24, "none"
    ),
}


def cells(budget: Budget) -> Iterator[Cell]:
    """Every method on every game."""
    for game in budget.stages:
        for number, method in enumerate(METHODS):
            yield Cell(f"method-{number}-{game}", functools.partial(_measure, game, method))


def _measure(game: str, name: str) -> Rows:
    method = METHODS[name]
    with jax.enable_x64(True):
        instance = stage(game)

        def one(step):
            return follow(
                instance,
                method.population(instance),
                method.rule(instance),
                step,
                jax.random.key(0),
                num_steps=NUM_STEPS,
            ).error

        errors = np.asarray(jax.lax.map(one, jnp.asarray(STEPS)))
    best = min(range(len(STEPS)), key=lambda index: _score(errors[index]))
    error = errors[best]
    told: dict[str, Any] = {
        "game": game,
        "method": name,
        "knows": method.knows,
        "step_size": STEPS[best],
        "final": float(error[-1]),
        "derivatives": method.derivatives,
    }
    for bar, column in ((1e-3, "to_1e3"), (1e-6, "to_1e6")):
        steps = _first_below(error, bar)
        told[f"prices_{column}"] = steps
        told[f"responses_{column}"] = None if steps is None else steps * method.responses
        told[f"agent_steps_{column}"] = None if steps is None else steps * method.agent_steps
    every = np.unique(np.geomspace(1, NUM_STEPS, 50).round().astype(int)) - 1
    return [told | {"step": int(k), "error": float(error[k])} for k in every]


def _first_below(error: np.ndarray, bar: float) -> int | None:
    """Prices tried until the error stays below the bar, or None."""
    above = np.flatnonzero(~(error <= bar))
    last = -1 if above.size == 0 else int(above[-1])
    return None if last == error.size - 1 else last + 2


def _score(error: np.ndarray) -> tuple[float, float]:
    """Fewer prices to 1e-6 first, then the lesser final error."""
    reached = _first_below(error, 1e-6)
    last = float(error[-1])
    return (np.inf if reached is None else reached, last if np.isfinite(last) else np.inf)


def draw(table: pl.DataFrame) -> Figure:
    """Error of the price against prices tried, a panel a game."""
    games = table["game"].unique(maintain_order=True).to_list()
    columns = min(3, len(games))
    lines = -(-len(games) // columns)
    figure = canvas(WIDE, 2.8 * lines + 0.6)
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes, game in zip(grid, games, strict=False):
        rows = table.filter(pl.col("game") == game)
        for ((name,), run), role in zip(
            rows.group_by(["method"], maintain_order=True), SERIES, strict=False
        ):
            heights = np.clip(np.nan_to_num(run["error"].to_numpy(), nan=1e3), 1e-16, 1e3)
            axes.loglog(run["step"] + 1, heights, color=PALETTE[role], lw=1.1, label=name)
        axes.set(title=game, xlabel="prices tried", ylabel="error of the price")
    for axes in grid[len(games) :]:
        axes.axis("off")
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def rows(table: pl.DataFrame) -> pl.DataFrame:
    """One row a method and game."""
    single = table.unique(["game", "method"], keep="first", maintain_order=True)
    return single.select(
        pl.col("game"),
        pl.col("method"),
        pl.col("knows").alias("the planner must know"),
        pl.col("final").alias("final error"),
        pl.col("step_size").alias("step"),
        pl.col("prices_to_1e6").alias("prices to 1e-6"),
        pl.col("responses_to_1e6").alias("responses"),
        pl.col("agent_steps_to_1e6").alias("agents' steps"),
        pl.col("prices_to_1e3").alias("prices to 1e-3"),
        pl.col("derivatives").alias("evaluated for the planner, each price"),
    )


def claims(table: pl.DataFrame) -> list[Claim]:
    """All methods agree on the price; those that know less pay in evaluations."""
    found = []
    single = table.unique(["game", "method"], keep="first", maintain_order=True)
    for (name,), runs in single.group_by(["method"], maintain_order=True):
        bar = 1e-3 if name == "zeroth order" else 1e-6
        worst = runs.sort("final", descending=True).row(0, named=True)
        found.append(
            Claim(
                f"{name}: the same price on every game, to {bar:g}",
                f"{len(runs)} games, largest final error {worst['final']:.1e} ({worst['game']})",
                worst["final"] <= bar,
                reason(worst["final"] <= bar, f"not there on {worst['game']} when its steps ended"),
            )
        )
    return found
