"""Learned auctions among N bidders beside the mean field and its laws, claim by claim."""

import numpy as np
import polars as pl

from ..page import Claim, reason
from .finite import AGENTS, MET, met_with, over_games
from .theory import Slope, jackknife_slope, sampled_slope

# Bounds, and laws, are judged on crowds of up to this many; laws in their limit from here on. A
# round that should leave a few goods sells out by chance among few bidders: until that is rare, at
# some thousands for designs of A2, values come closer faster than any power law. And the part of a
# good that bids near a reserve make up is not sold, half a good on average: among so few bidders
# that none is near, as in designs of A1 below some thousands, values are closer.
FAR = 10_000
# A fitted exponent agrees with a law within this much.
TOLERANCE = 0.1
# A value is close to another within this share of it.
CLOSE = 0.1
_NORMAL = 1.96


def finite_claims(frame: pl.DataFrame) -> list[Claim]:
    """Learned auctions are worth among N bidders what the mean field says, and nearly as stable."""
    claims = []
    for _, rows in frame.group_by(["problem", "mechanism"], maintain_order=True):
        near = rows.filter(pl.col("agents") <= FAR)
        far = rows.filter(pl.col("agents") >= FAR)
        whose = f"{rows['problem'][0]}, {rows['mechanism'][0]}{met_with(over_games(rows))}"
        claims += [_closeness(whose, near), _value_rate(whose, near), *_gain_rates(whose, near)]
        if rows["mechanism"][0] == "designed":
            claims.append(
                _law(
                    f"{whose}: value has slope -1 over N = {AGENTS[0]} to {FAR} (predicted where "
                    "supply and payments are smooth in the bids; steeper where few bidders miss by "
                    "chance what many do not, flatter where few come near a reserve)",
                    _slope(near, "difference"),
                    -1.0,
                )
            )
            claims.append(
                _law(
                    f"{whose}: value has slope -1 from N = {FAR} on (the same law, in its limit)",
                    _slope(far, "difference"),
                    -1.0,
                )
            )
    return claims


def _closeness(whose: str, rows: pl.DataFrame) -> Claim:
    """By the design and game that are the farthest off, as a share of the mean field's value."""
    off = (pl.col("difference") / pl.col("mean_field")).abs().max()
    shares = rows.group_by("agents").agg(off.alias("share")).sort("agents")["share"].to_list()
    near, closer = shares[0] <= CLOSE, shares[-1] < shares[0]
    return Claim(
        f"{whose}: N-player value close to mean field from N = {AGENTS[0]} on, within {CLOSE:.0%} "
        "of it and closer among many",
        f"{shares[0]:.1%} off at most at N = {AGENTS[0]}; {_told(rows, 'difference')}",
        near and closer,
        reason(
            near and closer,
            f"among the most bidders it is {shares[-1]:.1%} off, no closer" if near else "too far",
        ),
    )


def _value_rate(whose: str, rows: pl.DataFrame) -> Claim:
    fit = _slope(rows, "difference")
    return Claim(
        f"{whose}: value approaches at least as fast as N^-1/2 (theory: slope -1/2 at a kink with "
        "a price atom, -1 where smooth)",
        _exponent(fit),
        *_at_least_as_fast(fit),
    )


def _gain_rates(whose: str, rows: pl.DataFrame) -> list[Claim]:
    """Exploitability beyond that of the mean field, which the temperature leaves."""
    floor = pl.col("exploitability_mean_field")
    # Designs and games differ in what the temperature leaves.
    beyond = rows.with_columns(
        pl.col("exploitability", "exploitability_low", "exploitability_high") - floor
    )
    means = over_games(beyond)
    left = means["exploitability_mean_field"][0]
    told = f"{_told(beyond, 'exploitability')}; mean field {left:.2e}"
    stated = f"{whose}: exploitability beyond the mean field's"
    if float(means["exploitability_low"].to_numpy().min()) <= 0:
        lost = "at some N its interval has 0 in it: no slope can be fitted"
        return [Claim(f"{stated} falls like N^-1/2", told, None, lost)]
    fit = _slope(beyond, "exploitability")
    return [
        Claim(f"{stated} falls at least as fast as N^-1/2", told, *_at_least_as_fast(fit)),
        _law(
            f"{stated} has slope -1/2 (predicted without a grid of bids; on one it falls faster "
            "once a tick costs a deviator more than she wins)",
            fit,
            -0.5,
        ),
    ]


def _slope(rows: pl.DataFrame, name: str) -> Slope:
    """Over designs and games where there are several, over what was drawn where there is one.

    Of sizes, as the theorem: games above their mean field do not make up for others below.
    """
    ordered = rows.sort("agents")
    numbers = ordered["agents"].unique(maintain_order=True).to_numpy().astype(float)
    units = [of_one[name].to_numpy() for _, of_one in ordered.group_by(MET.values())]
    if len(units) > 1:
        return jackknife_slope(numbers, np.abs(np.stack(units)))
    width = (ordered[f"{name}_high"] - ordered[f"{name}_low"]).to_numpy() / 2
    return sampled_slope(numbers, units[0], width / _NORMAL)


def _exponent(fit: Slope) -> str:
    return f"slope {fit.slope:.2f} [{fit.low:.2f}, {fit.high:.2f}]"


def _law(stated: str, fit: Slope, law: float) -> Claim:
    """Whether a slope is the one predicted; open where it is not known as well as it is judged."""
    known = fit.high - fit.low <= 2 * TOLERANCE
    agrees = abs(fit.slope - law) <= TOLERANCE if known else None
    side = "steeper" if fit.slope < law else "flatter"
    why = reason(
        agrees,
        f"{side} by {abs(fit.slope - law):.2f}, more than {TOLERANCE:g}",
        f"the interval is wider than {TOLERANCE:g} to either side",
    )
    return Claim(stated, _exponent(fit), agrees, why)


def _at_least_as_fast(fit: Slope) -> tuple[bool | None, str]:
    """Whether it is; why not, and open where the interval has both sides of the law in it."""
    law = -0.5 + TOLERANCE
    agrees = None if fit.low <= law < fit.high else fit.high <= law
    both = "the interval of the slope has both sides of the law in it"
    return agrees, reason(agrees, f"slower: {_exponent(fit)}", f"{both}: {_exponent(fit)}")


def _told(rows: pl.DataFrame, name: str) -> str:
    columns = ("agents", name, f"{name}_low", f"{name}_high")
    return "; ".join(
        f"N={agents}: {mean:+.2e} [{low:+.2e}, {high:+.2e}]"
        for agents, mean, low, high in over_games(rows).sort("agents").select(columns).iter_rows()
    )
