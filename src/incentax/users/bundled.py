"""The generated catalogues and personas that come with the library."""

from functools import lru_cache
from importlib import resources
from pathlib import Path

from .catalogue import Catalogue, load_catalogue
from .domain import find_domain
from .people import People, load_people


def _path(name: str) -> Path:
    return Path(str(resources.files("incentax.users").joinpath("data", name)))


@lru_cache(maxsize=8)
def bundled_catalogue(domain: str) -> Catalogue:
    """The 1,500 invented items of a domain.

    >>> len(bundled_catalogue("movies")), bundled_catalogue("books").labels[:2]
    (1500, ('biography', 'business'))

    **Raises:** `ValueError` listing the domains for an unknown one.
    """
    return load_catalogue(_path(find_domain(domain).name), domain)


@lru_cache(maxsize=8)
def bundled_people(domain: str) -> People:
    """The 600 invented personas of a domain.

    >>> len(bundled_people("books"))
    600
    """
    return load_people(_path(f"{find_domain(domain).name}_people.jsonl.gz"))
