"""`python -m incentax.users`."""

from .cli import main

if __name__ == "__main__":
    main()
