"""One person at a time, as a Gymnasium environment."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from .log import LogRow, html_page, text_line, to_csv
from .observe import AbstractObservation, Features
from .outcome import Outcome
from .session import Session
from .world import World


def action_space(world: World) -> spaces.Space:
    """`Discrete` for one item, `MultiDiscrete` for a slate or with incentive levels."""
    num = world.candidates or len(world.catalogue)
    if world.slate == 1 and not world.incentives:
        return spaces.Discrete(num)
    levels = [len(world.incentives)] if world.incentives else []
    return spaces.MultiDiscrete([num] * world.slate + levels)


def decode_action(
    session: Session, rows: NDArray, action: Any
) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
    """Item indices `int64[n, L]` and incentives `[n]` of batched actions.

    **Raises:** `ValueError` for an action outside the space.
    """
    world = session.world
    table = np.asarray(action, np.int64).reshape(len(rows), -1)
    width = world.slate + bool(world.incentives)
    num = world.candidates or len(world.catalogue)
    items = table[:, : world.slate]
    if table.shape[1] != width or (items < 0).any() or (items >= num).any():
        raise ValueError(
            f"expected {world.slate} item(s) in 0..{num - 1} per person, got "
            f"{np.asarray(action).tolist()}; try env.action_space.sample()"
        )
    if world.candidates:
        items = np.take_along_axis(session.candidates(rows), items, 1)
    if not world.incentives:
        return items, None
    return items, np.asarray(world.incentives)[table[:, -1]]


def unrepeated(items: NDArray, num: int) -> NDArray[np.int64]:
    """Slates with the second mention of an item replaced by the next index not in the slate.

    A learner's action space cannot express distinctness, so the shells repair what they are given.
    """
    items = items.copy()
    if items.shape[1] < 2:
        return items
    for row in np.flatnonzero((np.diff(np.sort(items, 1), axis=1) == 0).any(1)):
        kept: list[int] = []
        for value in items[row].tolist():
            while value in kept:
                value = (value + 1) % num
            kept.append(value)
        items[row] = kept
    return items


class RecommenderEnv(gymnasium.Env):
    """Each episode is one simulated person; an action shows them an item or a slate.

    Observations are those of `observation`, rewards those of `world.reward`. `terminated` means the
    person ended it, `truncated` that it was cut from outside. An invalid reply is a void step:
    reward NaN, `info["valid"]` False, nothing else changed, that item off in the action mask.

    **Arguments:**

    - `world`: everything that decides how an episode goes.
    - `observation`: what the recommender sees.
    - `render_mode`: `human`, `ansi`, `csv` or `html`.
    - `explains`: whether people also say why; with a language model that is a second call.

    >>> import incentax.users
    >>> env = gymnasium.make("incentax/Movies-v0")
    >>> observation, info = env.reset(seed=0)
    >>> observation, reward, terminated, truncated, info = env.step(3)
    >>> 1.0 <= reward <= 10.0, info["item_id"]
    (True, 'm00003')
    """

    metadata = {"render_modes": ["human", "ansi", "csv", "html"], "render_fps": 4}

    def __init__(
        self,
        world: World,
        *,
        observation: AbstractObservation | None = None,
        render_mode: str | None = None,
        explains: bool = False,
    ):
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise ValueError(
                f"expected a render mode among {', '.join(self.metadata['render_modes'])}, got "
                f"{render_mode!r}; try 'ansi'"
            )
        self.world = world
        self.observation = observation or Features()
        self.render_mode = render_mode
        self.session = Session(world, 1)
        self.observation_space = self.observation.space(world)
        self.action_space = action_space(world)
        self.history: list[LogRow] = []
        self._explains = explains
        self._row = np.zeros(1, np.int64)
        self._seeded = False

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Start with a person: `options` may name a `user` (id or index) and `keep_memory`."""
        super().reset(seed=seed)
        if seed is not None or not self._seeded:
            drawn = seed if seed is not None else int(self.np_random.integers(2**62))
            self.session.reseed(self._row, np.array([drawn], np.uint64))
            self._seeded = True
        options = options or {}
        user = options.get("user")
        users = None
        if user is not None:
            users = np.array([self.world.people.index(user) if isinstance(user, str) else user])
            if not 0 <= users[0] < len(self.world.people):
                raise ValueError(
                    f"expected a user id or an index in 0..{len(self.world.people) - 1}, got "
                    f"{user!r}; try leaving it out to draw one"
                )
        self.session.begin(self._row, users, options.get("keep_memory"))
        self.history.clear()
        return self._observe(), {"user_id": self._user().id}

    def step(self, action):
        """Show an item (or a slate) and return what the person did."""
        shown, incentive = decode_action(self.session, self._row, action)
        shown = unrepeated(shown, len(self.world.catalogue))
        asked = None
        if self._explains:
            offer = np.zeros(1) if incentive is None else incentive
            asked = self.session.queries(self._row, shown, offer)
        outcome = self.session.advance(self._row, shown, incentive)
        info = info_columns(self.session, self._row, outcome)
        flat = {key: _plain(value[0]) for key, value in info.items()}
        if asked is not None and outcome.chosen[0] >= 0:
            first = asked.rows(outcome.chosen[:1])
            flat["explanation"] = self.world.rater.explain(first, flat["rating"])
        self.history.append(self._log(outcome, flat))
        if self.render_mode == "human":
            self.render()
        return (
            self._observe(),
            float(outcome.reward[0]),
            bool(outcome.terminated[0]),
            bool(outcome.truncated[0]),
            flat,
        )

    def action_masks(self) -> NDArray[np.bool_]:
        """Which items may be recommended, `bool[N]` (of the candidates, where there are any)."""
        mask = self.session.mask(self._row)
        if self.world.candidates:
            mask = np.take_along_axis(mask, self.session.candidates(self._row), 1)
        return mask[0].astype(bool)

    def render(self):
        """The session so far as text, CSV rows or a page; `human` prints its last line."""
        if self.render_mode == "human":
            if self.history:
                print(text_line(self.history[-1]))
            return None
        if self.render_mode == "ansi":
            return "\n".join(text_line(row) for row in self.history) or "(nothing shown yet)"
        if self.render_mode == "csv":
            return to_csv(self.history)
        if self.render_mode == "html":
            return html_page(self._user(), self.world, self.history)
        return None

    def _user(self):
        return self.world.people[int(self.session.user[0])]

    def _observe(self) -> dict[str, Any]:
        batch = self.observation.read(self.session, self._row)
        return {name: value[0] for name, value in batch.items()}

    def _log(self, outcome: Outcome, info: dict[str, Any]) -> LogRow:
        item = self.world.catalogue[int(outcome.item[0])]
        return LogRow(
            user_id=info["user_id"],
            user_name=self._user().name,
            step=info["step"],
            action=int(outcome.item[0]),
            item_id=item.id,
            item_title=item.title,
            raw=info["raw_rating"],
            rating=info["rating"],
            reward=float(outcome.reward[0]),
            valid=info["valid"],
            expected=info["expected"],
            distribution=tuple(outcome.probability[0].tolist()),
            left=info["left"],
            explanation=info.get("explanation", ""),
        )


