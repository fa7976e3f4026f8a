"""Phase portraits: the prices of two agents, and oscillators whose phases move with the prices."""

import functools
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
from matplotlib.figure import Figure

from ...continuous import joint_flow
from ...games.smooth import AbstractInstance, LinearQuadratic, Oscillators
from ...mechanism import Price
from ...population import GradientPlay, LearningPopulation, NashPopulation
from ...report.plot_style import PALETTE, SERIES, WIDE, canvas
from ...rule import Hypergradient, SocialGradient
from ..frame import Cell, Rows
from ..page import Claim, reason
from .budget import Budget
from .trial import follow

# Short steps, so that the paths of prices are smooth to the eye.
STEP, NUM_STEPS, REACH, GRID = 0.05, 1600, 1.5, 31
SPEEDS = (0.1, 1.0, 10.0)
RULES = {
    "social gradient, agents at equilibrium": 0,
    "social gradient, agents one step a price": 1,
    "hypergradient, which knows the game": 0,
}


def pair(name: str) -> AbstractInstance:
    """A game of two agents: one whose Jacobian turns, and two oscillators."""
    turning = (
        jnp.array([[1.0, -1.5], [1.5, 1.0]]),
        jnp.zeros(2),
        jnp.diag(jnp.array([1.0, 0.4])),
        jnp.array([0.4, -0.3]),
    )
    return {
        "turning game": lambda: LinearQuadratic(*turning),
        "two oscillators": lambda: Oscillators.random(jax.random.key(4), 2, strength=1.0),
    }[name]()


def cells(budget: Budget) -> Iterator[Cell]:
    """Prices of two agents from all around the optimum, and dynamic phases of six oscillators."""
    for name in ("turning game", "two oscillators"):
        slug = name.replace(" ", "-")
        yield Cell(f"portrait-{slug}", functools.partial(_portrait, name, budget.starts))
    yield Cell("phases", _phases)


def _portrait(name: str, starts: int) -> Rows:
    with jax.enable_x64(True):
        instance = pair(name)
        best = instance.optimal_price().value
        turn = 2 * np.pi * np.arange(starts) / starts
        around = np.stack([np.cos(turn), np.sin(turn)], axis=1)[:, :, None]
        begin = best[None] + REACH * jnp.asarray(around)
        rows: Rows = []
        for label, ratio in RULES.items():
            rule = Hypergradient() if "hyper" in label else SocialGradient()
            agents: Any = NashPopulation(instance.game())
            if ratio:
                agents = LearningPopulation(instance.game(), GradientPlay(0.2), ratio)

            def one(start, agents=agents, rule=rule):
                return follow(
                    instance,
                    agents,
                    rule,
                    jnp.asarray(STEP),
                    jax.random.key(0),
                    num_steps=NUM_STEPS,
                    start=start,
                ).price

            paths = np.asarray(jax.lax.map(one, begin))
            rows += [
                {
                    "game": name,
                    "rule": label,
                    "start": start,
                    "step": step,
                    "first_price": float(path[step, 0]),
                    "second_price": float(path[step, 1]),
                }
                for start, path in enumerate(paths)
                for step in range(0, NUM_STEPS, 13)
            ]
        return rows + _landscape(name, instance, np.asarray(best)[:, 0])


def _landscape(name: str, instance: AbstractInstance, best: np.ndarray) -> Rows:
    """The planner's cost at equilibrium on a grid of prices, to draw the paths on."""
    population = NashPopulation(instance.game())
    reach = 1.25 * REACH
    grid = np.linspace(-reach, reach, GRID)
    prices = np.stack(np.meshgrid(best[0] + grid, best[1] + grid), axis=-1).reshape(-1, 2)

    def cost(prices):
        price = Price(prices[:, None])
        state = population.init(price, key=jax.random.key(0))
        response, _ = population.respond(price, state, key=jax.random.key(0))
        return instance.objective(price, response) - instance.social_cost(instance.optimum())

    values = np.asarray(jax.lax.map(cost, jnp.asarray(prices)))
    return [
        {
            "game": name,
            "rule": "landscape",
            "first_price": float(price[0]),
            "second_price": float(price[1]),
            "cost": float(value),
        }
        for price, value in zip(prices, values, strict=True)
    ]


def _phases() -> Rows:
    rows: Rows = []
    with jax.enable_x64(True):
        instance = Oscillators.random(jax.random.key(1))
        best = instance.optimal_price().value
        spread = jnp.linspace(-2.0, 2.0, best.shape[0])[:, None]
        for speed in SPEEDS:
            flow = joint_flow(
                instance.game(),
                Price(jnp.zeros_like(best)),
                minimize=instance.objective,
                duration=60.0 * max(1.0, 1 / speed),
                speed=speed,
                start=spread,
                num_points=201,
            )
            order = np.asarray(jax.vmap(instance.order)(flow.actions))
            error = np.max(np.abs(np.asarray(flow.price - best[None])), axis=(1, 2))
            rows += [
                {
                    "game": "six oscillators",
                    "rule": "joint flow",
                    "speed": speed,
                    "time": float(flow.times[k]),
                    "order": float(order[k]),
                    "error": float(error[k]),
                    "cost": float(flow.value[k]),
                    "phase": float(flow.actions[k, agent, 0]),
                    "agent": agent,
                }
                for k in range(flow.times.shape[0])
                for agent in range(best.shape[0])
            ]
    return rows


