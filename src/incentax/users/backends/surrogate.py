"""A small model fitted to a log or to a language model, that answers in microseconds."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..catalogue import Catalogue
from ..people import People, Taste
from ..query import AbstractRater, Queries, Reactions
from ..ratings import Ratings
from ..rule import ordered_logit
from ..similarity import related


@dataclass(frozen=True)
class FitReport:
    """Held-out error of a fit: log loss per rating, RMSE and MAE of the mean, and counts."""

    nll: float
    rmse: float
    mae: float
    baseline_rmse: float
    num_train: int
    num_test: int


class Features:
    """What a surrogate sees of a pair: columns of people, of items and of their match."""

    def __init__(self, people: People, catalogue: Catalogue):
        taste = Taste(people, catalogue)
        self.liked, self.disliked = taste.liked, taste.disliked
        age = (people.age[:, None] - 40.0) / 40.0
        self.person = np.concatenate([age, taste.liked, taste.disliked, taste.vector], 1)
        count = np.log1p(catalogue.votes)
        count = (count - count.mean()) / max(float(count.std()), 1e-9)
        self.item = np.concatenate(
            [
                catalogue.label_share,
                catalogue.quality[:, None],
                count[:, None],
                catalogue.embedding,
            ],
            1,
        )
        self.share = catalogue.label_share
        self.plain = np.stack([catalogue.quality, count], 1)
        self.catalogue = catalogue

    def match(self, user: NDArray, item: NDArray, history: NDArray) -> NDArray[np.float64]:
        """Share liked, share disliked, quality, log count and history, `[n, 5]`."""
        share = self.share[item]
        liked = np.einsum("ng,ng->n", self.liked[user], share)
        disliked = np.einsum("ng,ng->n", self.disliked[user], share)
        return np.column_stack([liked, disliked, self.plain[item], history])


def history_term(
    catalogue: Catalogue, item: NDArray, past: NDArray, rating: NDArray, centre: float
) -> NDArray[np.float64]:
    """Similarity-weighted mean of remembered ratings around `centre`, 0 without any, `[n]`."""
    if not past.shape[1]:
        return np.zeros(len(item))
    weight = related(catalogue, item[:, None], np.maximum(past, 0)) * (past >= 0)
    return (weight * (rating - centre)).sum(1) / (0.5 + weight.sum(1))


@dataclass(frozen=True, eq=False)
class Surrogate(AbstractRater):
    """Ordered logit over z = b_u + b_i + (A x_u + p_u)·(B y_i + q_i) + w·match.

    New people and items have b, p and q of zero and are carried by their features.
    """

    parameters: dict[str, NDArray[np.float64]]
    values: tuple[float, ...]
    name: str = "surrogate"
    report: FitReport | None = None
    _kept: dict = field(default_factory=dict, repr=False, compare=False)

    @property
    def identity(self) -> str:
        """Name and a hash of the parameters."""
        digest = hashlib.sha256()
        for key in sorted(self.parameters):
            digest.update(key.encode() + np.ascontiguousarray(self.parameters[key]).tobytes())
        return f"surrogate/{self.name}/{digest.hexdigest()[:16]}"

    def opinion(self, queries: Queries) -> NDArray[np.float64]:
        """Latent opinion z `[n]`."""
        features = self._features(queries.people, queries.catalogue)
        history = history_term(
            queries.catalogue,
            queries.item,
            queries.history_item,
            queries.history_rating,
            float(np.mean(self.values)),
        )
        return _opinion(self.parameters, features, queries.user, queries.item, history)

    def react(self, queries: Queries) -> Reactions:
        """Exact distributions of the fitted model."""
        if len(queries.scale.values) != len(self.values):
            raise ValueError(
                f"expected a scale of {len(self.values)} levels, got {queries.scale.name}; "
                "try the scale the surrogate was fitted on"
            )
        cuts = _cuts(self.parameters["cuts"])
        return Reactions.exact(ordered_logit(self.opinion(queries), cuts, 1.0))

    def save(self, path: Path | str) -> None:
        """Write a new `.npz` file.

        **Raises:** `ValueError` if it exists.
        """
        if Path(path).exists():
            raise ValueError(f"expected a new file for the surrogate, got {path}; try another name")
        about = json.dumps({"values": self.values, "name": self.name})
        with open(path, "xb") as file:
            np.savez_compressed(file, allow_pickle=False, about=np.array(about), **self.parameters)

    @classmethod
    def load(cls, path: Path | str) -> "Surrogate":
        """A surrogate written by `save`."""
        with np.load(path, allow_pickle=False) as archive:
            about = json.loads(str(archive["about"]))
            rest = {k: archive[k] for k in archive.files if k != "about"}
        return cls(rest, tuple(about["values"]), about["name"])

    def _features(self, people: People, catalogue: Catalogue) -> Features:
        found = self._kept.get("pair")
        if found is None or found[0] is not people or found[1] is not catalogue:
            found = self._kept["pair"] = (people, catalogue, Features(people, catalogue))
        return found[2]


@dataclass(frozen=True, eq=False)
class Ensemble(AbstractRater):
    """The mean distribution of several surrogates; their spread is a measure of ignorance."""

    members: tuple[Surrogate, ...]

    @property
    def identity(self) -> str:
        """The members' identities."""
        return "+".join(member.identity for member in self.members)

    def react(self, queries: Queries) -> Reactions:
        """The mean of the members' distributions."""
        every = [member.react(queries).probability for member in self.members]
        return Reactions.exact(np.mean(every, axis=0))

    def spread(self, queries: Queries) -> NDArray[np.float64]:
        """Standard deviation of the members' expected ratings, `[n]`."""
        values = queries.scale.array
        return np.std([m.react(queries).probability @ values for m in self.members], axis=0)


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


def _cuts(raw: NDArray) -> NDArray[np.float64]:
    return np.concatenate([raw[:1], raw[0] + np.cumsum(np.logaddexp(0.0, raw[1:]))])


def _opinion(p, features: Features, user, item, history) -> NDArray[np.float64]:
    left = features.person[user] @ p["person"] + p["user_factor"][user]
    right = features.item[item] @ p["item"] + p["item_factor"][item]
    z = p["user_bias"][user] + p["item_bias"][item] + np.einsum("nr,nr->n", left, right)
    return z + features.match(user, item, history) @ p["match"]


def _gradient(p, features: Features, user, item, history, level) -> dict[str, NDArray]:
    x, y = features.person[user], features.item[item]
    left = x @ p["person"] + p["user_factor"][user]
    right = y @ p["item"] + p["item_factor"][item]
    match = features.match(user, item, history)
    z = p["user_bias"][user] + p["item_bias"][item] + np.einsum("nr,nr->n", left, right)
    z = z + match @ p["match"]
    cuts = _cuts(p["cuts"])
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
    z = _opinion(fitted.parameters, features, ratings.user[rows], ratings.item[rows], past[rows])
    p = ordered_logit(z, _cuts(fitted.parameters["cuts"]), 1.0)
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
