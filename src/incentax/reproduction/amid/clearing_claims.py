"""First price by mirror descent beside clearing prices by linear program, claim by claim."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from ..page import Claim, reason
from .clearing import OWN_BIDS
from .theory import fitted_slope

# A round that sells less than this sells nothing.
_NOTHING = 1e-9
# How far below its law a fitted exponent may be.
_TOLERANCE = 0.1
# Grids that an exponent with an interval takes.
_FEWEST = 3


def clearing_claims(frame: pl.DataFrame) -> list[Claim]:
    """Mirror descent's first price collects what clears the market, up to the grid of bids.

    With the settings' own bids revenue is off by a tick on all goods sold, single prices by a tick.
    Finer bids leave less, though not always in proportion: values are on a grid as well, and while
    an excess of bidders at a price is so small that nobody pays a tick to be surely served, the
    price stays a value below.
    """
    claims = []
    for (problem,), rows in frame.group_by(["problem"], maintain_order=True):
        own = rows.filter(pl.col("num_bids") == OWN_BIDS).sort("round")
        claims += [_revenue(str(problem), own), _prices(str(problem), own)]
        gaps = {
            int(bids): _gap(rounds)  # pyright: ignore[reportArgumentType]
            for (bids,), rounds in rows.sort("num_bids").group_by(["num_bids"], maintain_order=True)
        }
        if len(gaps) > 1:
            claims += [_halved(str(problem), gaps), _rate(str(problem), gaps)]
    return claims


def _gap(rounds: pl.DataFrame) -> float:
    """How far revenue is outside its clearing interval."""
    first = rounds.row(0, named=True)
    below, above = first["revenue_low"] - first["revenue"], first["revenue"] - first["revenue_high"]
    return max(0.0, below, above)


def _revenue(problem: str, own: pl.DataFrame) -> Claim:
    first, ticks = (
        own.row(0, named=True),
        _gap(own) * OWN_BIDS / float(own["sold"].to_numpy().sum()),
    )
    told = (
        f"revenue {first['revenue']:.4f}, clearing "
        f"[{first['revenue_low']:.4f}, {first['revenue_high']:.4f}]; "
    )
    if first["given"]:
        told += f"{first['given']:g} goods go for nothing first, as nobody can stay away; "
    return Claim(
        f"{problem}: first price clears the market to a tick on all goods sold (linear program, "
        "not in the paper)",
        f"{told}gap in ticks: {ticks:.2f}",
        ticks <= 1,
        reason(
            ticks <= 1,
            "more than the grid of bids explains; bidders would still gain "
            f"{first['exploitability']:.0e} by leaving",
        ),
    )


def _prices(problem: str, own: pl.DataFrame) -> Claim:
    """Round by round, by the mean price that is paid."""
    outside = pl.max_horizontal(
        pl.lit(0.0), pl.col("price_low") - pl.col("price"), pl.col("price") - pl.col("price_high")
    )
    sold = own.filter(pl.col("sold") > _NOTHING)
    ticks = sold.select(outside * OWN_BIDS).to_series().to_numpy()
    agrees = bool(ticks.max() <= 1) if ticks.size else None
    by_round = zip(sold["round"], ticks, strict=True)
    told = ", ".join(f"{off:.2f} in round {number}" for number, off in by_round)
    return Claim(
        f"{problem}: single prices are within a tick of clearing wherever something is sold "
        "(linear program, not in the paper)",
        f"gap in ticks: {told or '-'}",
        agrees,
        reason(
            agrees,
            "equilibria on a grid are not unique: a range of values bids a tick lower and wins "
            "with less than certainty, which lowers prices in the rounds before as well; the "
            "temperature adds to it",
            "nothing is sold in any round",
        ),
    )


def _halved(problem: str, gaps: Mapping[int, float]) -> Claim:
    coarsest, *_, finest = gaps.values()
    agrees = finest <= coarsest / 2
    return Claim(
        f"{problem}: finer bids at least halve the gap of revenue (not in the paper)",
        ", ".join(f"{gap:.4f} with {bids} bids" for bids, gap in gaps.items()),
        agrees,
        reason(
            agrees,
            "values are on a grid as well: where few bidders more than are served reach a price, "
            "nobody pays a tick more to be sure",
        ),
    )


def _rate(problem: str, gaps: Mapping[int, float]) -> Claim:
    """Open where the interval has both sides of the law in it."""
    stated = f"{problem}: the gap of revenue falls at least in proportion to the tick"
    stated += " (linear program, not in the paper)"
    sizes = np.array(list(gaps.values()))
    if not sizes[-1]:
        return Claim(stated, f"no gap is left with {max(gaps)} bids", True)
    if not sizes.all() or sizes.size < _FEWEST:
        told = f"{np.count_nonzero(sizes)} of {sizes.size} grids have a gap"
        return Claim(stated, told, None, "too few gaps for an exponent with an interval")
    fit = fitted_slope(1 / np.array(list(gaps)), sizes)
    least = 1 - _TOLERANCE
    agrees = None if fit.low < least <= fit.high else fit.low >= least
    return Claim(
        stated,
        f"exponent of the gap in the tick {fit.slope:.2f} [{fit.low:.2f}, {fit.high:.2f}], over "
        f"{sizes.size} grids",
        agrees,
        reason(
            agrees,
            f"the exponent is below {least:g}: finer bids alone do not close the gap, for values "
            "stay on their own grid",
            f"the interval has both sides of {least:g} in it: so few grids do not tell",
        ),
    )
