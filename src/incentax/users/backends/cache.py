"""Answers on disk: each is written when it arrives, so a killed run never pays for one twice."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from ..._errors import ModelError
from .model import Answer

_VERSION = "1"
_CHUNK = 500


class CacheMiss(ModelError):
    """A replay was asked something it has no answer for."""


class Cache:
    """Answers by key in one SQLite file, shared by any number of processes.

    Write-ahead logging commits every answer on its own: `kill -9` loses at most an answer that had
    not arrived. A memory in front spares the disk. Keys are hashes; credentials never come near.

    **Arguments:**

    - `path`: the file, made if missing; `None` keeps answers in memory only.
    - `read_only`: never write.

    **Raises:** `ModelError` for a file that is not a cache, or one of another version.

    >>> cache = Cache(None)
    >>> cache.put("k", Answer((1.0,), text="7"))
    >>> cache.find(["k", "l"])["k"].text
    '7'
    """

    def __init__(self, path: Path | str | None, *, read_only: bool = False):
        self.path = None if path is None else Path(path)
        self.hits = self.misses = 0
        self._near: dict[str, Answer] = {}
        self._lock = threading.Lock()
        self._read_only = read_only
        self._db: sqlite3.Connection | None = None
        if self.path is not None:
            self._db = self._open(self.path)

    def find(self, keys: Iterable[str]) -> dict[str, Answer]:
        """The answers that are known, by key."""
        keys = list(keys)
        found = {key: self._near[key] for key in keys if key in self._near}
        missing = [key for key in keys if key not in found]
        if self._db is not None and missing:
            with self._lock, _sentences(self.path):
                for start in range(0, len(missing), _CHUNK):
                    part = missing[start : start + _CHUNK]
                    marks = ",".join("?" * len(part))
                    query = f"select key, value from answers where key in ({marks})"
                    for key, value in self._db.execute(query, part):
                        found[key] = self._near[key] = _decode(value)
        self.hits += len(found)
        self.misses += len(keys) - len(found)
        return found

    def put(self, key: str, answer: Answer) -> None:
        """Keep an answer, durably before returning.

        **Raises:** `ModelError` when the disk is full; the answers before it are safe.
        """
        self._near[key] = answer
        if self._db is not None and not self._read_only:
            with self._lock, _sentences(self.path):
                self._db.execute(
                    "insert or ignore into answers values (?, ?)", (key, _encode(answer))
                )

    def items(self) -> Iterator[tuple[str, Answer]]:
        """Every key with its answer, sorted by key."""
        if self._db is None:
            yield from sorted(self._near.items())
            return
        with self._lock:
            rows = self._db.execute("select key, value from answers order by key").fetchall()
        for key, value in rows:
            yield key, _decode(value)

    def merge(self, answers: Iterable[tuple[str, Answer]]) -> int:
        """Take over the answers not known yet; returns how many were new."""
        before = len(self)
        for key, answer in answers:
            self.put(key, answer)
        return len(self) - before

    def __len__(self) -> int:
        if self._db is None:
            return len(self._near)
        with self._lock:
            return self._db.execute("select count(*) from answers").fetchone()[0]

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def __enter__(self) -> "Cache":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def _open(self, path: Path) -> sqlite3.Connection:
        if not path.parent.is_dir():
            raise ModelError(
                f"expected a folder for the cache, got {path.parent} which does not exist",
                hint="make it, or pass another path",
            )
        with _sentences(path):
            mode = "ro" if self._read_only else "rwc"
            uri = f"{path.absolute().as_uri()}?mode={mode}"
            db = sqlite3.connect(
                uri, uri=True, timeout=60.0, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare(db, path)
            except BaseException:
                db.close()
                raise
            return db

    def _prepare(self, db: sqlite3.Connection, path: Path) -> None:
        # Looked at before anything is written: a file of another version stays as it is.
        tables = {name for (name,) in db.execute("select name from sqlite_master")}
        if not tables and not self._read_only:
            # One transaction: whoever opens the file meanwhile sees nothing, or all of it.
            db.execute("begin immediate")
            db.execute("create table if not exists about (name text primary key, value text)")
            db.execute("insert or ignore into about values ('version', ?)", (_VERSION,))
            db.execute("commit")
            tables = {"about"}
        row = None
        if "about" in tables:
            row = db.execute("select value from about where name = 'version'").fetchone()
        if row is None or row[0] != _VERSION:
            raise ModelError(
                f"expected a cache of version {_VERSION} at {path}, got version "
                f"{row[0] if row else 'unknown'}",
                hint="another path; the file was left as it is",
            )
        if not self._read_only:
            db.execute("pragma journal_mode=wal")
            db.execute("pragma synchronous=normal")
            db.execute(
                "create table if not exists answers "
                "(key text primary key, value text) without rowid"
            )


class _sentences:  # noqa: N801
    """Turns SQLite's errors into sentences."""

    def __init__(self, path: Path | None):
        self.path = path

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace) -> None:
        if isinstance(error, sqlite3.DatabaseError):
            full = "full" in str(error)
            hint = "free some space; answers already stored are safe" if full else "another path"
            raise ModelError(
                f"expected a usable answer cache at {self.path}, got {error}", hint=hint
            ) from error


def _encode(answer: Answer) -> str:
    return json.dumps(asdict(answer), separators=(",", ":"))


def _decode(text: str) -> Answer:
    row = json.loads(text)
    row["masses"] = None if row["masses"] is None else tuple(row["masses"])
    return Answer(**row)
