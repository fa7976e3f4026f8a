"""The state of n people being served, as arrays; one person and a million are the same code."""

from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .candidates import Candidates
from .choice import Slate
from .dynamics import Feelings
from .ending import return_gap
from .hearing import Heard, hear, inner_noise, watched_share
from .memory import Memory, MemoryScope, Remembered
from .outcome import Outcome, told
from .people import Taste
from .query import Queries, Reactions
from .streams import Draws, Stream, episode_key, uniform
from .world import World

_RECENT = 10


class Session:
    """n rows, each one person in one episode. Randomness is a function of (seed, episode, step).

    The only mutable object of the world; `begin` and `advance` are all that changes it.
    """

    def __init__(self, world: World, num_rows: int):
        catalogue, n = world.catalogue, num_rows
        self.world = world
        self.seed = np.zeros(n, np.uint64)
        self.episode = np.full(n, -1, np.int64)
        self.key = np.zeros(n, np.uint64)
        self.step = np.zeros(n, np.int64)
        self.user = np.zeros(n, np.int64)
        self.voids = np.zeros(n, np.int64)
        self.blocked = np.zeros((n, len(catalogue)), np.int8)
        self.seen = np.zeros((n, len(catalogue)), np.int8)
        self.num_seen = np.zeros(n, np.int64)
        self.recent_item = np.full((n, _RECENT), -1, np.int32)
        self.recent_rating = np.zeros((n, _RECENT), np.float32)
        self.recent_time = np.zeros((n, _RECENT), np.int32)
        self.memory = Memory(n, world.capacity)
        self.feelings = Feelings(n, catalogue, world.dynamics)
        self._vectors = Taste(world.people, catalogue).vector if world.dynamics.drift else None
        self._trust = world.people.trait("trust", 0.5)
        self._aside: list[dict[int, dict[str, Any]]] = [{} for _ in range(n)]
        self._candidates = Candidates.of(len(catalogue), world.candidates)

    def __len__(self) -> int:
        return len(self.seed)

    def reseed(self, rows: NDArray, seed: NDArray) -> None:
        """Start the rows' random numbers afresh and forget what was put aside."""
        self.seed[rows] = seed.astype(np.uint64)
        self.episode[rows] = -1
        for row in rows:
            self._aside[row].clear()

    def begin(
        self, rows: NDArray, users: NDArray | None = None, keep_memory: bool | None = None
    ) -> None:
        """Start an episode in each row, with given users (−1: drawn) or drawn ones."""
        scope = self.world.memory
        keeps = scope == MemoryScope.USER if keep_memory is None else keep_memory
        for row in rows if scope == MemoryScope.USER or keep_memory else ():
            if self.episode[row] >= 0:
                self._aside[row][int(self.user[row])] = self._snapshot_row(row)
        self.episode[rows] += 1
        self.key[rows] = episode_key(self.seed[rows], self.episode[rows])
        self.step[rows] = 0
        self.voids[rows] = 0
        num = len(self.world.people)
        drawn = (uniform(self.key[rows], 0, Stream.USER)[:, 0] * num).astype(np.int64)
        self.user[rows] = drawn if users is None else np.where(users >= 0, users, drawn)
        self.blocked[rows] = 0
        self.seen[rows] = 0
        self.num_seen[rows] = 0
        self.recent_item[rows] = -1
        self.recent_rating[rows] = 0.0
        self.recent_time[rows] = 0
        self.memory.clear(rows)
        user = self.user[rows]
        taste = None if self._vectors is None else self._vectors[user]
        self.feelings.begin(rows, self._trust[user], taste)
        for row in rows if keeps else ():
            kept = self._aside[row].get(int(self.user[row]))
            if kept is not None:
                self._restore_row(row, kept)

    def mask(self, rows: NDArray) -> NDArray[np.int8]:
        """1 where an item may be recommended, `int8[n, N]`."""
        blocked = self.blocked[rows]
        if not self.world.allow_repeats:
            blocked |= self.seen[rows]
        return 1 - blocked

    def candidates(self, rows: NDArray) -> NDArray[np.int64]:
        """The C distinct items on offer at this step, `int64[n, C]`."""
        return self._candidates.draw(self.key[rows], self.step[rows])

    def queries(self, rows: NDArray, shown: NDArray, incentive: NDArray) -> Queries:
        """The n·L questions a slate `shown[n, L]` puts to the people of `rows`, row by row."""
        world, length = self.world, shown.shape[1]
        past = self._eligible(rows)
        item, flat = shown.reshape(-1), rows
        now = self.memory.clock[rows] + 1
        if length > 1:
            spread = np.repeat(np.arange(len(rows)), length)
            past = Remembered(*(getattr(past, f.name)[spread] for f in fields(Remembered)))
            flat, now, incentive = rows[spread], now[spread], incentive[spread]
        same = (past.item == item[:, None]) & past.latest
        picked = world.retrieval.select(past, item, world.catalogue, now)
        found, place = picked >= 0, np.maximum(picked, 0)
        row = np.arange(len(item))[:, None]
        if past.item.shape[1]:
            history = np.where(found, past.item[row, place], -1)
            ratings = np.where(found, past.rating[row, place], 0.0)
        else:
            history, ratings = np.full(picked.shape, -1), np.zeros(picked.shape)
        dynamics, feel = world.dynamics, self.feelings
        n = len(item)
        bored = feel.bored(rows, shown).reshape(-1) if dynamics.boredom else np.zeros(n)
        return Queries(
            people=world.people,
            catalogue=world.catalogue,
            scale=world.rating_scale,
            user=self.user[flat],
            item=item,
            history_item=history,
            history_rating=ratings,
            watch_count=(past.count * same).sum(1),
            mood=feel.mood[flat],
            boredom=bored,
            trust=feel.trust[flat] if dynamics.trust else np.full(n, 0.5),
            incentive=incentive,
            taste=feel.taste[flat] if dynamics.drift else None,
        )

    def advance(
        self,
        rows: NDArray,
        shown: NDArray,
        incentive: NDArray | None = None,
        promised: NDArray | None = None,
    ) -> Outcome:
        """Show slates `int64[n, L]` to the people of `rows` and let them react.

        **Arguments:**

        - `incentive[n]`: what is offered on top of every item of the slate.
        - `promised[n]`: enjoyment in [0, 1] the recommender announces, one half by default.

        **Raises:** `ValueError` for an item twice in a slate; `ModelError` from the back end, in
        which case nothing has changed.
        """
        n = len(rows)
        if shown.shape[1] > 1 and (np.diff(np.sort(shown, 1), axis=1) == 0).any():
            raise ValueError(
                "expected distinct items in a slate, got one twice; try drawing without replacement"
            )
        offer = np.zeros(n) if incentive is None else incentive
        queries = self.queries(rows, shown, offer)
        reactions = self.world.rater.react(queries)
        said = np.full(n, 0.5) if promised is None else promised
        return self._settle(rows, shown, queries, reactions, offer, said)

    def _settle(self, rows, shown, queries, reactions: Reactions, offer, promised) -> Outcome:
        world, key, step = self.world, self.key[rows], self.step[rows]
        heard = hear(world, reactions, shown.shape[1], key, step, self.feelings.trust[rows])
        valid, draws = heard.valid, Draws(key, step)
        slate = Slate(heard.utility, heard.nothing, world.catalogue.vote[shown], draws, queries)
        chosen = world.choice.choose(slate) & valid[:, None]
        rating = world.perturbation.perturb(
            heard.raw, world.rating_scale, draws, world.reading.rounds
        )
        reward, consumed, ends, watched = self._consume(
            rows, shown, heard, chosen, rating, promised, draws
        )
        any_ = consumed > 0
        mean = np.where(any_, reward / np.maximum(consumed, 1), world.reward.skipped)
        first = np.where(any_, chosen.argmax(1), -1)
        terminated, truncated, left, gap = self._end(rows, shown, valid, ends, key, step)
        r = world.reward
        total = r.rating * mean + r.consumed * consumed + r.watched * watched
        total = total + r.stayed * ~terminated - r.cost * offer * consumed
        return told(
            heard,
            reactions,
            shown,
            rating,
            first,
            reward=np.where(valid, total, np.nan),
            terminated=terminated,
            truncated=truncated,
            watched=watched,
            left=left,
            return_gap=gap,
            incentive_cost=offer * consumed,
        )

    def _consume(self, rows, shown, heard: Heard, chosen, rating, promised, draws: Draws):
        """Reward, items consumed, ends forced and shares watched `[n]`; `chosen` is corrected."""
        world, scale, (n, length) = self.world, self.world.rating_scale, shown.shape
        key, step = draws.key, self.step[rows]
        reward, consumed, ends = np.zeros(n), np.zeros(n, np.int64), np.zeros(n, bool)
        watched = np.zeros(n)
        shaping = draws.uniform(Stream.SHAPING, length)
        noise = inner_noise(world, key, step)
        for j in range(length):
            got = np.flatnonzero(chosen[:, j])
            at, item = rows[got], shown[got, j]
            before, when = self.memory.last_seen(at, item)
            shaped = world.shaping.shape(
                rating[got, j],
                before + 1,
                self.memory.clock[at] + 1 - when,
                self.feelings.bored(at, item),
                scale,
                shaping[got, j],
            )
            chosen[got, j] = ~shaped.unwatched
            worth = np.zeros(n)
            worth[got] = np.where(shaped.unwatched, world.reward.skipped, shaped.reward)
            reward += worth
            ends[got] |= shaped.ends
            consumed[got] += ~shaped.unwatched
            said = (rating[:, j], heard.raw[:, j], worth)
            self._remember(rows, heard.valid, chosen[:, j], shown[:, j], *said)
            took = got[~shaped.unwatched]
            share = (rating[took, j] - scale.low) / (scale.high - scale.low)
            watched[took] += watched_share(key[took], step[took], share)
            self.feelings.react(rows[took], shown[took, j], share, promised[took], noise[took])
        return reward, consumed, ends, watched

    def _end(self, rows, shown, valid, ends, key, step):
        """Who is terminated, truncated, has left, and the days until those return, `[n]` each."""
        world, feel, n = self.world, self.feelings, len(rows)
        bored = feel.bored(rows, shown).mean(1) if world.dynamics.boredom else np.zeros(n)
        hazard = world.ending.hazard(bored, feel.satisfaction[rows])
        left = uniform(key, step, Stream.TERMINATION)[:, 0] < hazard
        terminated = valid & (left | ends)
        self.step[rows] += valid
        self.voids[rows] += ~valid
        self.blocked[rows[~valid][:, None], shown[~valid]] = 1
        truncated = self.voids[rows] > world.max_voids
        if world.max_steps:
            truncated |= self.step[rows] >= world.max_steps
        if not world.allow_repeats:
            truncated |= self.num_seen[rows] + world.slate > len(world.catalogue)
        gap = np.zeros(n, np.int64)
        over = np.flatnonzero(terminated)
        if len(over):
            back = uniform(key[over], step[over], Stream.RETURN)[:, 0]
            gap[over] = return_gap(feel.satisfaction[rows[over]], back)
        return terminated, truncated, terminated & left, gap

    def _remember(self, rows, valid, chosen, item, rating, raw, reward) -> None:
        skipped = np.flatnonzero(valid & ~chosen)
        at = rows[skipped]
        self.memory.skip(at, item=item[skipped], step=self.step[at])
        took = np.flatnonzero(chosen)
        at, got, rating = rows[took], item[took], rating[took]
        self.memory.consume(
            at, item=got, rating=rating, raw=raw[took], step=self.step[at], reward=reward[took]
        )
        self.num_seen[at] += self.seen[at, got] == 0
        self.seen[at, got] = 1
        for table, value in (
            (self.recent_item, got),
            (self.recent_rating, rating),
            (self.recent_time, self.memory.clock[at]),
        ):
            table[at, 1:] = table[at, :-1]
            table[at, 0] = value

    def _eligible(self, rows) -> Remembered:
        past = self.memory.remembered(rows)
        if not self.world.forgetting:
            return past
        age = self.memory.clock[rows][:, None] - past.time
        u = uniform(self.key[rows], 0, Stream.FORGETTING, past.item.shape[1])
        alive = past.latest & (u <= 2.0 ** (-age / self.world.forgetting))
        return Remembered(past.item, past.rating, past.time, past.count, alive)

    def _snapshot_row(self, row: int) -> dict[str, Any]:
        return {"memory": self.memory.snapshot(row), "feelings": self.feelings.snapshot(row)} | {
            name: getattr(self, name)[row].copy() for name in _KEPT
        }

    def _restore_row(self, row: int, kept: dict[str, Any]) -> None:
        self.memory.restore(row, kept["memory"])
        self.feelings.restore(row, kept["feelings"])
        for name in _KEPT:
            getattr(self, name)[row] = kept[name]


_KEPT = ("seen", "num_seen", "recent_item", "recent_rating", "recent_time")
