"""How varied a set of personas is, and whether it contradicts itself."""

import re
from collections import Counter
from dataclasses import asdict, dataclass

import numpy as np

from ..catalogue import Catalogue
from ..people import People, Taste
from ..records import User
from ..text import HashedTfidf, words
from .personas import _STARTS, age_shares

_WRONG = {"M": {"she", "her", "hers"}, "F": {"he", "him", "his"}, "X": {"she", "her", "he", "his"}}
_NUMBER = re.compile(r"\b(?:rates?|rating|score[sd]?)\b[^.]*\d")


@dataclass(frozen=True)
class DiversityReport:
    """Variety of a persona set; `passes` applies the gates of the bundled sets.

    `age_chi2` is against the target shares with 6 degrees of freedom (95 % point 12.6);
    `near_duplicates` the share of people whose text shares more than 60 % of its 3-word sequences
    with somebody else's; `taste_rank` the effective rank of the taste vectors.
    """

    num: int
    distinct_names: int
    name_entropy: float
    age_mean: float
    age_chi2: float
    shortest: int
    median_length: float
    longest: int
    near_duplicates: float
    cosine_mean: float
    cosine_p95: float
    distinct_1: float
    distinct_2: float
    contradictions: int
    taste_rank: float

    @property
    def passes(self) -> bool:
        """≥ 5/6 distinct names, no text under 30 words, near-duplicates ≤ 1 %, no contradiction."""
        return (
            self.distinct_names * 6 >= 5 * self.num
            and self.shortest >= 30
            and self.near_duplicates <= 0.01
            and self.contradictions == 0
        )

    def rows(self) -> list[tuple[str, str]]:
        """Name and value of each figure, as text."""
        table = [(k.replace("_", " "), f"{v:.4g}") for k, v in asdict(self).items()]
        return [*table, ("passes the gates", "yes" if self.passes else "no")]


def contradictions(user: User) -> list[str]:
    """What in a persona's text disagrees with its fields, one phrase each.

    >>> contradictions(User("u", "Bo", "M", 30, "Bo is 44 years old; she is a nurse.", "nurse"))
    ['text says 44 years', "text says 'she' of a man"]
    """
    text = words(user.description)
    found = []
    ages = re.findall(r"\b(\d+) years old", user.description)
    found += [f"text says {age} years" for age in ages if int(age) != user.age]
    found += [f"text says {w!r} of a {user.noun}" for w in sorted(_WRONG[user.gender] & set(text))]
    if user.age < 16 and user.job not in ("schoolchild", ""):
        found.append(f"works as {user.job} at {user.age}")
    if user.age > 60 and user.job and not user.job.startswith("retired"):
        found.append(f"works as {user.job} at {user.age}")
    for label in user.liked:
        if f"no patience for {label}" in user.description:
            found.append(f"text dislikes {label}")
    if _NUMBER.search(user.description):
        found.append("text states ratings as numbers")
    return found


def _near_duplicates(texts: list[list[str]]) -> float:
    shingles = [set(zip(t, t[1:], t[2:], strict=False)) for t in texts]
    holders: dict[tuple, list[int]] = {}
    for row, grams in enumerate(shingles):
        for gram in grams:
            holders.setdefault(gram, []).append(row)
    shared: Counter = Counter()
    for rows in holders.values():
        # A phrase everybody uses says nothing about a pair, and would make this quadratic.
        if len(rows) <= 200:
            shared.update((a, b) for i, a in enumerate(rows) for b in rows[i + 1 :])
    twins = set()
    for (a, b), common in shared.items():
        if common > 0.6 * (len(shingles[a]) + len(shingles[b]) - common):
            twins |= {a, b}
    return len(twins) / max(len(texts), 1)


def diversity(people: People, catalogue: Catalogue) -> DiversityReport:
    """The report of a persona set on its catalogue."""
    texts = [words(user.description) for user in people]
    names = Counter(user.name for user in people)
    share = np.array(list(names.values())) / len(people)
    bins = np.searchsorted(_STARTS, people.age, side="right") - 1
    counts = np.bincount(np.maximum(bins, 0), minlength=7)
    expected = age_shares() * len(people)
    vectors = HashedTfidf(dims=64).encode([user.description for user in people])
    cosine = (vectors @ vectors.T)[np.triu_indices(len(people), 1)]
    tokens = [w for t in texts for w in t]
    pairs = [p for t in texts for p in zip(t, t[1:], strict=False)]
    spectrum = np.linalg.svd(Taste(people, catalogue).vector, compute_uv=False) ** 2
    spectrum = spectrum[spectrum > 0] / spectrum.sum()
    length = [len(t) for t in texts]
    return DiversityReport(
        num=len(people),
        distinct_names=len(names),
        name_entropy=float(-(share * np.log(share)).sum()),
        age_mean=float(people.age.mean()),
        age_chi2=float(((counts - expected) ** 2 / expected).sum()),
        shortest=min(length),
        median_length=float(np.median(length)),
        longest=max(length),
        near_duplicates=_near_duplicates(texts),
        cosine_mean=float(cosine.mean()) if len(cosine) else 0.0,
        cosine_p95=float(np.quantile(cosine, 0.95)) if len(cosine) else 0.0,
        distinct_1=len(set(tokens)) / max(len(tokens), 1),
        distinct_2=len(set(pairs)) / max(len(pairs), 1),
        contradictions=sum(len(contradictions(user)) for user in people),
        taste_rank=float(np.exp(-(spectrum * np.log(spectrum)).sum())),
    )
