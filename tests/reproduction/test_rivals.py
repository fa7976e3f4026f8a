"""A rival plans for all of the time it has, and keeps the best that it has been judged at."""

from dataclasses import replace

import jax.numpy as jnp
import optax
import polars as pl
import pytest

from incentax.problems import problems
from incentax.reproduction.amid import contest, paces, plans
from incentax.reproduction.amid.rivals import RADIUS, RIVALS, Rival
from incentax.rule import Hypergradient

SIZES = dict(num_values=8, num_bids=8, width=8, horizon=2, temperature=1e-2, learning_rate=10.0)
SECONDS = 20.0


class PlannedError(Exception):
    """A plan that was to be run."""


@pytest.fixture
def small(monkeypatch):
    row = problems["a1"].with_options(**SIZES)
    for module in (contest, plans):
        monkeypatch.setattr(module, "problems", {"small": replace(row, name="small")})
    monkeypatch.setattr(paces, "SEEN", {})


@pytest.mark.parametrize("method", list(RIVALS))
@pytest.mark.parametrize(("step", "audit"), [(0.01, 0.0), (0.05, 0.2)])
def test_a_rival_plans_for_all_of_the_time(small, monkeypatch, method, step, audit):
    def record(problem, plan, seed, seconds):
        raise PlannedError(plan.num_steps, seconds)

    monkeypatch.setattr(paces, "_pace", lambda problem, plan: paces.Pace(step, audit))
    monkeypatch.setattr(paces, "run_listed", record)
    ours = pl.DataFrame({"seconds_in_all": [SECONDS]})
    with pytest.raises(PlannedError) as planned:
        contest.played("small", method, 0, ours, num_steps=40)
    steps, seconds = planned.value.args
    judged = 40 // problems["a1"].setting.recipe().audit_every
    assert seconds == SECONDS
    assert steps == int((SECONDS - judged * audit) / step)
    # Whoever has been seen is planned by what was seen, judgements included.
    plan = plans.baseline_plan(method, RIVALS[method].rate, RADIUS)
    paces.SEEN["small", plan] = 2 * step
    with pytest.raises(PlannedError) as planned:
        contest.played("small", method, 1, ours, num_steps=40)
    assert planned.value.args[0] == int(0.98 * SECONDS / (2 * step))


def test_a_rival_that_collapses_keeps_its_best(small, monkeypatch):
    # Up for half of the steps, then far down: the last mechanism is the worst.
    def turning(count):
        return jnp.where(count < 20, 1e-2, -1e-1)

    rule, optimizer = Hypergradient(), optax.adam(turning)
    method = Rival(lambda rate, radius: rule, lambda rate: optimizer, (1.0,), 1.0)
    for module in (contest, plans):
        monkeypatch.setattr(module, "RIVALS", {"falling": method})
    pace = paces.Pace(1e6 / 40, 0.0)
    monkeypatch.setattr(paces, "_pace", lambda problem, plan: pace)
    ours = pl.DataFrame({"seconds_in_all": [1e6]})
    options = dict(num_steps=40, most_runs=1)
    rows = pl.DataFrame(contest.played("small", "falling", 0, ours, **options))
    first, peak = rows["training_value"][0], rows["training_value"].max()
    assert rows["training_value"][-1] < first - 0.02 < peak - 0.04
    assert rows["value"][0] > first
