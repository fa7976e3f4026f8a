"""`python -m benchmarks.rivals`."""

from .race import main

main()
