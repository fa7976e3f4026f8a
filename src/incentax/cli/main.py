"""The command `incentax`: parse, call the library, print. Errors become one line and a code."""

import os
import sys
from collections.abc import Sequence

import typer

from .._errors import IncentaxError
from .._version import __version__
from .._words import usage_sentence

app = typer.Typer(
    name="incentax",
    help="Design incentives for large populations: tolls, auctions, prices.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 the design failed, 2 bad input."""
    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments)))


def run(arguments: Sequence[str]) -> int:
    """The exit code of a command line; whatever a user did wrong is one line on standard error."""
    try:
        code = app(args=list(arguments), prog_name="incentax", standalone_mode=False)
        # Typer answers Ctrl-C with this code and without a word.
        if code == INTERRUPTED:
            return _say("interrupted", INTERRUPTED)
        return code if isinstance(code, int) else DONE
    except typer.Exit as finished:
        return finished.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return _say("interrupted", INTERRUPTED)
    except typer.TyperException as error:
        return _say(usage_sentence(error, "incentax"), BAD_INPUT)
    except ValueError as error:
        return _say(str(error), BAD_INPUT)
    except IncentaxError as error:
        return _say(str(error), FAILED)
    except BrokenPipeError:
        # The reader went away (`| head`): nothing to tell, and nobody to tell it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        return _say(
            f"expected files that can be read and written, got {error}; try another --out",
            BAD_INPUT,
        )


def _say(sentence: str, code: int) -> int:
    line = " ".join(sentence.split())
    print(f"incentax: {line}", file=sys.stderr)
    return code


@app.callback(invoke_without_command=True)
def _root(
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit()


# Commands register themselves on `app`, which must exist first.
from . import (  # noqa: E402
    compare,  # noqa: F401
    design,  # noqa: F401
    oracle,  # noqa: F401
    people,  # noqa: F401
    report,  # noqa: F401
    reproduce,  # noqa: F401
    show,  # noqa: F401
    simulate,  # noqa: F401
)
