"""Designs by the default recipe and by its rivals, each for the same time on the clock."""

import functools
import math
import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np
import optax
import polars as pl

from ..._status import Status
from ...auctions import KnownEconomy
from ...certificate import certify, no_zero_dominance
from ...design import design
from ...judgement import TRUST
from ...problems import problems
from ...progress import Progress, Result
from ...rule import AbstractRule, Anneal, Hypergradient, ZerothOrder

OURS = "hypergradient"

# A rival's schedule ends a little after its time does: better cut short than idle.
_SPARE = 1.05
# A rival that went through less of its schedule, or of its time, runs once more.
_NEARLY = 0.85
_MOST_POINTS = 60


class Rival(NamedTuple):
    """A baseline with one rate to tune: `rates` is the grid, `rate` what was best on it.

    Tuned by `python -m benchmarks.baselines --tune` on A1, with seeds of its own.
    """

    rule: Callable[[float], AbstractRule]
    optimizer: Callable[[float], optax.GradientTransformation]
    rates: tuple[float, ...]
    rate: float


RIVALS: Mapping[str, Rival] = {
    "0-sgd": Rival(lambda rate: ZerothOrder(), optax.sgd, (1e-3, 1e-2, 3e-2, 1e-1), 1e-2),
    "0-adam": Rival(lambda rate: ZerothOrder(), optax.adam, (1e-3, 1e-2, 3e-2, 1e-1), 1e-2),
    "anneal": Rival(Anneal, lambda rate: optax.sgd(1.0), (1e-3, 1e-2, 3e-2, 1e-1), 3e-2),
}
METHODS = (OURS, *RIVALS)


class Plan(NamedTuple):
    """A method ready to run on a problem: compiled once, the same object for every seed."""

    rule: AbstractRule
    optimizer: optax.GradientTransformation
    num_steps: int
    audit_every: int
    patience: int


def trained(problem: str, seed: int, num_steps: int | None = None) -> Result:
    """The design of a listed problem by its default recipe; kept for the next who asks."""
    return _trained(problem, seed, num_steps)


def played(
    problem: str,
    method: str,
    seed: int,
    ours: pl.DataFrame | None = None,
    *,
    num_steps: int | None = None,
    seconds: float = math.inf,
    rate: float | None = None,
) -> list[dict[str, Any]]:
    """Rows of one design, a few points of its curve each: value as certified, time it had, cap.

    **Arguments:**

    - `problem`, `method`, `seed`: what is designed, by which of `METHODS`.
    - `ours`: rows of the default recipe with the same seed: a rival has the time it took.
    - `num_steps`, `seconds`: limits of the default recipe.
    - `rate`: a rival's rate, its tuned one if None.
    """
    if method == OURS:
        plan, allowed = _default(problem, num_steps, seconds), seconds
    else:
        if ours is None:
            raise ValueError(f"expected the default recipe's rows for {method}, got none")
        allowed = float(ours["seconds_in_all"][0])
        plan = _rival(problem, method, rate, _rounded(allowed), num_steps)
    result = _run(problem, plan, seed, allowed)
    if method != OURS:
        result = _in_time(problem, plan, seed, allowed, result)
    score, baseline = _judged(problem, result, seed)
    setting = problems[problem].setting
    margin = math.nan
    if isinstance(setting, KnownEconomy):
        rounds = result.response.rounds
        margin = no_zero_dominance(np.asarray(rounds.bids), np.asarray(rounds.supply)).margin
    last = {
        "problem": problem,
        "rival": method,
        "seed": seed,
        "rate": rate if method == OURS or rate is not None else RIVALS[method].rate,
        "value": score,
        "baseline": baseline,
        "cap": setting.cap(),
        "exploitability": result.certificate.exploitability,
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


@functools.lru_cache(maxsize=4)
def _trained(problem: str, seed: int, num_steps: int | None) -> Result:
    return _run(problem, _recipe(problem, num_steps), seed, math.inf)


@functools.cache
def _recipe(problem: str, num_steps: int | None) -> Plan:
    recipe = problems[problem].setting.recipe()
    steps = num_steps or recipe.num_steps
    return Plan(
        Hypergradient(), recipe.optimizer(steps), steps, recipe.audit_every, recipe.patience
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
def _baseline_method(method: str, rate: float) -> Plan:
    rival = RIVALS[method]
    return Plan(rival.rule(rate), rival.optimizer(rate), 0, 0, 0)


@functools.cache
def _rival(
    problem: str, method: str, rate: float | None, seconds: float, num_steps: int | None
) -> Plan:
    """As many steps as fit into the time, judged as often in all as the default recipe."""
    ours = _recipe(problem, num_steps)
    made = min(ours.num_steps, _fitting(problem, ours, seconds))
    judged = max(1, made // ours.audit_every) if ours.audit_every else 0
    plan = _baseline_method(method, RIVALS[method].rate if rate is None else rate)
    plan = plan._replace(audit_every=1 if judged else 0)
    steps = math.ceil(_SPARE * _pace(problem, plan).steps_in(seconds, judged))
    return plan._replace(num_steps=steps, audit_every=max(1, steps // judged) if judged else 0)


def _rounded(seconds: float) -> float:
    # Seeds take about the same time: the plan, which is measured, is shared among such.
    return float(f"{seconds:.1g}") if seconds > 0 else 1.0


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
    setting = problems[problem].setting
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
        callback=watch,
        throw=False,
    )


def _in_time(problem: str, plan: Plan, seed: int, seconds: float, result: Result) -> Result:
    """The result, or that of a second run where the first one misjudged how many steps fit."""
    made, used = len(result.history), result.history[-1].seconds
    share = min(used / seconds, made / plan.num_steps)
    if share > _NEARLY:
        return result
    steps = max(2, int(_SPARE * made * seconds / used))
    judged = round(plan.num_steps / plan.audit_every) if plan.audit_every else 0
    audit_every = max(1, steps // judged) if judged else 0
    again = plan._replace(num_steps=steps, audit_every=audit_every)
    return _run(problem, again, seed, seconds)


def _judged(problem: str, result: Result, seed: int) -> tuple[float, float]:
    """Value and baseline: on held-out games where games are drawn anew, certified elsewhere."""
    setting = problems[problem].setting
    found = setting.held_out(result.mechanism, jax.random.fold_in(jax.random.key(seed), 1))
    if found is not None:
        return found.rows[0][1], found.rows[1][1]
    return result.value, _baseline(problem)


@functools.cache
def _baseline(problem: str) -> float:
    setting = problems[problem].setting
    mechanism = next(iter(setting.baselines().values()))
    key = jax.random.key(0)
    return certify(setting.population(), setting.objective(), mechanism, key=key)[0].value
