"""People by formula: instant, offline and seeded, the default who answers."""

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from .catalogue import Catalogue
from .people import STYLES, People, Taste
from .query import AbstractRater, Capabilities, Queries, Reactions, ask
from .similarity import related


@dataclass(frozen=True)
class RuleWeights:
    """Weights of the latent opinion z; the letters are those of the formula in `RuleUsers`.

    Chosen so that on both bundled worlds item explains 25-45 % of the variance of ratings, user
    8-20 %, their interaction at least 20 % and response noise at most 30 %.
    """

    intercept: float = 0.0
    quality: float = 0.7
    liked: float = 1.2
    disliked: float = 1.2
    taste: float = 0.6
    history: float = 1.5
    exclusive: float = 4.0
    incentive: float = 0.5
    mood: float = 0.3
    boredom: float = 0.5
    steepness: float = 0.28
    smoothing: float = 0.5


def ordered_logit(
    opinion: NDArray[np.float64], cuts: NDArray[np.float64], steepness: float
) -> NDArray[np.float64]:
    """Probabilities `[n, K]` of K levels for opinions `[n]`: P(r ≤ k) = σ((c_k − z) / τ).

    >>> ordered_logit(np.array([0.0]), np.array([0.0]), 1.0)
    array([[0.5, 0.5]])

    Reference: McCullagh (1980).
    """
    scaled = (cuts - opinion[:, None]) / steepness
    below = np.empty((len(opinion), len(cuts) + 2))
    below[:, 0], below[:, -1] = 0.0, 1.0
    # tanh saturates silently where exp would overflow.
    below[:, 1:-1] = 0.5 + 0.5 * np.tanh(0.5 * scaled)
    return np.diff(below, axis=1)


def fit_cuts(
    opinion: NDArray[np.float64], reference: NDArray[np.float64], steepness: float
) -> NDArray[np.float64]:
    """Cut-points `[K − 1]` at which the mean of `ordered_logit` over opinions equals `reference`.

    Each is the root of a monotone function, found by bisection to 1e-10.
    """
    target = np.cumsum(reference)[:-1] / np.sum(reference)
    low = np.full(len(target), opinion.min() - 40 * steepness)
    high = np.full(len(target), opinion.max() + 40 * steepness)
    for _ in range(60):
        middle = 0.5 * (low + high)
        share = np.array(
            [np.mean(0.5 + 0.5 * np.tanh(0.5 * (c - opinion) / steepness)) for c in middle]
        )
        low, high = np.where(share < target, middle, low), np.where(share < target, high, middle)
    return 0.5 * (low + high)


@lru_cache(maxsize=4)
def fitted_cuts(domain: str) -> tuple[float, ...]:
    """The cut-points that ship with the bundled catalogue and personas of a domain."""
    text = resources.files("incentax.users").joinpath("data", "rule_cuts.json").read_text("utf-8")
    return tuple(json.loads(text)[domain])


