"""Turning words on the command line into objects, with the nearest word when there is none."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from ..auctions import KnownEconomy
from ..auctions.form import FORMS
from ..problems import Problem, problems
from ..setting import nearest

T = TypeVar("T")


def choose(what: str, word: str, table: Mapping[str, T]) -> T:
    """The entry of a table; `ValueError` with the nearest word otherwise."""
    if word in table:
        return table[word]
    known = ", ".join(table)
    raise ValueError(f"expected {what} among {known}; got {word!r}" + nearest(word, table))


def find_problem(name: str, settings: list[str], form: str | None = None) -> Problem:
    """The problem of that name, with another form of mechanism and `key=value` changes applied."""
    problem = choose("a problem", name, problems)
    if form is not None:
        problem = replace(problem, setting=_with_form(problem, form))
    return problem.with_options(**parse_settings(settings)) if settings else problem


def _with_form(problem: Problem, form: str) -> KnownEconomy:
    choose("a form", form, FORMS)
    if not isinstance(problem.setting, KnownEconomy):
        raise ValueError(f"expected an auction of one population for --form, got {problem.name}")
    return problem.setting.with_form(form)


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
