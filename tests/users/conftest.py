"""Fixtures of the island; its modules are loaded as they are.

A suite-wide import hook that checks array shapes speaks the core's language (jaxtyping); the
island's NumPy annotations and Gymnasium's own are not written for it, so it stands aside here.
"""

import importlib
import importlib.util
import pkgutil
import sys

import numpy as np
import pytest


def _load_unchecked() -> None:
    hooks = [finder for finder in sys.meta_path if type(finder).__module__.startswith("jaxtyping")]
    for finder in hooks:
        sys.meta_path.remove(finder)
    try:
        package = importlib.import_module("incentax.users")
        for module in pkgutil.walk_packages(package.__path__, "incentax.users."):
            if not module.name.endswith(("__main__", ".bundle")) and ".learning" not in module.name:
                importlib.import_module(module.name)
        if importlib.util.find_spec("sb3_contrib"):
            importlib.import_module("incentax.users.learning")
    finally:
        sys.meta_path[:0] = hooks


_load_unchecked()

from incentax.users.bundled import bundled_catalogue, bundled_people  # noqa: E402
from incentax.users.catalogue import Catalogue  # noqa: E402
from incentax.users.people import People  # noqa: E402


@pytest.fixture(scope="session")
def movies():
    return bundled_catalogue("movies")


@pytest.fixture(scope="session")
def small_movies(movies):
    """120 movies with a population that likes only labels they have."""
    items = [movies[k] for k in range(120)]
    return Catalogue(items, "movies", embedding=movies.embedding[:120])


@pytest.fixture(scope="session")
def few_people(small_movies):
    known = set(small_movies.labels)
    kept = [u for u in bundled_people("movies") if set(u.liked + u.disliked) <= known]
    return People(kept[:40])


@pytest.fixture
def rng():
    return np.random.default_rng(0)
