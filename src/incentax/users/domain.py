"""A domain is data: which items, which labels, which scale and template it is rated with."""

from dataclasses import dataclass
from types import MappingProxyType

from .records import AbstractItem, Book, Movie
from .scales import SCALES, Scale


@dataclass(frozen=True)
class Domain:
    """What distinguishes one kind of item from another; a new domain is a new row of `DOMAINS`.

    **Arguments:**

    - `item`: record class of the items.
    - `vote_max`: largest mean vote, the unit of vote differences.
    - `reference[K]`: rating shares a population should show (histogram per item, then the mean over
      items, so that popular items do not dominate).
    - `mean_vote`: what an unknown vote is replaced by in arithmetic, never in a prompt.
    """

    name: str
    noun: str
    item: type[AbstractItem]
    scale: Scale
    template: str
    vote_max: float
    mean_vote: float
    reference: tuple[float, ...]
    consume: str
    tested: tuple[str, ...]


_MOVIES = (0.0222, 0.0383, 0.0341, 0.0988, 0.0764, 0.1956, 0.1480, 0.2266, 0.0755, 0.0845)
_BOOKS = (0.0188, 0.0599, 0.2390, 0.3637, 0.3185)

DOMAINS = MappingProxyType(
    {
        "movies": Domain(
            "movies",
            "movie",
            Movie,
            SCALES["zero_nine"],
            "movies-standard",
            10.0,
            6.53,
            _MOVIES,
            "watch",
            (
                "action",
                "animation",
                "comedy",
                "documentary",
                "family",
                "fantasy",
                "horror",
                "romance",
            ),
        ),
        "books": Domain(
            "books",
            "book",
            Book,
            SCALES["one_five"],
            "books-standard",
            5.0,
            4.21,
            _BOOKS,
            "read",
            (
                "fiction",
                "biography",
                "economics",
                "health",
                "philosophy",
                "computers",
                "humor",
                "drama",
            ),
        ),
    }
)
"""The bundled domains by name."""


def find_domain(name: str) -> Domain:
    """The domain called `name`.

    **Raises:** `ValueError` listing the valid names.

    >>> find_domain("books").noun
    'book'
    """
    if name not in DOMAINS:
        raise ValueError(
            f"expected one of the domains {', '.join(DOMAINS)}, got {name!r}; try 'movies'"
        )
    return DOMAINS[name]
