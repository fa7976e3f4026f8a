"""First price with the best supply and reserve in each round: a fair baseline."""

import functools
import itertools
import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
from matplotlib.figure import Figure

from ...auctions import KnownEconomy, ReservePrice
from ...auctions.yardsticks import FAST_ROUNDS, fast_yardsticks, yardsticks
from ...certificate import certify
from ...problems import problems
from ...report.plot_style import PALETTE, SERIES, WIDE, canvas
from ..page import Claim
from .contest import recipe_plan, run

FORM = "first-price"
# Constant reserves that a search begins with, and sweeps over all moves at most.
_LEVELS = 12
_MOST_SWEEPS = 30


class Found(NamedTuple):
    """A first price: how it was found, its value, exploitability, and reserves where it has any."""

    way: str
    value: float
    exploitability: float
    reserves: tuple[float, ...] = ()


def fair_rows(problem: str, num_steps: int | None, *designs: pl.DataFrame) -> list[dict[str, Any]]:
    """One row: first price as it is, the best that was found, and designs of the setting's form.

    `designs` are the rows of the default recipe, one table a seed; `num_steps` is None for the
    form's own. Candidates whose bidders have not settled are left out.
    """
    setting: Any = problems[problem].setting
    best: Found | None = max(
        designed(setting, num_steps), searched(setting), key=lambda one: worth(setting, one)
    )
    if worth(setting, best) == -math.inf:
        best = None
    values = np.array([float(seed["value"][0]) for seed in designs])
    many = setting.economy.horizon > FAST_ROUNDS
    oracles = (fast_yardsticks if many else yardsticks)(setting.economy, setting.goal).numbers
    return [
        {
            "problem": problem,
            "baseline": float(designs[0]["baseline"][0]),
            "tuned": None if best is None else best.value,
            "tuned_by": None if best is None else best.way,
            "tuned_exploitability": None if best is None else best.exploitability,
            "reserves": None if best is None else list(best.reserves),
            "posted_price": oracles["posted_price"],
            "constant_price": oracles["constant_price"],
            "design": float(values.mean()),
            "least_design": float(values.min()),
            "seeds": values.size,
            "cap": setting.cap(),
        }
    ]


def worth(setting: Any, one: Found) -> float:
    """What a first price is worth, the more the better; nothing where bidders have not settled."""
    if one.exploitability > setting.exploitability_bound:
        return -math.inf
    return one.value if setting.sense == "maximize" else -one.value


def designed(setting: Any, num_steps: int | None) -> Found:
    """Supply and reserve of every round by gradient, as any form is designed."""
    form = setting.with_form(FORM)
    result = run(form, recipe_plan(form, num_steps), 0)
    return Found("gradient", float(result.value), float(result.certificate.exploitability))


def searched(setting: Any) -> Found:
    """Reserves on the grid of bids by search: from the best constant, a tick at a time.

    Moves are of one round or of all; in long auctions of all alone. Sold are all bids at the
    reserve or above it, so that a reserve also says how much is sold.
    """
    bids, rounds = setting.economy.num_bids, setting.economy.horizon

    def judged(ticks: np.ndarray) -> Found:
        reserves = tuple((ticks / bids).tolist())
        mechanism = ReservePrice(  # pyright: ignore[reportCallIssue]
            reserve=jnp.asarray(reserves)
        )
        found, _ = certify(
            setting.population(), setting.objective(), mechanism, key=jax.random.key(0)
        )
        return Found("search", found.value, found.exploitability, reserves)

    better = functools.partial(worth, setting)
    levels = np.unique(np.linspace(0, bids - 1, _LEVELS).round().astype(int))
    best = max((judged(np.full(rounds, level)) for level in levels), key=better)
    ways = [np.ones(rounds, int)]
    if rounds <= FAST_ROUNDS:
        ways += list(np.eye(rounds, dtype=int))
    for _ in range(_MOST_SWEEPS):
        before = best
        for way, step in itertools.product(ways, (1, -1)):
            ticks = np.rint(np.array(best.reserves) * bids).astype(int) + step * way
            if 0 <= ticks.min() and ticks.max() < bids:
                best = max(best, judged(ticks), key=better)
        if best is before:
            break
    return best


def has_first_price(problem: str) -> bool:
    """Whether the setting is one whose first price can be designed."""
    return isinstance(problems[problem].setting, KnownEconomy)


def fair(table: pl.DataFrame) -> Figure:
    """Values of first price, of the best first price and of designs, by problem, and caps."""
    figure = canvas(WIDE, 3.0)
    axes = figure.subplots()
    place = np.arange(table.height)
    shown = (("baseline", "first price"), ("tuned", "best first price"), ("design", "design"))
    for (column, label), role, shift in zip(shown, SERIES, (-0.25, 0.0, 0.25), strict=False):
        axes.bar(place + shift, table[column], 0.25, color=PALETTE[role], label=label)
    caps = table["cap"].cast(pl.Float64).to_numpy()
    axes.hlines(caps, place - 0.4, place + 0.4, color=PALETTE["cap"], ls=":", label="proved cap")
    axes.set(ylabel="value")
    axes.set_xticks(place, table["problem"].to_list())
    axes.legend(ncols=4)
    return figure


def fair_claims(table: pl.DataFrame) -> list[Claim]:
    """Designs of every seed end above the best first price."""
    return [
        Claim(
            f"{row['problem']}: design beats first price with the best supply and reserve that "
            "were found (not in the paper)",
            f"{row['design']:.4f}, at least {row['least_design']:.4f} of {row['seeds']}, against "
            + ("none settled" if row["tuned"] is None else f"{row['tuned']:.4f} {_told(row)}")
            + f", and {row['baseline']:.4f} with equal split",
            None if row["tuned"] is None else row["least_design"] > row["tuned"],
        )
        for row in table.iter_rows(named=True)
    ]


def _told(row: dict[str, Any]) -> str:
    reserves = ", ".join(f"{r:.2f}" for r in row["reserves"][:FAST_ROUNDS])
    return f"(by {row['tuned_by']}{'; reserves ' + reserves if reserves else ''})"
