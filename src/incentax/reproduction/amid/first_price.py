"""The best first price: supply and reserves by gradient, reserves by search on the grid."""

import functools
import itertools
import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ...auctions import ReservePrice
from ...auctions.yardsticks import FAST_ROUNDS
from ...certificate import certify
from .plans import recipe_plan, run

FORM = "first-price"
# Constant reserves that a search begins with, and sweeps over all moves at most.
_LEVELS = 12
_MOST_SWEEPS = 30


class Found(NamedTuple):
    """A first price: how it was found, its value, exploitability, and reserves where it has any."""

    way: str
    value: float
    exploitability: float
    reserves: tuple[float, ...] = ()


def best_first_price(setting: Any, num_steps: int | None) -> Found | None:
    """The better of the two ways; None where under neither bidders settle."""
    ways = designed(setting, num_steps), searched(setting)
    settled = [one for one in ways if worth(setting, one) > -math.inf]
    return max(settled, key=functools.partial(worth, setting), default=None)


def worth(setting: Any, one: Found) -> float:
    """What a first price is worth, the more the better; nothing where bidders have not settled."""
    if one.exploitability > setting.exploitability_bound:
        return -math.inf
    return one.value if setting.sense == "maximize" else -one.value


def designed(setting: Any, num_steps: int | None) -> Found:
    """Supply and reserve of every round by gradient, as any form is designed."""
    form = setting.with_form(FORM)
    result = run(form, recipe_plan(form, num_steps), 0)
    return Found("gradient", float(result.value), float(result.certificate.exploitability))


def searched(setting: Any) -> Found:
    """Reserves on the grid of bids by search: from the best constant, a tick at a time.

    Moves are of one round or of all; in long auctions of all alone. Sold are all bids at the
    reserve or above it, so that a reserve also says how much is sold.
    """
    bids, rounds = setting.economy.num_bids, setting.economy.horizon

    def judged(ticks: np.ndarray) -> Found:
        reserves = tuple((ticks / bids).tolist())
        mechanism = ReservePrice(  # pyright: ignore[reportCallIssue]
            reserve=jnp.asarray(reserves)
        )
        found, _ = certify(
            setting.population(), setting.objective(), mechanism, key=jax.random.key(0)
        )
        return Found("search", found.value, found.exploitability, reserves)

    better = functools.partial(worth, setting)
    levels = np.unique(np.linspace(0, bids - 1, _LEVELS).round().astype(int))
    best = max((judged(np.full(rounds, level)) for level in levels), key=better)
    ways = [np.ones(rounds, int)]
    if rounds <= FAST_ROUNDS:
        ways += list(np.eye(rounds, dtype=int))
    for _ in range(_MOST_SWEEPS):
        before = best
        for way, step in itertools.product(ways, (1, -1)):
            ticks = np.rint(np.array(best.reserves) * bids).astype(int) + step * way
            if 0 <= ticks.min() and ticks.max() < bids:
                best = max(best, judged(ticks), key=better)
        if best is before:
            break
    return best