def draw(table: pl.DataFrame) -> Figure:
    """Above: paths of two prices on the planner's cost. Below: phases, order and error in time."""
    figure = canvas(WIDE, 6.6)
    grid = figure.subplots(2, 3)
    games = ("turning game", "two oscillators")
    for axes, game in zip(grid[0], games, strict=False):
        _draw_paths(axes, table.filter(pl.col("game") == game))
        axes.set(title=game, xlabel="first price", ylabel="second price")
    handles = grid[0, 0].get_legend_handles_labels()
    grid[0, 2].axis("off")
    grid[0, 2].legend(*handles, loc="center", fontsize=7)
    moving = table.filter(pl.col("speed").is_not_null())
    slow = moving.filter(pl.col("speed") == 1.0)
    for _, run in slow.group_by(["agent"], maintain_order=True):
        grid[1, 0].plot(run["time"], run["phase"], lw=1, color=PALETTE["after"])
    grid[1, 0].set(
        xlabel="time", ylabel="phase", title="six phases, planner at speed 1", xlim=(0, 20)
    )
    single = moving.filter(pl.col("agent") == 0)
    for ((speed,), run), role in zip(
        single.group_by(["speed"], maintain_order=True), SERIES, strict=False
    ):
        style = {"lw": 1, "color": PALETTE[role], "label": f"speed {speed:g}"}
        grid[1, 1].semilogx(run["time"].clip(0.1), run["order"], **style)
        grid[1, 2].loglog(run["time"].clip(0.1), run["error"].clip(1e-9), **style)
    grid[1, 1].set(xlabel="time", ylabel="order |mean exp(i phase)|")
    grid[1, 2].set(xlabel="time", ylabel="error of the price")
    grid[1, 2].legend(fontsize=7)
    return figure


def _draw_paths(axes, rows: pl.DataFrame) -> None:
    land = rows.filter(pl.col("rule") == "landscape").sort("second_price", "first_price")
    shape = (GRID, GRID)
    x, y, cost = (
        land[name].to_numpy().reshape(shape) for name in ("first_price", "second_price", "cost")
    )
    axes.contour(x, y, np.sqrt(np.maximum(cost, 0)), 9, colors=PALETTE["rule"], linewidths=0.7)
    for label, role in zip(RULES, SERIES, strict=False):
        runs = rows.filter(pl.col("rule") == label)
        for number, (_, path) in enumerate(runs.group_by(["start"], maintain_order=True)):
            axes.plot(
                path["first_price"],
                path["second_price"],
                color=PALETTE[role],
                lw=0.9,
                label=label if number == 0 else None,
            )
    axes.plot(x.mean(), y.mean(), "o", ms=4, color=PALETTE["ink"])


def claims(table: pl.DataFrame) -> list[Claim]:
    """Every path ends at the optimum; dynamic phases fall into step at every speed."""
    found = []
    for game in ("turning game", "two oscillators"):
        rows = table.filter(pl.col("game") == game)
        land = rows.filter(pl.col("rule") == "landscape")
        centre = [land[name].mean() for name in ("first_price", "second_price")]
        last = rows.filter(pl.col("step") == pl.col("step").max())
        for label in RULES:
            ends = last.filter(pl.col("rule") == label)
            far = max(
                float((ends[name] - middle).abs().max())  # pyright: ignore
                for name, middle in zip(("first_price", "second_price"), centre, strict=True)
            )
            found.append(
                Claim(
                    f"{game}: {label} leads to one price from everywhere",
                    f"{len(ends)} starts, farthest end {far:.1e} from the optimal price",
                    far < 1e-2,
                    reason(far < 1e-2, "some path has not come to it in the steps it had"),
                )
            )
    moving = table.filter(pl.col("speed").is_not_null() & (pl.col("agent") == 0))
    for (speed,), run in moving.group_by(["speed"], maintain_order=True):
        stepped, priced = run["order"][-1] > 1 - 1e-6, run["error"][-1] < 1e-4
        found.append(
            Claim(
                f"six oscillators, phases and prices moving together at speed {speed:g}: in step "
                "at the optimal price",
                f"order {run['order'][-1]:.9f}, error of the price {run['error'][-1]:.1e}",
                stepped and priced,
                reason(
                    stepped and priced,
                    "the price is not yet there" if stepped else "they are not yet in step",
                ),
            )
        )
    return found
