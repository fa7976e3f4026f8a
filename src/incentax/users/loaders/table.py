"""Delimited text from strangers, row by row."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path

csv.field_size_limit(1 << 24)


class Table:
    """Rows of a delimited file as tuples of the wanted columns; rows too short are counted.

    **Arguments:**

    - `columns`: names wanted, found in the header; or, with `header=False`, positions.
    - `delimiter`: one or more characters.
    - `quoting`: whether double quotes group a field.
    - `distinct`: whether the first wanted column is an id, which no two rows may share.
    - `skipped`: a count to share with other tables.

    **Raises:** `ValueError` for a missing file, a missing column, an empty file, bytes that are not
    of the stated encoding, a quote that is not closed, or an id that comes twice.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[str] | Sequence[int],
        *,
        delimiter: str = ",",
        encoding: str = "utf-8-sig",
        header: bool = True,
        quoting: bool = True,
        distinct: bool = False,
        escape: str | None = None,
        skipped: Counter[str] | None = None,
    ):
        self.path, self._columns, self._delimiter = path, list(columns), delimiter
        self._encoding, self._header = encoding, header
        self._quoting, self._escape, self._distinct = quoting, escape, distinct
        self.skipped: Counter[str] = Counter() if skipped is None else skipped

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        if not self.path.is_file():
            raise ValueError(
                f"expected the file {self.path.name} in {self.path.parent}, got no such file; "
                "try unpacking the data set there"
            )
        with open(self.path, encoding=self._encoding, newline="") as stream:
            try:
                yield from self._rows(stream)
            except UnicodeDecodeError as error:
                raise ValueError(
                    f"expected {self._encoding.removesuffix('-sig')} text in {self.path.name}, got "
                    f"byte 0x{error.object[error.start]:02x}; try --encoding latin-1, or saving it "
                    "as UTF-8"
                ) from None

    def _rows(self, stream) -> Iterator[tuple[str, ...]]:
        rows = self._split(stream)
        places = self._columns
        if self._header:
            _, head = next(rows, (0, []))
            if not head:
                raise ValueError(
                    f"expected a header in {self.path.name}, got an empty file; try another copy"
                )
            names = [name.strip().strip('"') for name in head]
            missing = [name for name in self._columns if name not in names]
            if missing:
                raise ValueError(
                    f"expected the column {missing[0]!r} in {self.path.name}, got "
                    f"{', '.join(names[:8])}; try renaming it in the header"
                )
            places = [names.index(str(name)) for name in self._columns]
        last = max(int(p) for p in places)
        pick = itemgetter(*(int(p) for p in places))
        lines: dict[str, int] = {}
        for line, row in rows:
            if len(row) > last:
                found = pick(row)
                if self._distinct and lines.setdefault(found[0], line) != line:
                    raise ValueError(
                        f"expected every {self._columns[0] if self._header else 'id'} once in "
                        f"{self.path.name}, got {found[0]!r} on lines {lines[found[0]]} and "
                        f"{line}; try deleting one of them"
                    )
                yield found
            elif row:
                self.skipped["too few columns"] += 1

    def _split(self, stream) -> Iterator[tuple[int, list[str]]]:
        """Rows, each with the line it begins on."""
        if len(self._delimiter) > 1:
            for number, line in enumerate(stream, 1):
                yield number, line.rstrip("\r\n").split(self._delimiter)
            return
        style = csv.QUOTE_MINIMAL if self._quoting else csv.QUOTE_NONE
        # The reader would refuse the whole file for one NUL; as this sign it spoils its own cell.
        lines = (line.replace("\0", "\ufffd") for line in stream)
        # Strict: a quote left open would otherwise swallow the rows after it without a word.
        rows = csv.reader(
            lines,
            delimiter=self._delimiter,
            quoting=style,
            escapechar=self._escape,
            strict=True,
        )
        begins = 1
        try:
            for row in rows:
                yield begins, row
                begins = rows.line_num + 1
        except csv.Error as error:
            raise ValueError(
                f"expected rows with closed quotes in {self.path.name}, got {error} in the row "
                f"that begins on line {begins}; try closing or doubling its quotes"
            ) from None