@dataclass(frozen=True)
class RuleUsers(AbstractRater):
    """Ordered-logit people.

    z = b₀ + b_u + style_u + w_q·(v−v̄)/s_v + w_L·share liked − w_D·share disliked + w_E·cos(θ, e)
    + w_H·H + w_X·X + w_inc·sens_u·incentive + .3·mood − .5·boredom, with
    H = Σ s_j (r_j − r̄) / (s_r (s₀ + Σ s_j)) over what came to mind, and X = ±1 for a fan.

    **Arguments:**

    - `cuts[K − 1]`: increasing; fitted so that the population shows the reference marginal.
    - `mean`, `spread`: r̄ and s_r of that reference, in ratings.

    Reference: this project's own; the marginals are those of arXiv 2406.01631.
    """

    cuts: tuple[float, ...]
    mean: float
    spread: float
    weights: RuleWeights = RuleWeights()

    def __post_init__(self):
        object.__setattr__(self, "_columns", {})

    @classmethod
    def bundled(cls, catalogue: Catalogue, weights: RuleWeights | None = None) -> "RuleUsers":
        """People with the shipped cut-points of the catalogue's domain."""
        mean, spread = _moments(catalogue)
        return cls(fitted_cuts(catalogue.domain.name), mean, spread, weights or RuleWeights())

    @classmethod
    def fitted(
        cls,
        catalogue: Catalogue,
        people: People,
        weights: RuleWeights | None = None,
        pairs: int = 40_000,
        seed: int = 0,
    ) -> "RuleUsers":
        """People whose cut-points are fitted to this catalogue and population."""
        weights = weights or RuleWeights()
        mean, spread = _moments(catalogue)
        draft = cls((0.0,), mean, spread, weights)
        rng = np.random.default_rng(seed)
        users = rng.integers(len(people), size=pairs)
        items = rng.integers(len(catalogue), size=pairs)
        opinion = draft.opinion(ask(people, catalogue, users, items))
        reference = np.asarray(catalogue.domain.reference)
        cuts = fit_cuts(opinion, reference, weights.steepness)
        return cls(tuple(float(c) for c in cuts), mean, spread, weights)

    @property
    def identity(self) -> str:
        """The formula's version, weights and cut-points."""
        return "rule/1/" + json.dumps([asdict(self.weights), self.cuts, self.mean, self.spread])

    def taste(self, people: People, catalogue: Catalogue) -> Taste:
        """The population's columns on this catalogue, computed once per pair."""
        kept = self.__dict__["_columns"]
        found = kept.get((id(people), id(catalogue)))
        if found is None or found[0] is not people or found[1] is not catalogue:
            # The objects are kept with their columns so that an id is never reused under us.
            found = (people, catalogue, Taste(people, catalogue), people.shift)
            found += (people.trait("incentive_sensitivity", 1.0),)
            kept[id(people), id(catalogue)] = found
        return found[2]

    def opinion(self, queries: Queries) -> NDArray[np.float64]:
        """Latent opinion z `float64[n]`, without response noise."""
        w, people, catalogue = self.weights, queries.people, queries.catalogue
        taste = self.taste(people, catalogue)
        _, _, _, shift, sensitivity = self.__dict__["_columns"][id(people), id(catalogue)]
        user, item = queries.user, queries.item
        share = catalogue.label_share[item]
        vector = taste.vector[user] if queries.taste is None else queries.taste
        z = w.intercept + shift[user] + w.quality * catalogue.quality[item]
        z += np.einsum(
            "ng,ng->n", w.liked * taste.liked[user] - w.disliked * taste.disliked[user], share
        )
        z += w.taste * np.einsum("nd,nd->n", vector, catalogue.embedding[item])
        fan = taste.exclusive[user]
        if (fan >= 0).any():
            has = catalogue.label_matrix[item, np.maximum(fan, 0)] > 0
            z += np.where(fan >= 0, w.exclusive * (2.0 * has - 1.0), 0.0)
        if queries.history_item.shape[1]:
            z += w.history * self._from_history(queries)
        z += w.mood * queries.mood - w.boredom * queries.boredom
        return z + w.incentive * sensitivity[user] * queries.incentive

    def explain(self, queries: Queries, rating: float) -> str:
        """The terms of the formula that moved the first question's answer most, in words."""
        w, query = self.weights, queries[0]
        catalogue, k = queries.catalogue, int(queries.item[0])
        share = 1.0 / max(len(query.item.labels), 1)
        reasons = [
            (w.liked * share, f"likes {label}")
            for label in query.item.labels
            if label in query.user.liked
        ]
        reasons += [
            (-w.disliked * share, f"dislikes {label}")
            for label in query.item.labels
            if label in query.user.disliked
        ]
        quality = w.quality * float(catalogue.quality[k])
        reasons.append((quality, f"others rate it {'highly' if quality > 0 else 'poorly'}"))
        reasons.append(
            (STYLES[query.user.traits.get("style", "normal")], "rates most things that way")
        )
        for past, _, given in query.history:
            j = queries.catalogue.index(past.id)
            alike = float(related(catalogue, np.array([k]), np.array([j]))[0])
            pull = w.history * alike * (given - self.mean) / self.spread
            word = "enjoyed" if pull > 0 else "did not enjoy"
            reasons.append((pull, f"{word} {past.title}, which is alike"))
        reasons.append((-w.boredom * float(queries.boredom[0]), "has had enough of this kind"))
        high = rating >= self.mean
        told = [
            text for pull, text in sorted(reasons, key=lambda r: -abs(r[0])) if abs(pull) > 0.15
        ]
        fitting = [t for p, t in sorted(reasons, key=lambda r: -abs(r[0])) if (p > 0) == high]
        said = [text for text in told if text in fitting][:2] or told[:1]
        return "; ".join(said) if said else "nothing in particular speaks for or against it"

    @property
    def capabilities(self) -> Capabilities:
        """Exact probabilities, any number at once."""
        return Capabilities()

    def close(self) -> None:
        """Nothing is held."""

    def _from_history(self, queries: Queries) -> NDArray[np.float64]:
        known = queries.history_item >= 0
        items = np.maximum(queries.history_item, 0)
        weight = related(queries.catalogue, queries.item[:, None], items) * known
        signed = weight * (queries.history_rating - self.mean)
        return signed.sum(1) / (self.spread * (self.weights.smoothing + weight.sum(1)))

    def react(self, queries: Queries) -> Reactions:
        """Exact distributions for n questions.

        **Raises:** `ValueError` for a scale with another number of levels than was fitted.
        """
        if queries.scale.num_levels != len(self.cuts) + 1:
            raise ValueError(
                f"expected a scale of {len(self.cuts) + 1} levels, got {queries.scale.name} with "
                f"{queries.scale.num_levels}; try a scale of the catalogue's domain"
            )
        cuts = np.asarray(self.cuts)
        return Reactions.exact(ordered_logit(self.opinion(queries), cuts, self.weights.steepness))


def _moments(catalogue: Catalogue) -> tuple[float, float]:
    values, share = catalogue.domain.scale.array, np.asarray(catalogue.domain.reference)
    share = share / share.sum()
    mean = float(values @ share)
    return mean, float(np.sqrt(share @ (values - mean) ** 2))
