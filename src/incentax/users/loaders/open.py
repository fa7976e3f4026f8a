"""One door for all formats."""

import codecs
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

from .books import load_book_crossing, load_goodbooks
from .dataset import Dataset
from .movielens import load_movielens

LOADERS: MappingProxyType[str, Callable[..., Dataset]] = MappingProxyType(
    {
        "movielens": load_movielens,
        "goodbooks": load_goodbooks,
        "book-crossing": load_book_crossing,
    }
)
"""The loaders by name."""


def load_dataset(name: str, folder: Path | str, *, encoding: str | None = None) -> Dataset:
    """The data set of a format in a folder.

    **Raises:** `ValueError` for an unknown format or encoding, and what the loader raises.
    """
    if name not in LOADERS:
        raise ValueError(
            f"expected a data set format among {', '.join(LOADERS)}, got {name!r}; try movielens"
        )
    try:
        codecs.lookup(encoding or "utf-8")
    except LookupError:
        raise ValueError(
            f"expected an encoding Python knows, got {encoding!r}; try utf-8 or latin-1"
        ) from None
    if not Path(folder).is_dir():
        raise ValueError(f"expected a folder, got {folder}; try the one the archive unpacks to")
    return LOADERS[name](folder, **({"encoding": encoding} if encoding else {}))
