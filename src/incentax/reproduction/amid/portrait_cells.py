"""The cells behind portraits, deviators and open questions."""

import functools
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from ...certificate import certify
from ...problems import problems
from ..frame import Cell, Rows
from .cells import Budget, contest_of
from .cliff import pure_rows
from .contest import trained
from .deviator import Effort, learned_deviation
from .portraits import beach_rows, bidding_rows, iterate_rows
from .published import published_rows
from .questions import cold_derivative_rows

_AGENTS = 1000
# Minutes a seed: a few show how far seeds differ.
_PUBLISHED_STEPS, _PUBLISHED_SEEDS = 1000, 3


def bidding_cells(budget: Budget, *names: str) -> Iterator[Cell]:
    """Payments and bids of these problems, by seed."""
    for name in names:
        for seed in range(budget.seeds):
            make = functools.partial(bidding_rows, name, seed, budget.steps)
            yield Cell(f"bidding-{name}-{seed}", make)


def iterates_cells(budget: Budget) -> Iterator[Cell]:
    """Mirror descent's way to equilibrium at designed mechanisms."""
    for name in ("a1", "a2") if budget.name == "full" else ("a1",):
        for seed in range(budget.seeds):
            make = functools.partial(iterate_rows, name, seed, budget.steps)
            yield Cell(f"iterates-{name}-{seed}", make)


def beach_cells(budget: Budget) -> Iterator[Cell]:
    """Priced spots under both caps."""
    for name in ("beach-bar", "beach-bar-high"):
        yield Cell(f"beach-{name}", functools.partial(beach_rows, name, 0, budget.steps))


def ppo_cells(budget: Budget) -> Iterator[Cell]:
    """One deviating bidder of A1, at first price and at the designed mechanism."""
    effort = Effort(budget.env_steps, budget.episodes, odds=budget.trials)
    for mechanism in ("first price", "designed"):
        make = functools.partial(_deviation, "a1", mechanism, budget.steps, effort)
        yield Cell(f"ppo-a1-{mechanism.replace(' ', '-')}", make)


def published_cells(budget: Budget) -> Iterator[Cell]:
    """A1 by the published recipe, beside the contest's runs of the default one."""
    for seed in range(min(budget.seeds, _PUBLISHED_SEEDS)):
        ours = contest_of("a1", budget).ours(seed)
        make = functools.partial(published_rows, "a1", seed, budget.steps or _PUBLISHED_STEPS)
        yield Cell(f"published-a1-{seed}", make, (ours,))


def cold_cells(budget: Budget) -> Iterator[Cell]:
    """Derivatives at falling temperatures, by horizon."""
    for horizon in (2, 5, 10) if budget.name == "full" else (2, 5):
        yield Cell(f"cold-{horizon}", functools.partial(cold_derivative_rows, horizon))


def pure_cells(budget: Budget) -> Iterator[Cell]:
    """A pure equilibrium with zero dominance, exactly."""
    yield Cell("pure", pure_rows)


def _deviation(name: str, mechanism: str, num_steps: int | None, effort: Effort) -> Rows:
    setting: Any = problems[name].setting
    published = (
        trained(name, 0, num_steps).mechanism
        if mechanism == "designed"
        else setting.baselines()["first_price"]
    )
    _, response = certify(
        setting.population(), setting.objective(), published, key=jax.random.key(0)
    )
    rows = learned_deviation(
        setting.economy.game(),
        published,
        np.asarray(response.policy),
        num_agents=_AGENTS,
        effort=effort,
    )
    return [{"mechanism": mechanism} | row for row in rows]
