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
)

for benchmark in (rivals, growth, start, gradient, memory, a1, beach, prior_free, social, devices):
    benchmark.main()
