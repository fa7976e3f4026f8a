"""Turning words on the command line into objects, with the nearest word when there is none."""

from collections.abc import Mapping
from typing import TypeVar

from ..problems import Problem, problems
from ..setting import nearest

T = TypeVar("T")


def choose(what: str, word: str, table: Mapping[str, T]) -> T:
    """The entry of a table; `ValueError` with the nearest word otherwise."""
    if word in table:
        return table[word]
    known = ", ".join(table)
    raise ValueError(f"expected {what} among {known}; got {word!r}" + nearest(word, table))


def find_problem(name: str, settings: list[str]) -> Problem:
    """The problem of that name with `key=value` changes applied."""
    problem = choose("a problem", name, problems)
    return problem.with_options(**parse_settings(settings)) if settings else problem


def parse_settings(settings: list[str]) -> dict[str, float]:
    """Numbers by name from `key=value` words.

    >>> parse_settings(["horizon=6", "supply=0.5"])
    {'horizon': 6.0, 'supply': 0.5}
    """
    parsed: dict[str, float] = {}
    for setting in settings:
        key, separator, text = setting.partition("=")
        if not separator or not key:
            raise ValueError(f"expected --set key=value, got {setting!r}; try --set horizon=6")
        try:
            parsed[key.strip()] = float(text)
        except ValueError:
            raise ValueError(
                f"expected a number for {key.strip()}, got {text!r}; try --set {key.strip()}=1"
            ) from None
    return parsed
