"""A user's mistake is one line and exit code 2; a failed run its sentence and exit code 1."""

import functools
import sqlite3
from collections.abc import Callable
from typing import Any

import typer

from ..._errors import IncentaxError, InvalidReaction, ModelError
from ..backends.accounting import BudgetExceeded


def one_line(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with its errors turned into one line on standard error and an exit code."""

    @functools.wraps(command)
    def wrapped(*args, **kwargs):
        try:
            return command(*args, **kwargs)
        except (BudgetExceeded, InvalidReaction) as error:
            stop(str(error), 1)
        except (ModelError, ValueError, IncentaxError) as error:
            stop(str(error), 2)
        except ModuleNotFoundError as error:
            stop(
                f"expected the package {error.name}, got none; try: pip install incentax[users]", 2
            )
        except (OSError, sqlite3.Error) as error:
            # A full disk or an unwritable folder; what was written before is complete.
            stop(f"expected to read and write files, got {error}; try another path", 2)

    return wrapped


def stop(sentence: str, code: int) -> None:
    """Print a sentence on standard error and leave."""
    raise typer.Exit(say(sentence, code))


def say(sentence: str, code: int) -> int:
    """The exit code, after the sentence is printed on one line of standard error."""
    typer.echo(" ".join(sentence.split()), err=True)
    return code
