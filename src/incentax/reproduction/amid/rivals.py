"""The published zeroth-order baselines, and how rate and radius of each are chosen."""

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
    """A baseline to tune on each problem: over the grid `rates`, then over `radii`.

    `rule` takes a rate and a radius. `rate` and the middle of `radii` are what it has where nobody
    tunes it: the best on A1. A baseline that perturbs by its rate has no radii.
    """

    rule: Callable[[float, float], AbstractRule]
    optimizer: Callable[[float], optax.GradientTransformation]
    rates: tuple[float, ...]
    rate: float
    radii: tuple[float, ...] = ()


# The published grid; its middle is the default.
RADIUS = 1e-2
_RADII = (1e-3, RADIUS, 3e-2)


def _smoothed(rate: float, radius: float) -> ZerothOrder:
    return ZerothOrder(radius)


def _annealed(rate: float, radius: float) -> Anneal:
    return Anneal(rate)


RIVALS: Mapping[str, Rival] = {
    "0-sgd": Rival(_smoothed, optax.sgd, (1e-3, 1e-2, 3e-2, 1e-1), 1e-2, _RADII),
    "0-adam": Rival(_smoothed, optax.adam, (1e-3, 3e-3, 1e-2, 3e-2), 1e-2, _RADII),
    "anneal": Rival(_annealed, lambda rate: optax.sgd(1.0), (3e-3, 1e-2, 3e-2, 1e-1), 3e-2),
}
METHODS = (OURS, *RIVALS)


def best_rate(tuning: pl.DataFrame) -> float:
    """The rate of the best mean value; a value that is not finite is the worst there is."""
    return _best(at_radius(tuning), "rate")


def best_radius(tuning: pl.DataFrame) -> float:
    """The radius of the best mean value at the best rate."""
    return _best(tuning.filter(pl.col("rate") == best_rate(tuning)), "radius")


def at_radius(tuning: pl.DataFrame) -> pl.DataFrame:
    """Rows at the default radius: where rates are compared."""
    return tuning.filter(pl.col("radius") == RADIUS)


def rate_beyond(tuning: pl.DataFrame) -> float | None:
    """The next rate to try where the best is the lowest or the highest so far, else None.

    >>> rows = pl.DataFrame({"rate": [0.1, 1.0], "radius": RADIUS, "value": [2.0, 3.0]})
    >>> round(rate_beyond(rows.with_columns(sense=pl.lit("maximize"))), 2)
    3.16
    """
    best, rates = best_rate(tuning), at_radius(tuning)["rate"]
    if best == rates.max():
        return best * _FURTHER
    return best / _FURTHER if best == rates.min() else None


def _best(tuning: pl.DataFrame, column: str) -> float:
    sign = 1 if tuning["sense"][0] == "maximize" else -1
    means = {
        tried: float(np.nan_to_num(sign * rows["value"].to_numpy(), nan=-np.inf).mean())
        for (tried,), rows in tuning.group_by([column], maintain_order=True)
    }
    return max(means, key=means.__getitem__)
