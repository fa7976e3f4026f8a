"""The commands under `incentax users`: each parses, calls the library and prints."""

import sys
from collections.abc import Sequence

import typer

from ..._words import usage_sentence
from . import learn, measure, personas, session
from .errors import say
from .tree import app as app

__all__ = ["app", "learn", "main", "measure", "personas", "run", "session"]

_PROGRAM = "python -m incentax.users"


def main() -> None:
    """Run the commands as a program of their own."""
    sys.exit(run(sys.argv[1:]))


def run(words: Sequence[str]) -> int:
    """The exit code of a command line; whatever a user did wrong is one line on standard error."""
    try:
        code = app(args=list(words) or ["--help"], prog_name=_PROGRAM, standalone_mode=False)
    except typer.TyperException as error:
        return say(usage_sentence(error, _PROGRAM), 2)
    except (typer.Abort, KeyboardInterrupt):
        return say("interrupted", 130)
    return code if isinstance(code, int) else 0
