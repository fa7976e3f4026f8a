"""The experiments behind the page, cut into cells that are made one by one and kept."""

import functools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np

from ..._status import Status
from ...auctions import EqualShares, KnownEconomy, PriorFree
from ...certificate import certify, no_zero_dominance
from ...design import design
from ...equilibrium import MirrorDescent, solve
from ...precision import in_float64
from ...problems import problems
from ...rule import AbstractRule, Anneal, Hypergradient, ZerothOrder
from ...setting import AbstractSetting, clipped_sgd, plain_adam
from ...simplex import Entropy, Euclidean
from ...simulation import simulate_mechanism
from ..frame import Cell, Rows
from . import theory
from .cost import ADJOINTS, gradient_cost


class Budget(NamedTuple):
    """How much of everything: `full` fits a night on two cores, `quick` ten minutes."""

    name: str
    seeds: int
    steps: int | None
    trials: int
    rival_steps: int
    settings: tuple[str, ...]
    horizons: tuple[int, ...]
    cost_steps: int


FULL = Budget(
    name="full",
    seeds=10,
    steps=None,
    trials=1000,
    rival_steps=600,
    settings=("a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "beach-bar"),
    horizons=(5, 10, 25, 50),
    cost_steps=400,
)
QUICK = Budget(
    name="quick",
    seeds=1,
    steps=60,
    trials=100,
    rival_steps=40,
    settings=("a1", "a6", "a9"),
    horizons=(5,),
    cost_steps=100,
)


def theorem1_cells(budget: Budget) -> Iterator[Cell]:
    """The linear-quadratic game, exactly and by simulation, N = 10 ... 10^5."""

    def make() -> Rows:
        game, rng, rows = theory.TrackingGame(), np.random.default_rng(0), []
        for number in (10, 100, 1000, 10_000, 100_000):
            smooth, kinked = game.sampled_gaps(rng, number, max(20, min(2000, 10**7 // number)))
            rows.append(
                {
                    "agents": number,
                    "exploitability": game.gain(number),
                    "smooth": game.smooth_gap(number),
                    "kinked": game.kinked_gap(number),
                    "smooth_sampled": float(smooth.mean()),
                    "smooth_error": float(smooth.std(ddof=1) / np.sqrt(smooth.size)),
                    "kinked_sampled": float(kinked.mean()),
                    "kinked_error": float(kinked.std(ddof=1) / np.sqrt(kinked.size)),
                }
            )
        return rows

    yield Cell("theorem1", make)


def theorem2_cells(budget: Budget) -> Iterator[Cell]:
    """Auctions whose revenue among N is an exact sum, kinked and smooth."""

    def make() -> Rows:
        rows = []
        for number in (100, 1000, 10_000, 100_000):
            gaps = {
                "posted price at the kink": 0.16 - theory.posted_revenue(number, 0.2, 0.8),
                "reserve at the kink": 0.25 - theory.posted_revenue(number, 0.5, 0.5),
                "mean-field bids": 0.16 - theory.mean_field_bids_revenue(number, 0.8),
                "first price": 0.16 - theory.pay_as_bid_revenue(number, 0.8),
                "exploitability": theory.atom_gain(number, 0.8),
            }
            rows += [{"agents": number, "case": case, "gap": gap} for case, gap in gaps.items()]
        return rows

    yield Cell("theorem2", make)


def finite_cells(budget: Budget) -> Iterator[Cell]:
    """Learned mechanisms of A1 to A3 among N bidders, beside their mean-field value."""
    for name in ("a1", "a2", "a3") if budget.name == "full" else ("a1",):
        yield Cell(f"finite-{name}", functools.partial(_finite, name, budget))


def entropy_cells(budget: Budget) -> Iterator[Cell]:
    """First price of A1 at temperatures from 1e-4 to 1e-1, under both mirror maps."""
    for temperature in (1e-4, 1e-3, 1e-2, 1e-1):
        for mirror in (Entropy(), Euclidean()):
            name = f"entropy-{type(mirror).__name__.lower()}-{temperature:g}"
            yield Cell(name, functools.partial(_at_temperature, temperature, mirror))


def settings_cells(budget: Budget) -> Iterator[Cell]:
    """Every setting by design and by its rivals, with first price, caps and training curves."""
    rivals = ("hypergradient", "0-adam", "0-sgd", "anneal")
    for name in budget.settings:
        for rival in rivals if name in ("a1", "a2", "a3") or budget.name == "full" else rivals[:1]:
            for seed in range(budget.seeds):
                make = functools.partial(_designed, name, rival, seed, budget)
                yield Cell(f"settings-{name}-{rival}-{seed}", make)


def cost_cells(budget: Budget) -> Iterator[Cell]:
    """Seconds and compiled bytes of one gradient, by adjoint and horizon (table 2)."""
    for horizon in budget.horizons:
        for adjoint in ADJOINTS:
            make = functools.partial(_cost, horizon, adjoint, budget.cost_steps)
            yield Cell(f"cost-{horizon}-{adjoint}", make)


def _cost(horizon: int, adjoint: str, solver_steps: int) -> Rows:
    return [gradient_cost(horizon, adjoint, solver_steps=solver_steps, repeats=2)]


def _at_temperature(temperature: float, mirror: Entropy | Euclidean) -> Rows:
    setting = problems["a1"].setting
    population: Any = setting.population()
    game, mechanism = population.game, setting.baselines()["first_price"]
    # A small share of the way to the reply converges at every temperature, given the steps.
    solver = MirrorDescent(
        temperature=temperature, learning_rate=0.02 / temperature, num_steps=1500, mirror=mirror
    )
    with jax.enable_x64(True):
        game, mechanism = in_float64((game, mechanism))
        found = jax.device_get(_solved(game, mechanism, solver))
    return [
        {
            "mirror": type(mirror).__name__.lower(),
            "temperature": temperature,
            "revenue": float(np.sum(found.rounds.revenue)),
            "exploitability": float(found.exploitability),
            "residual": float(found.residual),
        }
    ]


@eqx.filter_jit
def _solved(game, mechanism, solver):
    return solve(game, mechanism, solver=solver, throw=False)


def _rival(name: str, setting: AbstractSetting, num_steps: int) -> tuple[AbstractRule, Any]:
    recipe = setting.recipe()
    if name == "hypergradient":
        return Hypergradient(), recipe.optimizer(num_steps)
    if name == "anneal":
        return Anneal(), Anneal().optimizer(num_steps)
    method = {"0-adam": plain_adam, "0-sgd": clipped_sgd}[name]
    return ZerothOrder(), replace(recipe, method=method).optimizer(num_steps)


def train(name: str, rival: str, seed: int, num_steps: int):
    """The result of one design of a listed problem by one rival."""
    setting = problems[name].setting
    recipe = setting.recipe()
    rule, optimizer = _rival(rival, setting, num_steps)
    key, start = jax.random.split(jax.random.key(seed))
    goal = {setting.sense: setting.objective()}
    return design(
        setting.population(),
        setting.mechanism(start),
        maximize=goal.get("maximize"),
        minimize=goal.get("minimize"),
        rule=rule,
        optimizer=optimizer,
        num_steps=num_steps,
        schedule=recipe.schedule,
        key=key,
        audit_every=recipe.audit_every,
        trust=0.9 * setting.exploitability_bound,
        throw=False,
    )


def _designed(name: str, rival: str, seed: int, budget: Budget) -> Rows:
    setting = problems[name].setting
    steps = budget.steps or setting.recipe().num_steps
    num_steps = steps if rival == "hypergradient" else max(steps, budget.rival_steps)
    result = train(name, rival, seed, num_steps)
    baseline = next(iter(setting.baselines().values()))
    key = jax.random.key(seed)
    before, _ = certify(setting.population(), setting.objective(), baseline, key=key)
    margin = float("nan")
    if isinstance(setting, KnownEconomy):
        rounds = result.response.rounds
        margin = no_zero_dominance(np.asarray(rounds.bids), np.asarray(rounds.supply)).margin
    last = {
        "problem": name,
        "rival": rival,
        "seed": seed,
        "value": result.value,
        "baseline": before.value,
        "cap": setting.cap(),
        "exploitability": result.certificate.exploitability,
        "no_zero_dominance": margin,
        "status": Status(result.status).name,
        "sense": setting.sense,
    }
    every = max(1, num_steps // 60)
    return [
        last | {"step": r.step, "training_value": r.value, "seconds": r.seconds}
        for r in result.history
        if r.step % every == 0 or r.step == num_steps - 1
    ]


def _finite(name: str, budget: Budget) -> Rows:
    setting = problems[name].setting
    steps = budget.steps or setting.recipe().num_steps
    result = train(name, "hypergradient", 0, steps)
    rows = []
    mechanisms = {"designed": result.mechanism}
    if isinstance(setting, PriorFree):
        mechanisms["first price"] = EqualShares(setting.economy.horizon)
    else:
        mechanisms["first price"] = setting.baselines()["first_price"]
    for title, mechanism in mechanisms.items():
        for number in (100, 1000, 10_000):
            record = simulate_mechanism(
                problems[name],
                mechanism,
                num_agents=number,
                num_trials=budget.trials,
                seed=number,
            )
            rows.append(record | {"mechanism": title})
    return rows
