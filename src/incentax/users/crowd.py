"""A crowd: people who choose from a menu, of whom the outside sees only what they chose."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .menu import Menu
from .people import People
from .scene import Scene
from .streams import Stream, episode_key, uniform


class AbstractChooser(ABC):
    """How people choose from a menu: `people` choose between the options of `scene`."""

    scene: Scene
    people: People

    @abstractmethod
    def probabilities(self, menu: Menu) -> NDArray[np.float64]:
        """Choice probabilities `[n, J]`; a row of NaN for a person without a valid answer.

        **Raises:** `ModelError` when a model cannot answer at all.
        """

    @abstractmethod
    def close(self) -> None:
        """Release what the chooser holds."""


@final
@dataclass(frozen=True, eq=False)
class RuleChooser(AbstractChooser):
    """People who weigh distance, price and crowd by a formula, with logit noise of one euro.

    Utility in euros: −distance·|place_j − place_ideal| − money·price_j − crowd·J·share_j. Prices
    and shares are those on the menu, in whole cents and per cent: they read what everybody reads.

    Reference: McFadden (1974), conditional logit.
    """

    scene: Scene
    people: People
    ideal: NDArray[np.float64]
    distance: NDArray[np.float64]
    money: NDArray[np.float64]
    crowd: NDArray[np.float64]

    @classmethod
    def of(cls, scene: Scene, people: People) -> "RuleChooser":
        """The formula with the traits of these people."""
        place = np.asarray(scene.place)
        columns = (people.trait(name, 0.0) for name in ("distance", "money", "crowd"))
        return cls(scene, people, place[people.trait("ideal", 0.0).astype(int)], *columns)

    def probabilities(self, menu: Menu) -> NDArray[np.float64]:
        """Exact probabilities."""
        place = np.asarray(self.scene.place)
        utility = (
            -self.distance[:, None] * np.abs(place - self.ideal[:, None])
            - self.money[:, None] * menu.price
            - self.crowd[:, None] * len(place) * menu.share
        )
        weight = np.exp(utility - utility.max(1, keepdims=True))
        return weight / weight.sum(1, keepdims=True)

    def close(self) -> None:
        """Nothing is held."""


@final
@dataclass(frozen=True)
class Days:
    """What a crowd did: mean and last shares `[J]` over some days, and invalid answers."""

    mean: NDArray[np.float64]
    last: NDArray[np.float64]
    num_void: int


@final
@dataclass(frozen=True, eq=False)
class Crowd:
    """People on days: each reads prices and what people did the day before, and chooses.

    The one thing that leaves is how many chose what: no utility, no probability, no persona.

    >>> from incentax.users.scene import find_scene
    >>> scene = find_scene("departure")
    >>> crowd = Crowd(RuleChooser.of(scene, scene.people(100)))
    >>> float(crowd.live(np.zeros(5), np.full(5, 0.2), seed=0, num_days=2).mean.sum().round(12))
    1.0
    """

    chooser: AbstractChooser

    def live(self, price: ArrayLike, share: ArrayLike, *, seed: int, num_days: int) -> Days:
        """`num_days` at prices `[J]`, the first after a day with shares `[J]`.

        The same seed gives the same days.

        **Raises:** `ModelError` from a model; `ValueError` where nobody gave a valid answer.
        """
        scene = self.chooser.scene
        num = len(self.chooser.people)
        key = episode_key(np.full(num, seed, np.uint64), np.arange(num))
        last = np.asarray(share, np.float64)
        total, num_void = np.zeros(scene.num_options), 0
        for day in range(num_days):
            probability = self.chooser.probabilities(Menu.of(scene, price, last))
            valid = np.isfinite(probability).all(1)
            if not valid.any():
                raise ValueError(
                    "expected at least one valid choice, got none from "
                    f"{num} people; try another model"
                )
            draw = uniform(key[valid], day, Stream.CHOICE)
            chosen = (np.cumsum(probability[valid], 1)[:, :-1] <= draw).sum(1)
            last = np.bincount(chosen, minlength=scene.num_options) / len(chosen)
            total += last
            num_void += num - len(chosen)
        return Days(total / num_days, last, num_void)
