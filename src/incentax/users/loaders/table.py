"""Delimited text from strangers, row by row."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path

csv.field_size_limit(1 << 24)


class Table:
    """Rows of a delimited file as tuples of the wanted columns; malformed ones are counted.

    **Arguments:**

    - `columns`: names wanted, found in the header; or, with `header=False`, positions.
    - `delimiter`: one or more characters.
    - `quoting`: whether double quotes group a field.
    - `skipped`: a count to share with other tables.

    **Raises:** `ValueError` for a missing file, a missing column, an empty file, or bytes that are
    not of the stated encoding.
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
        escape: str | None = None,
        skipped: Counter[str] | None = None,
    ):
        self.path, self._columns, self._delimiter = path, list(columns), delimiter
        self._encoding, self._header = encoding, header
        self._quoting, self._escape = quoting, escape
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
            head = next(rows, None)
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
        for row in rows:
            if len(row) > last:
                yield pick(row)
            elif row:
                self.skipped["too few columns"] += 1

    def _split(self, stream) -> Iterator[list[str]]:
        if len(self._delimiter) > 1:
            for line in stream:
                yield line.rstrip("\r\n").split(self._delimiter)
            return
        style = csv.QUOTE_MINIMAL if self._quoting else csv.QUOTE_NONE
        # The reader would refuse the whole file for one NUL; as this sign it spoils its own cell.
        lines = (line.replace("\0", "\ufffd") for line in stream)
        rows = csv.reader(lines, delimiter=self._delimiter, quoting=style, escapechar=self._escape)
        while True:
            try:
                yield next(rows)
            except StopIteration:
                return
            except csv.Error:
                self.skipped["broken quotes"] += 1
