"""A loaded data set: catalogue, ratings, and people fitted to their histories."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..catalogue import Catalogue
from ..domain import find_domain
from ..people import People
from ..ratings import Ratings, item_normalised_shares
from ..records import AbstractItem, User


@dataclass(frozen=True)
class Dataset:
    """What a loader returns; `notice` is the licence sentence, `skipped` what was left out and why.

    `ages` and `genders` are known for some sources only, aligned with `user_ids`.
    """

    name: str
    catalogue: Catalogue
    ratings: Ratings
    user_ids: tuple[str, ...]
    notice: str
    ages: tuple[int, ...] = ()
    genders: tuple[str, ...] = ()

    @property
    def skipped(self) -> dict[str, int]:
        """Rows left out, by reason."""
        return self.ratings.skipped

    @property
    def reference(self) -> NDArray[np.float64]:
        """Rating shares per item averaged over items, `float64[K]`, for the fidelity suite."""
        return item_normalised_shares(self.ratings, self.catalogue.domain.scale.array)

    def people(self, train: Ratings | None = None) -> People:
        """Personas fitted to the histories in `train`, by default to everything."""
        return fit_people(self, train or self.ratings)


def number(text: str) -> float | None:
    """A finite number, `None` for anything else.

    >>> number(" 3.5 "), number("__import__('os')"), number("nan")
    (3.5, None, None)
    """
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def assemble(
    name: str,
    domain: str,
    items: Iterable[AbstractItem],
    rows: Iterable[tuple[str, ...]],
    notice: str,
    *,
    valid: tuple[float, float],
    scale: float,
    skipped: Counter[str],
    ages: dict[str, int] | None = None,
    genders: dict[str, str] | None = None,
) -> Dataset:
    """A data set from item records and rows of (user, item, rating, time), all text.

    **Arguments:**

    - `items`: of distinct ids.
    - `valid`: the smallest and largest rating of the source.
    - `scale`: what a source rating is multiplied by to be one of the domain's.
    - `skipped`: counts so far; this adds to it.

    **Raises:** `ValueError` when nothing is left.
    """
    shelf = {item.id: item for item in items}
    place = {item_id: k for k, item_id in enumerate(shelf)}
    users: dict[str, int] = {}
    columns: tuple[list, list, list, list] = ([], [], [], [])
    add_user, add_item, add_value, add_time = (column.append for column in columns)
    low, high = valid
    for user, item, said, when in rows:
        value, time = number(said), number(when) if when else 0.0
        if value is None or time is None or not user:
            skipped["not a number"] += 1
        elif not low <= value <= high:
            skipped["rating off the scale"] += 1
        elif item not in place:
            skipped["unknown item"] += 1
        else:
            add_user(users.setdefault(user, len(users)))
            add_item(place[item])
            add_value(value)
            add_time(time)
    if not users:
        raise ValueError(
            f"expected ratings of known items in {name}, got none (left out: "
            f"{dict(skipped) or 'nothing'}); try checking that the files belong together"
        )
    arrays = [np.array(column) for column in columns]
    ratings = _latest(arrays, len(shelf), skipped)
    levels = find_domain(domain).scale
    value = np.clip(np.ceil(scale * ratings.rating - 1e-9), levels.low, levels.high)
    ratings = replace(ratings, rating=value, skipped=dict(skipped))
    kept = np.unique(ratings.item)
    renumber = np.full(len(shelf), -1)
    renumber[kept] = np.arange(len(kept))
    all_items = list(shelf.values())
    count = np.bincount(ratings.item, minlength=len(all_items))
    total = np.bincount(ratings.item, ratings.rating, minlength=len(all_items))
    records = [
        all_items[k]
        if all_items[k].vote_average > 0
        else replace(
            all_items[k],
            vote_average=round(float(total[k] / count[k]), 3),
            vote_count=int(count[k]),
        )
        for k in kept.tolist()
    ]
    ratings = replace(ratings, item=renumber[ratings.item])
    ids = tuple(users)
    return Dataset(
        name,
        Catalogue(records, domain),
        ratings,
        ids,
        notice,
        tuple(ages.get(u, 0) for u in ids) if ages else (),
        tuple(genders.get(u, "X") for u in ids) if genders else (),
    )


def _latest(columns: list[NDArray], num_items: int, skipped: Counter[str]) -> Ratings:
    """The latest rating of each pair, in the order of the file; order settles equal times."""
    user, item, value, time = columns
    order = np.lexsort((np.arange(len(user)), time))[::-1]
    _, first = np.unique(user[order].astype(np.int64) * num_items + item[order], return_index=True)
    kept = np.sort(order[first])
    if len(kept) < len(user):
        skipped["duplicate rating"] += len(user) - len(kept)
    return Ratings(user[kept], item[kept], value[kept], time[kept] if time.any() else None)


def fit_people(data: Dataset, train: Ratings, most: int = 4) -> People:
    """One persona per user: labels rated above and below their own mean, bias, style, and a text.

    Names are left out: real people are not given invented ones, nor their own.
    """
    catalogue = data.catalogue
    spread = max(float(train.rating.std()), 1e-9)
    mean = float(train.rating.mean())
    people = []
    order = np.argsort(train.user, kind="stable")
    edges = np.searchsorted(train.user[order], np.arange(len(data.user_ids) + 1))
    for u, user_id in enumerate(data.user_ids):
        rows = order[edges[u] : edges[u + 1]]
        rating, labels = train.rating[rows], catalogue.label_matrix[train.item[rows]]
        own = float((rating.sum() + 5.0 * mean) / (len(rows) + 5.0))
        count = labels.sum(0)
        shift = (labels * (rating - own)[:, None]).sum(0) / (count + 3.0)
        known = np.flatnonzero(count >= 3)
        ranked = known[np.argsort(-shift[known], kind="stable")]
        liked = tuple(catalogue.labels[g] for g in ranked[:most] if shift[g] > 0.05 * spread)
        worst = ranked[::-1][:most]
        disliked = tuple(catalogue.labels[g] for g in worst if shift[g] < -0.05 * spread)
        bias = (own - mean) / spread
        style = "generous" if bias > 0.8 else "harsh" if bias < -0.8 else "normal"
        gender = data.genders[u] if data.genders else "X"
        age = data.ages[u] if data.ages and data.ages[u] else 35
        noun = catalogue.domain.noun
        parts = [f"This person has rated {len(rows)} {noun}s"]
        parts.append(f", enjoys {', '.join(liked)}" if liked else "")
        parts.append(f", and does not care for {', '.join(disliked)}" if disliked else "")
        tone = {"harsh": " A hard judge.", "generous": " Easily pleased.", "normal": ""}[style]
        people.append(
            User(
                user_id,
                f"User {user_id}",
                gender,
                age,
                "".join(parts) + "." + tone,
                liked=liked,
                disliked=disliked,
                traits={"bias": round(0.7 * bias, 3)},
                source=data.name,
            )
        )
    return People(people)
