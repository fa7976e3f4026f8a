"""What each person remembers, for a whole batch of people, as arrays that grow with time."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .records import Interaction, Kind


class MemoryScope(StrEnum):
    """Who forgets when an episode starts."""

    EPISODE = "episode"  # the person who starts
    USER = "user"  # nobody: memory survives between sessions
    POPULATION = "population"  # everybody, as the published system does


_COLUMNS = {
    "item": (np.int32, -1),
    "rating": (np.float32, 0.0),
    "raw": (np.float32, 0.0),
    "reward": (np.float32, 0.0),
    "kind": (np.int8, 0),
    "time": (np.int32, 0),
    "count": (np.int32, 0),
    "step": (np.int32, 0),
    "latest": (np.bool_, False),
}


@dataclass(frozen=True)
class Remembered:
    """Views `[n, T]` on the events of n people, oldest first; `latest` marks the last rated event of each item."""

    item: NDArray[np.int32]
    rating: NDArray[np.float32]
    time: NDArray[np.int32]
    count: NDArray[np.int32]
    latest: NDArray[np.bool_]


class Memory:
    """Events of n people: row r is a person's chronological list, `size[r]` events long.

    Logical time counts a person's events from 1. `capacity`, if given, drops the oldest event when
    full.

    >>> memory = Memory(1)
    >>> memory.add([0], item=[4], rating=[7.0], raw=[6.6], kind=[Kind.RATED], step=[0])
    >>> memory.add([0], item=[4], rating=[8.0], raw=[8.0], kind=[Kind.RATED], step=[1])
    >>> [event.watch_count for event in memory.interactions(0, 4)]
    [1, 2]
    """

    def __init__(self, num_people: int, capacity: int | None = None):
        self.size = np.zeros(num_people, np.int64)
        self.clock = np.zeros(num_people, np.int64)
        self._capacity = capacity
        self._length = 0
        self._column = {
            name: np.full((num_people, 16), fill, kind) for name, (kind, fill) in _COLUMNS.items()
        }

    def clear(self, rows: NDArray[np.int64]) -> None:
        """Forget everything the given rows remember."""
        self.size[rows] = 0
        self.clock[rows] = 0
        self._column["latest"][rows] = False
        self._column["item"][rows] = -1
        self._length = int(self.size.max(initial=0))

    def add(self, rows: ArrayLike, *, item, rating, raw, kind, step, reward=0.0) -> None:
        """Append one event per row; every argument has the length of `rows`, rows are distinct."""
        rows = np.asarray(rows, np.int64)
        if not len(rows):
            return
        if self._capacity is not None:
            for row in rows[self.size[rows] >= self._capacity]:
                self._drop(int(row), np.array([0]))
        end = self.size[rows]
        needed = int(end.max()) + 1
        if needed > self._column["item"].shape[1]:
            self._grow(needed)
        kind = np.asarray(kind, np.int8)
        column, length = self._column, self._length
        consumed = kind == Kind.RATED
        item = np.asarray(item, np.int32)
        same = (column["item"][rows, :length] == item[:, None]) & column["latest"][rows, :length]
        before = (column["count"][rows, :length] * same).sum(1)
        if consumed.all():
            column["latest"][rows, :length] &= ~same
        else:
            column["latest"][rows, :length] &= ~(same & consumed[:, None])
        self.clock[rows] += 1
        column["item"][rows, end] = item
        column["rating"][rows, end] = rating
        column["raw"][rows, end] = raw
        column["reward"][rows, end] = reward
        column["kind"][rows, end] = kind
        column["time"][rows, end] = self.clock[rows]
        column["count"][rows, end] = np.where(consumed, before + 1, 0)
        column["step"][rows, end] = step
        column["latest"][rows, end] = consumed
        self.size[rows] = end + 1
        self._length = max(self._length, needed)

    def remembered(self, rows: NDArray[np.int64] | slice) -> Remembered:
        """The events of the given rows, `[n, T]` with T the longest memory of all."""
        c, t = self._column, self._length
        return Remembered(
            c["item"][rows, :t],
            c["rating"][rows, :t],
            c["time"][rows, :t],
            c["count"][rows, :t],
            c["latest"][rows, :t],
        )

    def last_seen(self, rows, item: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Times each row has consumed `item[n]` and the logical time it last did (0 if never)."""
        seen = self.remembered(rows)
        same = (seen.item == np.asarray(item)[:, None]) & seen.latest
        return (seen.count * same).sum(1), (seen.time * same).sum(1)

    def interactions(self, row: int, item: int | None = None) -> list[Interaction]:
        """Chronological events of one person, all or with one item."""
        c = self._column
        return [
            Interaction(
                item=int(c["item"][row, t]),
                raw_rating=float(c["raw"][row, t]),
                rating=float(c["rating"][row, t]),
                reward=float(c["reward"][row, t]),
                kind=Kind(int(c["kind"][row, t])),
                logical_time=int(c["time"][row, t]),
                watch_count=int(c["count"][row, t]),
                step=int(c["step"][row, t]),
            )
            for t in range(self.size[row])
            if item is None or c["item"][row, t] == item
        ]

    def forget_item(self, row: int, item: int) -> None:
        """Forget every event of one person with one item."""
        events = np.flatnonzero(self._column["item"][row, : self.size[row]] == item)
        self._drop(row, events)

    def forget_last(self, row: int) -> None:
        """Forget the newest event of one person; an earlier one with the same item counts again."""
        end = int(self.size[row]) - 1
        if end < 0:
            return
        item = self._column["item"][row, end]
        earlier = np.flatnonzero(
            (self._column["item"][row, :end] == item)
            & (self._column["kind"][row, :end] == Kind.RATED)
        )
        if self._column["latest"][row, end] and len(earlier):
            self._column["latest"][row, earlier[-1]] = True
        self._drop(row, np.array([end]))

    def snapshot(self, row: int) -> dict[str, NDArray]:
        """One person's memory as arrays, to put aside between sessions or into a checkpoint."""
        end = int(self.size[row])
        kept = {name: values[row, :end].copy() for name, values in self._column.items()}
        return kept | {"clock": np.array(int(self.clock[row]))}

    def restore(self, row: int, kept: dict[str, NDArray]) -> None:
        """Put a snapshot back into a row."""
        self.clear(np.array([row]))
        end = len(kept["item"])
        if end > self._column["item"].shape[1]:
            self._grow(end)
        for name, values in self._column.items():
            values[row, :end] = kept[name]
        self.size[row], self.clock[row] = end, int(kept["clock"])
        self._length = max(self._length, end)

    def _drop(self, row: int, events: NDArray[np.int64]) -> None:
        keep = np.delete(np.arange(self.size[row]), events)
        for name, values in self._column.items():
            values[row, : len(keep)] = values[row, keep]
            values[row, len(keep) :] = _COLUMNS[name][1]
        self.size[row] = len(keep)

    def _grow(self, needed: int) -> None:
        for name, (kind, fill) in _COLUMNS.items():
            old = self._column[name]
            new = np.full((len(old), max(needed, 2 * old.shape[1])), fill, kind)
            new[:, : old.shape[1]] = old
            self._column[name] = new
