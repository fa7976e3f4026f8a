"""The file of answers: durable, shared, and honest about what it is."""

import multiprocessing
import sqlite3

import pytest

from incentax._errors import ModelError
from incentax.users.backends import Answer, Cache


def _write(path, start):
    with Cache(path) as cache:
        for k in range(start, start + 200):
            cache.put(f"key{k % 300}", Answer((0.5, 0.5), text=str(k % 300)))


def test_answers_survive_and_are_found_again(tmp_path):
    path = tmp_path / "a.db"
    answer = Answer((0.25, 0.75), "7", 0.1, 12, 1, 0.5, 2)
    with Cache(path) as cache:
        cache.put("k", answer)
    with Cache(path) as cache:
        assert cache.find(["k", "l"]) == {"k": answer} and (cache.hits, cache.misses) == (1, 1)
        assert cache.merge([("k", answer), ("m", answer)]) == 1
        assert [key for key, _ in cache.items()] == ["k", "m"]


def test_processes_share_one_file(tmp_path):
    path = tmp_path / "a.db"
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_write, args=(path, start)) for start in (0, 100, 200)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    with Cache(path) as cache:
        assert len(cache) == 300
        assert all(answer.text == key.removeprefix("key") for key, answer in cache.items())


def test_a_full_disk_is_one_sentence_and_loses_nothing(tmp_path):
    path = tmp_path / "a.db"
    with Cache(path) as cache:
        assert cache._db is not None
        pages = cache._db.execute("pragma page_count").fetchone()[0]
        cache._db.execute(f"pragma max_page_count={pages + 2}")
        stored = 0
        with pytest.raises(ModelError, match="disk is full; try: free some space"):
            for k in range(1000):
                cache.put(f"k{k}", Answer((0.5, 0.5), text="x" * 100))
                stored += 1
    with Cache(path) as cache:
        assert stored > 0 and len(cache) == stored


def test_another_version_a_foreign_file_and_a_missing_folder(tmp_path):
    path = tmp_path / "a.db"
    Cache(path).close()
    with sqlite3.connect(path) as db:
        db.execute("update about set value = '0'")
    db.close()
    before = path.read_bytes()
    with pytest.raises(ModelError, match="cache of version 1 .* got version 0"):
        Cache(path)
    assert path.read_bytes() == before
    # One that was never opened by this version has no write-ahead log, and is given none.
    for name, table in (("old.db", "about"), ("theirs.db", "bookmarks")):
        other = tmp_path / name
        with sqlite3.connect(other) as db:
            db.execute(f"create table {table} (name text primary key, value text)")
            db.execute(f"insert into {table} values ('version', '0')")
        db.close()
        before = other.read_bytes()
        with pytest.raises(ModelError, match="cache of version 1 .* got version (0|unknown)"):
            Cache(other)
        assert other.read_bytes() == before
    foreign = tmp_path / "b.db"
    foreign.write_text("not a database, but long enough to be looked at" * 10)
    with pytest.raises(ModelError, match="usable answer cache"):
        Cache(foreign)
    with pytest.raises(ModelError, match="expected a folder"):
        Cache(tmp_path / "none" / "c.db")


def test_read_only_never_writes(tmp_path):
    path = tmp_path / "a.db"
    with Cache(path) as cache:
        cache.put("k", Answer((1.0,)))
    with Cache(path, read_only=True) as cache:
        cache.put("l", Answer((1.0,)))
        assert len(cache) == 1
