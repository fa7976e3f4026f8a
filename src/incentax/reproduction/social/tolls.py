"""Tolls on a mean-field game: with the agents' model, and from flows that are only observed."""

import functools
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
from matplotlib.figure import Figure
from scipy.optimize import linprog

from ...design import design
from ...order import Order
from ...population import JointAction
from ...problems import problems
from ...report.plot_style import PALETTE, SERIES, WIDE, canvas
from ..frame import Cell, Rows
from ..page import Claim, reason
from .budget import Budget

PROBLEM, NUM_STEPS = "beach-tolls", 200
# What the planner watches, and the rule's name; the hypergradient comes first, to compare with.
WATCHED = {
    "hypergradient, which knows the game": "hypergradient",
    "observed flow of an equilibrium": "social-gradient",
    "observed flow of agents who learn": "social-gradient-learning",
    "observed counts of 2000 agents": "social-gradient-agents",
}
MODELLED = next(iter(WATCHED))


def cells(budget: Budget) -> Iterator[Cell]:
    """One design for each way to watch, alike in both budgets: designs of seconds."""
    for watched, rule in WATCHED.items():
        yield Cell(f"tolls-{rule}", functools.partial(_design, watched, rule))


def _design(watched: str, rule: str) -> Rows:
    problem = problems[PROBLEM]
    order = Order(problem, rule, "implicit", NUM_STEPS, 0)
    seen: list[float] = []
    with jax.enable_x64(True):
        population, mechanism, rule_used, optimizer = order.ingredients(jax.random.key(0))
        result = design(
            population,
            mechanism,
            minimize=problem.setting.objective(),
            rule=rule_used,
            optimizer=optimizer,
            num_steps=NUM_STEPS,
            audit_every=0,
            throw=False,
            callback=lambda progress: seen.append(float(progress.record.value)),
        )
        floor = least(problem.setting, result.response.flow)
    told: dict[str, Any] = {
        "watched": watched,
        "rule": rule,
        "final": float(result.value),
        "floor": floor,
        "status": result.status.name,
    }
    return [told | {"step": step, "cost": cost} for step, cost in enumerate(seen)]


def least(setting: Any, flow: Any) -> float:
    """A bound that no flow of the game's agents goes below, whatever they are made to pay.

    The objective is convex and flows are a polytope, so that the tangent at `flow` [H S A] lies
    below it: the bound is the tangent's least value, a linear program.
    """
    matrix = setting.recipe().constraints()
    flow = jnp.asarray(flow, jnp.result_type(float))
    value, slope = jax.value_and_grad(lambda x: _score(setting, x))(flow)
    here, slope = np.asarray(flow).reshape(-1), np.asarray(slope).reshape(-1)
    answer: Any = linprog(slope, A_eq=matrix, b_eq=matrix @ here, bounds=(0, None))
    if answer.status != 0:
        raise ValueError(f"expected a linear program with an optimum, got: {answer.message}")
    return float(value + answer.fun - slope @ here)


def _score(setting: Any, flow: Any) -> Any:
    return setting.objective()(setting.mechanism(jax.random.key(0)), JointAction.seen(flow))


def draw(table: pl.DataFrame) -> Figure:
    """The congestion at every look, each way to watch, above the least that any flow has."""
    figure = canvas(WIDE, 3.0)
    axes = figure.subplots()
    for ((watched,), run), role in zip(
        table.group_by(["watched"], maintain_order=True), SERIES, strict=False
    ):
        axes.plot(run["step"], run["cost"], color=PALETTE[role], lw=1.1, label=watched)
    axes.axhline(
        float(np.max(table["floor"].to_numpy())),
        color=PALETTE["muted"],
        ls=":",
        lw=0.9,
        label="no flow has less",
    )
    axes.set(xlabel="tolls tried", ylabel="congestion, as observed")
    axes.legend(fontsize=7)
    return figure


def rows(table: pl.DataFrame) -> pl.DataFrame:
    """One row a way to watch: congestion first and last, and the bound found there."""
    ends = table.group_by(["watched"], maintain_order=True).agg(
        pl.col("rule").first(),
        pl.col("cost").first().alias("observed at first"),
        pl.col("cost").last().alias("observed at last"),
        pl.col("final").first().alias("once agents have settled"),
        pl.col("floor").first().alias("bound on every flow"),
        pl.col("status").first().str.to_lowercase().str.replace_all("_", " "),
    )
    return ends.rename({"watched": "the planner has"})


def claims(table: pl.DataFrame) -> list[Claim]:
    """Who only watches does as well as who knows the game, and nearly as well as any flow."""
    single = table.unique(["watched"], keep="first", maintain_order=True)
    final = dict(zip(single["watched"], single["final"], strict=True))
    floor = float(np.max(single["floor"].to_numpy()))
    free = float(table.filter(pl.col("watched") == list(WATCHED)[1])["cost"][0])
    found = [
        Claim(
            "with the model (hypergradient): less congestion than without tolls",
            f"{final[MODELLED]:.4f}, without tolls {free:.4f}",
            final[MODELLED] < free,
            reason(final[MODELLED] < free, "tolls have not lowered it"),
        )
    ]
    most = 1.01 * min(final[MODELLED], floor)
    for watched, value in list(final.items())[1:]:
        found.append(
            Claim(
                f"{watched}: as good as with the model, and as any flow, both to 1 %",
                f"{value:.4f}: {value / final[MODELLED] - 1:+.1%} beside the model's, "
                f"{value / floor - 1:+.1%} beside what no flow goes below",
                value <= most,
                reason(
                    value <= most,
                    f"{value / most - 1:.1%} more than that: not at the end, or the bound on "
                    "flows is loose",
                ),
            )
        )
    return found
