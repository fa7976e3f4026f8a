"""A method ready to run on a setting: what it follows, and for how many steps."""

import functools
import math
from typing import NamedTuple

import jax
import optax

from ..._status import Status
from ..._types import Key, Mechanism
from ...design import design
from ...judgement import TRUST
from ...population import AbstractPopulation
from ...problems import problems
from ...progress import Progress, Result
from ...rule import AbstractRule, Hypergradient
from ...schedule import Schedule
from ...setting import AbstractSetting
from .rivals import RIVALS


class Plan(NamedTuple):
    """A method ready to run on a problem: compiled once, the same object for every seed."""

    rule: AbstractRule
    optimizer: optax.GradientTransformation
    num_steps: int
    audit_every: int
    patience: int
    climb: bool = False


@functools.cache
def recipe(problem: str, num_steps: int | None) -> Plan:
    """The default recipe of a listed problem; with its own steps where `num_steps` is None."""
    return recipe_plan(problems[problem].setting, num_steps)


def recipe_plan(setting: AbstractSetting, num_steps: int | None) -> Plan:
    """The default recipe of a setting, likewise."""
    own = setting.recipe()
    steps = num_steps or own.num_steps
    optimizer = own.optimizer(steps)
    return Plan(Hypergradient(), optimizer, steps, own.audit_every, own.patience, own.climb)


@functools.cache
def baseline_plan(method: str, rate: float, radius: float) -> Plan:
    """A rival at a rate and a radius, whose steps are not planned yet."""
    rival = RIVALS[method]
    return Plan(rival.rule(rate, radius), rival.optimizer(rate), 0, 0, 0)


def run_listed(problem: str, plan: Plan, seed: int, seconds: float) -> Result:
    """A listed problem designed by a plan, for so many seconds at most."""
    return run(problems[problem].setting, plan, seed, seconds)


def run(setting: AbstractSetting, plan: Plan, seed: int, seconds: float = math.inf) -> Result:
    """A setting designed by a plan, likewise."""
    key, start = jax.random.split(jax.random.key(seed))
    mechanism, schedule = setting.mechanism(start), setting.recipe().schedule
    return followed(setting, setting.population(), mechanism, schedule, plan, key, seconds)


def followed(
    setting: AbstractSetting,
    population: AbstractPopulation,
    mechanism: Mechanism,
    schedule: Schedule | None,
    plan: Plan,
    key: Key,
    seconds: float = math.inf,
) -> Result:
    """A plan followed from this mechanism, judged as every design of the setting is."""
    goal = {setting.sense: setting.objective()}

    def watch(progress: Progress) -> Status | None:
        return Status.OUT_OF_TIME if progress.record.seconds > seconds else None

    return design(
        population,
        mechanism,
        maximize=goal.get("maximize"),
        minimize=goal.get("minimize"),
        rule=plan.rule,
        optimizer=plan.optimizer,
        num_steps=plan.num_steps,
        schedule=schedule,
        key=key,
        audit_every=plan.audit_every,
        trust=TRUST * setting.exploitability_bound,
        patience=plan.patience,
        climb=plan.climb,
        callback=watch,
        throw=False,
    )
