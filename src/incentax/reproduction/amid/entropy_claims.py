"""What a temperature costs, claim by claim."""

import numpy as np
import polars as pl

from ..page import Claim, reason
from .theory import fitted_slope

# The exponent of exploitability in the temperature, and the residual, that entropy is judged by.
PROPORTION, SETTLED = 0.9, 1e-6


def entropy_claims(frame: pl.DataFrame) -> list[Claim]:
    """A low temperature costs little: exploitability falls with it, at least in proportion.

    Judged by the exponent of a power law through all temperatures, by the lowest one's
    exploitability, and only where agents have settled: else it is not the temperature's doing.
    """
    claims = []
    for (mirror,), rows in frame.group_by(["mirror"], maintain_order=True):
        ordered = rows.sort("temperature")
        cold, gains = ordered["temperature"].to_numpy(), ordered["exploitability"].to_numpy()
        told = ", ".join(
            f"{t:g}: {g:.1e} (revenue {r:.4f})"
            for t, g, r in ordered.select("temperature", "exploitability", "revenue").iter_rows()
        )
        # What rounding leaves, if anything, is not below zero.
        power = fitted_slope(cold, np.maximum(gains, 1e-15)).slope
        worst = float(ordered["residual"].to_numpy().max())
        steep, little = power >= PROPORTION, gains[0] <= cold[0]
        agrees = bool(steep and little) if worst < SETTLED else None
        claims.append(
            Claim(
                f"{mirror}, first price of A1: exploitability falls at least in proportion to the "
                f"temperature (exponent at least {PROPORTION:g}), to at most the lowest one itself",
                f"exponent {power:.2f}, {gains[0] / cold[0]:.2g} of the lowest; {told}; largest "
                f"residual {worst:.0e}, settled below {SETTLED:.0e}",
                agrees,
                reason(
                    agrees,
                    "more is left than the lowest temperature" if steep else "it falls more slowly",
                    "agents have not settled: what is left is not the temperature's alone",
                ),
            )
        )
    return claims
