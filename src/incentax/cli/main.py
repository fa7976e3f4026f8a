"""The command `incentax`: parse, call the library, print. Errors become one line and a code."""

import os
import re
import sys
from collections.abc import Sequence

import typer

from .._errors import IncentaxError
from .._version import __version__
from ..setting import nearest

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
        return _say(_usage(error), BAD_INPUT)
    except ValueError as error:
        return _say(str(error), BAD_INPUT)
    except IncentaxError as error:
        return _say(str(error), FAILED)
    except BrokenPipeError:
        # The reader went away (`| head`): nothing to tell, and nobody to tell it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _usage(error: typer.TyperException) -> str:
    """A usage error in this library's form: expected, got, remedy."""
    context = getattr(error, "ctx", None)
    where = "incentax" if context is None else context.command_path
    message = " ".join(error.format_message().split()).rstrip(".")
    see = f"; see `{where} --help`"
    option = getattr(error, "option_name", None)
    if option is not None:
        close = nearest(option, getattr(error, "possibilities", None) or ())
        return f"expected an option of `{where}`, got {option}{close or see}"
    parameter = getattr(error, "param", None)
    if parameter is not None:
        name = parameter.opts[0] if parameter.opts[0].startswith("-") else parameter.name.upper()
        if message.startswith("Missing"):
            return f"expected {name} after `{where}`, got nothing{see}"
        return f"expected a valid {name}, got another ({message}){see}"
    commands = getattr(getattr(context, "command", None), "commands", {})
    word = re.search(r"No such command '(.*?)'", message)
    if word:
        close = nearest(word.group(1), commands)
        return f"expected a command of `{where}`, got {word.group(1)!r}{close or see}"
    return f"expected a command line that `{where}` knows, got another ({message}){see}"


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
