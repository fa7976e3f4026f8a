"""Designs by the default recipe and by its rivals, each for the same time on the clock."""

import functools
import math
import sys
from typing import Any, NamedTuple

import jax
import numpy as np
import optax
import polars as pl

from ..._status import Status
from ...auctions import KnownEconomy, Table
from ...certificate import certify, no_zero_dominance
from ...design import design
from ...judgement import TRUST
from ...problems import problems
from ...progress import Progress, Result
from ...rule import AbstractRule, Hypergradient
from ...setting import AbstractSetting
from .rivals import OURS, RADIUS, RIVALS, best_radius, best_rate

# A plan again ends a little before its time: whoever is cut short runs once more.
_SPARE = 0.98
# A rival that went through less of its schedule, or of its time, runs again.
NEARLY = 0.95
MOST_RUNS = 4
_MOST_POINTS = 60


class Plan(NamedTuple):
    """A method ready to run on a problem: compiled once, the same object for every seed."""

    rule: AbstractRule
    optimizer: optax.GradientTransformation
    num_steps: int
    audit_every: int
    patience: int
    climb: bool = False


@functools.lru_cache(maxsize=4)
def trained(problem: str, seed: int, num_steps: int | None = None) -> Result:
    """The design of a listed problem by its default recipe; kept for the next who asks."""
    return _run(problem, _recipe(problem, num_steps), seed, math.inf)


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
        plan, allowed = _default(problem, num_steps, seconds), seconds
    else:
        if ours is None:
            raise ValueError(f"expected the default recipe's rows for {method}, got none")
        allowed = float(ours["seconds_in_all"][0])
        assert rate is not None
        plan = _rival(problem, _baseline_method(method, rate, radius), allowed, num_steps)
    result = _run(problem, plan, seed, allowed)
    if method != OURS:
        result = _in_time(problem, plan, seed, allowed, result, most_runs)
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


@functools.cache
def _recipe(problem: str, num_steps: int | None) -> Plan:
    return recipe_plan(problems[problem].setting, num_steps)


def recipe_plan(setting: AbstractSetting, num_steps: int | None) -> Plan:
    """The default recipe of a setting; with its own steps where `num_steps` is None."""
    recipe = setting.recipe()
    steps = num_steps or recipe.num_steps
    return Plan(
        Hypergradient(),
        recipe.optimizer(steps),
        steps,
        recipe.audit_every,
        recipe.patience,
        recipe.climb,
    )


@functools.cache
def _default(problem: str, num_steps: int | None, seconds: float) -> Plan:
    """The default recipe, compiled, with fewer steps where it would not end in time."""
    plan = _recipe(problem, num_steps)
    fitting = _fitting(problem, plan, seconds)
    if fitting >= plan.num_steps:
        return plan
    # The optimizer's rate falls with the number of steps: it is made again, and compiled again.
    shorter = _recipe(problem, fitting)
    _pace(problem, shorter)
    return shorter


def _fitting(problem: str, plan: Plan, seconds: float) -> int:
    """Steps of the default recipe that fit into the time, judged as often as it says."""
    pace = _pace(problem, plan)
    audit = pace.audit / plan.audit_every if plan.audit_every else 0.0
    return _Pace(pace.step + audit, 0.0).steps_in(seconds, 0)


@functools.cache
def _baseline_method(method: str, rate: float, radius: float) -> Plan:
    rival = RIVALS[method]
    return Plan(rival.rule(rate, radius), rival.optimizer(rate), 0, 0, 0)


def _rival(problem: str, plan: Plan, seconds: float, num_steps: int | None) -> Plan:
    """As many steps as fit into the time, judged as often in all as the default recipe."""
    ours = _recipe(problem, num_steps)
    made = min(ours.num_steps, _fitting(problem, ours, seconds))
    judged = max(1, made // ours.audit_every) if ours.audit_every else 0
    if seen := _seen(problem, plan):
        steps = max(2, int(_SPARE * seconds / seen[-1]))
    else:
        plan = plan._replace(audit_every=1 if judged else 0)
        steps = _pace(problem, plan).steps_in(seconds, judged)
    return plan._replace(num_steps=steps, audit_every=max(1, steps // judged) if judged else 0)


@functools.cache
def _seen(problem: str, plan: Plan) -> list[float]:
    """Seconds a step took, judgements included, in whole runs of a method, the last one last."""
    return []


class _Pace(NamedTuple):
    """Seconds that a step and an audit take, once compiled."""

    step: float
    audit: float

    def steps_in(self, seconds: float, audits: int) -> int:
        """Steps that fit beside so many audits, at least two."""
        if not math.isfinite(seconds):
            return sys.maxsize
        return max(2, int(max(seconds - audits * self.audit, 0.2 * seconds) / self.step))


@functools.cache
def _pace(problem: str, plan: Plan) -> _Pace:
    """Measured on a short run, after another one has compiled everything."""
    short = plan._replace(num_steps=8, audit_every=plan.audit_every and 2)
    _run(problem, short._replace(num_steps=2), 0, math.inf)
    times = np.diff([r.seconds for r in _run(problem, short, 0, math.inf).history])
    step = float(np.median(times[1::2]))
    audit = float(np.median(times[::2])) - step if plan.audit_every else 0.0
    return _Pace(step, max(0.0, audit))


def _run(problem: str, plan: Plan, seed: int, seconds: float) -> Result:
    return run(problems[problem].setting, plan, seed, seconds)


def run(setting: AbstractSetting, plan: Plan, seed: int, seconds: float = math.inf) -> Result:
    """A setting designed by a plan, for so many seconds at most."""
    key, start = jax.random.split(jax.random.key(seed))
    goal = {setting.sense: setting.objective()}

    def watch(progress: Progress) -> Status | None:
        return Status.OUT_OF_TIME if progress.record.seconds > seconds else None

    return design(
        setting.population(),
        setting.mechanism(start),
        maximize=goal.get("maximize"),
        minimize=goal.get("minimize"),
        rule=plan.rule,
        optimizer=plan.optimizer,
        num_steps=plan.num_steps,
        schedule=setting.recipe().schedule,
        key=key,
        audit_every=plan.audit_every,
        trust=TRUST * setting.exploitability_bound,
        patience=plan.patience,
        climb=plan.climb,
        callback=watch,
        throw=False,
    )


def _in_time(
    problem: str, plan: Plan, seed: int, seconds: float, result: Result, most_runs: int
) -> Result:
    """The first result that nearly used up its time and its schedule; else the one closest to it.

    Steps are planned again from the pace of the run before; the next seed's from that of the last.
    """
    seen, runs = _seen(problem, plan._replace(num_steps=0, audit_every=0)), []
    judged = round(plan.num_steps / plan.audit_every) if plan.audit_every else 0
    while True:
        runs.append((_share(result, plan, seconds), result))
        seen.append(result.history[-1].seconds / len(result.history))
        if runs[-1][0] >= NEARLY or len(runs) == most_runs:
            return max(runs, key=lambda run: run[0])[1]
        steps = max(2, int(_SPARE * seconds / seen[-1]))
        audit_every = max(1, steps // judged) if judged else 0
        plan = plan._replace(num_steps=steps, audit_every=audit_every)
        result = _run(problem, plan, seed, seconds)


def _share(result: Result, plan: Plan, seconds: float) -> float:
    """How much of its time, and of its schedule, a run used, whichever is less."""
    made, used = len(result.history), result.history[-1].seconds
    return min(used / seconds, made / plan.num_steps)


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
