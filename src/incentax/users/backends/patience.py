"""How long to wait, and for how many attempts, when a server fails."""

import random
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """How a request is repeated when transport or server fail.

    Waits `first_wait`·2^k seconds with jitter, at most `longest_wait`, or what `Retry-After` asks;
    `attempts` in all; gives up the run after `max_failures` requests that failed for good.
    """

    attempts: int = 6
    first_wait: float = 1.0
    longest_wait: float = 60.0
    timeout: float = 60.0
    max_failures: int = 3

    def wait(self, attempt: int, asked: float | None) -> float:
        """Seconds before the next attempt."""
        backoff = self.first_wait * 2.0**attempt * random.uniform(0.5, 1.5)
        return min(max(backoff, asked or 0.0), self.longest_wait)


class Retry(Exception):
    """A fault worth another attempt; `after` is what the server asked to wait."""

    def __init__(self, reason: str, after: float | None = None):
        super().__init__(reason)
        self.after = after


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds that a `Retry-After` header asks for, `None` without one; names in lower case."""
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:
        return None
