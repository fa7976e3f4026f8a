"""Counter-based random numbers: a draw is a function of (seed, episode, step, stream, lane) only.

No generator is carried along, so a draw depends neither on the order of calls nor on who else is in
the batch: one environment and the same environment inside a vector of a thousand see equal bits.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


class Stream(IntEnum):
    """What a random number is for; one stream never shifts another."""

    USER = 1
    TERMINATION = 2
    RATING = 3
    PERTURBATION = 4
    SHAPING = 5
    CHOICE = 6
    DYNAMICS = 7
    WATCH = 8
    RETURN = 9
    CANDIDATES = 10
    FORGETTING = 11


# Products modulo 2^64, worked out once.
_OFFSET = {s: np.uint64(int(s) * int(_M2) % 2**64) for s in Stream}


def _mix(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    value = (value ^ (value >> _S30)) * _M1
    value = (value ^ (value >> _S27)) * _M2
    return value ^ (value >> _S31)


def _words(value: ArrayLike) -> NDArray[np.uint64]:
    return np.atleast_1d(np.asarray(value)).astype(np.uint64)


def episode_key(seed: ArrayLike, episode: ArrayLike) -> NDArray[np.uint64]:
    """Key `uint64[n]` of each (seed, episode) pair, the root of every draw in that episode.

    >>> int(episode_key(0, 0)[0]) == int(episode_key([0, 1], [0, 0])[0])
    True

    Reference: the mixing function is SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
    """
    return _mix(_mix(_words(seed) + _GOLDEN) ^ (_words(episode) * _GOLDEN + _M1))


def uniform(
    key: NDArray[np.uint64], step: ArrayLike, stream: Stream, lanes: int = 1
) -> NDArray[np.float64]:
    """Uniform draws `float64[n, lanes]` in [0, 1) for keys `uint64[n]` at counters `step[n]`.

    >>> key = episode_key([3, 4], [0, 0])
    >>> a = uniform(key, [5, 5], Stream.RATING)
    >>> b = uniform(key[1:], [5], Stream.RATING)
    >>> bool(a[1, 0] == b[0, 0])
    True
    """
    base = _mix(key ^ (_words(step) * _GOLDEN + _OFFSET[stream]))
    if lanes == 1:
        return ((_mix(base + _GOLDEN) >> _S11).astype(np.float64) * 2.0**-53)[:, None]
    lane = np.arange(1, lanes + 1, dtype=np.uint64) * _GOLDEN
    return (_mix(base[:, None] + lane) >> _S11).astype(np.float64) * 2.0**-53


def normal(
    key: NDArray[np.uint64], step: ArrayLike, stream: Stream, lanes: int = 1
) -> NDArray[np.float64]:
    """Standard normal draws `float64[n, lanes]`; same arguments as `uniform`.

    Reference: Box and Muller (1958).
    """
    pair = uniform(key, step, stream, 2 * lanes)
    radius = np.sqrt(-2.0 * np.log1p(-pair[:, :lanes]))
    return radius * np.cos(2.0 * np.pi * pair[:, lanes:])


@dataclass(frozen=True)
class Draws:
    """The random numbers of n people at one step, made only when a strategy asks for them."""

    key: NDArray[np.uint64]
    step: ArrayLike

    def uniform(self, stream: Stream, lanes: int) -> NDArray[np.float64]:
        """Uniform draws `float64[n, lanes]`."""
        return uniform(self.key, self.step, stream, lanes)

    def normal(self, stream: Stream, lanes: int) -> NDArray[np.float64]:
        """Standard normal draws `float64[n, lanes]`."""
        return normal(self.key, self.step, stream, lanes)
