"""`python -m incentax` is the command `incentax`."""

from .cli import main

main()
