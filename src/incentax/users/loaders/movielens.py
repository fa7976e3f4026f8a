"""MovieLens: ml-latest-small, ml-100k and ml-1m, told apart by their files."""

import re
from collections.abc import Sequence
from pathlib import Path

from ..records import AbstractItem, Movie
from .dataset import Dataset, assemble
from .table import Table

NOTICE = (
    "MovieLens data is for research use: no commercial use without permission, credit required, "
    "redistribution under the same terms only."
)
_GENRES = {
    "sci-fi": "science fiction",
    "children's": "family",
    "children": "family",
    "musical": "music",
}
_100K = (
    "unknown|action|adventure|animation|family|comedy|crime|documentary|drama|fantasy|film-noir|"
    "horror|music|mystery|romance|science fiction|thriller|war|western"
).split("|")
_YEAR = re.compile(r"\s*\((\d{4})\)\s*$")


def load_movielens(folder: Path | str, *, encoding: str | None = None) -> Dataset:
    """Catalogue and ratings of a MovieLens folder; half stars are doubled to 1-10.

    **Arguments:**

    - `folder`: holds `ratings.csv` and `movies.csv`, or `u.data` and `u.item`, or `ratings.dat` and
      `movies.dat`.
    - `encoding`: overrides the format's own.

    **Raises:** `ValueError` for a folder that is none of the three, or files that cannot be read.
    """
    folder = Path(folder)
    if (folder / "u.data").exists():
        return _hundred_k(folder, encoding or "latin-1")
    if (folder / "ratings.dat").exists():
        return _one_m(folder, encoding or "latin-1")
    if (folder / "ratings.csv").exists() or (folder / "movies.csv").exists():
        return _latest(folder, encoding or "utf-8-sig")
    raise ValueError(
        f"expected ratings.csv, u.data or ratings.dat in {folder}, got none of them; try the "
        "folder the archive was unpacked to"
    )


def _movie(item_id: str, title: str, genres: list[str]) -> Movie:
    found = _YEAR.search(title)
    labels = (genre.strip().lower() for genre in genres)
    named = tuple(sorted({_GENRES.get(g, g) for g in labels if g and not g.startswith("(no")}))
    return Movie(
        item_id,
        _YEAR.sub("", title).strip(),
        year=int(found.group(1)) if found else 0,
        labels=named,
    )


def _latest(folder: Path, encoding: str) -> Dataset:
    columns = ("movieId", "title", "genres")
    movies = Table(folder / "movies.csv", columns, encoding=encoding, distinct=True)
    ratings = Table(
        folder / "ratings.csv",
        ("userId", "movieId", "rating", "timestamp"),
        encoding=encoding,
        skipped=movies.skipped,
    )
    items = [_movie(i, title, genres.split("|")) for i, title, genres in movies]
    return _finish("MovieLens latest", items, ratings, (0.5, 5.0))


def _hundred_k(folder: Path, encoding: str) -> Dataset:
    movies = Table(
        folder / "u.item",
        (0, 1, *range(5, 24)),
        delimiter="|",
        encoding=encoding,
        header=False,
        quoting=False,
        distinct=True,
    )
    ratings = Table(
        folder / "u.data",
        (0, 1, 2, 3),
        delimiter="\t",
        encoding=encoding,
        header=False,
        quoting=False,
        skipped=movies.skipped,
    )
    items = [
        _movie(i, title, [g for g, flag in zip(_100K, flags, strict=True) if flag == "1"])
        for i, title, *flags in movies
    ]
    ages, genders = {}, {}
    if (folder / "u.user").exists():
        for user, age, gender in Table(
            folder / "u.user",
            (0, 1, 2),
            delimiter="|",
            encoding=encoding,
            header=False,
            quoting=False,
            distinct=True,
        ):
            ages[user] = int(age) if age.isdigit() else 0
            genders[user] = gender if gender in ("F", "M") else "X"
    return _finish("MovieLens 100k", items, ratings, (1.0, 5.0), ages, genders)


def _one_m(folder: Path, encoding: str) -> Dataset:
    style = {"delimiter": "::", "encoding": encoding, "header": False}
    movies = Table(folder / "movies.dat", (0, 1, 2), distinct=True, **style)
    ratings = Table(folder / "ratings.dat", (0, 1, 2, 3), skipped=movies.skipped, **style)
    items = [_movie(i, title, genres.split("|")) for i, title, genres in movies]
    ages, genders = {}, {}
    if (folder / "users.dat").exists():
        for user, gender, age in Table(folder / "users.dat", (0, 1, 2), distinct=True, **style):
            ages[user] = int(age) if age.isdigit() else 0
            genders[user] = gender if gender in ("F", "M") else "X"
    return _finish("MovieLens 1M", items, ratings, (1.0, 5.0), ages, genders)


def _finish(name, items: Sequence[AbstractItem], ratings: Table, valid, ages=None, genders=None):
    return assemble(
        name,
        "movies",
        items,
        ratings,
        NOTICE,
        valid=valid,
        scale=2.0,
        skipped=ratings.skipped,
        ages=ages,
        genders=genders,
    )