def info_columns(session: Session, rows: NDArray, outcome: Outcome) -> dict[str, Any]:
    """What a step reports besides observation and reward, each entry with one value per row."""
    people, catalogue = session.world.people, session.world.catalogue
    info = {
        "raw_rating": outcome.raw,
        "rating": outcome.rating,
        "reward": outcome.reward,
        "expected": outcome.expected,
        "entropy": outcome.entropy,
        "distribution": outcome.probability,
        "residual_mass": outcome.residual,
        "action": outcome.item,
        "chosen": outcome.chosen,
        "watched_fraction": outcome.watched,
        "left": outcome.left,
        "return_gap": outcome.return_gap,
        "valid": outcome.valid,
        "cache_hit": outcome.cached,
        "tokens": outcome.tokens,
        "incentive_cost": outcome.incentive_cost,
        "step": session.step[rows],
        "user": session.user[rows],
        "user_id": Ids(people, session.user[rows]),
        "item_id": Ids(catalogue, outcome.item),
    }
    if outcome.prompt_hash:
        info["prompt_hash"] = np.array(outcome.prompt_hash, object)
    return info


class Ids:
    """Ids of table rows, looked up when asked for: half a million strings a second nobody reads."""

    def __init__(self, table, index: NDArray[np.int64]):
        self.table, self.index = table, index

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, k: int) -> str:
        return self.table[int(self.index[k])].id if self.index[k] >= 0 else ""

    def spread(self, rows: NDArray[np.int64], num: int) -> "Ids":
        """The same ids at `rows` of a longer column, "" elsewhere."""
        index = np.full(num, -1, np.int64)
        index[rows] = self.index
        return Ids(self.table, index)

    def __array__(self, dtype=None, copy=None):
        return np.array([self[k] for k in range(len(self))], object)


def _plain(value):
    return value.item() if isinstance(value, np.generic) else value
