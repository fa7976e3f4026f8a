"""A small model fitted to a log or to a language model, that answers in microseconds."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..catalogue import Catalogue
from ..people import People, Taste
from ..query import AbstractFormula, Queries, Reactions
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
class Surrogate(AbstractFormula):
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
        return latent_opinion(self.parameters, features, queries.user, queries.item, history)

    def react(self, queries: Queries) -> Reactions:
        """Exact distributions of the fitted model."""
        if len(queries.scale.values) != len(self.values):
            raise ValueError(
                f"expected a scale of {len(self.values)} levels, got {queries.scale.name}; "
                "try the scale the surrogate was fitted on"
            )
        cuts = cut_points(self.parameters["cuts"])
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
class Ensemble(AbstractFormula):
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


def cut_points(raw: NDArray) -> NDArray[np.float64]:
    """Increasing cut-points `[K − 1]` from free parameters: the first, then softplus gaps."""
    return np.concatenate([raw[:1], raw[0] + np.cumsum(np.logaddexp(0.0, raw[1:]))])


def latent_opinion(p, features: Features, user, item, history) -> NDArray[np.float64]:
    """Latent opinion z `[n]` of pairs, from the parameters of a surrogate."""
    left = features.person[user] @ p["person"] + p["user_factor"][user]
    right = features.item[item] @ p["item"] + p["item_factor"][item]
    z = p["user_bias"][user] + p["item_bias"][item] + np.einsum("nr,nr->n", left, right)
    return z + features.match(user, item, history) @ p["match"]
