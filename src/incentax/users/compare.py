"""Several recommenders on the same people, each figure with an interval."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .evaluate import score, sweep
from .metrics import interval
from .recommenders import (
    AbstractRecommender,
    MeanVote,
    MyopicGreedy,
    Popular,
    Uniform,
    collect,
    fit_als,
    fit_item_neighbours,
    fit_linear_bandit,
)
from .world import World


def make_recommender(name: str, world: World, seed: int = 0) -> AbstractRecommender:
    """The recommender of a name, fitted on this world where it learns from a log.

    **Raises:** `ValueError` listing the names.
    """
    if (Path(name) / "train.json").is_file():
        from .learning import load

        return load(name, world)
    size = (len(world.people), len(world.catalogue))
    makers = {
        "random": Uniform,
        "popular": Popular,
        "mean-vote": MeanVote,
        "als": lambda: fit_als(collect(world, 20, seed), *size, seed=seed),
        "neighbours": lambda: fit_item_neighbours(collect(world, 20, seed), *size),
        "linucb": lambda: fit_linear_bandit(world, seed=seed),
        "oracle": lambda: MyopicGreedy(world.rater),
    }
    if name not in makers:
        raise ValueError(
            f"expected a recommender among {', '.join(makers)} or a folder written by "
            f"`users train`, got {name!r}; try popular"
        )
    return makers[name]()


def compare(
    world: World,
    recommenders: Sequence[str | AbstractRecommender],
    *,
    k: int = 10,
    users: NDArray[np.int64] | None = None,
    num_seeds: int = 3,
) -> list[dict[str, Any]]:
    """One row per recommender: its measures, and the mean reward with a 95 % interval.

    Everybody is served with the same luck per seed, so differences are paired; the interval covers
    people and seeds.
    """
    rows = []
    for given in recommenders:
        runs = []
        for seed in range(num_seeds):
            who = make_recommender(given, world, seed) if isinstance(given, str) else given
            runs.append(score(sweep(who, world, k=k, users=users, seed=seed), world))
        mean, low, high = interval(np.stack([run.reward for run in runs]))
        figures = {
            name: float(np.mean([run.figures()[name] for run in runs]))
            for name in runs[0].figures()
        }
        name = given if isinstance(given, str) else given.name
        rows.append(
            {"recommender": name} | figures | {"mean_reward": mean, "low": low, "high": high}
        )
    return rows
