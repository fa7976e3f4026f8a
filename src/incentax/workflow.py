"""From an order to a finished run directory: design, checkpoint, certify, compare, record."""

import dataclasses
import json
import math
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import jax
import numpy as np

from ._status import Status
from ._types import Key
from .adjoint import AbstractAdjoint, Backprop, Checkpointed
from .auctions import KnownEconomy
from .auctions.settings import form_name
from .certificate import Certificate, certify
from .design import Progress, Result, StepRecord, design, initial_state
from .population import Access
from .problems import Problem
from .rule import AbstractRule, Anneal, Hypergradient, ZerothOrder
from .run_directory import RunDirectory
from .schedule import Schedule
from .setting import AbstractSetting, Recipe, clipped_sgd, plain_adam

RULES: Mapping[str, Callable[[], AbstractRule]] = {
    "hypergradient": Hypergradient,
    "zeroth-order": ZerothOrder,
    "zeroth-order-sgd": ZerothOrder,
    "anneal": Anneal,
}

# How a recipe changes with the rule; the others keep it.
_TUNED: Mapping[str, Callable[[Recipe], Recipe]] = {
    "zeroth-order-sgd": lambda recipe: dataclasses.replace(recipe, method=clipped_sgd),
    "anneal": lambda recipe: dataclasses.replace(
        recipe, method=lambda rate, clip, num_steps: Anneal().optimizer(num_steps)
    ),
}

# None keeps the adjoint that the problem's population comes with.
ADJOINTS: Mapping[str, Callable[[], AbstractAdjoint] | None] = {
    "implicit": None,
    "checkpointed": Checkpointed,
    "backprop": Backprop,
}


def _published(setting: AbstractSetting) -> Recipe:
    """T = 400 steps of rate 10 from zero at the problem's own temperature, under plain Adam."""
    solver = getattr(setting.population(), "solver", None)
    temperature = getattr(solver, "temperature", None)
    if temperature is None:
        raise ValueError(
            "expected a population with a solver's temperature for the paper's recipe, got "
            f"{type(setting.population()).__name__}; leave --recipe out"
        )
    sharp = Schedule(temperature, temperature, 400, share=10 * temperature)
    return dataclasses.replace(
        setting.recipe(), num_steps=1000, schedule=sharp, method=plain_adam, learning_rate=1e-3
    )


RECIPES: Mapping[str, Callable[[AbstractSetting], Recipe]] = {
    "default": lambda setting: setting.recipe(),
    "paper": _published,
}

# What a certificate's rows have to satisfy to hold, beside the setting's own exploitability bound.
TOLERANCES = {"residual": 1e-2, "gradient_error": 1e-2}

# Audits, in single precision, are held to a little less than the certificate, in double.
TRUST = 0.9

CHECKPOINT_EVERY_SECONDS = 2.0


@runtime_checkable
class Watch(Protocol):
    """Whoever looks on while a design runs."""

    def begin(self, stage: str) -> None:
        """A new stage has begun."""

    def step(self, progress: Progress) -> None:
        """A design step was made."""


@dataclasses.dataclass(frozen=True)
class Order:
    """What to design and how: with the same order, a resumed run ends bit for bit the same."""

    problem: Problem
    rule: str
    adjoint: str
    num_steps: int
    seed: int
    values: dict[str, Any] | None = None
    recipe: str = "default"

    @property
    def adjoint_used(self) -> str | None:
        """The adjoint's name, or None under a rule that differentiates nothing."""
        return self.adjoint if RULES[self.rule]().needs >= Access.MODEL else None

    def config(self) -> dict[str, Any]:
        """The order as JSON, for `config.json`."""
        setting = self.problem.setting
        return {
            "problem": self.problem.name,
            "title": self.problem.title,
            "summary": self.problem.summary,
            "source": self.problem.source,
            "kind": setting.kind,
            "rule": self.rule,
            "adjoint": self.adjoint_used,
            "recipe": self.recipe,
            "form": form_name(setting.form) if isinstance(setting, KnownEconomy) else None,
            "objective": setting.objective_name,
            "sense": setting.sense,
            "steps": self.num_steps,
            "seed": self.seed,
            "settings": setting.options(),
            "citations": list(self.problem.citations),
            "values": self.values,
        }

    def check(self) -> None:
        """Nothing if everything the order names can be made; a `ValueError` if not."""
        setting = self.problem.setting
        setting.population()
        setting.objective()
        setting.mechanism(jax.random.key(self.seed))

    def check_resumes(self, run: RunDirectory) -> None:
        """Nothing if `run` was begun with this order; a `ValueError` naming what differs if not."""
        for key, wanted in self.config().items():
            found = run.config.get(key)
            if found != json.loads(json.dumps(wanted)):
                raise ValueError(
                    f"expected the options that {run.path} was begun with, got {key} {wanted!r} "
                    f"instead of {found!r}; leave it as it was, or choose another --out"
                )


