"""What the theorems say of rates, beside fitted slopes and games that were held."""

import numpy as np
import polars as pl

from ..page import Claim, reason
from .theory import fitted_slope

# Exact predictions of the case studies, and how far a fitted slope may lie from them.
SLOPES = {
    "posted price at the kink": -0.5,
    "reserve at the kink": -0.5,
    "mean-field bids": -1.0,
    "first price": -1.0,
    "exploitability": -0.5,
}
SLOPE_TOLERANCE = 0.1
# What of Theorem 1 is sampled as well.
SAMPLED = ("exploitability", "smooth", "kinked")
# Largest deviation of a sampled mean from its exact value, in standard errors.
MOST_ERRORS = 4
# What is sampled shows something where its standard error is at most this share of it.
RESOLVED = 0.1


def theorem1_claims(frame: pl.DataFrame) -> list[Claim]:
    """Lipschitz games: exploitability and objective error fall at least like 1 / sqrt(N)."""
    numbers = frame["agents"].to_numpy().astype(float)
    claims = []
    predicted = {
        "exploitability": ("exploitability of the mean-field equilibrium", -2.0),
        "equilibrium": ("distance of the N-player equilibrium from the mean field's", -1.0),
        "smooth": ("error of a smooth objective", -1.0),
        "kinked": ("error of a kinked objective", -0.5),
    }
    for column, (words, slope) in predicted.items():
        claims.append(_rate(words, slope, numbers, frame[column].to_numpy()))
    for column in SAMPLED:
        sampled, error = (frame[f"{column}_{end}"].to_numpy() for end in ("sampled", "error"))
        exact, stated = frame[column].to_numpy(), "closed form against sampled games"
        words, _ = predicted[column]
        claims.append(_held(f"{words}: {stated}", numbers, sampled - exact, error, exact))
    return claims


def theorem2_claims(frame: pl.DataFrame) -> list[Claim]:
    """Auctions: 1 / sqrt(N) is attained at kinks and by exploitability, 1 / N elsewhere."""
    claims = []
    for case, slope in SLOPES.items():
        rows = frame.filter(pl.col("case") == case).sort("agents")
        claims.append(
            _rate(case, slope, rows["agents"].to_numpy().astype(float), rows["gap"].to_numpy())
        )
    for case in SLOPES:
        rows = frame.filter(pl.col("case") == case).drop_nulls("held").sort("agents")
        numbers, gap, exact, sampled, error = (
            rows[name].to_numpy() for name in ("agents", "gap", "held_exact", "held", "held_error")
        )
        stated = f"{case}: exact value against auctions held among N"
        claims.append(_held(stated, numbers, sampled - exact, error, gap))
    return claims


def _rate(whose: str, slope: float, numbers: np.ndarray, sizes: np.ndarray) -> Claim:
    """Whether sizes fall with the predicted slope, and so at least as fast as the theorem says."""
    fit = fitted_slope(numbers, sizes)
    near, fast = abs(fit.slope - slope) <= SLOPE_TOLERANCE, fit.slope <= -0.5 + SLOPE_TOLERANCE
    off = f"the slope is {abs(fit.slope - slope):.2f} from the one predicted"
    return Claim(
        f"{whose}: at least as fast as N^-1/2, with the slope predicted, {slope:g}",
        f"slope {fit.slope:.3f} [{fit.low:.3f}, {fit.high:.3f}]",
        near and fast,
        reason(near and fast, "slower than the theorem says" if near else off),
    )


def _held(
    stated: str, numbers: np.ndarray, off: np.ndarray, error: np.ndarray, size: np.ndarray
) -> Claim:
    """Whether means are off by chance only; open where their errors are as large as the matter."""
    worst, resolved = float(np.abs(off / error).max()), error <= RESOLVED * np.abs(size)
    known = ", ".join(f"{number:.0f}" for number in numbers[resolved])
    agrees = None if worst < MOST_ERRORS and not resolved.any() else worst < MOST_ERRORS
    return Claim(
        f"{stated}: within {MOST_ERRORS} standard errors",
        f"largest deviation {worst:.1f} at N = {numbers[0]:.0f} to {numbers[-1]:.0f}; a standard "
        f"error is at most {RESOLVED:.0%} of what is measured at N = {known or '-'}",
        agrees,
        reason(
            agrees,
            "so far off by chance alone is next to impossible",
            "standard errors are as large as what is measured: it is not told from nothing",
        ),
    )
