"""How people change while they are served: mood, boredom, trust and drifting taste."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .catalogue import Catalogue
from .text import unit


@dataclass(frozen=True)
class Dynamics:
    """Which states move and how fast. Everything is off unless given.

    With r̃ = (r − r_min)/(r_max − r_min):
    boredom b_g ← δ b_g + 1[g ∈ G]/|G|; mood m ← ρ m + (1 − ρ)(2r̃ − 1) + σ_m ξ;
    trust τ ← clip(τ + η(r̃ − promised), 0, 1); taste θ ← normalise((1 − κ)θ + κ(2r̃ − 1)e + σ_d ξ).

    >>> Dynamics().moves, Dynamics.full().moves
    (False, True)
    """

    mood: bool = False
    boredom: bool = False
    trust: bool = False
    drift: bool = False
    mood_memory: float = 0.9
    mood_noise: float = 0.1
    boredom_memory: float = 0.9
    trust_rate: float = 0.05
    drift_rate: float = 0.02
    drift_noise: float = 0.01
    satisfaction_memory: float = 0.9

    @classmethod
    def full(cls) -> "Dynamics":
        """Everything moves, at the default rates."""
        return cls(mood=True, boredom=True, trust=True, drift=True)

    @property
    def moves(self) -> bool:
        """Whether anything a person answers with can change."""
        return self.mood or self.boredom or self.trust or self.drift


class Feelings:
    """The moving states of n people.

    `mood[n]`, `boredom[n, G]`, `trust[n]`, `satisfaction[n]` and `taste[n, d]`.
    """

    def __init__(self, num_people: int, catalogue: Catalogue, dynamics: Dynamics):
        self._dynamics, self._catalogue = dynamics, catalogue
        self.mood = np.zeros(num_people)
        self.trust = np.full(num_people, 0.5)
        self.satisfaction = np.zeros(num_people)
        self.boredom = np.zeros((num_people, len(catalogue.labels) or 1))
        width = catalogue.embedding.shape[1] if dynamics.drift else 0
        self.taste = np.zeros((num_people, width), np.float32)

    def begin(self, rows: NDArray, trust: NDArray, taste: NDArray | None) -> None:
        """Fresh feelings for the given rows, with the persona's own trust and taste."""
        self.mood[rows] = 0.0
        self.satisfaction[rows] = 0.0
        self.boredom[rows] = 0.0
        self.trust[rows] = trust
        if self._dynamics.drift and taste is not None:
            self.taste[rows] = taste

    def bored(self, rows: NDArray, item: NDArray) -> NDArray[np.float64]:
        """Mean boredom with the labels of `item[n]`, or of `item[n, L]`, in the same shape."""
        share = self._catalogue.label_share[item]
        if share.ndim == 3:
            return np.einsum("nlg,ng->nl", share, self.boredom[rows])
        return np.einsum("ng,ng->n", share, self.boredom[rows])

    def react(self, rows: NDArray, item: NDArray, score: NDArray, promised, noise) -> None:
        """Move the states of people who consumed `item[n]` with r̃ = `score[n]` in [0, 1].

        `promised[n]` is r̃ as announced, `noise[n, 1 + d]` standard normal.
        """
        d, keep = self._dynamics, self._dynamics.satisfaction_memory
        signed = 2.0 * score - 1.0
        self.satisfaction[rows] = keep * self.satisfaction[rows] + (1.0 - keep) * signed
        if d.boredom:
            share = self._catalogue.label_share[item]
            self.boredom[rows] = d.boredom_memory * self.boredom[rows] + share
        if d.mood:
            moved = d.mood_memory * self.mood[rows] + (1.0 - d.mood_memory) * signed
            self.mood[rows] = np.clip(moved + d.mood_noise * noise[:, 0], -1.0, 1.0)
        if d.trust:
            moved = self.trust[rows] + d.trust_rate * (score - promised)
            self.trust[rows] = np.clip(moved, 0.0, 1.0)
        if d.drift:
            pull = (d.drift_rate * signed)[:, None] * self._catalogue.embedding[item]
            moved = (1.0 - d.drift_rate) * self.taste[rows] + pull + d.drift_noise * noise[:, 1:]
            self.taste[rows] = unit(moved)

    def rest(self, rows: NDArray, days: float) -> None:
        """Let boredom and mood fade over the days between two sessions."""
        self.boredom[rows] *= self._dynamics.boredom_memory**days
        self.mood[rows] *= self._dynamics.mood_memory**days

    def snapshot(self, row: int) -> dict[str, NDArray]:
        """One person's states, to put aside between sessions."""
        return {n: getattr(self, n)[row].copy() for n in _STATES}

    def restore(self, row: int, kept: dict[str, NDArray]) -> None:
        """Put a snapshot back into a row."""
        for name in _STATES:
            getattr(self, name)[row] = kept[name]


_STATES = ("mood", "trust", "satisfaction", "boredom", "taste")
