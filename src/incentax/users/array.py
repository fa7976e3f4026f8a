"""Populations in one call: how 10⁴ to 10⁶ people respond to a recommendation policy."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .choice import Slate
from .query import ask
from .streams import Draws, episode_key
from .world import World

Policy = Callable[[NDArray[np.int64], np.random.Generator], NDArray[np.int64]]
"""Users `int64[n]` in, slates `int64[n, L]` out."""


@dataclass(frozen=True)
class PopulationResponse:
    """Mean response per type of person.

    `rating[T, K]` are shares of levels, `chosen[T, L + 1]` of positions, the last for nothing.
    """

    rating: NDArray[np.float64]
    chosen: NDArray[np.float64]
    mean_rating: NDArray[np.float64]
    count: NDArray[np.int64]


def population_response(
    world: World,
    policy: Policy,
    users: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    kinds: NDArray[np.int64] | None = None,
    chunk: int = 50_000,
) -> PopulationResponse:
    """How people without history respond to what a policy shows each of them.

    **Arguments:**

    - `users[n]`: indices into the population, repeated as often as wanted.
    - `kinds[n]`: the type of each, 0..T−1; one type by default.

    >>> from incentax.users.registration import make_world
    >>> world = make_world("books")
    >>> everybody = np.arange(600).repeat(20)
    >>> shown = lambda users, rng: rng.integers(1500, size=(len(users), 1))
    >>> response = population_response(world, shown, everybody, np.random.default_rng(0))
    >>> response.rating.shape, int(response.count[0])
    ((1, 5), 12000)
    """
    kinds = np.zeros(len(users), np.int64) if kinds is None else np.asarray(kinds)
    scale, num = world.rating_scale, int(kinds.max(initial=0)) + 1
    rating = np.zeros((num, scale.num_levels))
    chosen = np.zeros((num, world.slate + 1))
    taken_total = np.zeros(num)
    for start in range(0, len(users), chunk):
        who, kind = users[start : start + chunk], kinds[start : start + chunk]
        shown = policy(who, rng)
        n, length = shown.shape
        asked = ask(
            world.people, world.catalogue, np.repeat(who, length), shown.reshape(-1), scale=scale
        )
        p = world.rater.react(asked).probability.reshape(n, length, -1)
        utility = 2.0 * (p @ scale.array - scale.low) / (scale.high - scale.low) - 1.0
        utility = utility - world.position_cost * np.arange(length)
        draws = Draws(episode_key(rng.integers(2**62, size=n), 0), np.zeros(n))
        took = world.choice.choose(
            Slate(utility, np.full(n, world.no_choice), world.catalogue.vote[shown], draws, asked)
        )
        np.add.at(rating, kind, np.einsum("nlk,nl->nk", p, took))
        np.add.at(taken_total, kind, took.sum(1))
        np.add.at(chosen, kind, np.column_stack([took, ~took.any(1)]))
    count = np.bincount(kinds, minlength=num)
    share = rating / np.maximum(taken_total, 1.0)[:, None]
    return PopulationResponse(
        share, chosen / np.maximum(count, 1)[:, None], share @ scale.array, count
    )
