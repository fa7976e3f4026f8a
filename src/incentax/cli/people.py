"""`incentax users ...`: hands over to the island of simulated people."""

from typing import Annotated

import typer

from .main import app

_PASS_ON = {"ignore_unknown_options": True, "help_option_names": []}


@app.command("users", context_settings=_PASS_ON)
def users(words: Annotated[list[str] | None, typer.Argument()] = None) -> int:
    """Simulated people for recommenders: run, train, evaluate, check."""
    # Loaded only when asked for: the island has dependencies that the core does without.
    try:
        from ..users.cli import app as people
        from . import toll  # noqa: F401  # adds the command that needs the core
    except ModuleNotFoundError as missing:
        raise ValueError(
            f"expected the package {missing.name} for `incentax users`, got none; try "
            "pip install 'incentax[users]'"
        ) from missing
    code = people(args=words or ["--help"], prog_name="incentax users", standalone_mode=False)
    return code if isinstance(code, int) else 0
