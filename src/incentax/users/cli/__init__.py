"""The commands under `incentax users`: each parses, calls the library and prints."""

from . import learn, measure, personas, session
from .tree import app as app

__all__ = ["app", "learn", "main", "measure", "personas", "session"]


def main() -> None:
    """Run the commands as a program of their own."""
    app(prog_name="incentax users")
