"""The registered environments and the one function that builds their worlds."""

from dataclasses import fields
from functools import lru_cache
from typing import Any

import gymnasium

from .backends.tabular import TabularUsers
from .bundled import bundled_catalogue, bundled_people
from .catalogue import Catalogue
from .choice import CHOICES, MultinomialLogit
from .dynamics import Dynamics
from .envs import RecommenderEnv
from .memory import MemoryScope
from .observe import OBSERVATIONS, SuberNumbers
from .perturbation import PERTURBATIONS
from .reading import READINGS
from .retrieval import RETRIEVALS
from .rule import RuleUsers
from .scales import SCALES
from .shaping import SHAPINGS, ExponentialDecay
from .vector import RecommenderVectorEnv
from .world import World

NAMED = {
    "retrieval": RETRIEVALS,
    "reading": READINGS,
    "choice": CHOICES,
    "perturbation": PERTURBATIONS,
    "shaping": SHAPINGS,
    "scale": SCALES,
    "observation": OBSERVATIONS,
}
"""The menus from which a command line picks strategies by name."""


def by_name(axis: str, value: Any) -> Any:
    """The strategy called `value` on one axis; anything but a string is passed through.

    **Raises:** `ValueError` listing the valid names.

    >>> by_name("retrieval", "last_3")
    Last(n=3)
    """
    if not isinstance(value, str) or axis not in NAMED:
        return value
    if value not in NAMED[axis]:
        raise ValueError(
            f"expected {axis} among {', '.join(NAMED[axis])}, got {value!r}; "
            f"try {next(iter(NAMED[axis]))!r}"
        )
    return NAMED[axis][value]


def make_world(domain: str = "movies", **changes: Any) -> World:
    """The bundled world of a domain with rule-based people, and any field of `World` replaced.

    Strategies may be given as objects or, for command lines and `gymnasium.make`, by name.

    >>> make_world("books").rating_scale.name
    'one_five'

    **Raises:** `ValueError` for an unknown field or name.
    """
    known = {f.name for f in fields(World)}
    unknown = sorted(set(changes) - known)
    if unknown:
        raise ValueError(
            f"expected fields of a World, got {unknown[0]!r}; try one of {', '.join(sorted(known))}"
        )
    changes = {name: by_name(name, value) for name, value in changes.items()}
    bundled = "catalogue" not in changes and "people" not in changes
    catalogue: Catalogue = changes.pop("catalogue", None) or bundled_catalogue(domain)
    people = changes.pop("people", None) or bundled_people(domain)
    rater = changes.pop("rater", None)
    if rater is None:
        rater = RuleUsers.bundled(catalogue) if bundled else RuleUsers.fitted(catalogue, people)
    default = {"movies": "last_3", "books": "most_similar_3"}.get(catalogue.domain.name, "last_3")
    changes.setdefault("retrieval", RETRIEVALS[default])
    return World(catalogue, people, rater, **changes)


_SUBER = {
    "shaping": ExponentialDecay(),
    "reading": READINGS["suber"],
    "perturbation": PERTURBATIONS["gaussian"],
    "allow_repeats": True,
    "memory": MemoryScope.POPULATION,
}
_SLATE = {"slate": 5, "choice": MultinomialLogit()}

PRESETS: dict[str, tuple[str, dict[str, Any]]] = {
    "incentax/Movies-v0": ("movies", {}),
    "incentax/Books-v0": ("books", {}),
    "incentax/MoviesSlate-v0": ("movies", _SLATE | {"dynamics": Dynamics.full()}),
    "incentax/BooksSlate-v0": ("books", _SLATE | {"dynamics": Dynamics.full()}),
    "incentax/MoviesSuber-v0": ("movies", _SUBER),
    "incentax/BooksSuber-v0": ("books", _SUBER),
    "incentax/TabularUsers-v0": ("movies", {"retrieval": RETRIEVALS["none"]}),
    "incentax/CustomUsers-v0": ("movies", {}),
}
"""Registered ids: domain and the fields of `World` that differ from the defaults."""


@lru_cache(maxsize=2)
def _bundled_table(domain: str) -> TabularUsers:
    catalogue = bundled_catalogue(domain)
    return TabularUsers.of(RuleUsers.bundled(catalogue), bundled_people(domain), catalogue)


def _parts(preset: str, domain: str | None, changes: dict[str, Any]):
    default_domain, fixed = PRESETS[preset]
    observation = changes.pop("observation", None)
    if observation is None and "Suber" in preset:
        observation = SuberNumbers()
    merged = fixed | changes
    if preset == "incentax/TabularUsers-v0" and "rater" not in merged:
        merged["rater"] = _bundled_table(domain or default_domain)
    world = make_world(domain or default_domain, **merged)
    return world, by_name("observation", observation)


def make_env(
    preset: str, *, domain: str | None = None, render_mode: str | None = None, **changes: Any
) -> RecommenderEnv:
    """The environment of a registered id; keywords are fields of `World` and `observation`."""
    world, observation = _parts(preset, domain, changes)
    return RecommenderEnv(world, observation=observation, render_mode=render_mode)


def make_vector_env(
    preset: str,
    *,
    num_envs: int = 1,
    domain: str | None = None,
    autoreset_mode: Any = "NextStep",
    render_mode: str | None = None,
    **changes: Any,
) -> RecommenderVectorEnv:
    """The vectorised environment of a registered id; same keywords as `make_env`."""
    world, observation = _parts(preset, domain, changes)
    return RecommenderVectorEnv(
        world,
        num_envs,
        observation=observation,
        autoreset_mode=autoreset_mode,
        render_mode=render_mode,
    )


def register() -> None:
    """Make the ids known to Gymnasium; importing `incentax.users` calls it once."""
    for preset in PRESETS:
        if preset not in gymnasium.registry:
            gymnasium.register(
                preset,
                entry_point=f"{__name__}:make_env",
                vector_entry_point=f"{__name__}:make_vector_env",
                kwargs={"preset": preset},
            )
