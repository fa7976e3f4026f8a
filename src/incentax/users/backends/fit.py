"""Fitting surrogates: to ratings, or to another back end's answers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..catalogue import Catalogue
from ..people import People
from ..query import AbstractRater, Queries
from ..ratings import Ratings
from ..rule import ordered_logit
from .surrogate import (
    Features,
    FitReport,
    Surrogate,
    cut_points,
    history_term,
    latent_opinion,
)


def fit_surrogate(
    ratings: Ratings,
    people: People,
    catalogue: Catalogue,
    *,
    history: NDArray[np.float64] | None = None,
    rank: int = 8,
    num_epochs: int = 12,
    batch_size: int = 2048,
    learning_rate: float = 0.02,
    penalty: float = 0.02,
    holdout: float = 0.1,
    seed: int = 0,
    name: str = "surrogate",
) -> Surrogate:
    """A surrogate fitted by Adam to ratings, with its held-out report.

    **Main arguments:**

    - `ratings`: rows of (user, item, rating) on the catalogue's scale.
    - `history[n]`: the history term of each row; zero if left out.

    **Other arguments:**

    - `rank`: width of the bilinear part. `penalty`: weight decay of everything but the cut-points.

    **Raises:** `ValueError` for fewer than 20 ratings.
    """
    if len(ratings) < 20:
        raise ValueError(f"expected at least 20 ratings to fit, got {len(ratings)}; try more")
    rng = np.random.default_rng(seed)
    values = catalogue.domain.scale.array
    level = np.abs(ratings.rating[:, None] - values).argmin(1)
    features = Features(people, catalogue)
    past = np.zeros(len(ratings)) if history is None else history
    order = rng.permutation(len(ratings))
    test, train = np.split(order, [int(holdout * len(order))])
    parameters = _initial(features, len(values), level[train], rank, rng)
    moments = {k: (np.zeros_like(v), np.zeros_like(v)) for k, v in parameters.items()}
    step = 0
    for epoch in range(num_epochs):
        rate = learning_rate * (1.0 - epoch / num_epochs)
        for rows in np.array_split(rng.permutation(train), max(1, len(train) // batch_size)):
            step += 1
            gradient = _gradient(
                parameters,
                features,
                ratings.user[rows],
                ratings.item[rows],
                past[rows],
                level[rows],
            )
            _adam(parameters, gradient, moments, step, rate, penalty, len(rows) / len(train))
    fitted = Surrogate(parameters, tuple(values.tolist()), name)
    report = _report(fitted, features, ratings, past, level, train, test)
    return Surrogate(parameters, fitted.values, name, report)


def _initial(features: Features, levels: int, level: NDArray, rank: int, rng):
    share = np.cumsum(np.bincount(level, minlength=levels) + 1.0)[:-1] / (len(level) + levels)
    cut = np.log(share / (1.0 - share))
    gaps = np.maximum(np.diff(cut), 1e-3)
    num_users, num_items = len(features.person), len(features.item)
    return {
        "cuts": np.concatenate([cut[:1], np.log(np.expm1(np.maximum(gaps, 1e-3)))]),
        "user_bias": np.zeros(num_users),
        "item_bias": np.zeros(num_items),
        "user_factor": 0.01 * rng.standard_normal((num_users, rank)),
        "item_factor": 0.01 * rng.standard_normal((num_items, rank)),
        "person": 0.1 * rng.standard_normal((features.person.shape[1], rank)),
        "item": 0.1 * rng.standard_normal((features.item.shape[1], rank)),
        "match": np.zeros(5),
    }


def _gradient(p, features: Features, user, item, history, level) -> dict[str, NDArray]:
    x, y = features.person[user], features.item[item]
    left = x @ p["person"] + p["user_factor"][user]
    right = y @ p["item"] + p["item_factor"][item]
    match = features.match(user, item, history)
    z = p["user_bias"][user] + p["item_bias"][item] + np.einsum("nr,nr->n", left, right)
    z = z + match @ p["match"]
    cuts = cut_points(p["cuts"])
    n, k = len(user), len(cuts)
    below = np.concatenate(
        [np.zeros((n, 1)), 0.5 + 0.5 * np.tanh(0.5 * (cuts - z[:, None])), np.ones((n, 1))], 1
    )
    slope = below * (1.0 - below)
    row = np.arange(n)
    chance = np.maximum(below[row, level + 1] - below[row, level], 1e-9)
    upper, lower = slope[row, level + 1] / chance, slope[row, level] / chance
    dz = (upper - lower) / n  # derivative of the mean negative log-likelihood
    dcut = np.zeros(k + 2)
    np.add.at(dcut, level + 1, -upper / n)
    np.add.at(dcut, level, lower / n)
    dcut = dcut[1:-1]
    tail = np.cumsum(dcut[::-1])[::-1]
    sigmoid = 0.5 + 0.5 * np.tanh(0.5 * p["cuts"][1:])
    gradient = {name: np.zeros_like(value) for name, value in p.items()}
    gradient["cuts"] = np.concatenate([tail[:1], tail[1:] * sigmoid])
    gradient["match"] = match.T @ dz
    dleft, dright = dz[:, None] * right, dz[:, None] * left
    gradient["person"], gradient["item"] = x.T @ dleft, y.T @ dright
    np.add.at(gradient["user_bias"], user, dz)
    np.add.at(gradient["item_bias"], item, dz)
    np.add.at(gradient["user_factor"], user, dleft)
    np.add.at(gradient["item_factor"], item, dright)
    return gradient


def _adam(parameters, gradient, moments, step: int, rate: float, penalty: float, share: float):
    for name, value in parameters.items():
        g = gradient[name]
        if name in ("user_bias", "item_bias", "user_factor", "item_factor"):
            g = g + penalty * share * value
        first, second = moments[name]
        first[:] = 0.9 * first + 0.1 * g
        second[:] = 0.999 * second + 0.001 * g * g
        a, b = first / (1.0 - 0.9**step), second / (1.0 - 0.999**step)
        value -= rate * a / (np.sqrt(b) + 1e-8)


def _report(fitted: Surrogate, features, ratings, past, level, train, test) -> FitReport:
    rows = test if len(test) else train
    values = np.asarray(fitted.values)
    z = latent_opinion(
        fitted.parameters, features, ratings.user[rows], ratings.item[rows], past[rows]
    )
    p = ordered_logit(z, cut_points(fitted.parameters["cuts"]), 1.0)
    mean, truth = p @ values, values[level[rows]]
    return FitReport(
        nll=float(-np.log(np.maximum(p[np.arange(len(rows)), level[rows]], 1e-12)).mean()),
        rmse=float(np.sqrt(np.mean((mean - truth) ** 2))),
        mae=float(np.mean(np.abs(mean - truth))),
        baseline_rmse=float(np.sqrt(np.mean((values[level[train]].mean() - truth) ** 2))),
        num_train=len(train),
        num_test=len(rows),
    )


def distil(
    rater: AbstractRater, queries: Sequence[Queries], seed: int = 0, **settings
) -> Surrogate:
    """A surrogate fitted to ratings drawn from another back end's answers."""
    rng = np.random.default_rng(seed)
    users, items, drawn, past = [], [], [], []
    for asked in queries:
        reactions = rater.react(asked)
        kept = np.flatnonzero(reactions.valid)
        p = reactions.probability[kept]
        level = (np.cumsum(p, 1) <= rng.random(len(kept))[:, None]).sum(1)
        values = asked.scale.array
        users.append(asked.user[kept])
        items.append(asked.item[kept])
        drawn.append(values[np.minimum(level, len(values) - 1)])
        past.append(
            history_term(
                asked.catalogue,
                asked.item[kept],
                asked.history_item[kept],
                asked.history_rating[kept],
                float(values.mean()),
            )
        )
    ratings = Ratings(np.concatenate(users), np.concatenate(items), np.concatenate(drawn))
    return fit_surrogate(
        ratings,
        queries[0].people,
        queries[0].catalogue,
        history=np.concatenate(past),
        seed=seed,
        name=f"distilled from {rater.identity[:40]}",
        **settings,
    )
