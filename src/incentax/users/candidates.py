"""Which items are on offer at a step, where not all of them are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .streams import Stream, uniform


@dataclass(frozen=True, eq=False)
class Candidates:
    """`count` distinct items of `num`: every s-th from a random one, with a random s coprime to N.

    >>> from incentax.users.streams import episode_key
    >>> len(set(Candidates.of(10, 4).draw(episode_key([1], [0]), 0)[0].tolist()))
    4
    """

    num: int
    count: int
    strides: NDArray[np.int64]

    @classmethod
    def of(cls, num: int, count: int) -> "Candidates":
        """The rule for a catalogue of `num` items; with `count` 0 all are on offer."""
        steps = np.arange(1, max(num, 2), dtype=np.int64) if count else np.ones(1, np.int64)
        return cls(num, count, steps[np.gcd(steps, num) == 1])

    def draw(self, key: NDArray[np.uint64], step) -> NDArray[np.int64]:
        """The items on offer, `int64[n, C]`."""
        u = uniform(key, step, Stream.CANDIDATES, 2)
        start = (u[:, :1] * self.num).astype(np.int64)
        stride = self.strides[(u[:, 1:] * len(self.strides)).astype(np.int64)]
        return (start + stride * np.arange(self.count)) % self.num
