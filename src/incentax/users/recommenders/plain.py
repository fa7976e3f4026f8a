"""Floors that know nothing of the person."""

from dataclasses import dataclass

import numpy as np

from ..streams import Stream, uniform
from .base import AbstractRecommender


@dataclass(frozen=True)
class Uniform(AbstractRecommender):
    """Any allowed item, equally likely; seeded by the session."""

    name: str = "random"

    def scores(self, observation, session, rows):
        """Uniform draws."""
        lanes = len(session.world.catalogue)
        # The stream of candidates is free here: a recommender never draws candidates itself.
        return uniform(session.key[rows], session.step[rows] + 1, Stream.CANDIDATES, lanes)


@dataclass(frozen=True)
class Popular(AbstractRecommender):
    """The items with the most votes."""

    name: str = "popular"

    def scores(self, observation, session, rows):
        """Vote counts, the same for everybody."""
        return np.broadcast_to(
            session.world.catalogue.votes, (len(rows), len(session.world.catalogue))
        )


@dataclass(frozen=True)
class MeanVote(AbstractRecommender):
    """The items with the highest mean vote."""

    name: str = "mean vote"

    def scores(self, observation, session, rows):
        """Mean votes, the same for everybody."""
        return np.broadcast_to(
            session.world.catalogue.vote, (len(rows), len(session.world.catalogue))
        )
