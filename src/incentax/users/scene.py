"""A scene: options in words, what each can bear, and the people who choose between them."""

import hashlib
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from string import Template

import numpy as np

from .bundled import bundled_people
from .people import People
from .records import User
from .streams import Stream, episode_key, uniform

Levels = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Scene:
    """Everything about a choice between priced options except prices and people.

    `option[J]` are the words, `place[J]` where each lies on a line, `capacity[J]` what it can bear
    relative to the others, `preferred[J]` how many people like it best. `distance`, `money` and
    `crowd` pair a sentence about a person with what it is worth: euros per unit of place, weight of
    a euro, euros per fair share of people at the same option. `hash` covers every byte of its file.
    """

    id: str
    version: str
    title: str
    summary: str
    currency: str
    system: str
    question: str
    prefix: str
    stricter: str
    persona: str
    line: str
    costs: str
    pays: str
    free: str
    option: tuple[str, ...]
    place: tuple[float, ...]
    capacity: tuple[float, ...]
    preferred: tuple[float, ...]
    distance: Levels
    money: Levels
    crowd: Levels
    hash: str

    @property
    def num_options(self) -> int:
        """Number of options J."""
        return len(self.option)

    def people(self, num: int, seed: int = 0) -> People:
        """`num` grown-ups of this scene, whose text and traits say the same.

        >>> find_scene("departure").people(2)[0].traits["ideal"] in range(5)
        True
        """
        if num < 1:
            raise ValueError(f"expected one or more people, got {num}; try 1000")
        grown = [user for user in bundled_people("movies") if user.age >= 18]
        key = episode_key(np.full(num, seed), np.arange(num))
        draws = uniform(key, 0, Stream.USER, 4)
        likes = np.searchsorted(np.cumsum(self.preferred), draws[:, 0] * sum(self.preferred))
        users = []
        for k in range(num):
            chosen = {
                name: levels[int(draws[k, 1 + j] * len(levels))]
                for j, (name, levels) in enumerate(self._levels().items())
            }
            users.append(self._person(k, grown[k % len(grown)], int(likes[k]), chosen))
        return People(users)

    def _levels(self) -> dict[str, Levels]:
        return {"distance": self.distance, "money": self.money, "crowd": self.crowd}

    def _person(self, k: int, like: User, ideal: int, chosen: dict[str, tuple[str, float]]) -> User:
        words = {name: sentence for name, (sentence, _) in chosen.items()}
        words |= {"name": like.name, "age": str(like.age), "noun": like.noun}
        text = Template(self.persona).substitute(words | {"ideal": self.option[ideal]})
        traits = {name: worth for name, (_, worth) in chosen.items()} | {"ideal": ideal}
        return User(
            f"{self.id}{k:06d}",
            like.name,
            like.gender,
            like.age,
            text,
            traits=traits,
            source="scene",
        )


def scene_names() -> tuple[str, ...]:
    """Names of the bundled scenes."""
    return tuple(sorted(path.stem for path in _folder().glob("*.toml")))


@lru_cache(maxsize=32)
def find_scene(name: str) -> Scene:
    """The bundled scene called `name`, or the one in the TOML file `name`.

    **Raises:** `ValueError` for an unknown name or a broken file.

    >>> find_scene("beach").num_options
    7
    """
    if name in scene_names():
        return load_scene(_folder() / f"{name}.toml")
    if not name.endswith(".toml"):
        raise ValueError(
            f"expected a scene among {', '.join(scene_names())} or a TOML file, got {name!r}; "
            "try departure"
        )
    return load_scene(Path(name))


def load_scene(path: Path | str) -> Scene:
    """The scene in a TOML file.

    **Raises:** `ValueError` for a missing or broken file, or columns that disagree.
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
        table = tomllib.loads(raw.decode("utf-8"))
        table["system"] = table["system"].strip()
        for name in ("option", "place", "capacity", "preferred"):
            table[name] = tuple(table[name])
        for name in ("distance", "money", "crowd"):
            table[name] = tuple((str(words), float(worth)) for words, worth in table[name])
        scene = Scene(**table, hash=hashlib.sha256(raw).hexdigest()[:16])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"expected a scene in {path}, got {type(error).__name__}: {error}; try copying a "
            "bundled one"
        ) from error
    lengths = {len(scene.option), len(scene.place), len(scene.capacity), len(scene.preferred)}
    if len(lengths) != 1 or not 2 <= scene.num_options <= 26:
        raise ValueError(
            f"expected 2 to 26 options, each with a place, a capacity and a preference, got "
            f"columns of {sorted(lengths)} in {path.name}; add what is missing"
        )
    if min(scene.capacity) <= 0 or min(scene.preferred) < 0 or sum(scene.preferred) <= 0:
        raise ValueError(
            f"expected positive capacities and shares of preference in {path.name}, got others; "
            "try 1.0"
        )
    return scene


def _folder() -> Path:
    return Path(str(resources.files("incentax.users").joinpath("data", "scenes")))
