"""Tests beyond the published ones."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..catalogue import Catalogue
from ..people import People
from ..query import AbstractRater, ask
from ..ratings import Ratings
from ..recommenders.factors import fit_als


@dataclass(frozen=True)
class HeldOut:
    """Errors on held-out ratings of one predictor."""

    name: str
    rmse: float
    mae: float
    pearson: float
    spearman_per_user: float
    nll: float


def ranks(values: NDArray) -> NDArray[np.float64]:
    """Ranks from 0, ties averaged.

    >>> ranks(np.array([3.0, 1.0, 3.0]))
    array([1.5, 0. , 1.5])
    """
    _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    return np.asarray((first + 0.5 * (count - 1))[inverse], np.float64)


def correlation(a: NDArray, b: NDArray) -> float:
    """Pearson correlation, NaN where one of the two is constant."""
    if len(a) < 2 or np.std(a) == 0 or np.std(b) == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def held_out(
    rater: AbstractRater,
    people: People,
    catalogue: Catalogue,
    train: Ratings,
    test: Ratings,
) -> list[HeldOut]:
    """Errors on the held-out ratings of people fitted to real users, beside what needs no people.

    The baselines are the item mean, biases and matrix factors of the same training ratings.
    """
    values = catalogue.domain.scale.array
    truth = test.rating
    level = np.abs(truth[:, None] - values).argmin(1)
    p = rater.react(ask(people, catalogue, test.user, test.item)).probability
    chance = np.clip(p[np.arange(len(p)), level], 1e-6, 1.0)
    mean = float(train.rating.mean())
    total = np.bincount(train.item, train.rating - mean, minlength=len(catalogue))
    item = mean + total / (np.bincount(train.item, minlength=len(catalogue)) + 5.0)
    size = (len(people), len(catalogue))
    factors, biases = fit_als(train, *size), fit_als(train, *size, rank=1, penalty=1e9)
    predictions = {
        rater.identity.split("/")[0]: (p @ values, float(-np.log(chance).mean())),
        "item mean": (item[test.item], float("nan")),
        "biases": (biases.predict(test.user, test.item), float("nan")),
        "factors": (factors.predict(test.user, test.item), float("nan")),
    }
    rows = []
    for name, (guess, nll) in predictions.items():
        per_user = [
            correlation(ranks(guess[rows_]), ranks(truth[rows_]))
            for rows_ in (np.flatnonzero(test.user == u) for u in np.unique(test.user))
            if len(rows_) >= 4
        ]
        rows.append(
            HeldOut(
                name,
                float(np.sqrt(np.mean((guess - truth) ** 2))),
                float(np.mean(np.abs(guess - truth))),
                correlation(guess, truth),
                float(np.nanmean(per_user)) if np.isfinite(per_user).any() else float("nan"),
                nll,
            )
        )
    return rows


@dataclass(frozen=True)
class Agreement:
    """Kendall's τ of two rankings with its interval, and whether the first places agree."""

    tau: float
    low: float
    high: float
    top_agrees: bool


def kendall(a: NDArray, b: NDArray) -> float:
    """Kendall's τ-b.

    >>> kendall(np.array([1, 2, 3]), np.array([1, 3, 2])).__round__(4)
    0.3333
    """
    i, j = np.triu_indices(len(a), 1)
    x, y = np.sign(a[i] - a[j]), np.sign(b[i] - b[j])
    scale = np.sqrt((x != 0).sum() * (y != 0).sum())
    return float((x * y).sum() / scale) if scale else float("nan")


def ranking_agreement(
    simulated: NDArray[np.float64], logged: NDArray[np.float64], *, seed: int = 0
) -> Agreement:
    """Whether the simulator ranks recommenders as the log does: `[R, U]` scores of R recommenders.

    The interval resamples users of both; "usable" asks for τ ≥ .6.
    """
    rng = np.random.default_rng(seed)
    draws = [
        kendall(
            simulated[:, rng.integers(simulated.shape[1], size=simulated.shape[1])].mean(1),
            logged[:, rng.integers(logged.shape[1], size=logged.shape[1])].mean(1),
        )
        for _ in range(500)
    ]
    # A simulator that gives everybody the same ranks nobody: then there is no interval either.
    known = [draw for draw in draws if np.isfinite(draw)] or [float("nan")]
    low, high = np.quantile(known, [0.025, 0.975])
    a, b = simulated.mean(1), logged.mean(1)
    return Agreement(kendall(a, b), float(low), float(high), bool(a.argmax() == b.argmax()))


