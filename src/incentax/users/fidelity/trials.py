"""The five published tests as questions with known right answers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..catalogue import Catalogue
from ..memory import Memory
from ..people import People
from ..query import AbstractRater, Queries, ask
from ..reading import Sample
from ..retrieval import AbstractRetrieval
from ..scales import Scale
from ..streams import Stream, episode_key, uniform
from .personas import Wording, extremes, fans


@dataclass(frozen=True)
class Rate:
    """A success rate with its 95 % Wilson interval.

    `rate` adds up the probability of success, `hard` counts one drawn rating per trial.
    """

    rate: float
    low: float
    high: float
    hard: float
    num: int


def wilson(rate: float, num: int) -> tuple[float, float]:
    """95 % interval of a proportion.

    >>> tuple(round(x, 3) for x in wilson(0.5, 100))
    (0.404, 0.596)

    Reference: Wilson (1927).
    """
    z = 1.959964
    centre = (rate + z * z / (2 * num)) / (1 + z * z / num)
    half = z * np.sqrt(rate * (1 - rate) / num + z * z / (4 * num * num)) / (1 + z * z / num)
    return float(centre - half), float(centre + half)


def success(rater: AbstractRater, queries: Queries, good: NDArray[np.bool_], seed: int = 0) -> Rate:
    """Share of trials that succeed.

    **Arguments:**

    - `good[n, K]` or `[K]`: the levels that count as success.

    **Raises:** `InvalidReaction` or `ModelError` from the rater; an invalid answer that it masks
    counts as failure.
    """
    p = np.nan_to_num(rater.react(queries).probability)
    good = np.broadcast_to(good, p.shape)
    u = uniform(episode_key(seed, np.arange(len(p))), 0, Stream.RATING)[:, 0]
    level = Sample().read(np.where(p.sum(1, keepdims=True) > 0, p, 1.0), np.arange(p.shape[1]), u)
    rate = float((p * good).sum(1).mean())
    hard = float((good[np.arange(len(p)), level.astype(int)] & (p.sum(1) > 0)).mean())
    return Rate(rate, *wilson(rate, len(p)), hard, len(p))


def _levels(scale: Scale, share: float, *, above: bool) -> NDArray[np.bool_]:
    """Levels at least (or at most) a share of the way from worst to best, by 1-10 or 1-5 tables."""
    edge = scale.low + share * (scale.high - scale.low)
    return scale.array >= edge - 1e-9 if above else scale.array <= edge + 1e-9


def _edge(scale: Scale, ten: float, five: float) -> float:
    value = ten if scale.num_levels == 10 else five
    return (value - scale.low) / (scale.high - scale.low)


def label_test(
    rater: AbstractRater, catalogue: Catalogue, scale: Scale, wording: Wording, num: int = 20
) -> tuple[Rate, Rate]:
    """Fans of a label rate it ≥ 8 (books 5) and everything else ≤ 5 (books ≤ 3): both rates."""
    good_in = _levels(scale, _edge(scale, 8, 5), above=True)
    good_out = _levels(scale, _edge(scale, 5, 3), above=False)
    year = np.array([item.year for item in catalogue])
    recent = np.argsort(-year, kind="stable")
    inside, outside, people = [], [], []
    for label in catalogue.domain.tested:
        if label not in catalogue.labels:
            continue
        has = catalogue.label_matrix[:, catalogue.labels.index(label)] > 0
        inside.append(recent[has[recent]][:num])
        outside.append(recent[~has[recent]][:num])
        people.extend(fans(catalogue, label, scale, wording))
    crowd = People(people)

    def rate(groups, good):
        users = np.concatenate(
            [np.repeat(np.arange(4 * g, 4 * g + 4), len(items)) for g, items in enumerate(groups)]
        )
        items = np.concatenate([np.tile(items, 4) for items in groups])
        return success(rater, ask(crowd, catalogue, users, items, scale=scale), good)

    return rate(inside, good_in), rate(outside, good_out)


def extreme_test(
    rater: AbstractRater,
    catalogue: Catalogue,
    scale: Scale,
    wording: Wording,
    *,
    high: bool,
    strict: bool = False,
    num: int = 159,
) -> Rate:
    """People of extremes: the maximum is ≥ 9 (books 5), the minimum ≤ 2 (books ≤ 3, strictly 1)."""
    if high:
        good = _levels(scale, _edge(scale, 9, 5), above=True)
    else:
        good = _levels(scale, _edge(scale, 2, 1 if strict else 3), above=False)
    items = np.linspace(0, len(catalogue) - 1, min(num, len(catalogue))).astype(int)
    crowd = extremes(catalogue.domain, scale, wording, high=high)
    users = np.repeat(np.arange(4), len(items))
    return success(rater, ask(crowd, catalogue, users, np.tile(items, 4), scale=scale), good)


def collection_test(
    rater: AbstractRater,
    catalogue: Catalogue,
    people: People,
    scale: Scale,
    retrieval: AbstractRetrieval,
    *,
    num_sagas: int = 22,
    num_users: int = 100,
    seed: int = 0,
) -> tuple[Rate, Rate]:
    """After loving (hating) all parts but the last, the last is rated ≥ 7 (≤ 5); books ≥ 4 (≤ 3).

    As many items of other sagas, at their mean vote, are remembered in between.
    """
    rng = np.random.default_rng(seed)
    sagas = [
        np.flatnonzero(catalogue.series_index == s) for s in range(catalogue.series_index.max() + 1)
    ]
    sagas = [parts for parts in sagas if len(parts) >= 3][:num_sagas]
    year = np.array([item.year for item in catalogue])
    arms = []
    for rating, good in (
        (scale.high, _levels(scale, _edge(scale, 7, 4), above=True)),
        (scale.low, _levels(scale, _edge(scale, 5, 3), above=False)),
    ):
        users, items, memories = [], [], []
        for parts in sagas:
            parts = parts[np.argsort(year[parts], kind="stable")]
            others = np.setdiff1d(np.concatenate(sagas), parts)
            for user in rng.choice(len(people), num_users, replace=len(people) < num_users):
                noise = rng.choice(others, min(len(parts), len(others)), replace=False)
                seen = [(int(i), rating) for i in parts[:-1]]
                seen += [(int(i), float(catalogue.vote[i])) for i in noise]
                memories.append([seen[k] for k in rng.permutation(len(seen))])
                users.append(int(user))
                items.append(int(parts[-1]))
        past, given = _remind(catalogue, retrieval, np.array(items), memories)
        queries = ask(
            people, catalogue, users, items, scale=scale, history_item=past, history_rating=given
        )
        arms.append(success(rater, queries, good))
    return arms[0], arms[1]


def _remind(catalogue: Catalogue, retrieval: AbstractRetrieval, item: NDArray, memories):
    memory = Memory(len(memories))
    for step in range(max(map(len, memories))):
        rows = np.array([k for k, seen in enumerate(memories) if len(seen) > step])
        shown = [memories[k][step] for k in rows]
        ratings = [rating for _, rating in shown]
        memory.consume(rows, item=[i for i, _ in shown], rating=ratings, raw=ratings, step=step)
    past = memory.remembered(np.arange(len(memories)))
    place = retrieval.select(past, item, catalogue, memory.clock + 1)
    row = np.arange(len(item))[:, None]
    found = place >= 0
    kept = np.maximum(place, 0)
    return np.where(found, past.item[row, kept], -1), np.where(found, past.rating[row, kept], 0.0)


@dataclass(frozen=True)
class Distance:
    """Total variation distance of rating shares to the reference, with a bootstrap interval.

    `halves` is the distance after rescaling both halves of the scale to the reference's masses;
    `self_distance` what the reference itself would show at this sample size.
    """

    distance: float
    low: float
    high: float
    halves: float
    self_distance: float
    share: tuple[float, ...]
    num: int


def similarity_test(
    rater: AbstractRater,
    catalogue: Catalogue,
    people: People,
    scale: Scale,
    reference: NDArray[np.float64],
    *,
    per_item: int = 25,
    num_resamples: int = 1000,
    seed: int = 0,
) -> Distance:
    """Every item rated by `per_item` random people without history, compared with the reference."""
    rng = np.random.default_rng(seed)
    items = np.repeat(np.arange(len(catalogue)), per_item)
    users = rng.integers(len(people), size=len(items))
    p = rater.react(ask(people, catalogue, users, items, scale=scale)).probability
    by_item = np.nanmean(p.reshape(len(catalogue), per_item, -1), axis=1)
    q = reference / reference.sum()
    share = by_item.mean(0)
    rows = rng.integers(len(catalogue), size=(num_resamples, len(catalogue)))
    spread = [0.5 * np.abs(by_item[r].mean(0) - q).sum() for r in rows]
    low, high = np.quantile(spread, [0.025, 0.975])
    half = len(q) // 2
    scaled = share.copy()
    for part in (slice(0, half), slice(half, None)):
        scaled[part] *= q[part].sum() / max(share[part].sum(), 1e-12)
    own = rng.multinomial(len(items), q, size=200) / len(items)
    return Distance(
        float(0.5 * np.abs(share - q).sum()),
        float(low),
        float(high),
        float(0.5 * np.abs(scaled - q).sum()),
        float(0.5 * np.abs(own - q).sum(1).mean()),
        tuple(round(float(x), 5) for x in share),
        len(items),
    )
