"""A world is a frozen list of choices: who is served what, who answers, and what it is worth."""

import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .catalogue import Catalogue
from .choice import AbstractChoice, Single
from .dynamics import Dynamics
from .ending import AbstractEnding, GeometricEnd
from .memory import MemoryScope
from .people import GENDERS, People, Taste
from .perturbation import AbstractPerturbation, NoPerturbation
from .query import AbstractRater
from .reading import AbstractReading, Sample
from .retrieval import AbstractRetrieval, Last
from .scales import Scale
from .shaping import AbstractShaping, Unshaped


@dataclass(frozen=True)
class Reward:
    """What the recommender earns, a weighted sum per step.

    `rating`: mean shaped rating of what was consumed (`skipped` if nothing was); `consumed`: number
    of items consumed; `watched`: share of the item watched; `stayed`: 1 if the person stays;
    `cost`: price of one unit of incentive.

    >>> Reward(rating=0.0, watched=1.0).watched
    1.0
    """

    rating: float = 1.0
    consumed: float = 0.0
    watched: float = 0.0
    stayed: float = 0.0
    cost: float = 0.0
    skipped: float = 0.0


@dataclass(frozen=True, eq=False)
class World:
    """Everything that decides how an episode goes, except the seed.

    **Main arguments:**

    - `catalogue`, `people`: what can be recommended, and to whom.
    - `rater`: who answers; the back end.
    - `slate`: items shown at once, L.

    **Other arguments:**

    - `scale`: the scale people answer on; the domain's own by default.
    - `retrieval, reading, choice, perturbation, shaping, ending, dynamics, reward`: strategies.
    - `memory`, `capacity`: who forgets at a reset, and how much a person can remember.
    - `forgetting`: half-life of a memory in logical ticks, 0 for none.
    - `allow_repeats`: whether the action mask keeps items already consumed.
    - `candidates`: if positive, the action picks from that many items drawn at every step.
    - `incentives`: levels an action may add, e.g. `(0.0, 0.5, 1.0)`; none by default.
    - `max_steps`: steps after which an episode is cut from outside, 0 for never.
    - `max_voids`: invalid replies an episode survives.

    **Raises:** `ValueError` for settings that contradict one another.
    """

    catalogue: Catalogue
    people: People
    rater: AbstractRater
    slate: int = 1
    scale: Scale | None = None
    retrieval: AbstractRetrieval = Last()
    reading: AbstractReading = Sample()
    choice: AbstractChoice = Single()
    perturbation: AbstractPerturbation = NoPerturbation()
    shaping: AbstractShaping = Unshaped()
    ending: AbstractEnding = GeometricEnd()
    dynamics: Dynamics = Dynamics()
    reward: Reward = Reward()
    memory: MemoryScope = MemoryScope.EPISODE
    capacity: int | None = None
    forgetting: float = 0.0
    allow_repeats: bool = False
    candidates: int = 0
    incentives: tuple[float, ...] = ()
    position_cost: float = 0.05
    no_choice: float = 0.0
    max_steps: int = 0
    max_voids: int = 5

    def __post_init__(self):
        object.__setattr__(self, "memory", MemoryScope(self.memory))
        if self.scale is None:
            object.__setattr__(self, "scale", self.catalogue.domain.scale)
        num = len(self.catalogue)
        if not 1 <= self.slate <= num:
            raise ValueError(f"expected a slate of 1 to {num} items, got {self.slate}; try slate=5")
        if isinstance(self.choice, Single) and self.slate > 1:
            raise ValueError(
                f"expected a choice model for a slate of {self.slate}, got Single(); "
                "try choice=MultinomialLogit()"
            )
        if self.candidates and not self.slate <= self.candidates <= num:
            raise ValueError(
                f"expected {self.slate} to {num} candidates, got {self.candidates}; try 0 for all"
            )
        if not self.allow_repeats and self.shaping.inert_without_repeats:
            warnings.warn(
                f"{type(self.shaping).__name__} only changes rewards of repeated items, which the "
                "action mask hides; set allow_repeats=True",
                stacklevel=3,
            )

    @property
    def rating_scale(self) -> Scale:
        """The scale people answer on."""
        assert self.scale is not None
        return self.scale

    @cached_property
    def person_features(self) -> NDArray[np.float32]:
        """Age / 100, gender, liked and disliked labels of everybody, `float32[U, 4 + 2G]`."""
        taste = Taste(self.people, self.catalogue)
        gender = np.eye(len(GENDERS), dtype=np.float32)[self.people.gender]
        age = (self.people.age / 100.0).astype(np.float32)[:, None]
        return np.concatenate([age, gender, taste.liked, taste.disliked], axis=1)
