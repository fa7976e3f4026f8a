"""Fixtures of the island."""

import numpy as np
import pytest

from incentax.users.bundled import bundled_catalogue, bundled_people
from incentax.users.catalogue import Catalogue
from incentax.users.people import People


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
