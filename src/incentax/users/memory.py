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
    "time": (np.int32, 0),
    "count": (np.int32, 0),
    "step": (np.int32, 0),
    "latest": (np.bool_, False),
}


@dataclass(frozen=True)
class Remembered:
    """Views `[n, T]` on the rated events of n people, oldest first.

    `latest` marks the last event with each item, `count` how often it had been consumed by then.
    """

    item: NDArray[np.int32]
    rating: NDArray[np.float32]
    time: NDArray[np.int32]
    count: NDArray[np.int32]
    latest: NDArray[np.bool_]


class _Events:
    """Rows of events, `size[r]` of them in row r, in columns that grow by doubling."""

    def __init__(self, num_rows: int):
        self.size = np.zeros(num_rows, np.int64)
        self.length = 0
        self.column = {k: np.full((num_rows, 16), fill, t) for k, (t, fill) in _COLUMNS.items()}

    def clear(self, rows) -> None:
        self.size[rows] = 0
        self.column["latest"][rows] = False
        self.column["item"][rows] = -1
        self.length = int(self.size.max(initial=0))

    def append(self, rows, **values) -> None:
        end = self.size[rows]
        needed = int(end.max()) + 1
        self._fit(needed)
        for name, value in values.items():
            self.column[name][rows, end] = value
        self.size[rows] = end + 1
        self.length = max(self.length, needed)

    def drop(self, row: int, events) -> None:
        keep = np.delete(np.arange(self.size[row]), events)
        for name, values in self.column.items():
            values[row, : len(keep)] = values[row, keep]
            values[row, len(keep) :] = _COLUMNS[name][1]
        self.size[row] = len(keep)

    def snapshot(self, row: int) -> dict[str, NDArray]:
        return {k: values[row, : self.size[row]].copy() for k, values in self.column.items()}

    def restore(self, row: int, kept: dict[str, NDArray]) -> None:
        self.clear(np.array([row]))
        end = len(kept["item"])
        self._fit(end)
        for name, values in self.column.items():
            values[row, :end] = kept[name]
        self.size[row] = end
        self.length = max(self.length, end)

    def _fit(self, needed: int) -> None:
        width = self.column["item"].shape[1]
        if needed <= width:
            return
        for name, (kind, fill) in _COLUMNS.items():
            wider = np.full((len(self.size), max(needed, 2 * width)), fill, kind)
            wider[:, :width] = self.column[name]
            self.column[name] = wider


