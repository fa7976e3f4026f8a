"""Books: goodbooks and Book-Crossing folders."""

from collections import Counter
from pathlib import Path

from ..records import Book
from .dataset import Dataset, assemble, number
from .table import Table

_GOODBOOKS = "goodbooks-10k is shared under CC BY-SA 4.0: credit the source and share alike."
_CROSSING = (
    "Book-Crossing data was collected for research; credit its authors, do not redistribute."
)


def load_goodbooks(folder: Path | str, *, encoding: str = "utf-8-sig", labels: int = 30) -> Dataset:
    """Catalogue and ratings (1-5) of a goodbooks folder: `books.csv`, `ratings.csv`, optional tags.

    **Arguments:**

    - `labels`: how many of the most frequent tags become categories.

    **Raises:** `ValueError` for missing files or columns.
    """
    folder = Path(folder)
    skipped: Counter[str] = Counter()
    columns = ("book_id", "goodreads_book_id", "title", "authors", "original_publication_year")
    books = Table(folder / "books.csv", columns, encoding=encoding, distinct=True, skipped=skipped)
    rows = list(books)
    tags = _tags(folder, encoding, labels)
    items = [
        Book(
            book,
            title.strip(),
            year=int(number(year) or 0),
            labels=tags.get(goodreads, ()),
            authors=tuple(a.strip() for a in authors.split(",") if a.strip()),
        )
        for book, goodreads, title, authors, year in rows
    ]
    ratings = Table(
        folder / "ratings.csv", ("user_id", "book_id", "rating"), encoding=encoding, skipped=skipped
    )
    untimed = ((user, book, rating, "") for user, book, rating in ratings)
    return assemble(
        "goodbooks",
        "books",
        items,
        untimed,
        _GOODBOOKS,
        valid=(1.0, 5.0),
        scale=1.0,
        skipped=skipped,
    )


def _tags(folder: Path, encoding: str, labels: int) -> dict[str, tuple[str, ...]]:
    if not (folder / "book_tags.csv").exists():
        return {}
    columns = ("tag_id", "tag_name")
    listed = Table(folder / "tags.csv", columns, encoding=encoding, distinct=True)
    names = {tag: name for tag, name in listed}
    uses = [
        (book, names.get(tag, ""), int(number(count) or 0))
        for book, tag, count in Table(
            folder / "book_tags.csv", ("goodreads_book_id", "tag_id", "count"), encoding=encoding
        )
    ]
    total: Counter[str] = Counter()
    for _, name, count in uses:
        # Shelves such as "to-read" say what somebody did, not what a book is.
        if name and not any(word in name for word in ("read", "own", "book", "favo", "shelf")):
            total[name] += count
    kept = {name for name, _ in total.most_common(labels)}
    found: dict[str, set[str]] = {}
    for book, name, _ in uses:
        if name in kept:
            found.setdefault(book, set()).add(name)
    return {book: tuple(sorted(names)) for book, names in found.items()}


def load_book_crossing(folder: Path | str, *, encoding: str = "latin-1") -> Dataset:
    """Catalogue and ratings of a Book-Crossing folder: semicolons, latin-1, 1-10 halved to 1-5.

    A 0 there is implicit feedback and is never a rating; such rows are counted as left out.

    **Raises:** `ValueError` for missing files or columns.
    """
    folder = Path(folder)
    skipped: Counter[str] = Counter()
    style = {"delimiter": ";", "encoding": encoding, "skipped": skipped, "escape": "\\"}
    books = Table(
        _either(folder, "BX-Books.csv", "BX_Books.csv", "Books.csv"),
        ("ISBN", "Book-Title", "Book-Author", "Year-Of-Publication", "Publisher"),
        distinct=True,
        **style,
    )
    items = [
        Book(
            isbn,
            title.strip(),
            year=int(number(year) or 0),
            authors=(author.strip(),) if author.strip() else (),
            publisher=publisher,
        )
        for isbn, title, author, year, publisher in books
    ]
    ratings = Table(
        _either(folder, "BX-Book-Ratings.csv", "BX_Book_Ratings.csv", "Ratings.csv"),
        ("User-ID", "ISBN", "Book-Rating"),
        **style,
    )
    return assemble(
        "Book-Crossing",
        "books",
        items,
        _explicit(ratings, skipped),
        _CROSSING,
        valid=(1.0, 10.0),
        scale=0.5,
        skipped=skipped,
    )


def _explicit(ratings: Table, skipped: Counter[str]):
    for user, isbn, rating in ratings:
        if rating.strip() == "0":
            skipped["implicit feedback"] += 1
        else:
            yield user, isbn, rating, ""


def _either(folder: Path, *names: str) -> Path:
    return next((folder / name for name in names if (folder / name).exists()), folder / names[0])
