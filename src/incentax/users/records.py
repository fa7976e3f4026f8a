"""The nouns of the world: a person, an item, what happened between them."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from typing import Any


class Kind(IntEnum):
    """What a person did with something they were shown."""

    RATED = 0
    CHOSEN = 1
    SKIPPED = 2
    WATCHED = 3
    LEFT = 4


def content_hash(record: Any) -> str:
    """Stable 16-digit hash of a record's content, equal across processes and machines.

    >>> content_hash({"b": 1, "a": 2}) == content_hash({"a": 2, "b": 1})
    True
    """
    plain = record if isinstance(record, Mapping | list | tuple | str) else asdict(record)
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True)
class User:
    """A simulated person: what a prompt may say of them and the traits that text is written from.

    **Arguments:**

    - `id`: supplied by the data set; indices are assigned by the table that holds the person.
    - `gender`: `"F"`, `"M"` or `"X"`.
    - `age`: in years.
    - `liked`, `disliked`: labels (genres, categories) of the catalogue, disjoint.
    - `traits`: the ground truth the rule-based user reads: `bias`, `style`
      (`normal|always_high|always_low|harsh|generous`), `patience`, `novelty`, `trust`,
      `incentive_sensitivity`, `exclusive` (a label or ""), `favourites` (item ids).

    **Raises:** `ValueError` if a label is both liked and disliked.
    """

    id: str
    name: str
    gender: str
    age: int
    description: str
    job: str = ""
    hobby: str = ""
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    traits: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""

    def __post_init__(self):
        both = set(self.liked) & set(self.disliked)
        if both:
            raise ValueError(
                f"expected disjoint likes and dislikes for user {self.id}, got both for "
                f"{sorted(both)}; try removing them from one list"
            )
        if self.gender not in ("F", "M", "X"):
            raise ValueError(
                f"expected gender F, M or X for user {self.id}, got {self.gender!r}; try X"
            )

    @property
    def pronoun(self) -> str:
        """he, she or they."""
        return {"F": "she", "M": "he", "X": "they"}[self.gender]

    @property
    def noun(self) -> str:
        """man, woman, boy, girl or person; under 18 is a boy, a girl or a young person."""
        if self.age < 18:
            return {"F": "girl", "M": "boy", "X": "young person"}[self.gender]
        return {"F": "woman", "M": "man", "X": "person"}[self.gender]


@dataclass(frozen=True)
class Actor:
    """A performer credited in a film."""

    id: str
    name: str
    gender: str = "X"
    character: str = ""


@dataclass(frozen=True)
class AbstractItem(ABC):
    """Something that can be recommended. Movie and Book are the two bundled kinds.

    **Arguments:**

    - `labels`: genres or categories.
    - `text`: overview or description.
    - `vote_average`: 0 when unknown; on the domain's scale otherwise.
    - `series`: id of the saga or series, "" when it stands alone.
    """

    id: str
    title: str
    text: str = ""
    year: int = 0
    labels: tuple[str, ...] = ()
    vote_average: float = 0.0
    vote_count: int = 0
    series: str = ""

    @property
    @abstractmethod
    def people(self) -> tuple[str, ...]:
        """Ids of the people behind the item that similarity compares."""

    @property
    @abstractmethod
    def maker(self) -> str:
        """The one person most responsible for it, "" when unknown."""


@dataclass(frozen=True)
class Movie(AbstractItem):
    """A film; money in US dollars, `runtime` in minutes, votes on 0-10."""

    actors: tuple[Actor, ...] = ()
    director: str = ""
    original_title: str = ""
    original_language: str = ""
    release_date: str = ""
    imdb_id: str = ""
    budget: float = 0.0
    revenue: float = 0.0
    runtime: float = 0.0
    popularity: float = 0.0
    adult: bool = False

    @property
    def people(self) -> tuple[str, ...]:
        """Ids of the credited actors."""
        return tuple(actor.id for actor in self.actors)

    @property
    def maker(self) -> str:
        """The director."""
        return self.director


@dataclass(frozen=True)
class Book(AbstractItem):
    """A book; votes on 1-5."""

    authors: tuple[str, ...] = ()
    publisher: str = ""

    @property
    def people(self) -> tuple[str, ...]:
        """The authors."""
        return self.authors

    @property
    def maker(self) -> str:
        """The first author."""
        return self.authors[0] if self.authors else ""


@dataclass(frozen=True)
class Interaction:
    """One remembered event.

    `rating` is perturbed and unshaped, `raw_rating` as answered, `reward` shaped.
    `logical_time` counts the person's interactions from 1; `watch_count` includes this one and is 0
    for something skipped.
    """

    item: int
    raw_rating: float
    rating: float
    reward: float
    kind: Kind
    logical_time: int
    watch_count: int
    step: int
    valid: bool = True
