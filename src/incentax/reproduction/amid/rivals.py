"""The published zeroth-order baselines, and how the rate of each is chosen."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import optax
import polars as pl

from ...rule import AbstractRule, Anneal, ZerothOrder

OURS = "hypergradient"

# Two such steps to a power of ten.
_FURTHER = 10**0.5


class Rival(NamedTuple):
    """A baseline with one rate to tune on each problem: tuning begins with the grid `rates`.

    `rate` is what it has where nobody tunes it: the best on A1.
    """

    rule: Callable[[float], AbstractRule]
    optimizer: Callable[[float], optax.GradientTransformation]
    rates: tuple[float, ...]
    rate: float


RIVALS: Mapping[str, Rival] = {
    "0-sgd": Rival(lambda rate: ZerothOrder(), optax.sgd, (1e-3, 1e-2, 3e-2, 1e-1), 1e-2),
    "0-adam": Rival(lambda rate: ZerothOrder(), optax.adam, (1e-3, 3e-3, 1e-2, 3e-2), 1e-2),
    "anneal": Rival(Anneal, lambda rate: optax.sgd(1.0), (3e-3, 1e-2, 3e-2, 1e-1), 3e-2),
}
METHODS = (OURS, *RIVALS)


def best_rate(tuning: pl.DataFrame) -> float:
    """The rate of the best mean value; a value that is not finite is the worst there is."""
    sign = 1 if tuning["sense"][0] == "maximize" else -1
    means = {
        rate: float(np.nan_to_num(sign * rows["value"].to_numpy(), nan=-np.inf).mean())
        for (rate,), rows in tuning.group_by(["rate"], maintain_order=True)
    }
    return max(means, key=means.__getitem__)


def rate_beyond(tuning: pl.DataFrame) -> float | None:
    """The next rate to try where the best is the lowest or the highest so far, else None.

    >>> rows = pl.DataFrame({"rate": [0.1, 1.0], "value": [2.0, 3.0], "sense": ["maximize"] * 2})
    >>> round(rate_beyond(rows), 2)
    3.16
    """
    best, rates = best_rate(tuning), tuning["rate"]
    if best == rates.max():
        return best * _FURTHER
    return best / _FURTHER if best == rates.min() else None
