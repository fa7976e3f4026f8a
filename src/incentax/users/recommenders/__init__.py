"""Recommenders that need no gradient: floors, baselines and the bound."""

from .base import AbstractRecommender as AbstractRecommender
from .base import collect as collect
from .factors import fit_als as fit_als
from .factors import fit_item_neighbours as fit_item_neighbours
from .linear import fit_linear_bandit as fit_linear_bandit
from .oracle import MyopicGreedy as MyopicGreedy
from .plain import MeanVote as MeanVote
from .plain import Popular as Popular
from .plain import Uniform as Uniform
from .weighted import WeightedItems as WeightedItems
