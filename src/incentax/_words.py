"""A user's words on the command line, when they are not understood: one sentence, with a remedy."""

import difflib
import re
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """A remedy clause that names the most similar known name, or an empty string.

    >>> nearest("horizn", ["horizon", "supply"])
    "; did you mean 'horizon'?"
    """
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def usage_sentence(error: Exception, program: str) -> str:
    """A usage error of the command line as expected, got, remedy.

    **Arguments:**

    - `error`: what the parser of the command line raised.
    - `program`: how the program is called, where the error does not know.
    """
    context = getattr(error, "ctx", None)
    where = program if context is None else context.command_path
    told = getattr(error, "format_message", lambda: str(error))()
    message = " ".join(told.split()).rstrip(".")
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
    if not message:
        return f"expected a command after `{where}`, got nothing{see}"
    return f"expected a command line that `{where}` knows, got another ({message}){see}"
