"""A back end against a real log: held-out errors, calibration, and who wins."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..catalogue import Catalogue
from ..evaluate import score, sweep
from ..loaders import Dataset
from ..observe import Features
from ..people import People
from ..query import AbstractRater, ask
from ..ratings import Ratings
from ..recommenders import (
    AbstractRecommender,
    MeanVote,
    Popular,
    Uniform,
    fit_als,
    fit_item_neighbours,
)
from ..session import Session
from ..world import World
from .further import (
    Agreement,
    Calibration,
    HeldOut,
    calibration,
    held_out,
    ranking_agreement,
)
from .raters import BlindRater

# Fewer held-out ratings than this say nothing about the upper half of a list.
_ENOUGH = 4


@dataclass(frozen=True)
class AgainstLog:
    """How a rater compares with held-out ratings of real people, beside a random rater.

    `usable` asks for a ranking of recommenders with τ ≥ .6.
    """

    held_out: tuple[HeldOut, ...]
    calibration: Calibration
    calibration_floor: Calibration
    ranking: Agreement
    ranking_floor: Agreement
    num_ratings: int

    @property
    def usable(self) -> bool:
        """Whether the simulator ranks recommenders as the log does."""
        return self.ranking.tau >= 0.6

    def to_json(self) -> dict[str, Any]:
        """Everything as plain values."""
        return asdict(self) | {"usable": self.usable}


def against_log(
    rater: AbstractRater,
    data: Dataset,
    train: Ratings,
    test: Ratings,
    people: People,
    seed: int = 0,
) -> AgainstLog:
    """The comparison on held-out ratings; `people` are fitted to the training ratings.

    **Raises:** `ValueError` for a log with too few held-out ratings per person to rank anything.
    """
    shelf = data.catalogue
    scale = shelf.domain.scale
    blind = BlindRater("uniform", (1.0 / scale.num_levels,) * scale.num_levels)
    makers = recommenders(train, len(people), len(shelf), seed)
    logged = log_scores(makers, World(shelf, people, blind), test)
    level = np.abs(test.rating[:, None] - scale.array).argmin(1)

    def judged(who: AbstractRater) -> tuple[Calibration, Agreement]:
        stated = who.react(ask(people, shelf, test.user, test.item))
        kept = stated.valid
        simulated = simulated_scores(makers, World(shelf, people, who), seed)
        return (
            calibration(stated.probability[kept], level[kept]),
            ranking_agreement(simulated, logged, seed=seed),
        )

    own, floor = judged(rater), judged(blind)
    rows = held_out(rater, people, shelf, train, test)
    rows += held_out(blind, people, shelf, train, test)[:1]
    return AgainstLog(tuple(rows), own[0], floor[0], own[1], floor[1], len(test))


def recommenders(
    train: Ratings, num_users: int, num_items: int, seed: int = 0
) -> list[AbstractRecommender]:
    """Six recommenders that know the training ratings at most."""
    return [
        Uniform(),
        Popular(),
        MeanVote(),
        fit_als(train, num_users, num_items, rank=1, penalty=1e9, seed=seed),
        fit_als(train, num_users, num_items, seed=seed),
        fit_item_neighbours(train, num_users, num_items),
    ]


def log_scores(
    makers: Sequence[AbstractRecommender], world: World, test: Ratings
) -> NDArray[np.float64]:
    """`[R, U]`: what people gave to the half of their held-out items that each ranks first.

    Relative to their own mean, for the U people with enough held-out ratings.
    """
    users, count = np.unique(test.user, return_counts=True)
    users = users[count >= _ENOUGH]
    if len(users) < 2:
        raise ValueError(
            f"expected two or more people with {_ENOUGH} held-out ratings each, got {len(users)}; "
            "try a larger log"
        )
    session = Session(world, len(users))
    rows = np.arange(len(users))
    session.reseed(rows, users.astype(np.uint64))
    session.begin(rows, users)
    seen = Features().read(session, rows)
    table = np.zeros((len(makers), len(users)))
    for r, maker in enumerate(makers):
        scores = maker.scores(seen, session, rows)
        for k, user in enumerate(users):
            own = np.flatnonzero(test.user == user)
            order = np.argsort(-scores[k, test.item[own]], kind="stable")
            given = test.rating[own]
            table[r, k] = given[order[: len(own) // 2]].mean() - given.mean()
    return table


def simulated_scores(
    makers: Sequence[AbstractRecommender], world: World, seed: int = 0, k: int = 10
) -> NDArray[np.float64]:
    """`[R, U]`: mean ratings of k recommendations to everybody in the simulator."""
    k = min(k, len(world.catalogue))
    return np.stack([score(sweep(m, world, k=k, seed=seed), world).reward for m in makers])


def questions(people: People, catalogue: Catalogue, num: int, seed: int = 0):
    """`num` questions about random pairs, for measures that need no truth."""
    rng = np.random.default_rng(seed)
    users = rng.integers(len(people), size=num)
    return ask(people, catalogue, users, rng.integers(len(catalogue), size=num))
