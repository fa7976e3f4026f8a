"""A population: personas as a table, with the columns the array code reads."""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .catalogue import Catalogue
from .records import User, content_hash
from .text import unit

STYLES = {"normal": 0.0, "harsh": -0.6, "generous": 0.6, "always_high": 6.0, "always_low": -6.0}
"""Shift of the latent opinion for each rating style."""

GENDERS = ("F", "M", "X")


class People(Sequence[User]):
    """U personas: index u is `people[u]`, and `index(id)` goes back.

    >>> people = People([User("u7", "Ada", "F", 36, "Likes trains.")])
    >>> people.index("u7"), people[0].noun, people.age
    (0, 'woman', array([36.]))
    """

    def __init__(self, users: Iterable[User]):
        self._users = tuple(users)
        self._index = {user.id: k for k, user in enumerate(self._users)}
        if not self._users or len(self._index) != len(self._users):
            raise ValueError(
                f"expected one or more users with distinct ids, got {len(self._users)} users with "
                f"{len(self._index)} ids; try dropping duplicates"
            )

    def __len__(self) -> int:
        return len(self._users)

    def __getitem__(self, index) -> Any:
        return self._users[index]

    def __iter__(self) -> Iterator[User]:
        return iter(self._users)

    def index(self, value, start: int = 0, stop: int | None = None) -> int:
        """Index of a user id.

        **Raises:** `ValueError` for an unknown id.
        """
        if value not in self._index:
            raise ValueError(
                f"expected a user id of this population, got {value!r}; try {self._users[0].id!r}"
            )
        return self._index[value]

    @cached_property
    def age(self) -> NDArray[np.float64]:
        """Ages in years `float64[U]`."""
        return np.array([user.age for user in self._users], np.float64)

    @cached_property
    def gender(self) -> NDArray[np.int8]:
        """Position of each gender in `GENDERS`, `int8[U]`."""
        return np.array([GENDERS.index(user.gender) for user in self._users], np.int8)

    @cached_property
    def hashes(self) -> tuple[str, ...]:
        """Content hash of each persona, part of every cache key."""
        return tuple(content_hash(user) for user in self._users)

    def trait(self, name: str, default: float) -> NDArray[np.float64]:
        """A numeric trait as `float64[U]`."""
        return np.array([float(user.traits.get(name, default)) for user in self._users])

    @cached_property
    def shift(self) -> NDArray[np.float64]:
        """Personal bias plus rating style, `float64[U]`.

        **Raises:** `ValueError` for an unknown rating style.
        """
        styles = [user.traits.get("style", "normal") for user in self._users]
        unknown = sorted(set(styles) - set(STYLES))
        if unknown:
            raise ValueError(
                f"expected rating styles among {', '.join(STYLES)}, got {unknown[0]!r}; try normal"
            )
        return self.trait("bias", 0.0) + np.array([STYLES[style] for style in styles])

    def save(self, path: Path | str) -> None:
        """Write one persona per line to a new gzipped JSON-lines file."""
        lines = "".join(
            json.dumps(asdict(user), ensure_ascii=False, separators=(",", ":")) + "\n"
            for user in self._users
        )
        with open(path, "xb") as raw, gzip.GzipFile("", "wb", 9, raw, 0) as file:
            file.write(lines.encode())


def load_people(path: Path | str) -> People:
    """Personas written by `People.save`.

    **Raises:** `ValueError` for a missing file or a malformed line.
    """
    path = Path(path)
    if not path.exists():
        raise ValueError(f"expected a persona file at {path}, got no such file; try another path")
    users = []
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            try:
                row = json.loads(line)
                row["liked"], row["disliked"] = tuple(row["liked"]), tuple(row["disliked"])
                users.append(User(**row))
            except (json.JSONDecodeError, TypeError, KeyError) as error:
                raise ValueError(
                    f"expected a persona in {path.name} line {number}, got {error}; "
                    "try writing the file with `users personas`"
                ) from error
    return People(users)


class Taste:
    """What the columns of a population mean on one catalogue.

    `liked[U, G]`, `disliked[U, G]` are multi-hot over the catalogue's labels, `vector[U, d]` is the
    taste in the space of its text embeddings, `exclusive[U]` the label a fan insists on or −1.

    **Raises:** `ValueError` for a persona that likes a label the catalogue does not have.
    """

    def __init__(self, people: People, catalogue: Catalogue):
        place = {label: g for g, label in enumerate(catalogue.labels)}
        shape = (len(people), max(1, len(place)))
        self.liked = np.zeros(shape, np.float32)
        self.disliked = np.zeros(shape, np.float32)
        self.exclusive = np.full(len(people), -1, np.int32)
        for row, user in enumerate(people):
            for table, labels in ((self.liked, user.liked), (self.disliked, user.disliked)):
                unknown = [label for label in labels if label not in place]
                if unknown:
                    raise ValueError(
                        f"expected labels of this catalogue for user {user.id}, got "
                        f"{unknown[0]!r}; try one of {', '.join(catalogue.labels[:8])}"
                    )
                table[row, [place[label] for label in labels]] = 1.0
            self.exclusive[row] = place.get(user.traits.get("exclusive", ""), -1)
        self.vector = self._vectors(people, catalogue)

    def _vectors(self, people: People, catalogue: Catalogue) -> NDArray[np.float32]:
        by_label = unit(catalogue.label_share.T @ catalogue.embedding)
        mean = (self.liked - self.disliked) @ by_label
        own = np.stack(
            [
                np.random.default_rng(zlib.crc32(user.id.encode())).standard_normal(
                    catalogue.embedding.shape[1]
                )
                for user in people
            ]
        )
        favourites = np.zeros_like(mean)
        known = {item.id: k for k, item in enumerate(catalogue)}
        for row, user in enumerate(people):
            rows = [known[i] for i in user.traits.get("favourites", ()) if i in known]
            if rows:
                favourites[row] = catalogue.embedding[rows].sum(0)
        return unit(unit(mean) + unit(own) + 0.5 * unit(favourites))
