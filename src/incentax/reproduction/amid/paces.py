"""How many steps a method makes in its time, by the pace it was seen at."""

import functools
import math
import sys
from typing import NamedTuple

import numpy as np

from ...progress import Result
from .plans import Plan, recipe, run_listed

# A plan again ends a little before its time: whoever is cut short runs once more.
_SPARE = 0.98
# A rival that went through less of its schedule, or of its time, runs again.
NEARLY = 0.95
MOST_RUNS = 4

# Seconds a step took, judgements included, when a rival (of no steps yet) last ran on a problem.
SEEN: dict[tuple[str, Plan], float] = {}


@functools.cache
def default_plan(problem: str, num_steps: int | None, seconds: float) -> Plan:
    """The default recipe, compiled, with fewer steps where it would not end in time."""
    plan = recipe(problem, num_steps)
    fitting = _fitting(problem, plan, seconds)
    if fitting >= plan.num_steps:
        return plan
    # The optimizer's rate falls with the number of steps: it is made again, and compiled again.
    shorter = recipe(problem, fitting)
    _pace(problem, shorter)
    return shorter


def _fitting(problem: str, plan: Plan, seconds: float) -> int:
    """Steps of the default recipe that fit into the time, judged as often as it says."""
    pace = _pace(problem, plan)
    audit = pace.audit / plan.audit_every if plan.audit_every else 0.0
    return Pace(pace.step + audit, 0.0).steps_in(seconds, 0)


def rival_plan(problem: str, plan: Plan, seconds: float, num_steps: int | None) -> Plan:
    """As many steps as fit into the time, judged as often in all as the default recipe."""
    ours = recipe(problem, num_steps)
    made = min(ours.num_steps, _fitting(problem, ours, seconds))
    judged = max(1, made // ours.audit_every) if ours.audit_every else 0
    seen = SEEN.get((problem, plan))
    if seen is not None:
        return _spread(plan, _steps_again(seconds, seen), judged)
    steps = _pace(problem, _spread(plan, 1, judged)).steps_in(seconds, judged)
    return _spread(plan, steps, judged)


def in_time(problem: str, plan: Plan, seed: int, seconds: float, most_runs: int) -> Result:
    """The first result that nearly used up its time and its schedule; else the one closest to it.

    Steps are planned again from the pace of the run before; the next seed's from that of the last.
    """
    whose = (problem, plan._replace(num_steps=0, audit_every=0))
    judged = round(plan.num_steps / plan.audit_every) if plan.audit_every else 0
    runs = []
    while True:
        result = run_listed(problem, plan, seed, seconds)
        SEEN[whose] = result.history[-1].seconds / len(result.history)
        runs.append((_share(result, plan, seconds), result))
        if runs[-1][0] >= NEARLY or len(runs) == most_runs:
            return max(runs, key=lambda run: run[0])[1]
        plan = _spread(plan, _steps_again(seconds, SEEN[whose]), judged)


def _spread(plan: Plan, steps: int, judged: int) -> Plan:
    """A plan of so many steps, judged so many times on the way."""
    return plan._replace(num_steps=steps, audit_every=max(1, steps // judged) if judged else 0)


def _steps_again(seconds: float, pace: float) -> int:
    return max(2, int(_SPARE * seconds / pace))


def _share(result: Result, plan: Plan, seconds: float) -> float:
    """How much of its time, and of its schedule, a run used, whichever is less."""
    made, used = len(result.history), result.history[-1].seconds
    return min(used / seconds, made / plan.num_steps)


class Pace(NamedTuple):
    """Seconds that a step and an audit take, once compiled."""

    step: float
    audit: float

    def steps_in(self, seconds: float, audits: int) -> int:
        """Steps that fit beside so many audits, at least two."""
        if not math.isfinite(seconds):
            return sys.maxsize
        return max(2, int(max(seconds - audits * self.audit, 0.2 * seconds) / self.step))


@functools.cache
def _pace(problem: str, plan: Plan) -> Pace:
    """Measured on a short run, after another one has compiled everything."""
    short = plan._replace(num_steps=8, audit_every=plan.audit_every and 2)
    run_listed(problem, short._replace(num_steps=2), 0, math.inf)
    times = np.diff([r.seconds for r in run_listed(problem, short, 0, math.inf).history])
    step = float(np.median(times[1::2]))
    audit = float(np.median(times[::2])) - step if plan.audit_every else 0.0
    return Pace(step, max(0.0, audit))
