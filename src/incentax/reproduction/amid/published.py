"""AMID as it was published, all its iterations, beside the default recipe with the same seed."""

from typing import Any

import jax
import numpy as np
import polars as pl
from matplotlib.figure import Figure

from ...order import Order
from ...problems import problems
from ...report.plot_style import PALETTE, SERIES, WIDE, canvas, key, line
from ..frame import Rows
from ..page import Claim, reason
from .plans import Plan, followed
from .rivals import OURS

PUBLISHED = "amid, as published"


def published_rows(name: str, seed: int, num_steps: int, ours: pl.DataFrame) -> Rows:
    """Values by step of the published recipe, gradients checkpointed; then those of `ours`.

    `value` and `exploitability` are of the mechanism in the end, judged as every design is.
    """
    problem = problems[name]
    order = Order(problem, "hypergradient", "checkpointed", num_steps, seed, recipe="paper")
    design_key, start_key = jax.random.split(jax.random.key(seed))
    population, mechanism, rule, optimizer = order.ingredients(start_key)
    setting, recipe = problem.setting, order.recipe_used
    plan = Plan(rule, optimizer, num_steps, recipe.audit_every, recipe.patience, recipe.climb)
    result = followed(setting, population, mechanism, recipe.schedule, plan, design_key)
    about: dict[str, Any] = {"problem": name, "seed": seed, "sense": setting.sense}
    ended = {"value": result.value, "exploitability": result.certificate.exploitability}
    curve = [
        {"step": r.step, "training_value": r.value, "seconds": r.seconds} for r in result.history
    ]
    kept = ("value", "exploitability", "step", "training_value", "seconds")
    theirs = [about | {"recipe": PUBLISHED} | ended | row for row in curve]
    mine = [about | {"recipe": OURS} | row for row in ours.select(kept).iter_rows(named=True)]
    return theirs + mine


def published(table: pl.DataFrame) -> Figure:
    """Values while designing by iteration and by seconds, each seed a line."""
    figure = canvas(WIDE, 3.2)
    left, right = figure.subplots(1, 2, sharey=True)
    roles: dict[str, str] = dict(zip((OURS, PUBLISHED), SERIES, strict=False))
    for (recipe, _), rows in table.group_by(["recipe", "seed"], maintain_order=True):
        color = PALETTE[roles[str(recipe)]]
        for axes, clock in ((left, "step"), (right, "seconds")):
            axes.plot(rows[clock], rows["training_value"], color=color, lw=1.0, alpha=0.8)
    left.set(xlabel="iteration", ylabel="value while designing")
    right.set(xlabel="seconds", xscale="log")
    key(figure, [line(recipe, role) for recipe, role in roles.items()])
    return figure


def published_claims(frame: pl.DataFrame) -> list[Claim]:
    """The default recipe ends above the published one, and is at its end value in less time."""
    claims = []
    for (problem,), rows in frame.group_by(["problem"], maintain_order=True):
        sign = 1 if rows["sense"][0] == "maximize" else -1
        ends, whole = [], []
        until: list[float] = []
        for _, of_one in rows.group_by(["seed"], maintain_order=True):
            ours, theirs = (of_one.filter(pl.col("recipe") == who) for who in (OURS, PUBLISHED))
            ends.append((ours["value"][0], theirs["value"][0]))
            whole.append(theirs["seconds"].max())
            reached = ours.filter(sign * (pl.col("training_value") - theirs["value"][0]) >= 0)
            until += reached["seconds"].to_list()[:1]
        mine, published = np.array(ends).T
        steps = rows.filter(pl.col("recipe") == PUBLISHED)["step"].max()
        ahead = bool(np.all(sign * (mine - published) > 0))
        claims.append(
            Claim(
                f"{problem}: the default recipe ends above the published one, all its iterations "
                "made (not in the paper)",
                f"{mine.mean():.4f} against {published.mean():.4f} after {steps} iterations, "
                f"seeds: {mine.size}; where the published one ends after {np.mean(whole):.0f} s "
                f"the default one has been {_since(until, mine.size)}",
                ahead,
                reason(
                    ahead, f"in {int(np.sum(sign * (mine - published) <= 0))} seeds it does not"
                ),
            )
        )
    return claims


def _since(until: list[float], seeds: int) -> str:
    if not until:
        return "in no seed"
    return f"in {len(until)} of {seeds} seeds, after {np.mean(until):.1f} s"
