"""The items that can be recommended, as columns loaded once."""

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .domain import Domain, find_domain
from .records import AbstractItem, Actor, content_hash
from .text import AbstractEncoder, HashedTfidf, unit

_DENSE = 3000  # largest catalogue whose item-by-item similarities (36 MB) are worth keeping


class Catalogue(Sequence[AbstractItem]):
    """N items with their columns: action index i is `catalogue[i]`, and `index(id)` goes back.

    **Arguments:**

    - `items`: records of one domain, ids distinct.
    - `domain`: a `Domain` or its name.
    - `embedding`: `[N, d]` text vectors; computed with `encoder` on first use when absent.

    **Raises:** `ValueError` for no items or a repeated id.

    >>> from incentax.users.records import Movie
    >>> shelf = Catalogue([Movie("m1", "Dust"), Movie("m2", "Ash")], "movies")
    >>> len(shelf), shelf[1].title, shelf.index("m1"), [item.id for item in shelf]
    (2, 'Ash', 0, ['m1', 'm2'])
    """

    def __init__(
        self,
        items: Iterable[AbstractItem],
        domain: Domain | str,
        *,
        embedding: NDArray | None = None,
        encoder: AbstractEncoder | None = None,
    ):
        self._items = tuple(items)
        self.domain = find_domain(domain) if isinstance(domain, str) else domain
        self._encoder = encoder or HashedTfidf()
        self._given = embedding
        self._index = {item.id: k for k, item in enumerate(self._items)}
        if not self._items:
            raise ValueError("expected at least one item, got none; try another file or filter")
        if len(self._index) != len(self._items):
            seen: set[str] = set()
            twice = next(i.id for i in self._items if i.id in seen or seen.add(i.id))
            raise ValueError(
                f"expected distinct item ids, got {twice!r} twice; try dropping duplicate rows"
            )
        if embedding is not None and len(embedding) != len(self._items):
            raise ValueError(
                f"expected one embedding per item ({len(self._items)}), got {len(embedding)}; "
                "try computing them again from this catalogue"
            )

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index) -> Any:
        return self._items[index]

    def __iter__(self) -> Iterator[AbstractItem]:
        return iter(self._items)

    def index(self, value, start: int = 0, stop: int | None = None) -> int:
        """Action index of an item id.

        **Raises:** `ValueError` for an unknown id.
        """
        if value not in self._index:
            raise ValueError(
                f"expected an item id of this catalogue, got {value!r}; try {self._items[0].id!r}"
            )
        return self._index[value]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The G distinct labels, sorted."""
        return tuple(sorted({label for item in self._items for label in item.labels}))

    @cached_property
    def label_matrix(self) -> NDArray[np.float32]:
        """1 where item i has label g, `float32[N, G]`."""
        place = {label: g for g, label in enumerate(self.labels)}
        table = np.zeros((len(self), max(1, len(place))), np.float32)
        for row, item in enumerate(self._items):
            table[row, [place[label] for label in item.labels]] = 1.0
        return table

    @cached_property
    def label_share(self) -> NDArray[np.float32]:
        """`label_matrix` with rows summing to one (zero for an item without labels)."""
        return self.label_matrix / np.maximum(self.label_matrix.sum(1, keepdims=True), 1.0)

    @cached_property
    def vote(self) -> NDArray[np.float64]:
        """Mean vote `float64[N]`, unknown ones replaced by the domain's mean."""
        known = np.array([item.vote_average for item in self._items], np.float64)
        return np.where(known > 0, known, self.domain.mean_vote)

    @cached_property
    def quality(self) -> NDArray[np.float64]:
        """Mean vote standardised over the catalogue, `float64[N]`."""
        return (self.vote - self.vote.mean()) / max(float(self.vote.std()), 1e-9)

    @cached_property
    def votes(self) -> NDArray[np.float64]:
        """Number of votes `float64[N]`: popularity."""
        return np.array([item.vote_count for item in self._items], np.float64)

    @cached_property
    def series_index(self) -> NDArray[np.int32]:
        """Integer of each item's series, −1 when it stands alone, `int32[N]`."""
        return _codes([item.series for item in self._items])

    @cached_property
    def maker_index(self) -> NDArray[np.int32]:
        """Integer of each item's director or first author, −1 when unknown, `int32[N]`."""
        return _codes([item.maker for item in self._items])

    @cached_property
    def people_index(self) -> NDArray[np.int32]:
        """Integers of the people behind each item, −1 padded, `int32[N, P]`."""
        names = [tuple(dict.fromkeys(item.people)) for item in self._items]
        flat = _codes([name for row in names for name in row])
        table = np.full((len(self), max([1, *map(len, names)])), -1, np.int32)
        start = 0
        for row, entry in enumerate(names):
            table[row, : len(entry)] = flat[start : start + len(entry)]
            start += len(entry)
        return table

    @cached_property
    def embedding(self) -> NDArray[np.float32]:
        """Unit text vectors `float32[N, d]`; the title stands in for a missing text."""
        if self._given is not None:
            return unit(self._given)
        return self._encoder.encode([item.text or item.title for item in self._items])

    @cached_property
    def cosine_table(self) -> NDArray[np.float32] | None:
        """All cosines `float32[N, N]`, or `None` when the catalogue is too large to keep them."""
        if len(self) > _DENSE:
            return None
        return self.embedding @ self.embedding.T

    def cosine(self, left: NDArray, right: NDArray) -> NDArray[np.float32]:
        """Cosine of the texts of items `left` and `right` (index arrays that broadcast)."""
        if self.cosine_table is not None:
            return self.cosine_table[left, right]
        return np.einsum("...d,...d->...", self.embedding[left], self.embedding[right])

    @cached_property
    def hashes(self) -> tuple[str, ...]:
        """Content hash of each item, part of every cache key."""
        return tuple(content_hash(item) for item in self._items)

    def save(self, path: Path | str) -> None:
        """Write `PATH.jsonl.gz` and, if vectors were given, `PATH.npz` (float16)."""
        path = Path(path)
        lines = "".join(
            json.dumps(
                {k: v for k, v in asdict(item).items() if v not in ("", 0, 0.0, (), False)},
                ensure_ascii=False,
                separators=(",", ":"),
            )
            + "\n"
            for item in self._items
        )
        with open(f"{path}.jsonl.gz", "xb") as raw, gzip.GzipFile("", "wb", 9, raw, 0) as file:
            file.write(lines.encode())
        if self._given is not None:
            np.savez_compressed(f"{path}.npz", embedding=self._given.astype(np.float16))


