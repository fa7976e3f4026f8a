"""A folder of real ratings, as the commands that compare with it need it."""

from dataclasses import dataclass
from pathlib import Path

import typer

from ..fidelity import AgainstLog, against_log
from ..loaders import Dataset, load_dataset
from ..people import People
from ..query import AbstractRater
from ..ratings import Ratings
from ..rule import RuleUsers
from .settings import LANGUAGE, Choices


def open_dataset(format_: str, folder: Path, encoding: str, domain: str = "") -> Dataset:
    """The data set, its licence notice and what was left out being told on standard error.

    **Raises:** `ValueError` for ratings of another domain than `domain`, if one is given.
    """
    data = load_dataset(format_, folder, encoding=encoding or None)
    found = data.catalogue.domain.name
    if domain and found != domain:
        raise ValueError(f"expected ratings of {domain}, got {found}; try --domain {found}")
    typer.echo(data.notice, err=True)
    if data.skipped:
        left_out = ", ".join(f"{count} {why}" for why, count in sorted(data.skipped.items()))
        typer.echo(f"rows left out: {left_out}", err=True)
    return data


@dataclass(frozen=True)
class Log:
    """A data set split into what people are fitted to and what is held out."""

    data: Dataset
    train: Ratings
    test: Ratings
    people: People

    def compare(self, rater: AbstractRater, seed: int) -> AgainstLog:
        """The comparison for a back end; rule-based people are fitted to the log's catalogue."""
        if isinstance(rater, RuleUsers):
            rater = RuleUsers.fitted(self.data.catalogue, self.people)
        return against_log(rater, self.data, self.train, self.test, self.people, seed)


def open_log(format_: str, folder: Path, encoding: str, choices: Choices, seed: int) -> Log:
    """The log in a folder, a fifth of each person's ratings held out.

    **Raises:** `ValueError` for a back end that knows the bundled world only, or another domain.
    """
    able = ("rule", *LANGUAGE)
    if choices.backend not in able:
        raise ValueError(
            f"expected a back end among {', '.join(able)} with --ratings, got {choices.backend!r}, "
            "which knows the bundled world only; try rule"
        )
    data = open_dataset(format_, folder, encoding, choices.domain)
    train, test = data.ratings.split(0.2, seed)
    return Log(data, train, test, data.people(train))
