"""How good a recommender is: every person, the same number of recommendations, no early end."""

import warnings
from dataclasses import asdict, dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from . import metrics
from .ending import NeverEnds
from .memory import MemoryScope
from .observe import AbstractObservation, Features
from .people import Taste
from .recommenders.base import AbstractRecommender
from .session import Session
from .world import World


@dataclass(frozen=True)
class Sweep:
    """k recommendations to each of U people, `[U, k]`; NaN where nothing was rated."""

    user: NDArray[np.int64]
    item: NDArray[np.int64]
    raw: NDArray[np.float64]
    rating: NDArray[np.float64]
    reward: NDArray[np.float64]
    valid: NDArray[np.bool_]

    @property
    def num_rows(self) -> int:
        """U·k."""
        return self.item.size


@dataclass(frozen=True)
class Scores:
    """The measures of one sweep; `reward[U]` is each person's mean, what intervals resample."""

    reward: NDArray[np.float64] = field(repr=False)
    mean_reward: float
    map_hits_at_k: float
    mrr_at_k: float
    ndcg_list_at_k: float
    personalisation_at_k: float
    coverage: float
    gini: float
    novelty: float
    diversity: float
    liked_share: float
    disliked_share: float
    skip_rate: float
    void_rate: float

    def figures(self) -> dict[str, float]:
        """The measures by name."""
        table = asdict(self)
        table.pop("reward")
        return table


def sweep(
    recommender: AbstractRecommender,
    world: World,
    *,
    k: int = 10,
    users: NDArray[np.int64] | None = None,
    seed: int = 0,
    observation: AbstractObservation | None = None,
    batch: int = 200,
) -> Sweep:
    """Exactly k recommendations to every user in order, U·k rows, whatever the world's ending is.

    **Arguments:**

    - `users`: indices; everybody by default.
    - `seed`: of the people's own randomness, the same for every recommender compared.
    - `batch`: people served at once; results do not depend on it.

    **Raises:** `ValueError` for more recommendations than there are items, where none is repeated.
    """
    if k * world.slate > len(world.catalogue) and not world.allow_repeats:
        raise ValueError(
            f"expected k <= {len(world.catalogue) // world.slate} without repeats, got {k}; "
            "try fewer, or a world with allow_repeats=True"
        )
    observation = observation or Features()
    fixed = replace(world, ending=NeverEnds(), max_steps=0, memory=MemoryScope.EPISODE)
    every = np.arange(len(world.people)) if users is None else np.asarray(users)
    parts = []
    for start in range(0, len(every), batch):
        who = every[start : start + batch]
        rows = np.arange(len(who))
        session = Session(fixed, len(who))
        session.reseed(rows, who.astype(np.uint64) + np.uint64(seed) * np.uint64(1_000_003))
        session.begin(rows, who)
        columns: dict[str, list] = {name: [] for name in _COLUMNS}
        for _ in range(k):
            shown = recommender.recommend(observation.read(session, rows), session, rows)
            outcome = session.advance(rows, shown)
            for name in _COLUMNS:
                columns[name].append(getattr(outcome, name))
        parts.append([who] + [np.stack(columns[name], 1) for name in _COLUMNS])
    user, *rest = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Sweep(user, *rest)


_COLUMNS = ("item", "raw", "rating", "reward", "valid")


def threshold(world: World) -> float:
    """The rating from which an item counts as relevant: 8 of 10, 4 of 5."""
    scale = world.rating_scale
    return scale.low + (7.0 / 9.0 if scale.num_levels == 10 else 0.75) * (scale.high - scale.low)


def score(result: Sweep, world: World) -> Scores:
    """The measures of a sweep, invalid replies dropped and counted."""
    catalogue, taste = world.catalogue, Taste(world.people, world.catalogue)
    relevant = np.nan_to_num(result.raw, nan=-np.inf) >= threshold(world) - 1e-9
    with warnings.catch_warnings():
        # A person all of whose replies were invalid has no mean; they stay NaN and are dropped.
        warnings.simplefilter("ignore", RuntimeWarning)
        reward = np.nanmean(result.reward, axis=1)
    return Scores(
        reward=reward,
        mean_reward=float(np.nanmean(reward)),
        map_hits_at_k=float(metrics.average_precision_of_hits(relevant).mean()),
        mrr_at_k=float(metrics.reciprocal_rank(relevant).mean()),
        ndcg_list_at_k=float(metrics.discounted_gain(relevant.astype(float)).mean()),
        personalisation_at_k=metrics.personalisation(result.item),
        coverage=metrics.coverage(result.item, len(catalogue)),
        gini=metrics.gini(result.item, len(catalogue)),
        novelty=metrics.novelty(result.item, catalogue.votes),
        diversity=metrics.diversity(result.item, catalogue.embedding),
        liked_share=metrics.label_share(
            result.item, taste.liked[result.user], catalogue.label_matrix
        ),
        disliked_share=metrics.label_share(
            result.item, taste.disliked[result.user], catalogue.label_matrix
        ),
        skip_rate=float((np.isnan(result.rating) & result.valid).mean()),
        void_rate=float((~result.valid).mean()),
    )


@dataclass(frozen=True)
class Returns:
    """Undiscounted return and length of one whole episode per person, `[U]`."""

    total: NDArray[np.float64]
    length: NDArray[np.int64]
    left: NDArray[np.bool_]


def episodes(
    recommender: AbstractRecommender,
    world: World,
    *,
    users: NDArray[np.int64] | None = None,
    seed: int = 0,
    longest: int = 400,
    observation: AbstractObservation | None = None,
) -> Returns:
    """One full episode per person with the world's own ending, cut after `longest` steps."""
    observation = observation or Features()
    every = np.arange(len(world.people)) if users is None else np.asarray(users)
    session = Session(world, len(every))
    rows = np.arange(len(every))
    session.reseed(rows, every.astype(np.uint64) + np.uint64(seed) * np.uint64(1_000_003))
    session.begin(rows, every)
    total, length = np.zeros(len(every)), np.zeros(len(every), np.int64)
    left = np.zeros(len(every), bool)
    for _ in range(longest):
        shown = recommender.recommend(observation.read(session, rows), session, rows)
        outcome = session.advance(rows, shown)
        total[rows] += np.nan_to_num(outcome.reward)
        length[rows] += outcome.valid
        left[rows] |= outcome.left
        rows = rows[~(outcome.terminated | outcome.truncated)]
        if not len(rows):
            break
    return Returns(total, length, left)
