"""A gallery of failures: the condition violated, what happens, and what the guard says."""

import functools
import warnings
from collections.abc import Iterator
from typing import Any

import equinox as eqx
import jax
import numpy as np
import polars as pl
from matplotlib.figure import Figure

from ...design import design
from ...report.plot_style import PALETTE, WIDE, canvas
from ..frame import Cell, Rows
from ..page import Claim, reason
from .budget import Budget
from .exhibits import EXHIBITS

# What is stated of an exhibit by what is wanted of the guard; all others are named by a status.
_VERDICTS = {"refused": "refused before it runs", "warned": "warned of before it runs"}


def cells(budget: Budget) -> Iterator[Cell]:
    """Every exhibit, in both budgets: designs of seconds."""
    for number, name in enumerate(EXHIBITS):
        yield Cell(f"exhibit-{number}", functools.partial(_show, name))


def _show(name: str) -> Rows:
    exhibit = EXHIBITS[name]
    with jax.enable_x64(True):
        rows: Rows = []
        verdicts = {}
        for run, make in (("breaks", exhibit.breaks), ("holds", exhibit.holds)):
            costs, verdicts[run] = _run(make())
            rows += [{"run": run, "step": step, "cost": cost} for step, cost in enumerate(costs)]
        kind, words = verdicts["breaks"]
        if exhibit.asked is not None:
            kind, words = _refusal(exhibit.asked())
    told = {
        "exhibit": name,
        "condition": exhibit.condition,
        "wanted": exhibit.wanted,
        "guard": kind,
        "words": words,
        "repaired": verdicts["holds"][0],
    }
    return [told | row for row in rows]


def _run(arguments: dict[str, Any]) -> tuple[list[float], tuple[str, str]]:
    """Costs step by step, and the guard's kind of answer with its words."""
    scored = arguments.pop("scored", None)
    costs: list[float] = []

    agents, key = arguments["population"], jax.random.key(0)

    @eqx.filter_jit
    def score(price):
        response, _ = agents.respond(price, agents.init(price, key=key), key=key)
        return scored(price, response)

    def keep(progress):
        seen = progress.record.value if scored is None else score(progress.state.mechanism)
        costs.append(float(seen))

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        result = design(**arguments, audit_every=0, throw=False, callback=keep)
    momentum = [str(w.message) for w in said if "momentum" in str(w.message)]
    if momentum:
        return costs, ("warned", momentum[0])
    return costs, (result.status.name, result.status.sentence)


def _refusal(arguments: dict[str, Any]) -> tuple[str, str]:
    try:
        design(**arguments, audit_every=0, throw=False)
    except ValueError as error:
        return "refused", str(error)
    return "let through", ""


def draw(table: pl.DataFrame) -> Figure:
    """A panel an exhibit: the cost where the condition is violated, and where it is repaired."""
    names = table["exhibit"].unique(maintain_order=True).to_list()
    lines = -(-len(names) // 4)
    figure = canvas(WIDE, 2.1 * lines + 0.4)
    grid = figure.subplots(lines, 4, squeeze=False).ravel()
    for axes, name in zip(grid, names, strict=False):
        rows = table.filter(pl.col("exhibit") == name)
        for run, role in (("breaks", "baseline"), ("holds", "after")):
            costs = rows.filter(pl.col("run") == run)["cost"].to_numpy()
            least = np.nanmin(rows["cost"].to_numpy())
            above = np.clip(np.nan_to_num(costs - least, nan=1e6), 1e-12, 1e6)
            axes.semilogy(np.arange(above.size), above, color=PALETTE[role], lw=1.1)
        axes.set_title(name, fontsize=7)
        axes.tick_params(labelsize=6)
    for axes in grid[len(names) :]:
        axes.axis("off")
    figure.supxlabel("prices tried", fontsize=8)
    figure.supylabel("social cost above the least of the panel", fontsize=8)
    return figure


def rows(table: pl.DataFrame) -> pl.DataFrame:
    """One row an exhibit: condition, costs and the guard's words."""
    ends = table.group_by(["exhibit", "run"], maintain_order=True).agg(
        pl.col("cost").first().alias("first"), pl.col("cost").last().alias("last")
    )
    broken, sound = (ends.filter(pl.col("run") == run) for run in ("breaks", "holds"))
    single = table.unique(["exhibit"], keep="first", maintain_order=True)
    return (
        single.join(broken, on="exhibit")
        .join(sound, on="exhibit", suffix="_repaired")
        .select(
            pl.col("exhibit"),
            pl.col("condition"),
            pl.col("first").alias("cost first"),
            pl.col("last").alias("cost where violated"),
            pl.col("last_repaired").alias("cost where repaired"),
            pl.col("guard").str.to_lowercase().str.replace_all("_", " "),
            pl.col("words").alias("in words"),
        )
    )


def claims(table: pl.DataFrame) -> list[Claim]:
    """Every failure is refused before it runs, or named after; no repaired run is blamed."""
    found = []
    for row in table.unique(["exhibit"], keep="first", maintain_order=True).iter_rows(named=True):
        said = f"{row['guard']}; repaired: {row['repaired']}"
        named, done = row["guard"] == row["wanted"], row["repaired"] == "DONE"
        found.append(
            Claim(
                f"{row['exhibit']}: {_VERDICTS.get(row['wanted'], 'the status names it')}; the "
                "repaired run is done",
                said.lower().replace("_", " "),
                named and done,
                reason(
                    named and done,
                    "the repaired run has failed" if named else "the failure is not named",
                ),
            )
        )
    return found
