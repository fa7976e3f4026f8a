"""The social gradient's experiments, games of our own, as parts of one page."""

from functools import partial

from ..frame import Paper, Part
from . import descent, gallery, learning, methods, portraits, tolls
from .budget import FULL, QUICK

PARTS = {
    "descent": Part(
        "Theorem 1: descent without symmetry",
        ("theory",),
        descent.cells,
        descent.draw,
        descent.claims,
    ),
    "aggregative": Part(
        "Aggregative games: cost and price, exact and learning agents",
        ("learners",),
        partial(learning.cells, ("cournot", "energy")),
        learning.draw,
        learning.claims,
    ),
    "oscillators": Part(
        "Coupled oscillators: cost and price, exact and learning agents",
        ("learners",),
        partial(learning.cells, ("oscillators",)),
        learning.draw,
        learning.claims,
    ),
    "further": Part(
        "A linear-quadratic game and a contest: cost and price, exact and learning agents",
        ("learners",),
        partial(learning.cells, ("linear-quadratic", "tullock")),
        learning.draw,
        learning.claims,
    ),
    "portraits": Part(
        "Phase portraits",
        ("pictures",),
        portraits.cells,
        portraits.draw,
        portraits.claims,
    ),
    "gallery": Part(
        "What breaks it, and what the guard says",
        ("theory", "guards"),
        gallery.cells,
        gallery.draw,
        gallery.claims,
        gallery.rows,
    ),
    "tolls": Part(
        "Tolls on a mean-field game, with the agents' model and from observed flows alone",
        ("table",),
        tolls.cells,
        tolls.draw,
        tolls.claims,
        tolls.rows,
    ),
    "methods": Part(
        "Methods, what they must know and what they cost",
        ("table",),
        methods.cells,
        methods.draw,
        methods.claims,
        methods.rows,
    ),
}

SOCIAL = Paper(
    "social-gradient",
    "The social gradient, reproduced",
    "Vasileiou, Zhang, Zhang: arXiv 2604.11346, whose theorems are numbered here. The games are "
    "this library's own instances of the families in it, not the paper's; statements without a "
    "theorem's number are derived in this library.",
    PARTS,
    FULL,
    QUICK,
)
