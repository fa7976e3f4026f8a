"""What loads when first used: polars would be a twentieth of every start."""

import importlib
import types
from typing import TYPE_CHECKING, Any


class _Later(types.ModuleType):
    """A module that is imported by whoever first asks it for something.

    >>> _Later("math").isqrt(9)
    3
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self.__name__), name)


if TYPE_CHECKING:
    import polars as polars
else:
    polars = _Later("polars")