class Memory:
    """What n people consumed and what they skipped, one row each, on one logical clock per person.

    Logical time counts a person's events from 1. `capacity`, if given, drops the oldest consumption
    when full. Skipped items are kept apart: they never come to mind and carry no rating.

    >>> memory = Memory(1)
    >>> memory.consume([0], item=[4], rating=[7.0], raw=[6.6], step=[0])
    >>> memory.skip([0], item=[9], step=[1])
    >>> memory.consume([0], item=[4], rating=[8.0], raw=[8.0], step=[2])
    >>> [(event.logical_time, event.watch_count) for event in memory.interactions(0)]
    [(1, 1), (2, 0), (3, 2)]
    """

    def __init__(self, num_people: int, capacity: int | None = None):
        self.clock = np.zeros(num_people, np.int64)
        self._capacity = capacity
        self._rated = _Events(num_people)
        self._skipped = _Events(num_people)

    def clear(self, rows: NDArray[np.int64]) -> None:
        """Forget everything the given rows remember."""
        self.clock[rows] = 0
        self._rated.clear(rows)
        self._skipped.clear(rows)

    def consume(self, rows: ArrayLike, *, item, rating, raw, step, reward=0.0) -> None:
        """Append one rated event per row; arguments are as long as `rows`, rows are distinct."""
        rows = np.asarray(rows, np.int64)
        if not len(rows):
            return
        events = self._rated
        if self._capacity is not None:
            for row in rows[events.size[rows] >= self._capacity]:
                events.drop(int(row), np.array([0]))
        item = np.asarray(item, np.int32)
        past, latest = events.column, events.column["latest"]
        t = events.length
        same = (past["item"][rows, :t] == item[:, None]) & latest[rows, :t]
        before = (past["count"][rows, :t] * same).sum(1)
        latest[rows, :t] &= ~same
        self.clock[rows] += 1
        events.append(
            rows,
            item=item,
            rating=rating,
            raw=raw,
            reward=reward,
            time=self.clock[rows],
            count=before + 1,
            step=step,
            latest=True,
        )

    def skip(self, rows: ArrayLike, *, item, step) -> None:
        """Append one event without a rating per row."""
        rows = np.asarray(rows, np.int64)
        if not len(rows):
            return
        self.clock[rows] += 1
        self._skipped.append(rows, item=item, time=self.clock[rows], step=step)

    def remembered(self, rows: NDArray[np.int64] | slice) -> Remembered:
        """The rated events of the given rows, `[n, T]` with T the longest memory of all."""
        c, t = self._rated.column, self._rated.length
        return Remembered(
            c["item"][rows, :t],
            c["rating"][rows, :t],
            c["time"][rows, :t],
            c["count"][rows, :t],
            c["latest"][rows, :t],
        )

    def last_seen(self, rows, item: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Times each row has consumed `item[n]` and the logical time it last did (0 if never)."""
        c, t = self._rated.column, self._rated.length
        same = (c["item"][rows, :t] == np.asarray(item)[:, None]) & c["latest"][rows, :t]
        return (c["count"][rows, :t] * same).sum(1), (c["time"][rows, :t] * same).sum(1)

    def interactions(self, row: int, item: int | None = None) -> list[Interaction]:
        """Chronological events of one person, all or with one item."""
        found = []
        for events, kind in ((self._rated, Kind.RATED), (self._skipped, Kind.SKIPPED)):
            c = events.column
            found += [
                Interaction(
                    item=int(c["item"][row, t]),
                    raw_rating=float(c["raw"][row, t]),
                    rating=float(c["rating"][row, t]),
                    reward=float(c["reward"][row, t]),
                    kind=kind,
                    logical_time=int(c["time"][row, t]),
                    watch_count=int(c["count"][row, t]),
                    step=int(c["step"][row, t]),
                )
                for t in range(events.size[row])
                if item is None or c["item"][row, t] == item
            ]
        return sorted(found, key=lambda event: event.logical_time)

    def forget_item(self, row: int, item: int) -> None:
        """Forget every event of one person with one item."""
        for events in (self._rated, self._skipped):
            held = events.column["item"][row, : events.size[row]]
            events.drop(row, np.flatnonzero(held == item))

    def forget_last(self, row: int) -> None:
        """Forget a person's newest consumption; an earlier one of the same item counts again."""
        events = self._rated
        end = int(events.size[row]) - 1
        if end < 0:
            return
        items = events.column["item"][row]
        earlier = np.flatnonzero(items[:end] == items[end])
        if len(earlier):
            events.column["latest"][row, earlier[-1]] = True
        events.drop(row, np.array([end]))

    def snapshot(self, row: int) -> dict[str, NDArray]:
        """One person's memory as arrays, to put aside between sessions or into a checkpoint."""
        kept = {f"rated.{k}": v for k, v in self._rated.snapshot(row).items()}
        kept |= {f"skipped.{k}": v for k, v in self._skipped.snapshot(row).items()}
        return kept | {"clock": np.array(int(self.clock[row]))}

    def restore(self, row: int, kept: dict[str, NDArray]) -> None:
        """Put a snapshot back into a row."""
        for name, events in (("rated", self._rated), ("skipped", self._skipped)):
            events.restore(row, {k: kept[f"{name}.{k}"] for k in _COLUMNS})
        self.clock[row] = int(kept["clock"])
