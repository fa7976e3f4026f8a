"""The command `incentax`: parse, call the library, print. Errors become one line and a code."""

import os
import sys
from collections.abc import Sequence

import click
import typer

from .._errors import IncentaxError
from .._version import __version__

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
        return code if isinstance(code, int) else DONE
    except click.exceptions.Exit as finished:
        return finished.exit_code
    except click.exceptions.Abort:
        return _say("interrupted", INTERRUPTED)
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)
    except click.ClickException as error:
        return _say(_usage(error), BAD_INPUT)
    except ValueError as error:
        return _say(str(error), BAD_INPUT)
    except IncentaxError as error:
        return _say(str(error), FAILED)
    except BrokenPipeError:
        # The reader went away (`| head`): nothing to tell, and nobody to tell it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _usage(error: click.ClickException) -> str:
    """A click error in this library's form: expected, got, remedy."""
    context = getattr(error, "ctx", None)
    where = context.command_path if context is not None else "incentax"
    if isinstance(error, click.NoSuchOption):
        close = f"; did you mean {error.possibilities[0]}?" if error.possibilities else ""
        return f"expected an option of `{where}`, got {error.option_name}{close or _see(where)}"
    if isinstance(error, click.MissingParameter):
        name = error.param.human_readable_name if error.param is not None else "an argument"
        return f"expected {name} after `{where}`, got nothing{_see(where)}"
    if isinstance(error, click.BadParameter):
        name = error.param.opts[0] if error.param is not None else "a parameter"
        return f"expected a valid {name}, got another ({_plain(error.message)}){_see(where)}"
    return (
        f"expected a command line that `{where}` knows, got: {_plain(error.message)}{_see(where)}"
    )


def _see(where: str) -> str:
    return f"; see `{where} --help`"


def _plain(message: str) -> str:
    return " ".join(message.split()).rstrip(".")


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
from . import compare, design, oracle, report, show, simulate  # noqa: E402, F401
