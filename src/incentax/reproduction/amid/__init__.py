"""The auctions and congestion games of AMID, as parts of one page."""

from collections.abc import Callable, Iterator

from ..frame import Cell, Paper, Part
from . import (
    cells,
    claims,
    clearing_claims,
    cost_claims,
    curves,
    entropy_claims,
    fair,
    figures,
    findings,
    finite,
    finite_claims,
    pictures,
    portrait_cells,
    published,
    rate_cells,
    rates,
    tuning,
)
from .cells import FULL, QUICK, Budget

_FIRST = ("a1", "a2", "a3")
_OTHERS = tuple(f"a{k}" for k in range(4, 11))


def _of(cells: Callable[..., Iterator[Cell]], *names: str) -> Callable[[Budget], Iterator[Cell]]:
    return lambda budget: cells(budget, *names)


PARTS = {
    "theorem1": Part(
        "Theorem 1: a linear-quadratic game among N (figure 1)",
        ("rates", "fig1"),
        rate_cells.theorem1_cells,
        figures.theorem1,
        rates.theorem1_claims,
    ),
    "theorem2": Part(
        "Theorem 2: auctions among N, kinked and smooth",
        ("rates",),
        rate_cells.theorem2_cells,
        figures.theorem2,
        rates.theorem2_claims,
    ),
    "finite": Part(
        "Learned auctions among N bidders (figure 5)",
        ("rates", "fig5"),
        cells.finite_cells,
        figures.finite,
        finite_claims.finite_claims,
        finite.over_games,
    ),
    "training": Part(
        "Training on A1 to A3, with rivals in the same time (figure 2)",
        ("settings", "fig2"),
        _of(cells.settings_cells, *_FIRST),
        curves.settings,
        claims.training_claims,
    ),
    "published": Part(
        "AMID as published on A1, beside the default recipe",
        ("settings",),
        portrait_cells.published_cells,
        published.published,
        published.published_claims,
    ),
    "variants": Part(
        "Training on the other auctions, with rivals in the same time (figure 3)",
        ("settings", "fig3"),
        _of(cells.settings_cells, *_OTHERS),
        curves.settings,
        claims.training_claims,
    ),
    "finals": Part(
        "Final values of designs and rivals (table 4)",
        ("settings", "table4"),
        cells.settings_cells,
        pictures.finals,
        claims.contest_claims,
        claims.contest_rows,
    ),
    "fair": Part(
        "First price with the best supply and reserve",
        ("settings",),
        cells.fair_cells,
        fair.fair,
        fair.fair_claims,
    ),
    "tuning": Part(
        "Rates of the rivals on each problem",
        ("settings",),
        cells.tuning_cells,
        tuning.tuning,
        tuning.tuning_claims,
        tuning.tuning_rows,
    ),
    "clearing": Part(
        "First price by mirror descent and by linear program",
        (),
        cells.clearing_cells,
        pictures.clearing,
        clearing_claims.clearing_claims,
    ),
    "bids": Part(
        "Payments and mean bids on A1, before and after (figure 4)",
        ("fig4",),
        _of(portrait_cells.bidding_cells, "a1"),
        pictures.bidding,
        findings.bidding_claims,
    ),
    "feelings": Part(
        "Payments and mean bids on A5 and A6 (figure 8)",
        ("fig8",),
        _of(portrait_cells.bidding_cells, "a5", "a6"),
        pictures.bidding,
        findings.bidding_claims,
    ),
    "iterates": Part(
        "Exploitability of the iterates at designed mechanisms (figure 6)",
        ("fig6",),
        portrait_cells.iterates_cells,
        pictures.iterates,
        findings.iterates_claims,
    ),
    "ppo": Part(
        "A bidder who learns, at first price and at the design of A1 (figure 7)",
        ("fig7",),
        portrait_cells.ppo_cells,
        pictures.deviators,
        findings.ppo_claims,
    ),
    "beach": Part(
        "Priced spots at the beach bar (figure 9)",
        ("fig9",),
        portrait_cells.beach_cells,
        pictures.beach,
        findings.beach_claims,
    ),
    "entropy": Part(
        "Temperature and mirror map",
        ("mirrors",),
        cells.entropy_cells,
        figures.entropy,
        entropy_claims.entropy_claims,
    ),
    "cold": Part(
        "Open question: derivatives at temperature zero in a monotone game",
        ("questions",),
        portrait_cells.cold_cells,
        pictures.cold_derivatives,
        findings.cold_claims,
    ),
    "pure": Part(
        "Open question: pure equilibria with zero dominance",
        ("questions",),
        portrait_cells.pure_cells,
        pictures.pure,
        findings.pure_claims,
    ),
    "cost": Part(
        "Seconds and bytes of one gradient (table 2)",
        ("table2",),
        cells.cost_cells,
        figures.cost,
        cost_claims.cost_claims,
        cost_claims.cost_rows,
    ),
}

AMID = Paper(
    "amid",
    "AMID, reproduced",
    "Corecco, Yardim, Thoma, Shen, He: <em>Scalable Neural Incentive Design with Parameterized "
    "Mean-Field Approximation</em>, arXiv 2510.21442.",
    PARTS,
    FULL,
    QUICK,
)