def perform(
    order: Order,
    run: RunDirectory,
    watch: Watch,
    *,
    seconds: float | None,
    elapsed: Callable[[], float],
    compiling: Callable[[], float],
    versions: dict[str, str],
) -> tuple[dict[str, Any], Status]:
    """The content of `result.json`, written with all else into `run`, and how the design ended.

    `elapsed` and `compiling` tell the seconds since the command began and those spent compiling;
    `seconds` bounds the design itself.
    """
    setting = order.problem.setting
    mechanism_key, design_key, judge_key = jax.random.split(jax.random.key(order.seed), 3)
    result, history = _design(order, run, watch, seconds, mechanism_key, design_key)

    watch.begin("comparing with the baselines")
    population, objective = setting.population(), setting.objective()
    arrays: dict[str, np.ndarray] = {}
    baselines: dict[str, float] = {}
    for name, mechanism in setting.baselines().items():
        certificate, response = certify(population, objective, mechanism, key=judge_key)
        if not baselines:
            arrays |= _stage("before", setting.snapshot(mechanism, response))
        baselines[name] = certificate.value
    arrays |= _stage("after", setting.snapshot(result.mechanism, result.response))
    held_out = setting.held_out(result.mechanism, judge_key)

    record = {
        "problem": order.problem.name,
        "rule": order.rule,
        "adjoint": order.adjoint_used,
        "objective": setting.objective_name,
        "sense": setting.sense,
        "value": result.value,
        "baselines": baselines,
        "cap": result.certificate.cap,
        "oracles": setting.oracles(),
        "exploitability": result.certificate.exploitability,
        "residual": result.certificate.residual,
        "steps": len(history),
        "seconds": elapsed(),
        "compile_seconds": compiling(),
        "seed": order.seed,
        "status": result.status.sentence,
        "versions": versions,
        "certificate": certificate_rows(result.certificate, setting.exploitability_bound),
        "held_out": None if held_out is None else _held_out(held_out),
        "resumable": len(history) < order.num_steps,
    }
    run.save_outcome(record, history, arrays, result.mechanism)
    return record, result.status


def _design(
    order: Order,
    run: RunDirectory,
    watch: Watch,
    seconds: float | None,
    mechanism_key: Key,
    design_key: Key,
) -> tuple[Result, list[StepRecord]]:
    setting = order.problem.setting
    recipe = _TUNED.get(order.rule, lambda recipe: recipe)(RECIPES[order.recipe](setting))
    population = setting.population()
    unrolled = ADJOINTS[order.adjoint]
    if unrolled is not None:
        population = dataclasses.replace(population, adjoint=unrolled())
    mechanism = setting.mechanism(mechanism_key)
    optimizer = recipe.optimizer(order.num_steps)
    start = initial_state(population, mechanism, optimizer, design_key)
    state, history = run.load_checkpoint(start) or (start, [])
    cap = setting.cap()

    began = saved = time.perf_counter()

    def follow(progress: Progress) -> Status | None:
        nonlocal saved
        history.append(progress.record)
        watch.step(progress)
        now = time.perf_counter()
        if now - saved > CHECKPOINT_EVERY_SECONDS:
            run.save_checkpoint(progress.state, history)
            saved = time.perf_counter()
        if seconds is not None and now - began > seconds:
            return Status.OUT_OF_TIME
        return None

    goal = {setting.sense: setting.objective()}
    watch.begin("designing")
    result = design(
        population,
        mechanism,
        maximize=goal.get("maximize"),
        minimize=goal.get("minimize"),
        rule=RULES[order.rule](),
        optimizer=optimizer,
        num_steps=order.num_steps,
        schedule=recipe.schedule,
        key=design_key,
        audit_every=recipe.audit_every,
        trust=TRUST * setting.exploitability_bound,
        cap=math.nan if cap is None else cap,
        callback=follow,
        state=state,
        throw=False,
    )
    run.save_checkpoint(result.state, history)
    return result, history


def certificate_rows(certificate: Certificate, exploitability: float) -> list[dict[str, Any]]:
    """The certificate as rows of name, value, bound, holds and meaning; unknown ones left out.

    `exploitability` is the bound on the unregularised exploitability.
    """
    bounds = TOLERANCES | {"exploitability": exploitability}
    rows = []
    for name, meaning in _MEANINGS.items():
        value = getattr(certificate, name)
        if not math.isnan(value):
            bound = bounds.get(name)
            holds = None if bound is None else bool(value <= bound)
            rows.append(
                {"name": name, "value": value, "bound": bound, "holds": holds, "meaning": meaning}
            )
    return rows


_MEANINGS = {
    "exploitability": "most that one agent could gain by deviating, without regulariser, float64",
    "regularised_exploitability": "the same in the game with the solver's regulariser",
    "residual": "share of agents who would act differently after one more exact reply",
    "adjoint_residual": "relative residual of the linear solve behind the gradient check",
    "gradient_error": "adjoint against central differences along a random direction, relative",
    "gap": "share of the proved cap that the value leaves",
}


def _stage(stage: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    grids = {"values", "bids"}
    return {name if name in grids else f"{stage}/{name}": array for name, array in arrays.items()}


def _held_out(held_out) -> dict[str, Any]:
    rows = [
        {"mechanism": name, "revenue": value, "low": low, "high": high}
        for name, value, low, high in held_out.rows
    ]
    return {"rows": rows, "count": held_out.count, "confidence": held_out.confidence}
