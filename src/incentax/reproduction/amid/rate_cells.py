"""The cells behind Theorems 1 and 2: exact sums, beside games that are held."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..frame import Cell, Rows
from . import theory
from .cells import Budget
from .held_auctions import SUPPLY, held

# Targets drawn for each thing sampled of one number of agents.
_TARGETS = 4_000_000
# Crowds that auctions are held among; exact sums go on from here.
_HELD = (100, 1000)
_TRIALS = 4000


def theorem1_cells(budget: Budget) -> Iterator[Cell]:
    """The linear-quadratic game, exactly and by simulation, N = 10 ... 10^5."""

    def make() -> Rows:
        game, rng, rows = theory.TrackingGame(), np.random.default_rng(0), []
        for number in (10, 100, 1000, 10_000, 100_000):
            smooth, kinked = game.sampled_gaps(rng, number, _TARGETS // number)
            gains = game.sampled_gains(rng, number, _TARGETS // number)
            row: dict[str, Any] = {
                "agents": number,
                "exploitability": game.gain(number),
                "equilibrium": game.equilibrium_distance(number),
                "smooth": game.smooth_gap(number),
                "kinked": game.kinked_gap(number),
            }
            samples = {"exploitability": gains, "smooth": smooth, "kinked": kinked}
            for name, sample in samples.items():
                row[f"{name}_sampled"] = float(sample.mean())
                row[f"{name}_error"] = float(sample.std(ddof=1) / np.sqrt(sample.size))
            rows.append(row)
        return rows

    yield Cell("theorem1", make)


def theorem2_cells(budget: Budget) -> Iterator[Cell]:
    """Auctions whose revenue among N is an exact sum, kinked and smooth; some of them held.

    Gaps are from the mean field's revenue. `held` with `held_error` is the mean over auctions that
    were held, `held_exact` what it is in expectation: on the grid, where bids are on one.
    """
    clearing, reserve, kept = theory.limit_revenue(1 - SUPPLY, SUPPLY), 0.5, 0.5
    reserved = theory.limit_revenue(reserve, kept)

    def make() -> Rows:
        rows = []
        for number in (100, 1000, 10_000, 100_000):
            gaps = {
                "posted price at the kink": clearing
                - theory.posted_revenue(number, 1 - SUPPLY, SUPPLY),
                "reserve at the kink": reserved - theory.posted_revenue(number, reserve, kept),
                "mean-field bids": clearing - theory.mean_field_bids_revenue(number, SUPPLY),
                "first price": clearing - theory.pay_as_bid_revenue(number, SUPPLY),
                "exploitability": theory.atom_gain(number, SUPPLY),
            }
            auctions = held(number, _TRIALS) if number in _HELD else {}
            for case, gap in gaps.items():
                rows.append({"agents": number, "case": case, "gap": gap} | auctions.get(case, {}))
        return rows

    yield Cell("theorem2", make)
