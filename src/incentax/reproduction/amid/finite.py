"""Learned auctions among N bidders: how far their values are from the mean field, and how fast."""

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
from ..page import Claim
from .contest import trained
from .theory import Slope, jackknife_slope, sampled_slope

AGENTS = (100, 1000, 10_000, 100_000, 1_000_000)
# Bounds, and laws, are judged on crowds of up to this many; laws in their limit from here on. A
# round that should leave a few goods sells out by chance among few bidders: until that is rare, at
# some thousands for designs of A2, values come closer faster than any power law. And the part of a
# good that bids near a reserve make up is not sold, half a good on average: among so few bidders
# that none is near, as in designs of A1 below some thousands, values are closer.
FAR = 10_000
# The games that a prior-free mechanism meets are drawn with a key of their own, which no design
# has seen; they are the same for every number of bidders.
_GAMES_KEY = 20_251
# A fitted exponent agrees with a law within this much.
TOLERANCE = 0.1
_NORMAL = 1.96
# What the means of rows are over, and the column that counts it.
_MET = {"designs": "seed", "drawn games": "game"}


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
        row |= {name: of_one[column].n_unique() for name, column in _MET.items()}
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


def finite_claims(frame: pl.DataFrame) -> list[Claim]:
    """Learned auctions are worth among N bidders what the mean field says, and nearly as stable."""
    claims = []
    for _, rows in frame.group_by(["problem", "mechanism"], maintain_order=True):
        near = rows.filter(pl.col("agents") <= FAR)
        far = rows.filter(pl.col("agents") >= FAR)
        whose = f"{rows['problem'][0]}, {rows['mechanism'][0]}{met_with(over_games(rows))}"
        claims += [_closeness(whose, near), _value_rate(whose, near), *_gain_rates(whose, near)]
        if rows["mechanism"][0] == "designed":
            claims.append(
                _smooth_rate(
                    f"{whose}: value has slope -1 over N = {AGENTS[0]} to {FAR} (predicted where "
                    "supply and payments are smooth in the bids; steeper where few bidders miss by "
                    "chance what many do not, flatter where few come near a reserve)",
                    near,
                )
            )
            claims.append(
                _smooth_rate(
                    f"{whose}: value has slope -1 from N = {FAR} on (the same law, in its limit)",
                    far,
                )
            )
    return claims


def met_with(rows: pl.DataFrame) -> str:
    """Over how many designs and games these rows are means, unless one: ", 5 designs"."""
    counts = {name: int(rows[name].to_numpy().max()) for name in _MET}
    return "".join(f", {count} {name}" for name, count in counts.items() if count > 1)


def _closeness(whose: str, rows: pl.DataFrame) -> Claim:
    sizes = over_games(rows).sort("agents")["difference"].abs().to_list()
    return Claim(
        f"{whose}: N-player value close to mean field from N = 100 on",
        _told(rows, "difference"),
        sizes[-1] < sizes[0] and sizes[0] < 0.05,
    )


def _value_rate(whose: str, rows: pl.DataFrame) -> Claim:
    fit = _slope(rows, "difference")
    return Claim(
        f"{whose}: value approaches at least as fast as N^-1/2 (theory: slope -1/2 at a kink with "
        "a price atom, -1 where smooth)",
        _exponent(fit),
        _at_least_as_fast(fit),
    )


def _smooth_rate(stated: str, rows: pl.DataFrame) -> Claim:
    fit = _slope(rows, "difference")
    told = fit.high - fit.low <= 2 * TOLERANCE
    return Claim(stated, _exponent(fit), abs(fit.slope + 1) <= TOLERANCE if told else None)


def _gain_rates(whose: str, rows: pl.DataFrame) -> list[Claim]:
    """Exploitability beyond that of the mean field, which the temperature leaves."""
    floor = pl.col("exploitability_mean_field")
    # Designs and games differ in what the temperature leaves.
    beyond = rows.with_columns(
        pl.col("exploitability", "exploitability_low", "exploitability_high") - floor
    )
    means = over_games(beyond)
    left = means["exploitability_mean_field"][0]
    told = f"{_told(beyond, 'exploitability')}; mean field {left:.2e}"
    stated = f"{whose}: exploitability beyond the mean field's"
    if float(means["exploitability_low"].to_numpy().min()) <= 0:
        told += "; not told from 0 at some N: no slope"
        return [Claim(f"{stated} falls like N^-1/2", told, None)]
    fit = _slope(beyond, "exploitability")
    return [
        Claim(f"{stated} falls at least as fast as N^-1/2", told, _at_least_as_fast(fit)),
        Claim(
            f"{stated} has slope -1/2 (predicted without a grid of bids; on one it falls faster "
            "once a tick costs a deviator more than she wins)",
            _exponent(fit),
            abs(fit.slope + 0.5) <= TOLERANCE,
        ),
    ]


def _slope(rows: pl.DataFrame, name: str) -> Slope:
    """Over designs and games where there are several, over what was drawn where there is one."""
    ordered = rows.sort("agents")
    numbers = ordered["agents"].unique(maintain_order=True).to_numpy().astype(float)
    units = [of_one[name].to_numpy() for _, of_one in ordered.group_by(_MET.values())]
    if len(units) > 1:
        return jackknife_slope(numbers, np.stack(units))
    width = (ordered[f"{name}_high"] - ordered[f"{name}_low"]).to_numpy() / 2
    return sampled_slope(numbers, units[0], width / _NORMAL)


def _exponent(fit: Slope) -> str:
    return f"slope {fit.slope:.2f} [{fit.low:.2f}, {fit.high:.2f}]"


def _at_least_as_fast(fit: Slope) -> bool | None:
    # Open where the interval has both sides of the law in it.
    law = -0.5 + TOLERANCE
    if fit.low <= law < fit.high:
        return None
    return fit.high <= law


def _told(rows: pl.DataFrame, name: str) -> str:
    columns = ("agents", name, f"{name}_low", f"{name}_high")
    return "; ".join(
        f"N={agents}: {mean:+.2e} [{low:+.2e}, {high:+.2e}]"
        for agents, mean, low, high in over_games(rows).sort("agents").select(columns).iter_rows()
    )
