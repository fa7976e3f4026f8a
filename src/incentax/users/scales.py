"""Rating scales: what may be said, what it is worth, and how to recognise it."""

from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from .._errors import InvalidReaction

_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True)
class Scale:
    """A rating scale: `labels[K]` are shown to the person, `values[K]` are what the world counts.

    Every number a prompt states about ratings comes from here, so text and label set cannot
    disagree.

    **Arguments:**

    - `name`: key in `SCALES`.
    - `labels`: the K answers, worst first.
    - `values`: the K ratings, strictly increasing.
    - `worst`, `best`: what the two ends mean, in words.

    >>> SCALES["zero_nine"].label(10.0), SCALES["zero_nine"].value("9")
    ('9', 10.0)
    """

    name: str
    labels: tuple[str, ...]
    values: tuple[float, ...]
    worst: str = "you would regret having spent time on it"
    best: str = "you would love it"
    _index: dict[str, int] = field(init=False, repr=False, compare=False)
    _centres: NDArray[np.float64] = field(init=False, repr=False, compare=False)
    _offset: float | None = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        if len(self.labels) != len(self.values) or len(set(self.labels)) != len(self.labels):
            raise ValueError(
                f"expected one distinct label per value, got {len(self.labels)} labels for "
                f"{len(self.values)} values; try two tuples of equal length"
            )
        if any(a >= b for a, b in zip(self.values, self.values[1:], strict=False)):
            raise ValueError(
                f"expected values in increasing order, got {self.values}; try sorting them"
            )
        object.__setattr__(
            self, "_index", {label.lower(): k for k, label in enumerate(self.labels)}
        )
        object.__setattr__(self, "_centres", np.asarray(self.values))
        first = self.labels[0]
        offset = float(first) - self.values[0] if first.isdigit() else None
        object.__setattr__(self, "_offset", offset)

    @property
    def num_levels(self) -> int:
        """Number of levels K."""
        return len(self.labels)

    @property
    def low(self) -> float:
        """Smallest rating."""
        return self.values[0]

    @property
    def high(self) -> float:
        """Largest rating."""
        return self.values[-1]

    @property
    def array(self) -> NDArray[np.float64]:
        """The values as `float64[K]`."""
        return self._centres

    def level(self, rating: float) -> int:
        """Index of the level nearest to a rating, ties upwards.

        Halves go up so that 6.5 on 1-10 reads 7, as a person would round it.
        """
        distance = np.abs(self._centres - rating)
        return int(np.flatnonzero(distance <= distance.min() + 1e-12)[-1])

    def label(self, rating: float) -> str:
        """Label of the level nearest to a rating."""
        return self.labels[self.level(rating)]

    def at(self, share: float) -> float:
        """Rating of the level at a share in [0, 1] of the way from worst to best."""
        return self.values[round(share * (self.num_levels - 1))]

    def shown(self, rating: float) -> str:
        """A rating between two levels as a prompt shows it, with one decimal where fractional.

        >>> SCALES["zero_nine"].shown(7.46), SCALES["one_five"].shown(4.2)
        ('6.5', '4.2')
        """
        if self._offset is None:
            return self.label(rating)
        return f"{round(rating + self._offset, 1):g}"

    def value(self, text: str) -> float:
        r"""Rating of a reply that is exactly one label; space around and a final stop are allowed.

        **Raises:** `InvalidReaction` for anything else; a reply never becomes a number by guessing.

        >>> SCALES["one_ten"].value(" 8.\n")
        8.0
        """
        word = text.strip().rstrip(".").strip().lower()
        if word not in self._index:
            raise InvalidReaction(
                f"expected one of {self.labels[0]} to {self.labels[-1]}", raw_text=text
            )
        return self.values[self._index[word]]

    def variants(self, level: int) -> tuple[str, ...]:
        """Spellings of a level whose probabilities add up: with and without a leading space."""
        label = self.labels[level]
        spellings = (label, " " + label)
        if label.isalpha() and len(label) > 1:
            spellings += (label.capitalize(), " " + label.capitalize())
        return spellings

    def describe(self) -> str:
        """The sentence that states the scale in a prompt.

        >>> print(SCALES["one_five"].describe()[:46])
        a rating from 1 to 5, where 1 means you would
        """
        first, last = self.labels[0], self.labels[-1]
        return (
            f"a rating from {first} to {last}, where {first} means {self.worst} "
            f"and {last} means {self.best}"
        )


def _scale(name: str, labels: tuple[str, ...], values: range) -> tuple[str, Scale]:
    return name, Scale(name, labels, tuple(float(v) for v in values))


SCALES = MappingProxyType(
    dict(
        (
            _scale("zero_nine", tuple(str(k) for k in range(10)), range(1, 11)),
            _scale("one_ten", tuple(str(k) for k in range(1, 11)), range(1, 11)),
            _scale("one_ten_words", _WORDS, range(1, 11)),
            _scale("one_five", tuple(str(k) for k in range(1, 6)), range(1, 6)),
            _scale("letters_ten", tuple("ABCDEFGHIJ"), range(1, 11)),
            _scale("letters_five", tuple("ABCDE"), range(1, 6)),
        )
    )
)
"""The scales by name."""
