"""The auctions and congestion games of AMID, as parts of one page."""

from ..frame import Paper, Part
from . import cells, claims, figures
from .cells import FULL, QUICK

PARTS = {
    "theorem1": Part(
        "Theorem 1: a linear-quadratic game among N",
        ("rates",),
        cells.theorem1_cells,
        figures.theorem1,
        claims.theorem1_claims,
    ),
    "theorem2": Part(
        "Theorem 2: auctions among N, kinked and smooth",
        ("rates",),
        cells.theorem2_cells,
        figures.theorem2,
        claims.theorem2_claims,
    ),
    "finite": Part(
        "Learned auctions among N bidders",
        ("rates", "fig5"),
        cells.finite_cells,
        figures.finite,
        claims.finite_claims,
    ),
    "entropy": Part(
        "Temperature and mirror map",
        ("fig6",),
        cells.entropy_cells,
        figures.entropy,
        claims.entropy_claims,
    ),
    "settings": Part(
        "Training on every setting, with rivals",
        ("fig2", "fig3", "fig4", "table4"),
        cells.settings_cells,
        figures.settings,
        claims.settings_claims,
    ),
    "cost": Part(
        "Seconds and bytes of one gradient",
        ("table2",),
        cells.cost_cells,
        figures.cost,
        claims.cost_claims,
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
