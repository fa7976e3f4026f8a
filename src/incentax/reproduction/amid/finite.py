"""Learned auctions among N bidders: values, and what deviators gain."""

from typing import Any, NamedTuple

import jax
import numpy as np
import polars as pl

from ...auctions import (
    deviation_gain_among,
    paired_interval,
    sensitivities,
    simulate,
    without_luck,
)
from ...problems import problems
from ...simulation import Encounter, encounters, goal
from ..frame import Rows
from .contest import trained

AGENTS = (100, 1000, 10_000, 100_000, 1_000_000)
# The games that a prior-free mechanism meets are drawn with a key of their own, which no design
# has seen; they are the same for every number of bidders.
_GAMES_KEY = 20_251
# What the means of rows are over, and the column that counts it.
MET = {"designs": "seed", "drawn games": "game"}


class Crowds(NamedTuple):
    """How a problem's designed mechanism meets finite crowds.

    - `problem`, `num_steps`: what is designed, with the default recipe's steps if None.
    - `designs`: seeds to design with.
    - `games`: games drawn where each meeting is with a fresh one; elsewhere there is one.
    - `trials`, `deviations`: auctions held for the value, and for what a deviator gains.
    """

    problem: str
    num_steps: int | None = None
    designs: int = 1
    games: int = 1
    trials: int = 1000
    deviations: int = 200


def finite_rows(crowds: Crowds, seed: int = 0, agents: tuple[int, ...] = AGENTS) -> Rows:
    """One row for each mechanism, game and number of bidders; first price with seed 0 only."""
    setting = problems[crowds.problem].setting
    mechanisms = {"designed": trained(crowds.problem, seed, crowds.num_steps).mechanism}
    if seed == 0:
        mechanisms["first price"] = setting.baselines()["first_price"]
    rows = []
    for title, mechanism in mechanisms.items():
        key = jax.random.key(_GAMES_KEY)
        met = encounters(setting, mechanism, key=key, most=crowds.games)
        for game, encounter in enumerate(met):
            about = {"problem": crowds.problem, "mechanism": title, "seed": seed, "game": game}
            luck = (seed, game)
            told = meeting_rows(encounter, mechanism, goal(setting), crowds, agents, luck)
            rows += [about | row for row in told]
    return rows


def meeting_rows(
    encounter: Encounter,
    mechanism,
    objective,
    crowds: Crowds,
    agents: tuple[int, ...],
    luck: tuple[int, ...] = (),
) -> Rows:
    """Values and exploitabilities at one equilibrium, by number of bidders, drawn by `luck`."""
    game, policy = encounter.game, encounter.policy
    worth = sensitivities(game, mechanism, policy, objective)
    rows = []
    for number in agents:
        # Others for every meeting: means over meetings are of independent draws.
        first, second = np.random.SeedSequence((number, *luck)).generate_state(2).tolist()
        counts = {"num_agents": number, "num_trials": crowds.trials}
        held = simulate(game, mechanism, policy, worth=worth, seed=first, **counts)
        gap = held.score(objective) - encounter.mean_field
        difference, low, high = without_luck(gap, held.luck)
        counts["num_trials"] = crowds.deviations
        gain = deviation_gain_among(game, mechanism, policy, seed=second, **counts)
        rows.append(
            {
                "agents": number,
                "trials": crowds.trials,
                "mean_field": encounter.mean_field,
                "value": encounter.mean_field + difference,
                "difference": difference,
                "difference_low": low,
                "difference_high": high,
                "exploitability": gain.gain,
                "exploitability_low": gain.low,
                "exploitability_high": gain.high,
                "exploitability_optimistic": gain.optimistic,
                "exploitability_mean_field": encounter.exploitability,
            }
        )
    return rows


def over_games(frame: pl.DataFrame) -> pl.DataFrame:
    """Means over designs and drawn games, with 95 % intervals, by problem and bidders.

    Where there are several, intervals are for others like them; where there is one, for its draws.
    """
    rows = []
    groups = frame.group_by(["problem", "mechanism", "agents"], maintain_order=True)
    for (problem, mechanism, agents), of_one in groups:
        row: dict[str, Any] = {"problem": problem, "mechanism": mechanism, "agents": agents}
        row |= {name: of_one[column].n_unique() for name, column in MET.items()}
        row["mean_field"] = of_one["mean_field"].mean()
        for name in ("difference", "exploitability"):
            found = (of_one[name], of_one[f"{name}_low"], of_one[f"{name}_high"])
            mean, low, high = (
                (column[0] for column in found)
                if len(of_one) == 1
                else paired_interval(of_one[name].to_numpy())
            )
            row |= {name: mean, f"{name}_low": low, f"{name}_high": high}
        row["exploitability_mean_field"] = of_one["exploitability_mean_field"].mean()
        rows.append(row)
    return pl.DataFrame(rows)


def met_with(rows: pl.DataFrame) -> str:
    """Over how many designs and games these rows are means, unless one: ", 5 designs"."""
    counts = {name: int(rows[name].to_numpy().max()) for name in MET}
    return "".join(f", {count} {name}" for name, count in counts.items() if count > 1)
