"""Designs by the default recipe and by its rivals, each for the same time on the clock."""

import functools
import math
from typing import Any, NamedTuple

import jax
import numpy as np
import polars as pl

from ..._status import Status
from ...auctions import KnownEconomy, Table
from ...certificate import certify, no_zero_dominance
from ...problems import problems
from ...progress import Result
from .paces import MOST_RUNS, default_plan, in_time, rival_plan
from .plans import baseline_plan, recipe, run_listed
from .rivals import OURS, RADIUS, RIVALS, best_radius, best_rate

_MOST_POINTS = 60


@functools.lru_cache(maxsize=4)
def trained(problem: str, seed: int, num_steps: int | None) -> Result:
    """The design of a listed problem by its default recipe; kept for the next who asks."""
    return run_listed(problem, recipe(problem, num_steps), seed, math.inf)


def played(
    problem: str,
    method: str,
    seed: int,
    ours: pl.DataFrame | None = None,
    tuning: pl.DataFrame | None = None,
    *,
    num_steps: int | None = None,
    seconds: float = math.inf,
    rate: float | None = None,
    radius: float = RADIUS,
    most_runs: int = MOST_RUNS,
) -> list[dict[str, Any]]:
    """Rows of one design, a few points of its curve each: value as certified, time it had, cap.

    **Arguments:**

    - `problem`, `method`, `seed`: what is designed, by which of `METHODS`.
    - `ours`: rows of the default recipe with the same seed: a rival has the time it took.
    - `tuning`: rows of `tuned`, for the best rate and radius on this problem.
    - `num_steps`, `seconds`: limits of the default recipe.
    - `rate`, `radius`: a rival's; without a rate the best of `tuning`, or else the best on A1.
    - `most_runs`: how often a rival may begin again, its steps planned anew, to fill its time.
    """
    if method != OURS and rate is None:
        rate, radius = RIVALS[method].rate, RADIUS
        if tuning is not None:
            rate, radius = best_rate(tuning), best_radius(tuning)
    if method == OURS:
        allowed = seconds
        result = run_listed(problem, default_plan(problem, num_steps, seconds), seed, allowed)
    else:
        if ours is None:
            raise ValueError(f"expected the default recipe's rows for {method}, got none")
        allowed = float(ours["seconds_in_all"][0])
        assert rate is not None
        plan = rival_plan(problem, baseline_plan(method, rate, radius), allowed, num_steps)
        result = in_time(problem, plan, seed, allowed, most_runs)
    judged = _judged(problem, result, seed)
    setting = problems[problem].setting
    margin, tolerance = math.nan, 0.0
    if isinstance(setting, KnownEconomy):
        rounds = result.response.rounds
        margin = no_zero_dominance(np.asarray(rounds.bids), np.asarray(rounds.supply)).margin
        tolerance = float(np.sum(rounds.sold)) / setting.economy.num_bids
    last = {
        "problem": problem,
        "rival": method,
        "seed": seed,
        "rate": rate,
        "radius": None if method == OURS else radius,
        "value": judged.value,
        "baseline": judged.baseline,
        "cap": judged.cap,
        "tolerance": tolerance,
        "constant_price": _constant_price(problem),
        "exploitability": judged.exploitability,
        "exploitability_bound": setting.exploitability_bound,
        "no_zero_dominance": margin,
        "status": Status(result.status).name,
        "sense": setting.sense,
        "steps": len(result.history),
        "seconds_in_all": result.history[-1].seconds,
        "seconds_allowed": allowed,
        "device": jax.devices()[0].device_kind,
    }
    every = max(1, len(result.history) // _MOST_POINTS)
    return [
        last | {"step": r.step, "training_value": r.value, "seconds": r.seconds}
        for k, r in enumerate(result.history)
        if k % every == 0 or k == len(result.history) - 1
    ]


class _Judged(NamedTuple):
    value: float
    baseline: float
    cap: float | None
    exploitability: float


def _judged(problem: str, result: Result, seed: int) -> _Judged:
    """On held-out games where they are drawn anew, as certified elsewhere."""
    setting = problems[problem].setting
    found = setting.held_out(result.mechanism, jax.random.fold_in(jax.random.key(seed), 1))
    if found is not None:
        return _Judged(found.rows[0][1], found.rows[1][1], found.cap, found.exploitability)
    gain = result.certificate.exploitability
    return _Judged(result.value, _baseline(problem), setting.cap(), gain)


@functools.cache
def _baseline(problem: str) -> float:
    setting = problems[problem].setting
    mechanism = next(iter(setting.baselines().values()))
    key = jax.random.key(0)
    return certify(setting.population(), setting.objective(), mechanism, key=key)[0].value


@functools.cache
def _constant_price(problem: str) -> float | None:
    """Revenue of the best constant price, where the mechanism is static and bids cannot move it."""
    setting = problems[problem].setting
    if isinstance(setting, KnownEconomy) and isinstance(setting.form, Table):
        return setting.oracles()["constant_price"]
    return None
