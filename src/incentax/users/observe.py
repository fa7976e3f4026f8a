"""What the recommender sees of a session."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from .session import Session
from .world import World

_FAR = 1e6  # finite bound of clocks and ages


class AbstractObservation(ABC):
    """A view on a session: the space of one row, and the batched values of many."""

    @abstractmethod
    def space(self, world: World) -> spaces.Dict:
        """Observation space of one environment."""

    @abstractmethod
    def read(self, session: Session, rows: NDArray) -> dict[str, Any]:
        """Fresh values of the given rows, each entry with a leading axis of rows."""


def item_features(world: World) -> NDArray[np.float32]:
    """Labels, standardised vote, log count, age and text vector, `float32[N, G + 3 + d]`.

    What a content-based recommender may know of the items; nothing here depends on a person.
    """
    c = world.catalogue
    year = np.array([item.year for item in c], np.float32)
    count = np.log1p(c.votes)
    columns = [
        c.label_matrix,
        c.quality[:, None],
        ((count - count.mean()) / max(float(count.std()), 1e-9))[:, None],
        ((year - year.mean()) / max(float(year.std()), 1e-9))[:, None],
        c.embedding,
    ]
    return np.concatenate(columns, axis=1).astype(np.float32)


@dataclass(frozen=True)
class Features(AbstractObservation):
    """Fixed-size arrays a learner takes as they are.

    **Arguments:**

    - `user_id`: show who it is; off for cold start.
    - `history`: how many recent consumptions are shown, at most 10.
    - `item_ratings`: add the last rating of every item and a separate `seen`.
    - `state`: add mood, trust, satisfaction and mean boredom.
    """

    user_id: bool = True
    history: int = 10
    item_ratings: bool = False
    state: bool = False

    def space(self, world):
        """A `Dict` of Discrete, Box and MultiBinary."""
        num, h = len(world.catalogue), self.history
        width = world.person_features.shape[1]
        high = world.rating_scale.high
        entries: dict[str, spaces.Space] = {}
        if self.user_id:
            entries["user_id"] = spaces.Discrete(len(world.people))
        entries["user_features"] = spaces.Box(0.0, 2.0, (width,), np.float32)
        entries["history_items"] = spaces.Box(-1, num - 1, (h,), np.int32)
        entries["history_ratings"] = spaces.Box(0.0, high, (h,), np.float32)
        entries["history_valid"] = spaces.MultiBinary(h)
        entries["history_age"] = spaces.Box(0.0, _FAR, (h,), np.float32)
        if self.item_ratings:
            entries["item_ratings"] = spaces.Box(0.0, high, (num,), np.float32)
            entries["seen"] = spaces.MultiBinary(num)
        if self.state:
            entries["state"] = spaces.Box(-1.0, _FAR, (4,), np.float32)
        entries["time"] = spaces.Box(0.0, _FAR, (1,), np.float32)
        if world.candidates:
            entries["candidates"] = spaces.Box(0, num - 1, (world.candidates,), np.int64)
        entries["action_mask"] = spaces.MultiBinary(world.candidates or num)
        return spaces.Dict(entries)

    def read(self, session, rows):
        """Copies, safe to keep."""
        world, h = session.world, self.history
        user = session.user[rows]
        values: dict[str, Any] = {}
        if self.user_id:
            values["user_id"] = user.copy()
        values["user_features"] = world.person_features[user]
        items = session.recent_item[rows, :h]
        valid = items >= 0
        age = session.memory.clock[rows, None] - session.recent_time[rows, :h]
        values["history_items"] = items
        values["history_ratings"] = session.recent_rating[rows, :h]
        values["history_valid"] = valid.astype(np.int8)
        values["history_age"] = np.where(valid, age, 0).astype(np.float32)
        if self.item_ratings:
            values["item_ratings"] = last_ratings(session, rows)
            values["seen"] = session.seen[rows]
        if self.state:
            feel = session.feelings
            columns = [feel.mood, feel.trust, feel.satisfaction, feel.boredom.mean(1)]
            values["state"] = np.stack(columns, 1)[rows].astype(np.float32)
        values["time"] = session.step[rows, None].astype(np.float32)
        mask = session.mask(rows)
        if world.candidates:
            values["candidates"] = session.candidates(rows)
            mask = np.take_along_axis(mask, values["candidates"], 1)
        values["action_mask"] = mask
        return values


def last_ratings(session: Session, rows: NDArray) -> NDArray[np.float32]:
    """Last rating of every item, 0 where it has none, `float32[n, N]`."""
    past = session.memory.remembered(rows)
    table = np.zeros((len(rows), len(session.world.catalogue)), np.float32)
    row, event = np.nonzero(past.latest)
    table[row, past.item[row, event]] = past.rating[row, event]
    return table


@dataclass(frozen=True)
class SuberNumbers(AbstractObservation):
    """The published numeric view: who, and the last rating of every item with 0 for unseen."""

    def space(self, world):
        """user_id, item_ratings and the action mask."""
        num, high = len(world.catalogue), world.rating_scale.high
        return spaces.Dict(
            {
                "user_id": spaces.Discrete(len(world.people)),
                "item_ratings": spaces.Box(0.0, high, (num,), np.float32),
                "action_mask": spaces.MultiBinary(num),
            }
        )

    def read(self, session, rows):
        """Copies, safe to keep."""
        return {
            "user_id": session.user[rows],
            "item_ratings": last_ratings(session, rows),
            "action_mask": session.mask(rows),
        }


@dataclass(frozen=True)
class SuberRaw(AbstractObservation):
    """The published raw view: persona texts and the sequence of (action, rating)."""

    def space(self, world):
        """Texts, numbers and a sequence; for reading rather than for learning."""
        num, high = len(world.catalogue), world.rating_scale.high
        letters = frozenset("".join(user.name + user.description for user in world.people) + " ")
        pair = spaces.Tuple((spaces.Discrete(num), spaces.Box(0.0, high, (), np.float32)))
        return spaces.Dict(
            {
                "user_id": spaces.Discrete(len(world.people)),
                "user_name": spaces.Text(100, min_length=0, charset=letters),
                "user_gender": spaces.Discrete(2),
                "user_age": spaces.Box(0, 200, (), np.int64),
                "user_description": spaces.Text(10_000, min_length=0, charset=letters),
                "items_interact": spaces.Sequence(pair),
            }
        )

    def read(self, session, rows):
        """Tuples with one entry per row."""
        people = [session.world.people[int(session.user[row])] for row in rows]
        past = session.memory.remembered(rows)
        rated = [np.flatnonzero(past.latest[k] | (past.count[k] > 0)) for k in range(len(rows))]
        return {
            "user_id": session.user[rows],
            "user_name": tuple(user.name for user in people),
            "user_gender": np.array([int(user.gender == "F") for user in people]),
            "user_age": tuple(np.array(user.age) for user in people),
            "user_description": tuple(user.description for user in people),
            "items_interact": tuple(
                tuple((np.int64(past.item[k, t]), np.array(past.rating[k, t])) for t in events)
                for k, events in enumerate(rated)
            ),
        }


OBSERVATIONS = MappingProxyType(
    {
        "features": Features(),
        "features_all": Features(item_ratings=True, state=True),
        "cold_start": Features(user_id=False),
        "suber_num": SuberNumbers(),
        "suber_raw": SuberRaw(),
    }
)
"""The observations a command line can name."""
