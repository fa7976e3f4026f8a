"""Run every benchmark: half an hour on two cores."""

from . import (
    a1,
    beach,
    devices,
    gradient,
    growth,
    memory,
    prior_free,
    rivals,
    social,
    start,
    table2,
    time_to_value,
)

EVERY = (
    rivals,
    growth,
    start,
    gradient,
    memory,
    table2,
    a1,
    time_to_value,
    beach,
    prior_free,
    social,
    devices,
)
for benchmark in EVERY:
    benchmark.main()
