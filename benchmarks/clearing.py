"""First-price equilibria by mirror descent beside clearing prices by linear program.

    python -m benchmarks.clearing

The tolerance rule: revenue within one tick of bids on everything sold, or a gap that falls with
the tick. One row per problem and grid of bids; all gaps are in ticks of that grid.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from incentax.reproduction.amid.clearing import GRIDS, PROBLEMS, clearing_rows

from .machine import no_options, publish


def rows() -> Iterator[dict[str, Any]]:
    """One problem on one grid."""
    for name in PROBLEMS:
        for num_bids in GRIDS:
            rounds = clearing_rows(name, num_bids)
            last, tick = rounds[-1], 1 / num_bids
            gaps = [outside(r["price"], r["price_low"], r["price_high"]) for r in rounds]
            gap = outside(last["revenue"], last["revenue_low"], last["revenue_high"])
            yield {
                "problem": name,
                "bids": num_bids,
                "revenue": last["revenue"],
                "LP revenue, lowest": last["revenue_low"],
                "LP revenue, highest": last["revenue_high"],
                "gap of revenue": gap,
                "in ticks on all sold": gap / tick / sum(r["sold"] for r in rounds),
                "largest gap of prices (ticks)": float(np.max(gaps)) / tick,
                "exploitability": last["exploitability"],
            }


def outside(number: float, low: float, high: float) -> float:
    """How far a number lies outside an interval."""
    return max(0.0, low - number, number - high)


def main() -> None:
    """Print and keep the table."""
    title = "First-price equilibria and clearing prices by linear program"
    publish("clearing", title, list(rows()))


if __name__ == "__main__":
    no_options(__doc__)
    main()