@dataclass(frozen=True)
class Calibration:
    """Expected calibration error over ten bins, ranked probability score, and the reliability rows.

    Each row is (mean stated probability, observed frequency, count).
    """

    error: float
    ranked_score: float
    rows: tuple[tuple[float, float, int], ...]


def calibration(probability: NDArray[np.float64], level: NDArray[np.int64]) -> Calibration:
    """Whether levels stated with probability p happen with frequency p."""
    hit = np.eye(probability.shape[1])[level]
    flat, happened = probability.ravel(), hit.ravel()
    box = np.minimum((flat * 10).astype(int), 9)
    rows = [
        (float(flat[box == b].mean()), float(happened[box == b].mean()), int((box == b).sum()))
        for b in range(10)
        if (box == b).any()
    ]
    error = sum(n * abs(p - f) for p, f, n in rows) / len(flat)
    gap = np.cumsum(probability, 1) - np.cumsum(hit, 1)
    return Calibration(float(error), float((gap**2).sum(1).mean()), tuple(rows))


@dataclass(frozen=True)
class VarianceSplit:
    """Shares of the variance of ratings, summing to one.

    `shuffled` is the correlation of a person's expected ratings with those of the persona swapped
    in for them.
    """

    item: float
    user: float
    interaction: float
    noise: float
    shuffled: float


def variance_split(
    rater: AbstractRater,
    people: People,
    catalogue: Catalogue,
    *,
    num_users: int = 200,
    num_items: int = 200,
    seed: int = 0,
) -> VarianceSplit:
    """Two-way split of a complete table of people and items; noise is what one answer varies by."""
    rng = np.random.default_rng(seed)
    users = rng.choice(len(people), min(num_users, len(people)), replace=False)
    items = rng.choice(len(catalogue), min(num_items, len(catalogue)), replace=False)
    asked = ask(people, catalogue, np.repeat(users, len(items)), np.tile(items, len(users)))
    values = catalogue.domain.scale.array
    p = rater.react(asked).probability
    mean = (p @ values).reshape(len(users), len(items))
    noise = float(np.nanmean(p @ values**2 - (p @ values) ** 2))
    item, user = float(np.nanvar(np.nanmean(mean, 0))), float(np.nanvar(np.nanmean(mean, 1)))
    both = max(float(np.nanvar(mean)) - item - user, 0.0)
    total = max(item + user + both + noise, 1e-12)
    swapped = [correlation(mean[k], mean[k - 1]) for k in range(len(users))]
    alike = [c for c in swapped if np.isfinite(c)] or [float("nan")]
    return VarianceSplit(
        item / total, user / total, both / total, noise / total, float(np.mean(alike))
    )


@dataclass(frozen=True)
class Retest:
    """Agreement of a rater with itself: intraclass correlation, equal ratings, entropy (nats)."""

    icc: float
    exact: float
    entropy: float


def retest(probability: NDArray[np.float64], values: NDArray[np.float64], seed: int = 0) -> Retest:
    """Two independent draws from each answer compared with one another."""
    rng = np.random.default_rng(seed)
    below = np.cumsum(probability, 1)
    a, b = (
        values[np.minimum((below <= rng.random(len(below))[:, None]).sum(1), len(values) - 1)]
        for _ in range(2)
    )
    within = float(np.mean((a - b) ** 2) / 2.0)
    between = float(np.var(np.concatenate([a, b])))
    p = np.maximum(probability, 1e-300)
    entropy = float(-(probability * np.log(p)).sum(1).mean())
    return Retest(1.0 - within / max(between, 1e-12), float(np.mean(a == b)), entropy)


def anchoring(
    with_vote: NDArray[np.float64], without: NDArray[np.float64], vote: NDArray, match: NDArray
) -> dict[str, float]:
    """How much of the ratings follows the mean vote at equal genre match: partial correlations."""

    def partial(rating):
        design = np.column_stack([np.ones(len(match)), match])
        clean = [x - design @ np.linalg.lstsq(design, x, rcond=None)[0] for x in (rating, vote)]
        return correlation(*clean)

    return {
        "with vote": partial(with_vote),
        "without vote": partial(without),
        "mean shift": float(np.mean(with_vote - without)),
    }
