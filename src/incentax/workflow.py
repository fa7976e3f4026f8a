"""From an order to a finished run directory: design, checkpoint, certify, compare, record."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

import jax
import numpy as np

from ._status import Status
from ._types import Key
from .certificate import Certificate, certify
from .design import design, initial_state
from .judgement import TRUST
from .order import Order
from .progress import Progress, Result, StepRecord
from .run_directory import RunDirectory
from .setting import AbstractMeasured, HeldOut

# What a certificate's rows have to satisfy to hold, beside the setting's own exploitability bound.
TOLERANCES = {"residual": 1e-2, "gradient_error": 1e-2}

CHECKPOINT_EVERY_SECONDS = 2.0


@runtime_checkable
class Watch(Protocol):
    """Whoever looks on while a design runs."""

    def begin(self, stage: str) -> None:
        """A new stage has begun."""

    def step(self, progress: Progress) -> None:
        """A design step was made."""


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
    `seconds` bounds the design itself. Ctrl-C between steps ends the design, with a result; after
    them it raises a `KeyboardInterrupt` that says what is kept.
    """
    with _kept(run):
        setting = order.problem.setting
        measured = isinstance(setting, AbstractMeasured)
        # Four, as `design` draws: to split into another number would compile another program.
        mechanism_key, design_key, judge_key, _ = jax.random.split(jax.random.key(order.seed), 4)
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
            "oracles": setting.oracles() if measured else {},
            "slow_oracles": list(setting.slow_oracles()) if measured else [],
            "exploitability": result.certificate.exploitability,
            "residual": result.certificate.residual,
            "steps": len(history),
            "seconds": elapsed(),
            "compile_seconds": compiling(),
            "seed": order.seed,
            "status": result.status.sentence,
            "failed": result.status.failed,
            "versions": versions,
            "certificate": certificate_rows(result.certificate, setting.exploitability_bound),
            "held_out": None if held_out is None else _held_out(held_out),
            "resumable": len(history) < order.num_steps,
        }
        run.save_outcome(record, history, arrays, result.mechanism)
        return record, result.status


@contextmanager
def _kept(run: RunDirectory) -> Iterator[None]:
    """Whoever interrupts the work after the steps is told how to get the result from them."""
    try:
        yield
    except KeyboardInterrupt:
        if not run.begun:
            raise
        raise KeyboardInterrupt(
            f"every step is kept in {run.path / 'checkpoint'}, but not yet the result; run the "
            f"same command with --out {run.path} --resume to get it"
        ) from None


def _design(
    order: Order,
    run: RunDirectory,
    watch: Watch,
    seconds: float | None,
    mechanism_key: Key,
    design_key: Key,
) -> tuple[Result, list[StepRecord]]:
    setting = order.problem.setting
    recipe = order.recipe_used
    population, mechanism, rule, optimizer = order.ingredients(mechanism_key)
    start = initial_state(population, mechanism, optimizer, design_key, rule=rule)
    state, history = run.load_checkpoint(start) or (start, [])
    latest = state
    cap = setting.cap()

    began = saved = time.perf_counter()

    def follow(progress: Progress) -> Status | None:
        nonlocal saved, latest
        latest = progress.state
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
    try:
        result = design(
            population,
            mechanism,
            maximize=goal.get("maximize"),
            minimize=goal.get("minimize"),
            rule=rule,
            optimizer=optimizer,
            num_steps=order.num_steps,
            schedule=recipe.schedule,
            key=design_key,
            audit_every=recipe.audit_every,
            trust=TRUST * setting.exploitability_bound,
            patience=recipe.patience,
            climb=recipe.climb,
            cap=math.nan if cap is None else cap,
            callback=follow,
            state=state,
            throw=False,
        )
    except KeyboardInterrupt:
        # The steps are made; it is their certificate that was interrupted.
        run.save_checkpoint(latest, history)
        raise
    run.save_checkpoint(result.state, history)
    return result, history


def certificate_rows(certificate: Certificate, exploitability: float) -> list[dict[str, Any]]:
    """The certificate as rows of name, value, bound, holds and meaning; unknown ones left out.

    `exploitability` is the bound on the unregularised exploitability. At an equilibrium with NaN or
    infinity nothing holds, whatever the numbers that could still be computed say.
    """
    found = certificate.status is not Status.NONFINITE_EQUILIBRIUM
    bounds = TOLERANCES | {"exploitability": exploitability}
    rows = []
    for name, meaning in _MEANINGS.items():
        value = getattr(certificate, name)
        if not math.isnan(value):
            bound = bounds.get(name)
            holds = None if bound is None else found and bool(value <= bound)
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


def _held_out(held_out: HeldOut) -> dict[str, Any]:
    rows = [
        {"mechanism": name, "revenue": value, "low": low, "high": high}
        for name, value, low, high in held_out.rows
    ]
    kept = {"rows": rows, "count": held_out.count, "confidence": held_out.confidence}
    if held_out.baselines:
        value = held_out.rows[0][1]
        kept |= {"value": value, "baselines": held_out.baselines, "cap": held_out.cap}
    return kept if held_out.settled is None else kept | {"settled": held_out.settled}
