"""Recorded answers: one compressed file that replays without a model."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path

from .cache import Cache, CacheMiss, _decode, _encode
from .model import AbstractModel, AbstractRatingModel, Answer


def save_trace(cache: Cache, path: Path | str, identity: str) -> int:
    """Write every answer of a cache to a new gzipped JSON-lines file; returns how many.

    **Raises:** `ValueError` if the file exists.
    """
    path = Path(path)
    if path.exists():
        raise ValueError(f"expected a new file for the trace, got {path}; try another name")
    count = 0
    with open(path, "xb") as raw, gzip.GzipFile("", "wb", 9, raw, 0) as file:
        file.write((json.dumps({"identity": identity, "version": 1}) + "\n").encode())
        for key, answer in cache.items():
            file.write(f'{{"key":"{key}","answer":{_encode(answer)}}}\n'.encode())
            count += 1
    return count


def load_trace(path: Path | str) -> tuple[str, dict[str, Answer]]:
    """The identity of the recorded model and its answers by key.

    **Raises:** `ValueError` for a missing, foreign or cut-off file.
    """
    path = Path(path)
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            head = json.loads(file.readline())
            rows = [json.loads(line) for line in file]
        answers = {row["key"]: _decode(json.dumps(row["answer"])) for row in rows}
        return head["identity"], answers
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"expected a recorded trace at {path}, got {type(error).__name__}: {error}; "
            "try recording it again"
        ) from error


class ReplayModel(AbstractRatingModel):
    """Answers as the recorded model did, from the cache in front of it, and never calls anything.

    Give `LanguageUsers` the recorded answers as its cache and this as its model; a question that is
    not in the recording is a `CacheMiss`, or goes to `fallback`.
    """

    def __init__(self, identity: str, fallback: AbstractModel | None = None):
        self._identity = identity
        self._fallback = fallback

    @classmethod
    def of(
        cls, path: Path | str, fallback: AbstractModel | None = None
    ) -> tuple["ReplayModel", Cache]:
        """The model and the filled cache of a trace file."""
        identity, answers = load_trace(path)
        return cls(identity, fallback), replayed(answers)

    @property
    def identity(self) -> str:
        """That of the recorded model, so that keys agree."""
        return self._identity

    def score(self, prompts, arrived):
        """Raise, or ask the fallback.

        **Raises:** `CacheMiss`.
        """
        if self._fallback is not None:
            return self._fallback.score(prompts, arrived)
        raise CacheMiss(
            f"expected every question in the recording, got {len(prompts)} that are not, the first "
            f"with prompt hash {prompts[0].hash}",
            hint="the seed, template and world of the recording, or a fallback model",
        )


def replayed(answers: Mapping[str, Answer]) -> Cache:
    """A cache in memory holding the given answers."""
    cache = Cache(None)
    cache.merge(answers.items())
    return cache
