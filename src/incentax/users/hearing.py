"""What people make of their slates before they choose: ratings drawn, utilities, who answered."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .query import Reactions
from .streams import Stream, normal, uniform
from .world import World


@dataclass(frozen=True)
class Heard:
    """Answers of n people about slates of L items.

    `probability[n·L, K]` over the levels, uniform where the answer was invalid; `expected[n, L]`
    and drawn `raw[n, L]` ratings; `utility[n, L]` and that of `nothing[n]`; `valid[n]`: whether
    everything asked was answered.
    """

    probability: NDArray[np.float64]
    expected: NDArray[np.float64]
    raw: NDArray[np.float64]
    utility: NDArray[np.float64]
    nothing: NDArray[np.float64]
    valid: NDArray[np.bool_]


def hear(world: World, reactions: Reactions, length: int, key, step, trust) -> Heard:
    """The answers of a step, with the ratings that the people's own luck draws from them."""
    scale, n = world.rating_scale, len(key)
    values = scale.array
    valid = np.asarray(reactions.valid.reshape(n, length).all(axis=1))
    p = np.where(reactions.valid[:, None], reactions.probability, 1.0 / len(values))
    expected = (p @ values).reshape(n, length)
    u = uniform(key, step, Stream.RATING, length).reshape(-1)
    raw = world.reading.read(p, values, u).reshape(n, length)
    utility = 2.0 * (expected - scale.low) / (scale.high - scale.low) - 1.0
    utility = utility - world.position_cost * np.arange(length)
    nothing = np.full(n, world.no_choice)
    if world.dynamics.trust:
        nothing = nothing + 0.5 * (0.5 - trust)
    return Heard(p, expected, raw, utility, nothing, valid)


def watched_share(key, step, share) -> NDArray[np.float64]:
    """How much of an item is watched, `[n]`, by how well it was liked, `share` in [0, 1]."""
    g = normal(key, step, Stream.WATCH)[:, 0]
    return np.clip(0.5 + 0.5 * np.tanh(4.0 * share - 2.0) + 0.1 * g, 0.0, 1.0)


def inner_noise(world: World, key, step) -> NDArray[np.float64]:
    """Noise of mood and, where tastes drift, of every direction of taste, `[n, 1 + d]`."""
    dynamics = world.dynamics
    width = 1 + (world.catalogue.embedding.shape[1] if dynamics.drift else 0)
    if not (dynamics.mood or dynamics.drift):
        return np.zeros((len(key), width))
    return normal(key, step, Stream.DYNAMICS, width)
