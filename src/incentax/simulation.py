"""A designed auction among finitely many bidders, beside its mean-field value."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from ._status import Status
from ._types import Key, Mechanism, Objective
from .auctions import (
    BatchedAuction,
    Deviation,
    KnownEconomy,
    PriorFree,
    deviation_gain_among,
    paired_interval,
    rehearse,
    simulate,
)
from .auctions.form import FORMS
from .auctions.prior_free import RandomEconomy
from .certificate import certify
from .order import RECIPES
from .population import EquilibriumPopulation
from .problems import Problem, problems
from .run_directory import RunDirectory
from .setting import AbstractSetting

# The best response is judged on this many auctions at most: each needs a look at every bid.
_MOST_DEVIATIONS = 200
# ... and on this many at least: it is found on one half and judged on the other.
_LEAST_DEVIATIONS = 4
# A prior-free mechanism meets this many games at most: each has an equilibrium of its own.
_MOST_GAMES = 20


@dataclass(frozen=True, eq=False)
class Encounter:
    """A game, the equilibrium policy `[H, S + 1, A]` that the mechanism induces, and its value.

    `settled` says whether the bidders are at an equilibrium: there the policy is one.
    """

    game: BatchedAuction
    policy: np.ndarray
    mean_field: float
    exploitability: float
    settled: bool


def simulate_run(run: RunDirectory, *, num_agents: int, num_trials: int, seed: int) -> dict:
    """`simulate_mechanism` for the mechanism in a run directory; the record is kept there."""
    problem = _problem_of(run)
    recipe = run.config.get("recipe", "default")
    if recipe not in list(RECIPES):
        raise ValueError(
            f"expected a run by one of the recipes {', '.join(RECIPES)}, got {recipe!r} in "
            f"{run.path}; design it again"
        )
    like = RECIPES[recipe].start(problem.setting, jax.random.key(0))
    mechanism = run.load_mechanism(like)
    record = simulate_mechanism(
        problem, mechanism, num_agents=num_agents, num_trials=num_trials, seed=seed
    )
    run.save_simulation(record)
    return record


def simulate_mechanism(
    problem: Problem, mechanism: Mechanism, *, num_agents: int, num_trials: int, seed: int
) -> dict[str, Any]:
    """Value among `num_agents` bidders with a 95 % interval, its mean-field counterpart, and more.

    `difference` is the finite value minus the mean-field one; `exploitability` is what one bidder
    gains by a best response to simulated opponents, in the first game where there are several;
    `settled` counts the games whose mean-field bidders are at an equilibrium; `sold` is in goods
    per bidder; `seconds_per_trial` leaves compilation out; `warnings` are sentences.

    **Raises:** `ValueError` for a problem that is no auction.
    """
    if num_agents < 1 or num_trials < 2:
        raise ValueError(
            f"expected at least 1 agent and 2 trials, got {num_agents} and {num_trials}; an "
            "interval needs them"
        )
    began = time.perf_counter()
    setting = problem.setting
    met = encounters(setting, mechanism, key=jax.random.key(seed), most=num_trials)
    share = -(-num_trials // len(met))
    scores, shortfalls, sold, simulated = [], [], [], 0.0
    for number, encounter in enumerate(met):
        auction = (encounter.game, mechanism, encounter.policy)
        rehearse(*auction, num_agents=num_agents, num_trials=share)
        simulating = time.perf_counter()
        trials = simulate(*auction, num_agents=num_agents, num_trials=share, seed=seed + number)
        simulated += time.perf_counter() - simulating
        score = trials.score(goal(setting))
        scores.append(score)
        shortfalls.append(score - encounter.mean_field)
        sold.append(trials.sold.sum(axis=1).mean())
    # Where games differ they are what is drawn independently, not the trials within one.
    per_game = len(met) > 1
    value, low, high = paired_interval(_independent(scores, per_game))
    gap, gap_low, gap_high = paired_interval(_independent(shortfalls, per_game))
    deviation = _deviation(met[0], mechanism, num_agents, min(share, _MOST_DEVIATIONS), seed)
    return {
        "problem": problem.name,
        "objective": setting.objective_name,
        "agents": num_agents,
        "trials": share * len(met),
        "games": len(met),
        "seed": seed,
        "value": value,
        "low": low,
        "high": high,
        "mean_field": float(np.mean([encounter.mean_field for encounter in met])),
        "settled": sum(encounter.settled for encounter in met),
        "difference": gap,
        "difference_low": gap_low,
        "difference_high": gap_high,
        "exploitability": None if deviation is None else deviation.gain,
        "exploitability_low": None if deviation is None else deviation.low,
        "exploitability_high": None if deviation is None else deviation.high,
        "exploitability_mean_field": met[0].exploitability,
        "sold": float(np.mean(sold)),
        "warnings": list(_warnings(num_agents, share, len(met), sold)),
        "seconds_per_trial": simulated / (share * len(met)),
        "seconds": time.perf_counter() - began,
    }


def _warnings(num_agents: int, share: int, games: int, sold: list[float]) -> Iterator[str]:
    if not any(sold):
        yield (
            f"expected sales, got none in any auction among {num_agents}: the numbers say nothing "
            "of the mechanism; try more --agents"
        )
    if num_agents < 2:
        yield "expected opponents for a best response, got a single bidder; try more --agents"
    elif share < _LEAST_DEVIATIONS:
        enough = _LEAST_DEVIATIONS * (1 if games == 1 else _MOST_GAMES)
        yield (
            f"expected at least {_LEAST_DEVIATIONS} auctions of a game for the gain of a best "
            f"response, got {share}; try --trials {enough}"
        )


def _independent(parts: list[np.ndarray], per_game: bool) -> np.ndarray:
    return np.array([part.mean() for part in parts]) if per_game else np.concatenate(parts)


def _deviation(met, mechanism, num_agents, num_trials, seed) -> Deviation | None:
    if num_agents < 2 or num_trials < _LEAST_DEVIATIONS:
        return None
    return deviation_gain_among(
        met.game,
        mechanism,
        met.policy,
        num_agents=num_agents,
        num_trials=num_trials,
        seed=seed + 1_000_003,
    )


def goal(setting: AbstractSetting) -> Objective:
    """What one game is scored by: a prior-free objective is its mean over games."""
    return getattr(setting.objective(), "objective", setting.objective())


def encounters(
    setting: AbstractSetting, mechanism: Mechanism, *, key: Key, most: int
) -> list[Encounter]:
    """The game of an auction, or games drawn from a prior-free setting: `most`, at most 20.

    **Raises:** `ValueError` for a setting that is no auction.
    """
    if isinstance(setting, KnownEconomy):
        return [_encounter(setting, mechanism, setting.economy.game(), key)]
    if not isinstance(setting, PriorFree):
        raise ValueError(f"expected an auction, got {type(setting).__name__}; try a run of a1")
    draw = RandomEconomy(setting.economy, setting.supply_low, setting.supply_high)
    games = [draw(game_key) for game_key in jax.random.split(key, min(most, _MOST_GAMES))]
    return [_encounter(setting, mechanism, game, key) for game in games]


def _encounter(
    setting: KnownEconomy | PriorFree, mechanism: Mechanism, game: BatchedAuction, key: Key
) -> Encounter:
    met = EquilibriumPopulation(game, setting.bidding.solver())
    found, response = certify(met, goal(setting), mechanism, key=key)
    settled = int(np.asarray(response.status)) == Status.DONE
    return Encounter(game, np.asarray(response.policy), found.value, found.exploitability, settled)


def _problem_of(run: RunDirectory) -> Problem:
    config = run.config
    name = str(config.get("problem"))
    if config.get("kind") != "auction" or config.get("values") is not None or name not in problems:
        raise ValueError(
            f"expected a run of a listed auction, got one of {name!r}"
            + (" with --values" if config.get("values") else "")
            + "; try incentax design a1"
        )
    problem, form = problems[name], config.get("form")
    given = [config.get(key) or {} for key in ("settings", "judged_with")]
    strange = [numbers for numbers in given if not isinstance(numbers, dict)]
    if strange or form not in (None, *FORMS):
        raise ValueError(
            f"expected settings by name and a form among {', '.join(FORMS)}, got "
            f"{(strange or given)[0]!r} and {form!r} in {run.path}; design it again"
        )
    # Only a mechanism for one known economy has a form.
    if form is not None and isinstance(problem.setting, KnownEconomy):
        problem = replace(problem, setting=problem.setting.with_form(form))
    # A recipe may have bidders solve otherwise while it designs; here they are judged.
    return problem.with_options(**given[0] | given[1])