def load_catalogue(path: Path | str, domain: Domain | str) -> Catalogue:
    """Catalogue written by `Catalogue.save` at `path` (without its endings).

    **Raises:** `ValueError` for a missing file or a line that is not an item of the domain.
    """
    domain = find_domain(domain) if isinstance(domain, str) else domain
    file = Path(f"{path}.jsonl.gz")
    if not file.exists():
        raise ValueError(f"expected a catalogue at {file}, got no such file; try another path")
    known = {f.name for f in fields(domain.item)}
    items = []
    with gzip.open(file, "rt", encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            row = json.loads(line)
            if not set(row) <= known:
                raise ValueError(
                    f"expected the fields of a {domain.noun} in {file.name} line {number}, got "
                    f"{sorted(set(row) - known)}; try the domain the file was made for"
                )
            record: dict[str, Any] = {k: _frozen(k, v) for k, v in row.items()}
            items.append(domain.item(**record))
    vectors = Path(f"{path}.npz")
    embedding = None
    if vectors.exists():
        with np.load(vectors, allow_pickle=False) as archive:
            embedding = archive["embedding"]
    return Catalogue(items, domain, embedding=embedding)


def _frozen(name: str, value):
    if name == "actors":
        return tuple(Actor(**actor) for actor in value)
    return tuple(value) if isinstance(value, list) else value


def _codes(names: Sequence[str]) -> NDArray[np.int32]:
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(n, len(seen)) if n else -1 for n in names], np.int32)
