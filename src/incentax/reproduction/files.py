"""The files of a reproduction: whole or not there, each saying what it was made with."""

import hashlib
import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import polars as pl

from .._version import __version__

# The entry of a Parquet file's metadata that is ours.
_KEY = "incentax"


class Maker(NamedTuple):
    """What made a table: the version of this library and the kind of device; None if unknown."""

    version: str | None = None
    device: str | None = None

    def __str__(self) -> str:
        """Both in words."""
        if self.version is None:
            return "an unknown version on an unknown device"
        return f"incentax {self.version} on {self.device}"


class Kept(NamedTuple):
    """A table as its file has it.

    - `table`, `digest`: its rows, and a digest of the file.
    - `makers`: what made it, or its cells; one that is unknown where the file does not say.
    - `asked`: what was asked for, in words; None where the file does not say.
    - `after`: digests by name of the files it was made from; None where the file does not say.
    """

    table: pl.DataFrame
    digest: str
    makers: tuple[Maker, ...]
    asked: str | None
    after: Mapping[str, str] | None


def this_maker() -> Maker:
    """The version of this library, and the device that JAX computes on."""
    return Maker(__version__, jax.devices()[0].device_kind)


def keep(
    file: Path,
    table: pl.DataFrame,
    makers: Sequence[Maker],
    *,
    asked: str | None = None,
    after: Mapping[str, str] | None = None,
) -> None:
    """Write a table, what made it, what was asked for, and digests of what it was made from."""
    told = json.dumps({"makers": [list(maker) for maker in makers], "asked": asked, "after": after})
    write(file, lambda path: table.write_parquet(path, metadata={_KEY: told}))


def read(file: Path, remedy: str) -> Kept:
    """The table in a file, and what the file says of it.

    **Raises:** `ValueError` for a damaged file, with the remedy.
    """
    content = file.read_bytes()
    try:
        table = pl.read_parquet(io.BytesIO(content))
        told = json.loads(pl.read_parquet_metadata(io.BytesIO(content)).get(_KEY, "{}"))
        makers = tuple(Maker(*maker) for maker in told.get("makers", [()]))
        asked, after = told.get("asked"), told.get("after")
    # Some damage makes polars panic, which is no `Exception`.
    except (
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
        ValueError,
        TypeError,
        AttributeError,
    ) as error:
        raise ValueError(
            f"expected a whole Parquet file at {file}, got a damaged one; {remedy}"
        ) from error
    return Kept(table, hashlib.sha256(content).hexdigest()[:16], makers, asked, after)


def write(target: Path, content: Callable[[Path], object]) -> None:
    """Let `content` write the file; whoever reads meanwhile meets a whole one, or none."""
    temporary = target.with_name(f".{os.getpid()}-{target.name}")
    content(temporary)
    os.replace(temporary, target)
